//! How deliveries are looked at: one with its attempts, and in lists with filters.

use hookwright_core::ids::{EndpointId, EventId};
use hookwright_core::state::DeliveryState;
use hookwright_store::{Delivery, DeliveryFilter, Scope, StoreError};

use super::build::{an_event, first_outcome_of};
use super::house::{NOW, all};

/// Three such events lie across two borders between buckets of 65,536 rows.
const OF_ONE_EVENT: usize = 50_000;

fn ids(deliveries: Vec<Delivery>) -> Vec<i64> {
    deliveries
        .into_iter()
        .map(|delivery| delivery.id.0)
        .collect()
}

fn to(endpoint_id: EndpointId) -> DeliveryFilter {
    DeliveryFilter {
        endpoint_id: Some(endpoint_id),
        ..DeliveryFilter::default()
    }
}

fn of(event_id: EventId) -> DeliveryFilter {
    DeliveryFilter {
        event_id: Some(event_id),
        ..DeliveryFilter::default()
    }
}

fn in_state(state: DeliveryState) -> DeliveryFilter {
    DeliveryFilter::in_state(state)
}

facts! {
    async fn a_delivery_names_its_event_endpoint_and_account(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "ep_a").await;
        let event = an_event(acme).given_id("evt_x").event_type("invoice.paid");
        let fresh = house.publish_fresh(event.leased(&a)).await;
        let (seen, _) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!((seen.event_id, seen.event_accepted_at), (fresh.id, NOW));
        assert_eq!(seen.event_given_id.as_deref(), Some("evt_x"));
        assert_eq!(seen.event_type, "invoice.paid");
        assert_eq!((seen.endpoint_id, seen.endpoint_public_id.as_str()), (a.id, "ep_a"));
        assert_eq!((seen.account_public_id.as_str(), seen.created_at), ("default", NOW));
    }

    async fn a_delivery_tells_its_failures_since_the_schedule_began(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).leased(&a)).await;
        let later = NOW.plus_ms(5);
        house.settle_one(first_outcome_of(&fresh, 0).retry_at(later)).await;
        house.settle_one(first_outcome_of(&fresh, 1)).await;
        let (failed, _) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!(failed.failed_attempts, 1);
        assert!(failed.first_failed_at.is_some());
        let (delivered, _) = house.see(acme, fresh.delivery(1)).await;
        assert_eq!((delivered.failed_attempts, delivered.first_failed_at), (0, None));
        let listed = house.walk(acme.scope(), to(a.id), 10).await;
        let failures: Vec<u32> = listed.iter().map(|it| it.failed_attempts).collect();
        assert_eq!(failures, [0, 1]);
    }

    async fn a_delivery_is_found_by_row_and_time_together(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        assert!(house.delivery(acme.scope(), fresh.delivery(0), NOW).await.is_ok());
        assert!(house.delivery(acme.project_scope(), fresh.delivery(0), NOW).await.is_ok());
        for (id, at) in [(fresh.delivery(0), NOW.plus_ms(1)), (fresh.delivery(1), NOW)] {
            let guessed = house.delivery(acme.scope(), id, at).await;
            assert!(matches!(guessed, Err(StoreError::NotFound)));
        }
    }

    async fn a_delivery_is_seen_and_resent_only_within_its_scope(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).disabled(&a)).await;
        let mixed = Scope { account_id: Some(acme.account), ..zeta.project_scope() };
        for scope in [wide.scope(), zeta.scope(), zeta.project_scope(), mixed] {
            let seen = house.delivery(scope, fresh.delivery(0), NOW).await;
            assert!(matches!(seen, Err(StoreError::NotFound)));
            let resent = house.resend(scope, fresh.delivery(0), NOW).await;
            assert!(matches!(resent, Err(StoreError::NotFound)));
            let of_event = house.deliveries(scope, of(fresh.id), all()).await;
            assert!(matches!(of_event, Err(StoreError::NotFound)), "its event is not theirs");
            for filter in [DeliveryFilter::default(), to(a.id), in_state(DeliveryState::Failed)] {
                assert!(house.walk(scope, filter, 10).await.is_empty());
            }
        }
        assert!(house.lanes_waiting().await.expect("listed").is_empty(), "nothing was resent");
        assert!(house.resend(acme.project_scope(), fresh.delivery(0), NOW).await.is_ok());
    }

    async fn the_deliveries_of_an_unknown_event_are_not_found(house: House) {
        let acme = house.tenant("acme").await;
        let listed = house.deliveries(acme.scope(), of(EventId(9)), all()).await;
        assert!(matches!(listed, Err(StoreError::NotFound)));
    }

    async fn a_filter_shows_what_fits_newest_first_each_once(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let z = house.endpoint_of(zeta, "z").await;
        let mut events = Vec::new();
        for round in 0..4 {
            house.publish_fresh(an_event(zeta).leased(&z)).await;
            let fresh = house.publish_fresh(an_event(acme).leased(&a).due(&b).leased(&a)).await;
            house.settle_one(first_outcome_of(&fresh, 0)).await;
            let retry = first_outcome_of(&fresh, 2);
            house.settle_one(if round == 0 { retry.failed() } else { retry.retry_at(NOW) }).await;
            events.push(fresh);
        }
        let rows = |indices: &[i64]| {
            let mut rows: Vec<i64> = Vec::new();
            for event in &events {
                rows.extend(indices.iter().map(|index| event.delivery(*index).0));
            }
            rows.reverse();
            rows
        };
        use DeliveryState::{Cancelled, Delivered, Failed, Pending, Retrying};
        let both = |filter: DeliveryFilter, state| DeliveryFilter { states: vec![state], ..filter };
        let mut retrying = rows(&[2]);
        let failed = retrying.pop().expect("the first round's");
        let of_second = |indices: [i64; 2]| indices.map(|i| events[1].delivery(i).0).to_vec();
        let cases = [
            (DeliveryFilter::default(), rows(&[0, 1, 2])),
            (to(a.id), rows(&[0, 2])),
            (to(b.id), rows(&[1])),
            (to(z.id), Vec::new()),
            (in_state(Delivered), rows(&[0])),
            (in_state(Pending), rows(&[1])),
            (in_state(Retrying), retrying),
            (in_state(Failed), vec![failed]),
            (in_state(Cancelled), Vec::new()),
            (both(to(a.id), Failed), vec![failed]),
            (both(to(b.id), Failed), Vec::new()),
            (DeliveryFilter { endpoint_id: Some(a.id), ..of(events[1].id) }, of_second([2, 0])),
            (both(of(events[1].id), Pending), vec![events[1].delivery(1).0]),
        ];
        for (filter, expected) in cases {
            for limit in [1, 2, 3, 100] {
                let found = house.walk(acme.scope(), filter.clone(), limit).await;
                assert_eq!(ids(found), expected, "{filter:?} by {limit}");
            }
        }
    }

    async fn a_held_delivery_is_found_as_held_and_not_as_pending(house: House) {
        let acme = house.tenant("acme").await;
        let mut paused = super::build::an_endpoint(acme, "p");
        paused.status = hookwright_store::EndpointStatus::Paused;
        let p = house.make_endpoint(paused).await;
        let fresh = house.publish_fresh(an_event(acme).due(&p)).await;
        let held = house.walk(acme.scope(), in_state(DeliveryState::Held), 10).await;
        assert_eq!(ids(held), [fresh.delivery(0).0]);
        assert!(house.walk(acme.scope(), in_state(DeliveryState::Pending), 10).await.is_empty());
    }

    async fn a_walk_over_borders_between_buckets_sees_every_delivery_once(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let first = house.publish_fresh(an_event(acme).disabled(&a).disabled(&b)).await;
        let mut of_a = vec![first.delivery(0).0];
        let mut many = first;
        for _ in 0..3 {
            many = house.publish_fresh(an_event(acme).disabled(&a).times(OF_ONE_EVENT)).await;
            of_a.extend((0..OF_ONE_EVENT as i64).map(|index| many.delivery(index).0));
        }
        let last = house.publish_fresh(an_event(acme).disabled(&b).disabled(&a)).await;
        of_a.push(last.delivery(1).0);
        let expected: Vec<i64> = of_a.into_iter().rev().collect();
        assert_eq!(ids(house.walk(acme.scope(), to(a.id), 4_999).await), expected);
        let expected = [last.delivery(0).0, first.delivery(1).0];
        for limit in [1, 10] {
            let found = house.walk(acme.scope(), to(b.id), limit).await;
            assert_eq!(ids(found), expected, "few rows far apart");
        }
        let found = house.walk(acme.scope(), of(many.id), 9_000).await;
        assert_eq!(found.len(), OF_ONE_EVENT);
        let nothing = in_state(DeliveryState::Delivered);
        assert!(house.walk(acme.scope(), nothing, 10).await.is_empty(), "ends, in several pages");
    }

    async fn a_walk_over_midnights_sees_every_delivery_once(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let (mut of_a, mut of_both, mut delivered) = (Vec::new(), Vec::new(), Vec::new());
        for hour in 0..70 {
            let at = NOW.plus_ms(hour * 60 * 60 * 1000);
            let fresh = house.publish_fresh(an_event(acme).at(at).leased(&b).due(&a)).await;
            of_both.splice(0..0, [fresh.delivery(1).0, fresh.delivery(0).0]);
            of_a.insert(0, fresh.delivery(1).0);
            if hour % 30 == 1 {
                assert!(house.settle_one(first_outcome_of(&fresh, 0).at(at)).await);
                delivered.insert(0, fresh.delivery(0).0);
            }
        }
        for limit in [7, 69, 200] {
            let found = house.walk(acme.scope(), DeliveryFilter::default(), limit).await;
            assert_eq!(ids(found), of_both);
            assert_eq!(ids(house.walk(acme.scope(), to(a.id), limit).await), of_a);
            let found = house.walk(acme.scope(), in_state(DeliveryState::Delivered), limit).await;
            assert_eq!(ids(found), delivered, "few rows days apart");
        }
    }
}
