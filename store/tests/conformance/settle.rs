//! What an outcome makes of its delivery, and who may say it.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{Lease, Settlement};

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::NOW;

facts! {
    async fn a_first_attempt_that_delivers_ends_the_delivery(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let mut settlement: Settlement = first_outcome_of(&fresh, 0).into();
        let sent = settlement.attempt.as_mut().expect("an attempt");
        sent.timing.total_us = 40_000;
        let sent = sent.clone();
        assert!(house.settle_one(settlement).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 1));
        assert_eq!(delivery.finished_at, Some(NOW.plus_ms(40)));
        assert_eq!((delivery.next_attempt_at, delivery.last_error), (None, None));
        assert_eq!(attempts, [sent]);
    }

    async fn a_failed_first_attempt_is_due_again(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let at = NOW.plus_ms(5_000);
        assert!(house.settle_one(first_outcome_of(&fresh, 0).retry_at(at)).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Retrying, 1));
        assert_eq!((delivery.next_attempt_at, delivery.finished_at), (Some(at), None));
        assert_eq!(delivery.last_error, Some((ErrorClass::ServerError, Some(503))));
        assert_eq!(attempts.len(), 1);
        assert_eq!((attempts[0].number, attempts[0].status), (1, Some(503)));
    }

    async fn every_attempt_of_a_long_delivery_reads_back_in_order(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a)).await;
        let mut now = NOW;
        for _ in 0..3 {
            let claimed = house.claim_lane(&a, 1, now).await.remove(0);
            now = now.plus_ms(1_000);
            assert!(house.settle_one(outcome_of(&claimed).at(now).retry_at(now)).await);
        }
        let last = house.claim_lane(&a, 1, now).await.remove(0);
        assert_eq!((last.failed_attempts, last.first_failed_at), (3, Some(NOW.plus_ms(1_000))));
        assert!(house.settle_one(outcome_of(&last).at(now.plus_ms(7))).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 4));
        assert_eq!(delivery.finished_at, Some(now.plus_ms(7)));
        let seen: Vec<_> = attempts.iter().map(|a| (a.number, a.status)).collect();
        assert_eq!(seen, [(1, Some(503)), (2, Some(503)), (3, Some(503)), (4, Some(200))]);
    }

    async fn a_delivery_given_up_has_failed(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).leased(&a)).await;
        assert!(house.settle_one(first_outcome_of(&fresh, 0).failed()).await);
        let later = first_outcome_of(&fresh, 1).retry_at(NOW);
        assert!(house.settle_one(later).await);
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert!(house.settle_one(outcome_of(&claimed).failed()).await);
        for (index, tries) in [(0, 1), (1, 2)] {
            let (delivery, attempts) = house.see(acme, fresh.delivery(index)).await;
            assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, tries));
            assert_eq!(delivery.finished_at, Some(NOW.plus_ms(40)));
            assert_eq!(delivery.next_attempt_at, None);
            assert_eq!(attempts.len(), tries as usize);
        }
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
    }

    async fn a_delivery_fails_without_an_attempt_when_none_was_made(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let mut settlement: Settlement = first_outcome_of(&fresh, 0).failed().without_attempt().into();
        settlement.error = Some((ErrorClass::EndpointDisabled, None));
        assert!(house.settle_one(settlement).await);
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Failed, 0));
        assert_eq!(delivery.last_error, Some((ErrorClass::EndpointDisabled, None)));
        assert!(attempts.is_empty());
    }

    async fn a_lost_lease_cannot_settle(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let stranger = Lease(fresh.lease.0 + 1);
        for outcome in [
            first_outcome_of(&fresh, 0),
            first_outcome_of(&fresh, 0).retry_at(NOW),
            first_outcome_of(&fresh, 0).failed(),
        ] {
            assert!(!house.settle_one(outcome.lease(stranger)).await);
        }
        let (delivery, attempts) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, 0));
        assert!(attempts.is_empty(), "a refused attempt leaves nothing");
    }

    async fn a_delivery_settles_once(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).leased(&a)).await;
        let delivered = first_outcome_of(&fresh, 0);
        let failed = first_outcome_of(&fresh, 1).failed();
        let both = vec![delivered.clone().into(), delivered.into(), failed.clone().into(), failed.into()];
        assert_eq!(house.settle_all(both).await, [true, false, true, false]);
        for index in 0..2 {
            let (delivery, attempts) = house.see(acme, fresh.delivery(index)).await;
            assert_eq!((delivery.attempts, attempts.len()), (1, 1));
        }
    }

    async fn one_refusal_leaves_the_others_of_its_batch(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).times(3)).await;
        let outcomes = vec![
            first_outcome_of(&fresh, 0).into(),
            first_outcome_of(&fresh, 1).lease(Lease(1)).into(),
            first_outcome_of(&fresh, 2).into(),
        ];
        assert_eq!(house.settle_all(outcomes).await, [true, false, true]);
    }

    async fn an_attempt_larger_than_the_room_reserved_reads_back(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        // The room that a later row reserves is as much as this one needs.
        let small = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.settle_one(first_outcome_of(&small, 0)).await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).leased(&a)).await;
        let mut large: Settlement = first_outcome_of(&fresh, 0).into();
        let attempt = large.attempt.as_mut().expect("an attempt");
        attempt.response_body = vec![b'x'; 16 * 1024].into();
        attempt.started_at = UnixMs(9);
        let sent = attempt.clone();
        assert!(house.settle_one(large).await);
        assert_eq!(house.see(acme, fresh.delivery(0)).await.1, [sent]);
        assert!(house.see(acme, fresh.delivery(1)).await.1.is_empty(), "empty room is no attempt");
    }
}
