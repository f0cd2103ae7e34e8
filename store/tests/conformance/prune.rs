//! What retention removes and what it leaves, for events and for payloads alone.

use hookwright_core::time::UnixMs;
use hookwright_store::{Appended, DeliveryFilter, EventFilter, StoreError};

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::{NOW as OLD, rows_by_page};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Days after what is old: an engine may remove by whole days.
const NOW: UnixMs = OLD.plus_ms(2 * DAY_MS);
/// Before any store was opened.
const ANCIENT: UnixMs = UnixMs(OLD.0 - 30 * DAY_MS as i64);

facts! {
    async fn a_finished_old_event_goes_with_all_that_is_its(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let event = an_event(acme).given_id("evt_x").key("k").at(OLD).leased(&a).times(2);
        let fresh = house.publish_fresh(event).await;
        house.settle_one(first_outcome_of(&fresh, 0)).await;
        house.settle_one(first_outcome_of(&fresh, 1).retry_at(NOW)).await;
        let retry = house.claim_lane(&a, 1, NOW).await.remove(0);
        house.settle_one(outcome_of(&retry).failed()).await;
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
        let seen = house.event(acme.scope(), fresh.id, OLD).await;
        assert!(matches!(seen, Err(StoreError::NotFound)));
        let seen = house.delivery(acme.scope(), fresh.delivery(1), OLD).await;
        assert!(matches!(seen, Err(StoreError::NotFound)));
        assert!(house.walk(acme.scope(), DeliveryFilter::default(), 10).await.is_empty());
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 0);
        let again = an_event(acme).given_id("evt_x").key("k").payload("{}");
        let again = house.publish(again).await.expect("answered");
        assert!(matches!(again, Appended::Fresh { .. }), "its names are free again");
    }

    async fn a_young_event_stays(house: House) {
        let acme = house.tenant("acme").await;
        let old = house.publish_fresh(an_event(acme).at(OLD)).await;
        let young = house.publish_fresh(an_event(acme).at(NOW)).await;
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
        let seen = house.event(acme.scope(), old.id, OLD).await;
        assert!(matches!(seen, Err(StoreError::NotFound)));
        assert!(house.event(acme.scope(), young.id, NOW).await.is_ok());
        assert_eq!(house.prune(NOW.plus_ms(2 * DAY_MS), 10).await.expect("pruned"), 1, "it grows old");
    }

    async fn the_days_before_go_and_the_day_itself_stays(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let mut made = Vec::new();
        for day in 0..4 {
            let at = OLD.plus_ms(day * DAY_MS);
            let fresh = house.publish_fresh(an_event(acme).at(at).leased(&a).times(2)).await;
            for index in 0..2 {
                house.settle_one(first_outcome_of(&fresh, index).at(at)).await;
            }
            made.push(fresh.id);
        }
        let third_day = UnixMs(NOW.0 - NOW.0 % DAY_MS as i64);
        assert_eq!(house.prune(third_day, 10).await.expect("pruned"), 2);
        let rows = rows_by_page(10, |page| house.events(acme.scope(), EventFilter::default(), page)).await;
        let ids: Vec<_> = rows.iter().rev().map(|event| event.id).collect();
        assert_eq!(ids, made[2..]);
        let left = house.walk(acme.scope(), DeliveryFilter::default(), 10).await;
        assert_eq!(left.len(), 4);
    }

    async fn an_unfinished_event_stays_until_it_is_finished(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let first = house.publish_fresh(an_event(acme).at(OLD)).await;
        let live = house.publish_fresh(an_event(acme).at(OLD).disabled(&a).leased(&a)).await;
        let last = house.publish_fresh(an_event(acme).at(OLD)).await;
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 2);
        for id in [first.id, last.id] {
            let seen = house.event(acme.scope(), id, OLD).await;
            assert!(matches!(seen, Err(StoreError::NotFound)));
        }
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 0);
        assert!(house.settle_one(first_outcome_of(&live, 1)).await, "it goes on undisturbed");
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
    }

    async fn an_event_with_a_resend_waiting_stays(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).at(OLD).disabled(&a)).await;
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert_eq!(house.prune_payloads(NOW, 10).await.expect("pruned"), 0);
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 0);
        assert!(house.settle_one(outcome_of(&resend)).await);
        assert_eq!(house.prune_payloads(NOW, 10).await.expect("pruned"), 1);
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
    }

    async fn no_more_than_the_limit_goes_at_once_the_oldest_first(house: House) {
        let acme = house.tenant("acme").await;
        let mut made = Vec::new();
        for _ in 0..5 {
            made.push(house.publish_fresh(an_event(acme).at(ANCIENT)).await.id);
        }
        for (gone, left) in [(2, 3), (2, 1), (1, 0), (0, 0)] {
            assert_eq!(house.prune(NOW, 2).await.expect("pruned"), gone);
            let rows = rows_by_page(10, |page| house.events(acme.scope(), EventFilter::default(), page)).await;
            let ids: Vec<_> = rows.iter().rev().map(|event| event.id).collect();
            assert_eq!(ids, made[made.len() - left..]);
        }
    }

    async fn a_row_number_is_never_used_again(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let old = house.publish_fresh(an_event(acme).at(OLD).disabled(&a)).await;
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
        let house = house.crashed(NOW).await.reopened(NOW).await;
        let new = house.publish_fresh(an_event(acme).at(NOW).disabled(&a)).await;
        assert!(new.id > old.id && new.first_delivery > old.first_delivery);
    }

    async fn what_is_left_is_recovered_after_the_newest_rows_went(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let live = house.publish_fresh(an_event(acme).at(OLD).leased(&a)).await;
        house.publish_fresh(an_event(acme).at(OLD).disabled(&a)).await;
        assert_eq!(house.prune(NOW, 10).await.expect("pruned"), 1);
        house.reclaim(OLD).await.expect("moves the mark");
        let house = house.crashed(NOW).await;
        assert_eq!(house.claim_lane(&a, 10, NOW).await[0].id, live.delivery(0));
        let new = house.publish_fresh(an_event(acme).at(NOW).leased(&a)).await;
        let house = house.crashed(NOW).await;
        assert!(house.claim_lane(&a, 10, NOW).await.iter().any(|claim| claim.id == new.delivery(0)));
    }

    async fn a_payload_goes_and_its_event_stays_to_be_seen(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let event = an_event(acme).given_id("evt_x").subject("{}").at(OLD).leased(&a);
        let fresh = house.publish_fresh(event).await;
        house.settle_one(first_outcome_of(&fresh, 0)).await;
        let young = house.publish_fresh(an_event(acme).at(NOW)).await;
        assert_eq!(house.prune_payloads(NOW, 10).await.expect("pruned"), 1);
        let seen = house.event(acme.scope(), fresh.id, OLD).await.expect("seen");
        assert_eq!((seen.payload, seen.subject.as_deref()), (None, Some("{}")));
        let seen = house.delivery(acme.scope(), fresh.delivery(0), OLD).await.expect("seen");
        assert_eq!(seen.1.len(), 1, "attempts stay");
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert_eq!(resend.event.payload, None);
        let seen = house.event(acme.scope(), young.id, NOW).await.expect("seen");
        assert!(seen.payload.is_some(), "a young one keeps it");
        assert_eq!(house.prune_payloads(NOW, 10).await.expect("pruned"), 0, "once");
    }

    async fn an_unfinished_event_keeps_its_payload_until_it_is_finished(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let live = house.publish_fresh(an_event(acme).at(OLD).leased(&a)).await;
        house.publish_fresh(an_event(acme).at(OLD)).await;
        assert_eq!(house.prune_payloads(NOW, 10).await.expect("pruned"), 1);
        assert_eq!(house.prune_payloads(NOW, 10).await.expect("pruned"), 0);
        let seen = house.event(acme.scope(), live.id, OLD).await.expect("seen");
        assert!(seen.payload.is_some());
        house.settle_one(first_outcome_of(&live, 0)).await;
        assert_eq!(house.prune_payloads(NOW, 10).await.expect("pruned"), 1);
    }

    async fn payloads_go_in_steps_past_unfinished_events_and_over_a_restart(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let mut live = Vec::new();
        for _ in 0..3 {
            live.push(house.publish_fresh(an_event(acme).at(OLD).due(&a)).await);
            house.publish_fresh(an_event(acme).at(OLD)).await;
        }
        assert_eq!(house.prune_payloads(NOW, 2).await.expect("pruned"), 2);
        let house = house.reopened(NOW).await;
        assert_eq!(house.prune_payloads(NOW, 2).await.expect("pruned"), 1);
        for claimed in house.claim_lane(&a, 10, NOW).await {
            house.settle_one(outcome_of(&claimed)).await;
        }
        assert_eq!(house.prune_payloads(NOW, 2).await.expect("pruned"), 2);
        assert_eq!(house.prune_payloads(NOW, 2).await.expect("pruned"), 1);
        let rows = rows_by_page(10, |page| house.events(acme.scope(), EventFilter::default(), page)).await;
        assert_eq!(rows.len(), 6);
        for row in rows {
            let seen = house.event(acme.scope(), row.id, OLD).await.expect("seen");
            assert_eq!(seen.payload, None);
        }
    }

    async fn many_unfinished_events_do_not_keep_later_ones_forever(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.publish_many((0..45_000).map(|_| an_event(acme).at(OLD).due(&a))).await;
        let last = house.publish_fresh(an_event(acme).at(OLD)).await;
        let (mut payloads, mut events) = (0, 0);
        for _ in 0..3 {
            payloads += house.prune_payloads(NOW, 10).await.expect("pruned");
        }
        for _ in 0..3 {
            events += house.prune(NOW, 10).await.expect("pruned");
        }
        assert_eq!((payloads, events), (1, 1));
        let seen = house.event(acme.scope(), last.id, OLD).await;
        assert!(matches!(seen, Err(StoreError::NotFound)));
    }
}
