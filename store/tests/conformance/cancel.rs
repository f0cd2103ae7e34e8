//! What cancelling a delivery does, and what it leaves alone.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::limits::LEASE_MS;
use hookwright_core::state::DeliveryState::{Cancelled, Delivered, Failed};
use hookwright_store::{
    Attempt, AttemptFilter, AttemptPage, Delivery, DeliveryFilter, ReplayStep, Towards,
};

use super::build::{an_event, first_outcome_of, outcome_of};
use super::house::{House, NOW, Tenant};
use super::jobs::a_replay;

/// Every attempt that fits, as rows and numbers, walked page by page.
async fn attempts(
    house: &House,
    acme: Tenant,
    filter: &AttemptFilter,
    limit: usize,
    towards: Towards,
) -> Vec<(i64, u32)> {
    let mut found = Vec::new();
    let mut from = None;
    for _ in 0..100 {
        let page = AttemptPage {
            from,
            towards,
            limit,
        };
        let listed = house
            .attempts(acme.scope(), filter, page)
            .await
            .expect("listed");
        assert!(listed.rows.len() <= limit);
        let mut rows: Vec<_> = listed
            .rows
            .iter()
            .map(|(delivery, attempt): &(Delivery, Attempt)| (delivery.id.0, attempt.number))
            .collect();
        from = match towards {
            Towards::Older => {
                found.append(&mut rows);
                listed.next
            }
            Towards::Newer => {
                rows.append(&mut found);
                found = rows;
                listed.prev
            }
        };
        if from.is_none() {
            return found;
        }
    }
    panic!("a walk ends");
}

