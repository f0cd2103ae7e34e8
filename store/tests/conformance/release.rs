//! What a worker that gives a delivery back leaves: due now, for anybody.

use hookwright_core::limits::LEASE_MS;
use hookwright_core::state::DeliveryState;
use hookwright_store::{Lease, Leased};

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::NOW;

facts! {
    async fn a_released_first_attempt_is_due_now_and_its_token_is_refused(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let later = NOW.plus_ms(9);
        let given = vec![fresh.leased(0)];
        house.release(given, later).await.expect("released");
        assert!(!house.settle_one(first_outcome_of(&fresh, 0)).await);
        let (delivery, _) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((delivery.state, delivery.next_attempt_at), (DeliveryState::Pending, Some(later)));
        assert_eq!(house.claim_lane(&a, 1, later).await[0].id, fresh.delivery(0));
    }

    async fn a_released_retry_is_due_now_and_keeps_its_count(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.settle_one(first_outcome_of(&fresh, 0).retry_at(NOW)).await;
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        house.release(vec![claimed.leased()], NOW).await.expect("released");
        let again = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert_eq!((again.attempts, again.failed_attempts), (1, 1));
        assert!(house.settle_one(outcome_of(&again)).await);
    }

    async fn a_release_under_a_lost_lease_changes_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let stranger = Lease(fresh.lease.0 + 1);
        house.release(vec![Leased { lease: stranger, ..fresh.leased(0) }], NOW).await.expect("released");
        assert!(house.claim_lane(&a, 1, NOW).await.is_empty());
        assert!(house.settle_one(first_outcome_of(&fresh, 0)).await);
    }

    async fn a_finished_delivery_cannot_be_released(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.settle_one(first_outcome_of(&fresh, 0)).await;
        house.release(vec![fresh.leased(0)], NOW).await.expect("released");
        assert!(house.claim_lane(&a, 1, NOW).await.is_empty());
        assert_eq!(house.see(acme, fresh.delivery(0)).await.0.state, DeliveryState::Delivered);
    }

    async fn a_released_resend_is_due_now_and_leaves_its_delivery(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        house.release(vec![resend.leased()], NOW).await.expect("released");
        assert!(!house.settle_one(outcome_of(&resend)).await);
        let again = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert!(again.manual);
        assert_eq!(house.see(acme, resend.id).await.0.state, DeliveryState::Failed);
    }

    async fn one_of_two_resends_of_a_delivery_is_released(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        for _ in 0..2 {
            house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        }
        // Both leases expire, and one claim takes both.
        let later = NOW.plus_ms(LEASE_MS);
        let claimed = house.claim_lane(&a, 2, later).await;
        assert_eq!(claimed.len(), 2);
        house.release(vec![claimed[0].leased()], later).await.expect("released");
        assert_eq!(house.claim_lane(&a, 2, later).await.len(), 1);
        assert!(house.settle_one(outcome_of(&claimed[1])).await);
    }

    async fn a_lane_can_be_hastened(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let fresh = house.publish_fresh(an_event(acme).leased(&a).times(3).leased(&b)).await;
        for index in 0..4 {
            let at = NOW.plus_ms(1_000 + index as u64);
            house.settle_one(first_outcome_of(&fresh, index).retry_at(at)).await;
        }
        assert_eq!(house.hasten(a.id, 2, NOW).await.expect("hastened"), 2);
        assert_eq!(house.claim_lane(&a, 10, NOW).await.len(), 2);
        assert_eq!(house.hasten(a.id, 10, NOW).await.expect("hastened"), 1, "leased ones stay");
        assert!(house.claim_lane(&b, 10, NOW).await.is_empty(), "another lane stays");
    }
}
