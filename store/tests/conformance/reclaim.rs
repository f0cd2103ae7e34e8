//! How first attempts come back that a worker lost without a crash of the store.

use hookwright_core::limits::LEASE_MS;

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::NOW;

facts! {
    async fn a_first_attempt_under_way_is_left_alone(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let just_before = NOW.plus_ms(LEASE_MS - 1);
        assert_eq!(house.reclaim(just_before).await.expect("reclaimed"), 0);
        assert!(house.settle_one(first_outcome_of(&fresh, 0)).await);
    }

    async fn a_lost_first_attempt_is_due_after_a_lease(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let later = NOW.plus_ms(LEASE_MS);
        assert_eq!(house.reclaim(later).await.expect("reclaimed"), 1);
        assert!(!house.settle_one(first_outcome_of(&fresh, 0)).await, "the lease was lost");
        let claimed = house.claim_lane(&a, 1, later).await.remove(0);
        assert_eq!(claimed.id, fresh.delivery(0));
        assert!(house.settle_one(outcome_of(&claimed)).await);
        assert_eq!(house.reclaim(later).await.expect("reclaimed"), 0, "once");
    }

    async fn only_what_is_lost_comes_back(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let old = house.publish_fresh(an_event(acme).leased(&a).times(4).due(&a)).await;
        house.settle_one(first_outcome_of(&old, 0)).await;
        house.settle_one(first_outcome_of(&old, 1).retry_at(NOW.plus_ms(LEASE_MS * 9))).await;
        let later = NOW.plus_ms(LEASE_MS);
        let young = house.publish_fresh(an_event(acme).leased(&a).at(later)).await;
        assert_eq!(house.reclaim(later).await.expect("reclaimed"), 2);
        let mut claimed: Vec<_> =
            house.claim_lane(&a, 10, later).await.iter().map(|claim| claim.id).collect();
        claimed.sort();
        assert_eq!(claimed, [old.delivery(2), old.delivery(3), old.delivery(4)]);
        assert!(house.settle_one(first_outcome_of(&young, 0)).await);
    }

    async fn an_outstanding_first_attempt_is_found_however_much_was_accepted_since(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let lost = house.publish_fresh(an_event(acme).leased(&a)).await;
        for _ in 0..3 {
            let later = house.publish_fresh(an_event(acme).leased(&a)).await;
            house.settle_one(first_outcome_of(&later, 0)).await;
            assert_eq!(house.reclaim(NOW).await.expect("reclaimed"), 0, "moves the mark");
        }
        let later = NOW.plus_ms(LEASE_MS);
        assert_eq!(house.reclaim(later).await.expect("reclaimed"), 1);
        assert_eq!(house.claim_lane(&a, 10, later).await[0].id, lost.delivery(0));
    }

    async fn a_first_attempt_above_the_moved_mark_is_due_after_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let first = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.settle_one(first_outcome_of(&first, 0)).await;
        house.reclaim(NOW).await.expect("moves the mark past the first");
        let second = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.reclaim(NOW).await.expect("stops at the second");
        let house = house.crashed(NOW).await;
        assert_eq!(house.claim_lane(&a, 10, NOW).await[0].id, second.delivery(0));
    }

    async fn more_lost_attempts_than_one_pass_takes_come_back_in_several(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let count = 12_000;
        house.publish_fresh(an_event(acme).leased(&a).times(count)).await;
        let later = NOW.plus_ms(LEASE_MS);
        let mut reclaimed = 0;
        for _ in 0..10 {
            reclaimed += house.reclaim(later).await.expect("reclaimed");
        }
        assert_eq!(reclaimed, count);
        assert_eq!(house.claim_lane(&a, count + 1, later).await.len(), count);
    }
}
