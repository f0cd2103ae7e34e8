//! What an attempt that a person asks for does, and what it leaves alone.

use hookwright_core::limits::LEASE_MS;
use hookwright_core::state::DeliveryState;

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::NOW;

facts! {
    async fn a_resend_is_handed_out_leased_with_its_event(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).given_id("evt_x").disabled(&a)).await;
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert_eq!((resend.id, resend.endpoint_id, resend.manual), (fresh.delivery(0), a.id, true));
        assert_eq!(resend.event.given_id.as_deref(), Some("evt_x"));
        assert_eq!(resend.event.payload.as_deref(), Some(&br#"{"a":1}"#[..]));
        assert!(house.claim_lane(&a, 10, NOW).await.is_empty(), "it is leased");
    }

    async fn a_failed_resend_leaves_schedule_and_state_alone(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let at = NOW.plus_ms(60_000);
        house.settle_one(first_outcome_of(&fresh, 0).retry_at(at)).await;
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert!(house.settle_one(outcome_of(&resend).failed()).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.next_attempt_at), (DeliveryState::Retrying, Some(at)));
        let seen: Vec<_> = attempts.iter().map(|a| (a.number, a.manual)).collect();
        assert_eq!(seen, [(1, false), (2, true)]);
        let claimed = house.claim_lane(&a, 1, at).await.remove(0);
        assert_eq!((claimed.attempts, claimed.failed_attempts), (2, 1), "the schedule goes on");
        assert!(!claimed.manual);
    }

    async fn a_failed_resend_of_a_failed_delivery_leaves_it_failed(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.settle_one(first_outcome_of(&fresh, 0).failed()).await;
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        let late = outcome_of(&resend).at(NOW.plus_ms(9_000)).failed();
        assert!(house.settle_one(late).await);
        let (delivery, _) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 2));
        assert_eq!(delivery.finished_at, Some(NOW.plus_ms(40)));
    }

    async fn a_successful_resend_delivers_and_ends_the_retries(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let at = NOW.plus_ms(60_000);
        house.settle_one(first_outcome_of(&fresh, 0).retry_at(at)).await;
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        let done = NOW.plus_ms(500);
        assert!(house.settle_one(outcome_of(&resend).at(done)).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.finished_at), (DeliveryState::Delivered, Some(done)));
        assert_eq!(attempts.len(), 2);
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
        assert!(house.claim_lane(&a, 10, at).await.is_empty());
    }

    async fn a_delivered_delivery_stays_so_whatever_a_resend_does(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.settle_one(first_outcome_of(&fresh, 0)).await;
        let before = house.see(acme, fresh.delivery(0)).await.0.finished_at;
        for fails in [true, false] {
            let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
            let outcome = outcome_of(&resend).at(NOW.plus_ms(9_000));
            assert!(house.settle_one(if fails { outcome.failed() } else { outcome }).await);
        }
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 3));
        assert_eq!(delivery.finished_at, before);
        assert_eq!(attempts.iter().map(|a| a.number).collect::<Vec<_>>(), [1, 2, 3]);
    }

    async fn a_resend_beside_a_first_attempt_under_way_keeps_both_attempts(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert!(house.settle_one(outcome_of(&resend).failed()).await);
        assert!(house.settle_one(first_outcome_of(&fresh, 0)).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 2));
        let seen: Vec<_> = attempts.iter().map(|a| (a.number, a.manual)).collect();
        assert_eq!(seen, [(1, true), (2, false)]);
        assert_eq!(delivery.finished_at, Some(NOW.plus_ms(40)));
    }

    async fn a_resend_beside_a_retry_under_way_keeps_both_attempts(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.settle_one(first_outcome_of(&fresh, 0).retry_at(NOW)).await;
        let retry = house.claim_lane(&a, 1, NOW).await.remove(0);
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert!(house.settle_one(outcome_of(&resend).failed()).await);
        assert!(house.settle_one(outcome_of(&retry).failed()).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 3));
        let seen: Vec<_> = attempts.iter().map(|a| (a.number, a.manual)).collect();
        assert_eq!(seen, [(1, false), (2, true), (3, false)]);
    }

    async fn a_resend_that_delivers_takes_the_lease_of_an_attempt_under_way(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert!(house.settle_one(outcome_of(&resend)).await);
        assert!(!house.settle_one(first_outcome_of(&fresh, 0).failed()).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 1));
        assert_eq!(attempts.len(), 1);
    }

    async fn a_resend_that_nobody_made_is_claimed_after_its_lease(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        let lost = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        let later = NOW.plus_ms(LEASE_MS);
        let held = house.claim_lane(&a, 10, later).await.remove(0);
        assert!(held.manual);
        assert!(!house.settle_one(outcome_of(&lost)).await, "its token was lost");
        assert!(house.settle_one(outcome_of(&held)).await);
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
    }

    async fn two_resends_that_one_claim_takes_both_count(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        for _ in 0..2 {
            house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        }
        let claimed = house.claim_lane(&a, 10, NOW.plus_ms(LEASE_MS)).await;
        assert_eq!(claimed.len(), 2);
        for claim in &claimed {
            assert!(house.settle_one(outcome_of(claim).failed()).await);
        }
        assert!(!house.settle_one(outcome_of(&claimed[0]).failed()).await, "no third time");
        assert_eq!(house.see(acme, fresh.delivery(0)).await.1.len(), 2);
    }

    async fn a_resend_is_durable_across_reopening(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        let lost = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        let house = house.reopened(NOW).await;
        let held = house.claim_lane(&a, 10, NOW).await.remove(0);
        assert_eq!((held.id, held.manual), (lost.id, true));
        assert!(!house.settle_one(outcome_of(&lost)).await);
        assert!(house.settle_one(outcome_of(&held)).await);
    }
}
