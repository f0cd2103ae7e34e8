//! Which deliveries a claim in order gets: the first ones, and none before those that wait.

use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use hookwright_store::{ClaimedInOrder, Endpoint};

use super::build::{an_event, outcome_of};
use super::house::{House, NOW};

async fn claim(house: &House, lane: &Endpoint, room: usize, now: UnixMs) -> ClaimedInOrder {
    let claimed = house.claim_in_order(vec![(lane.id, room)], now).await;
    claimed.expect("claimed")
}

fn ids(claimed: &ClaimedInOrder) -> Vec<i64> {
    claimed.claimed.iter().map(|claim| claim.id.0).collect()
}

facts! {
    async fn the_first_ones_are_claimed_in_their_order(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let first = house.publish_fresh(an_event(acme).due(&a)).await;
        let rest = house.publish_fresh(an_event(acme).due(&a).times(4).at(NOW.plus_ms(1))).await;
        let mut all = vec![first.delivery(0).0];
        all.extend((0..4).map(|index| rest.delivery(index).0));
        let now = NOW.plus_ms(1);
        // The first is due last.
        let held = claim(&house, &a, 1, NOW).await.claimed.remove(0);
        house.release(vec![held.leased()], now).await.expect("released");
        let claimed = claim(&house, &a, 3, now).await;
        assert_eq!(ids(&claimed), all[..3]);
        assert_eq!(claimed.next_at, [(a.id, now)], "more waits");
        let first = &claimed.claimed[0];
        assert_eq!(first.event.payload.as_deref(), Some(&br#"{"a":1}"#[..]));
        assert!(!first.manual && first.attempts == 0 && first.endpoint_id == a.id);
        for held in &claimed.claimed {
            assert!(house.settle_one(outcome_of(held)).await);
        }
        let rest = claim(&house, &a, 3, now).await;
        assert_eq!((ids(&rest), rest.next_at), (all[3..].to_vec(), vec![]));
    }

    async fn one_that_is_retried_later_holds_up_those_after_it(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a).times(3)).await;
        let all: Vec<i64> = (0..3).map(|index| fresh.delivery(index).0).collect();
        let claimed = claim(&house, &a, 9, NOW).await;
        assert_eq!(ids(&claimed), all);
        let retry_at = NOW.plus_ms(60_000);
        let [first, rest @ ..] = &claimed.claimed[..] else { panic!("three") };
        assert!(house.settle_one(outcome_of(first).retry_at(retry_at)).await);
        house.release(rest.iter().map(|held| held.leased()).collect(), NOW).await.expect("released");
        let held_up = claim(&house, &a, 9, NOW.plus_ms(59_999)).await;
        assert_eq!((ids(&held_up), held_up.next_at), (vec![], vec![(a.id, retry_at)]));
        let again = claim(&house, &a, 9, retry_at).await;
        assert_eq!(ids(&again), all);
        assert_eq!((again.claimed[0].attempts, again.claimed[1].attempts), (1, 0));
    }

    async fn one_that_was_given_up_holds_up_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a).times(2)).await;
        let first = claim(&house, &a, 1, NOW).await.claimed.remove(0);
        assert!(house.settle_one(outcome_of(&first).failed()).await);
        assert_eq!(ids(&claim(&house, &a, 9, NOW).await), [fresh.delivery(1).0]);
    }

    async fn one_that_somebody_has_holds_up_those_after_it_until_its_lease_ends(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a).times(2)).await;
        assert_eq!(ids(&claim(&house, &a, 1, NOW).await), [fresh.delivery(0).0]);
        let end = NOW.plus_ms(LEASE_MS);
        let held_up = claim(&house, &a, 1, NOW.plus_ms(1)).await;
        assert_eq!((ids(&held_up), held_up.next_at), (vec![], vec![(a.id, end)]));
        let again = claim(&house, &a, 9, end).await;
        assert_eq!(ids(&again), [fresh.delivery(0).0, fresh.delivery(1).0]);
    }

    async fn one_published_for_later_takes_its_place_when_its_time_has_come(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let later = NOW.plus_ms(5_000);
        let first = house.publish_fresh(an_event(acme).due(&a).deliver_at(later)).await;
        let second = house.publish_fresh(an_event(acme).due(&a).times(2)).await;
        let now = claim(&house, &a, 9, NOW).await;
        let (next, over) = (second.delivery(0).0, second.delivery(1).0);
        assert_eq!(ids(&now), [next, over]);
        house.release(now.claimed.iter().map(|held| held.leased()).collect(), NOW).await.expect("released");
        let all = [first.delivery(0).0, next, over];
        assert_eq!(ids(&claim(&house, &a, 9, later).await), all);
    }

    async fn resends_go_beside_the_order_and_within_the_room(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let failed = house.publish_fresh(an_event(acme).disabled(&a)).await;
        let waiting = house.publish_fresh(an_event(acme).due(&a).times(2)).await;
        let head = claim(&house, &a, 1, NOW).await.claimed.remove(0);
        assert!(house.settle_one(outcome_of(&head).retry_at(NOW.plus_ms(900_000))).await);
        let resent = house.resend(acme.scope(), failed.delivery(0), NOW).await.expect("resent");
        house.release(vec![resent.leased()], NOW).await.expect("released");
        let claimed = claim(&house, &a, 9, NOW).await;
        assert_eq!(ids(&claimed), [failed.delivery(0).0], "though {waiting:?} waits");
        assert!(claimed.claimed[0].manual);
    }

    async fn each_lane_is_claimed_for_itself(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let fresh = house.publish_fresh(an_event(acme).due(&a).due(&b).due(&a).due(&b)).await;
        let head = claim(&house, &a, 1, NOW).await.claimed.remove(0);
        assert!(house.settle_one(outcome_of(&head).retry_at(NOW.plus_ms(1_000))).await);
        let claimed = house.claim_in_order(vec![(a.id, 5), (b.id, 1)], NOW).await.expect("claimed");
        assert_eq!(ids(&claimed), [fresh.delivery(1).0]);
        let mut next_at = claimed.next_at;
        next_at.sort();
        assert_eq!(next_at, [(a.id, NOW.plus_ms(1_000)), (b.id, NOW)]);
        assert!(house.claim_in_order(Vec::new(), NOW).await.expect("claimed").claimed.is_empty());
    }

    async fn what_a_crash_leaves_comes_back_in_order(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a).times(4)).await;
        let claimed = claim(&house, &a, 3, NOW).await;
        assert!(house.settle_one(outcome_of(&claimed.claimed[0])).await);
        let heir = house.crashed(NOW).await;
        heir.reclaim(NOW).await.expect("taken over");
        let again = claim(&heir, &a, 9, NOW).await;
        assert_eq!(ids(&again), (1..4).map(|index| fresh.delivery(index).0).collect::<Vec<_>>());
    }

    async fn a_lost_lease_cannot_settle_what_was_claimed_in_order(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.publish_fresh(an_event(acme).due(&a)).await;
        let lost = claim(&house, &a, 1, NOW).await.claimed.remove(0);
        let held = claim(&house, &a, 1, NOW.plus_ms(LEASE_MS)).await.claimed.remove(0);
        assert!(!house.settle_one(outcome_of(&lost)).await);
        assert!(house.settle_one(outcome_of(&held)).await);
    }
}
