//! Which due deliveries a claim gets, and that nobody else gets them.

use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;

use super::build::{an_event, outcome_of};
use super::house::NOW;

facts! {
    async fn a_claim_carries_all_that_sending_needs(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let event = an_event(acme).given_id("evt_x").subject("{}").trace("t").happened_at(UnixMs(5));
        let fresh = house.publish_fresh(event.due(&a)).await;
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert_eq!((claimed.id, claimed.endpoint_id), (fresh.delivery(0), a.id));
        assert_eq!((claimed.attempts, claimed.failed_attempts), (0, 0));
        assert_eq!((claimed.first_failed_at, claimed.due_at), (None, NOW));
        assert!(!claimed.manual);
        assert_eq!((claimed.event.id, claimed.event.accepted_at), (fresh.id, NOW));
        assert_eq!(claimed.event.given_id.as_deref(), Some("evt_x"));
        assert_eq!(&*claimed.event.event_type, "user.created");
        assert_eq!(claimed.event.subject.as_deref(), Some("{}"));
        assert_eq!(claimed.event.trace.as_deref(), Some("t"));
        assert_eq!(claimed.event.time, UnixMs(5));
        assert_eq!(claimed.event.payload.as_deref(), Some(&br#"{"a":1}"#[..]));
    }

    async fn a_claimed_delivery_is_not_claimed_again_while_its_lease_lasts(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.publish_fresh(an_event(acme).due(&a)).await;
        assert_eq!(house.claim_lane(&a, 10, NOW).await.len(), 1);
        assert!(house.claim_lane(&a, 10, NOW).await.is_empty());
        assert!(house.claim_lane(&a, 10, NOW.plus_ms(LEASE_MS - 1)).await.is_empty());
    }

    async fn an_expired_lease_is_due_again_and_its_token_is_refused(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.publish_fresh(an_event(acme).due(&a)).await;
        let lost = house.claim_lane(&a, 10, NOW).await.remove(0);
        let held = house.claim_lane(&a, 10, NOW.plus_ms(LEASE_MS)).await.remove(0);
        assert_eq!(held.id, lost.id);
        assert_ne!(held.lease, lost.lease);
        assert!(!house.settle_one(outcome_of(&lost)).await);
        assert!(house.settle_one(outcome_of(&held)).await);
    }

    async fn a_claim_never_returns_more_than_room(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.publish_fresh(an_event(acme).due(&a).times(5)).await;
        assert!(house.claim_lane(&a, 0, NOW).await.is_empty());
        assert_eq!(house.claim_lane(&a, 3, NOW).await.len(), 3);
        assert_eq!(house.claim_lane(&a, 3, NOW).await.len(), 2);
    }

    async fn resends_and_due_deliveries_share_the_room(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a).disabled(&a)).await;
        for index in 0..2 {
            house.resend(acme.scope(), fresh.delivery(index), NOW).await.expect("resent");
        }
        house.publish_fresh(an_event(acme).due(&a).times(3)).await;
        let later = NOW.plus_ms(LEASE_MS);
        let claimed = house.claim_lane(&a, 3, later).await;
        assert_eq!(claimed.iter().filter(|claim| claim.manual).count(), 2);
        assert_eq!(claimed.len(), 3);
    }

    async fn the_longest_due_go_first(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let young = house.publish_fresh(an_event(acme).due(&a).at(NOW.plus_ms(5))).await;
        let old = house.publish_fresh(an_event(acme).due(&a)).await;
        let later = NOW.plus_ms(10);
        assert_eq!(house.claim_lane(&a, 1, later).await[0].id, old.delivery(0));
        assert_eq!(house.claim_lane(&a, 1, later).await[0].id, young.delivery(0));
    }

    async fn what_is_due_later_is_not_claimed(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.publish_fresh(an_event(acme).due(&a)).await;
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        let at = NOW.plus_ms(60_000);
        assert!(house.settle_one(outcome_of(&claimed).retry_at(at)).await);
        assert!(house.claim_lane(&a, 1, NOW.plus_ms(59_999)).await.is_empty());
        let again = house.claim_lane(&a, 1, at).await.remove(0);
        assert_eq!((again.attempts, again.failed_attempts, again.due_at), (1, 1, at));
        assert_eq!(again.first_failed_at, Some(NOW.plus_ms(40)));
    }

    async fn a_lane_with_many_due_does_not_hide_another(house: House) {
        let acme = house.tenant("acme").await;
        let (busy, quiet) = (house.endpoint_of(acme, "busy").await, house.endpoint_of(acme, "quiet").await);
        house.publish_fresh(an_event(acme).due(&busy).times(20_000)).await;
        let fresh = house.publish_fresh(an_event(acme).due(&quiet).at(NOW.plus_ms(1))).await;
        let now = NOW.plus_ms(1);
        let claimed = house.claim(vec![(busy.id, 4), (quiet.id, 4)], now).await.expect("claimed");
        let of = |id| claimed.iter().filter(|claim| claim.endpoint_id == id).count();
        assert_eq!((of(busy.id), of(quiet.id)), (4, 1));
        assert!(claimed.iter().any(|claim| claim.id == fresh.delivery(0)));
    }

    async fn only_the_lanes_asked_for_are_claimed(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        house.publish_fresh(an_event(acme).due(&a).due(&b)).await;
        let claimed = house.claim_lane(&b, 10, NOW).await;
        assert_eq!(claimed.len(), 1);
        assert_eq!(claimed[0].endpoint_id, b.id);
    }

    async fn deliveries_of_one_event_share_it(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        house.publish_fresh(an_event(acme).due(&a).due(&b)).await;
        let claimed = house.claim(vec![(a.id, 1), (b.id, 1)], NOW).await.expect("claimed");
        assert!(std::sync::Arc::ptr_eq(&claimed[0].event, &claimed[1].event));
    }

    async fn every_waiting_lane_is_named_with_its_earliest_time(house: House) {
        let acme = house.tenant("acme").await;
        let mut expected = Vec::new();
        for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
            let lane = house.endpoint_of(acme, name).await;
            let at = NOW.plus_ms(index as u64);
            house.publish_fresh(an_event(acme).due(&lane).at(at.plus_ms(9))).await;
            house.publish_fresh(an_event(acme).due(&lane).at(at)).await;
            expected.push((lane.id, at));
        }
        let idle = house.endpoint_of(acme, "idle").await;
        house.publish_fresh(an_event(acme).leased(&idle).disabled(&idle)).await;
        let mut waiting = house.lanes_waiting().await.expect("listed");
        waiting.sort();
        assert_eq!(waiting, expected);
        let asked = vec![expected[2].0, idle.id];
        assert_eq!(house.lanes_due(asked).await.expect("listed"), [expected[2]]);
    }

    async fn a_waiting_resend_names_its_lane(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        let expected = vec![(a.id, NOW.plus_ms(LEASE_MS))];
        assert_eq!(house.lanes_waiting().await.expect("listed"), expected);
        assert_eq!(house.lanes_due(vec![a.id]).await.expect("listed"), expected);
    }
}
