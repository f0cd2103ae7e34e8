//! What a crash, a lost worker and a new start leave due, and who may have the store open.

use hookwright_core::limits::LEASE_MS;
use hookwright_core::state::DeliveryState;
use hookwright_store::{DeliveryFilter, EventFilter, StoreError};

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::{NOW, all};

facts! {
    async fn a_second_open_is_served_or_says_that_the_store_is_in_use(house: House) {
        let acme = house.tenant("acme").await;
        let second = house.place().open(NOW).await;
        if house.place().is_shared() {
            let second = second.expect("another node");
            let seen = second.account(acme.scope()).await.expect("the same store");
            assert_eq!(seen.id, acme.account);
            second.close().await.expect("closed");
        } else {
            assert!(matches!(second, Err(StoreError::InUse(_))));
        }
        let house = house.reopened(NOW).await;
        assert!(house.lanes_waiting().await.expect("open again").is_empty());
    }

    async fn a_leased_first_attempt_is_due_after_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let later = NOW.plus_ms(1);
        let house = house.crashed(later).await;
        assert!(!house.settle_one(first_outcome_of(&fresh, 0)).await, "the old token is refused");
        let claimed = house.claim_lane(&a, 10, later).await;
        assert_eq!(claimed.len(), 1);
        assert_eq!((claimed[0].id, claimed[0].due_at), (fresh.delivery(0), later));
        assert!(house.settle_one(outcome_of(&claimed[0])).await);
    }

    async fn claimed_and_resent_deliveries_are_due_after_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a).disabled(&a)).await;
        let old = house.claim_lane(&a, 10, NOW).await.remove(0);
        house.resend(acme.scope(), fresh.delivery(1), NOW).await.expect("resent");
        let house = house.crashed(NOW).await;
        assert!(!house.settle_one(outcome_of(&old)).await, "the old token is refused");
        let mut claimed = house.claim_lane(&a, 10, NOW).await;
        claimed.sort_by_key(|claim| claim.id);
        let seen: Vec<_> = claimed.iter().map(|claim| (claim.id, claim.manual)).collect();
        assert_eq!(seen, [(fresh.delivery(0), false), (fresh.delivery(1), true)]);
    }

    async fn a_new_run_never_hands_out_an_old_token(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let before = house.publish_fresh(an_event(acme).leased(&a)).await;
        let house = house.reopened(NOW).await.crashed(NOW).await;
        let after = house.publish_fresh(an_event(acme).leased(&a)).await;
        assert!(after.lease.0 > before.lease.0);
        assert!(!house.settle_one(first_outcome_of(&after, 0).lease(before.lease)).await);
    }

    async fn a_scheduled_retry_keeps_its_time_after_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let at = NOW.plus_ms(60_000);
        assert!(house.settle_one(first_outcome_of(&fresh, 0).retry_at(at)).await);
        let house = house.crashed(NOW).await;
        assert!(house.claim_lane(&a, 10, NOW.plus_ms(59_999)).await.is_empty());
        assert_eq!(house.claim_lane(&a, 10, at).await.len(), 1);
    }

    async fn what_is_finished_stays_finished_after_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).leased(&a)).await;
        house.settle_one(first_outcome_of(&fresh, 0)).await;
        house.settle_one(first_outcome_of(&fresh, 1).failed()).await;
        let house = house.crashed(NOW).await;
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
        let states = [DeliveryState::Delivered, DeliveryState::Failed];
        for (index, state) in (0..).zip(states) {
            let (delivery, attempts) = house.see(acme, fresh.delivery(index)).await;
            assert_eq!((delivery.state, attempts.len()), (state, 1));
        }
    }

    async fn every_acknowledged_event_survives_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        for index in 0..50 {
            house.publish_fresh(an_event(acme).given_id(&format!("evt_{index}")).leased(&a)).await;
        }
        let house = house.crashed(NOW).await;
        assert_eq!(house.events(acme.scope(), EventFilter::default(), all()).await.expect("listed").rows.len(), 50);
        assert_eq!(house.claim_lane(&a, 100, NOW).await.len(), 50);
        assert_eq!(house.walk(acme.scope(), DeliveryFilter::default(), 100).await.len(), 50);
    }

    async fn endpoints_keys_and_accounts_survive_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let key = house.key_of(acme, "key_1").await;
        let house = house.crashed(NOW.plus_ms(LEASE_MS)).await;
        assert_eq!(house.endpoint(acme.scope(), "a".to_owned()).await.expect("seen"), a);
        let keys = house.keys(acme.scope(), all()).await.expect("listed").rows;
        assert_eq!(keys, [key]);
        assert_eq!(house.account(acme.scope()).await.expect("seen").id, acme.account);
    }
}