facts! {
    async fn what_is_live_is_cancelled_and_is_not_due_any_more(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).times(4).due(&a)).await;
        assert!(house.settle_one(first_outcome_of(&fresh, 0)).await);
        assert!(house.settle_one(first_outcome_of(&fresh, 1).failed()).await);
        assert!(house.settle_one(first_outcome_of(&fresh, 2).retry_at(NOW)).await);
        let ids = (0..5).map(|index| fresh.delivery(index)).collect();
        let done = NOW.plus_ms(70);
        let cancelled = house.cancel(acme.scope(), ids, done).await.expect("cancelled");
        assert_eq!(cancelled, [2, 3, 4].map(|index| (fresh.delivery(index), a.id)));
        for (index, state) in [(0, Delivered), (1, Failed), (2, Cancelled), (3, Cancelled), (4, Cancelled)] {
            let (seen, _) = house.see(acme, fresh.delivery(index)).await;
            assert_eq!((seen.state, seen.next_attempt_at), (state, None));
            assert!(state != Cancelled || seen.finished_at == Some(done));
        }
        assert!(house.claim_lane(&a, 9, NOW).await.is_empty());
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
        let listed = house.walk(acme.scope(), DeliveryFilter::in_state(Cancelled), 2).await;
        assert_eq!(listed.len(), 3);
        let again = vec![fresh.delivery(3)];
        assert!(house.cancel(acme.scope(), again, done).await.expect("done").is_empty());
    }

    async fn an_attempt_under_way_is_recorded_and_changes_what_was_cancelled_only_by_success(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).times(4).due(&a)).await;
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        let ids = (0..5).map(|index| fresh.delivery(index)).collect();
        assert_eq!(house.cancel(acme.scope(), ids, NOW).await.expect("cancelled").len(), 5);
        assert!(house.settle_one(first_outcome_of(&fresh, 0)).await);
        assert!(house.settle_one(first_outcome_of(&fresh, 1).failed()).await);
        assert!(house.settle_one(first_outcome_of(&fresh, 2).retry_at(NOW)).await);
        assert!(house.settle_one(outcome_of(&claimed).retry_at(NOW)).await);
        for (index, state, attempts) in
            [(0, Delivered, 1), (1, Cancelled, 1), (2, Cancelled, 1), (3, Cancelled, 0), (4, Cancelled, 1)]
        {
            let (seen, made) = house.see(acme, fresh.delivery(index)).await;
            assert_eq!((seen.state, seen.attempts, made.len()), (state, attempts, attempts as usize), "{index}");
            assert_eq!(seen.next_attempt_at, None);
            assert!(state != Cancelled || seen.finished_at == Some(NOW), "{index}");
        }
        assert!(!house.settle_one(first_outcome_of(&fresh, 1)).await, "its lease ended with that");
        assert!(house.claim_lane(&a, 9, NOW.plus_ms(LEASE_MS)).await.is_empty());
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
    }

    async fn what_was_cancelled_is_not_due_again_when_it_is_given_back_or_its_node_is_gone(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).times(2).due(&a)).await;
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        let ids = (0..3).map(|index| fresh.delivery(index)).collect();
        assert_eq!(house.cancel(acme.scope(), ids, NOW).await.expect("cancelled").len(), 3);
        house.release(vec![claimed.leased(), fresh.leased(0)], NOW).await.expect("released");
        let house = house.crashed(NOW.plus_ms(LEASE_MS)).await;
        for index in [0, 1, 2] {
            assert_eq!(house.see(acme, fresh.delivery(index)).await.0.state, Cancelled);
        }
        assert!(house.claim_lane(&a, 9, NOW.plus_ms(LEASE_MS)).await.is_empty());
    }

    async fn an_attempt_under_way_settles_nothing_of_what_was_taken_up_again(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        let id = fresh.delivery(0);
        house.cancel(acme.scope(), vec![id], NOW).await.expect("cancelled");
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let step = ReplayStep { reopened: vec![id], ..ReplayStep::default() };
        house.step_replay(held, step, NOW).await.expect("stepped");
        assert!(!house.settle_one(first_outcome_of(&fresh, 0).failed()).await);
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert!(house.settle_one(outcome_of(&claimed)).await);
        assert_eq!(house.see(acme, id).await.0.attempts, 1);
    }

    async fn a_cancelled_delivery_can_be_resent_and_delivered(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a)).await;
        house.cancel(acme.scope(), vec![fresh.delivery(0)], NOW).await.expect("cancelled");
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert!(house.settle_one(outcome_of(&resend).failed()).await);
        assert_eq!(house.see(acme, fresh.delivery(0)).await.0.state, Cancelled);
        let resend = house.resend(acme.scope(), fresh.delivery(0), NOW).await.expect("resent");
        assert!(house.settle_one(outcome_of(&resend)).await);
        assert_eq!(house.see(acme, fresh.delivery(0)).await.0.state, Delivered);
    }

    async fn nothing_of_another_is_cancelled(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a)).await;
        for scope in [wide.scope(), zeta.scope(), zeta.project_scope()] {
            let cancelled = house.cancel(scope, vec![fresh.delivery(0)], NOW).await;
            assert!(cancelled.expect("nothing").is_empty());
        }
        assert_eq!(house.claim_lane(&a, 1, NOW).await.len(), 1);
    }

    async fn a_cancelled_delivery_stays_so_after_a_crash(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).due(&a)).await;
        let ids = vec![fresh.delivery(0), fresh.delivery(1)];
        house.cancel(acme.scope(), ids, NOW).await.expect("cancelled");
        let house = house.crashed(NOW.plus_ms(1)).await;
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
        assert_eq!(house.see(acme, fresh.delivery(0)).await.0.state, Cancelled);
    }

    async fn attempts_are_walked_both_ways_and_filtered_by_themselves(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let first = house.publish_fresh(an_event(acme).leased(&a)).await;
        assert!(house.settle_one(first_outcome_of(&first, 0).retry_at(NOW)).await);
        for _ in 0..2 {
            let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
            assert!(house.settle_one(outcome_of(&claimed).retry_at(NOW)).await);
        }
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert!(house.settle_one(outcome_of(&claimed)).await);
        let none = house.publish_fresh(an_event(acme).leased(&a)).await;
        let last = house.publish_fresh(an_event(acme).leased(&a)).await;
        assert!(house.settle_one(first_outcome_of(&last, 0)).await);
        let (first, none, last) = (first.delivery(0).0, none.delivery(0).0, last.delivery(0).0);
        assert!(none > first);
        let all = vec![(last, 1), (first, 4), (first, 3), (first, 2), (first, 1)];
        let failed = AttemptFilter {
            deliveries: DeliveryFilter { failed_once: true, ..DeliveryFilter::default() },
            error: Some(ErrorClass::ServerError),
            ..AttemptFilter::default()
        };
        let fine = AttemptFilter { status: Some((200, 299)), ..AttemptFilter::default() };
        for (filter, expected) in [
            (AttemptFilter::default(), all.clone()),
            (failed, all[2..].to_vec()),
            (fine, all[..2].to_vec()),
        ] {
            for limit in [1, 2, 3, 50] {
                for towards in [Towards::Older, Towards::Newer] {
                    let found = attempts(&house, acme, &filter, limit, towards).await;
                    assert_eq!(found, expected, "{towards:?} by {limit}");
                }
            }
        }
    }

    async fn payloads_are_read_of_the_projects_own_events(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let one = house.publish_fresh(an_event(acme).payload("{\"n\": 1}")).await.id;
        let two = house.publish_fresh(an_event(zeta).payload("{}")).await.id;
        let read = house.payloads(acme.project_scope(), vec![one, two]).await.expect("read");
        assert_eq!(read, [(one, bytes::Bytes::from_static(b"{\"n\": 1}"))]);
        assert!(house.payloads(acme.project_scope(), Vec::new()).await.expect("read").is_empty());
    }
}
