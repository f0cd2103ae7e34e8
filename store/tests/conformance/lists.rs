//! How lists are walked both ways, and what their filters take.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::EndpointId;
use hookwright_core::state::DeliveryState::{self, Delivered, Failed, Held, Pending, Retrying};
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Created, DeliveryFilter, Endpoint, EventFilter, Listed, Page, Settlement, StoreError,
};

use super::build::{OutcomeBuilder, an_endpoint, an_event, first_outcome_of, outcome_of};
use super::house::{House, NOW, Tenant, rows_by_page};

const HOUR_MS: u64 = 60 * 60 * 1000;

/// All rows of a list, walked from the oldest on; newest first.
pub async fn rows_from_the_oldest<T, F>(limit: usize, list: impl Fn(Page) -> F) -> Vec<T>
where
    F: Future<Output = Result<Listed<T>, StoreError>>,
{
    let mut found = Vec::new();
    let mut after = 0;
    for _ in 0..10_000 {
        let page = Page {
            after: Some(after),
            ..Page::newest(limit)
        };
        let mut listed = list(page).await.expect("listed");
        assert!(listed.rows.len() <= limit, "a page keeps to its limit");
        listed.rows.append(&mut found);
        found = listed.rows;
        let Some(prev) = listed.prev else {
            return found;
        };
        assert!(prev > after, "a walk moves on");
        after = prev;
    }
    panic!("a walk ends");
}

fn in_states(states: &[DeliveryState]) -> DeliveryFilter {
    DeliveryFilter {
        states: states.to_vec(),
        ..DeliveryFilter::default()
    }
}

fn answered(outcome: OutcomeBuilder, class: ErrorClass, status: Option<u16>) -> Settlement {
    let mut settlement = Settlement::from(outcome);
    settlement.error = Some((class, status));
    if let Some(attempt) = &mut settlement.attempt {
        (attempt.error, attempt.status) = (Some(class), status);
    }
    settlement
}

pub async fn found(house: &House, acme: Tenant, filter: &DeliveryFilter) -> Vec<i64> {
    let mut ways = Vec::new();
    for limit in [1, 3, 100] {
        let list = |page| house.deliveries(acme.scope(), filter.clone(), page);
        let ids = |rows: Vec<hookwright_store::Delivery>| -> Vec<i64> {
            rows.iter().map(|row| row.id.0).collect()
        };
        ways.push(ids(rows_by_page(limit, list).await));
        ways.push(ids(rows_from_the_oldest(limit, list).await));
        let list = |page| house.deliveries(acme.project_scope(), filter.clone(), page);
        ways.push(ids(rows_by_page(limit, list).await));
    }
    ways.dedup();
    assert_eq!(ways.len(), 1, "every way shows the same: {filter:?}");
    ways.remove(0)
}

/// Deliveries that went every way: delivered at once, after a retry, failed by time-out and by 500,
/// retrying after 404, first attempts under way, waiting.
pub async fn all_kinds(house: &House, acme: Tenant, a: &Endpoint) -> [i64; 7] {
    let fresh = house
        .publish_fresh(an_event(acme).leased(a).times(6).due(a))
        .await;
    let rows = [0, 1, 2, 3, 4, 5, 6].map(|index| fresh.delivery(index).0);
    let first = |index| first_outcome_of(&fresh, index);
    assert!(house.settle_one(first(0)).await);
    assert!(house.settle_one(first(1).retry_at(NOW)).await);
    // The one that waits from the start is due as well.
    for claimed in house.claim_lane(a, 9, NOW).await {
        if claimed.id.0 == rows[1] {
            assert!(house.settle_one(outcome_of(&claimed)).await);
        } else {
            house
                .release(vec![claimed.leased()], NOW)
                .await
                .expect("released");
        }
    }
    let outcomes = [
        answered(first(2).failed(), ErrorClass::Timeout, None),
        answered(first(3).failed(), ErrorClass::ServerError, Some(500)),
        answered(
            first(4).retry_at(NOW.plus_ms(HOUR_MS)),
            ErrorClass::Rejected,
            Some(404),
        ),
    ];
    assert_eq!(house.settle_all(outcomes.to_vec()).await, [true; 3]);
    rows
}

facts! {
    async fn every_list_shows_the_same_both_ways(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let [at_once, later, timeout, failed, retrying, under_way, waiting] = all_kinds(&house, acme, &a).await;
        let of_status = |status, states: &[DeliveryState]| DeliveryFilter { status: Some(status), ..in_states(states) };
        let not_delivered = [Pending, Retrying, Held, Failed];
        let of_class = |class| DeliveryFilter { error: Some(class), ..in_states(&not_delivered) };
        let cases = [
            (in_states(&[]), vec![waiting, under_way, retrying, failed, timeout, later, at_once]),
            (in_states(&[Delivered]), vec![later, at_once]),
            (in_states(&[Failed]), vec![failed, timeout]),
            (in_states(&[Retrying]), vec![retrying]),
            (in_states(&[Pending]), vec![waiting, under_way]),
            (in_states(&[Pending, Retrying]), vec![waiting, under_way, retrying]),
            (in_states(&[Retrying, Failed]), vec![retrying, failed, timeout]),
            (in_states(&[Held]), vec![]),
            (in_states(&[Delivered, Failed]), vec![failed, timeout, later, at_once]),
            (of_status((200, 299), &[]), vec![later, at_once]),
            (of_status((200, 200), &[]), vec![later, at_once]),
            (of_status((201, 299), &[]), vec![]),
            (of_status((500, 599), &not_delivered), vec![failed]),
            (of_status((404, 404), &not_delivered), vec![retrying]),
            (of_class(ErrorClass::Timeout), vec![timeout]),
            (of_class(ErrorClass::Rejected), vec![retrying]),
            (of_class(ErrorClass::Dns), vec![]),
            (DeliveryFilter { failed_once: true, ..DeliveryFilter::default() }, vec![retrying, failed, timeout, later]),
        ];
        for (filter, expected) in cases {
            let of_a = DeliveryFilter { endpoint_id: Some(a.id), ..filter.clone() };
            let of_another = DeliveryFilter { endpoint_id: Some(EndpointId(a.id.0 + 1)), ..filter.clone() };
            for (filter, expected) in [(filter, expected.clone()), (of_a, expected), (of_another, Vec::new())] {
                assert_eq!(found(&house, acme, &filter).await, expected, "{filter:?}");
            }
        }
    }

    async fn what_waits_for_a_paused_endpoint_is_held(house: House) {
        let acme = house.tenant("acme").await;
        let mut paused = an_endpoint(acme, "p");
        paused.status = hookwright_store::EndpointStatus::Paused;
        let (p, a) = (house.make_endpoint(paused).await, house.endpoint_of(acme, "a").await);
        let fresh = house.publish_fresh(an_event(acme).due(&p).due(&a).leased(&p)).await;
        let rows = [0, 1, 2].map(|index| fresh.delivery(index).0);
        assert_eq!(found(&house, acme, &in_states(&[Held])).await, [rows[2], rows[0]]);
        assert_eq!(found(&house, acme, &in_states(&[Pending])).await, [rows[1]]);
        assert_eq!(found(&house, acme, &in_states(&[Held, Pending])).await, [rows[2], rows[1], rows[0]]);
    }

    async fn deliveries_are_found_by_the_type_of_their_event(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let mut rows = Vec::new();
        for name in ["user.created", "user.deleted", "invoice.paid"] {
            let fresh = house.publish_fresh(an_event(acme).event_type(name).leased(&a)).await;
            rows.push(fresh.delivery(0).0);
        }
        for (pattern, expected) in [
            ("user.*", vec![rows[1], rows[0]]),
            ("invoice.paid", vec![rows[2]]),
            ("invoice", vec![]),
        ] {
            let event_type = Some(pattern.parse().expect("a pattern"));
            let filter = DeliveryFilter { event_type, ..DeliveryFilter::default() };
            assert_eq!(found(&house, acme, &filter).await, expected, "{pattern}");
        }
    }

    async fn a_stretch_of_time_is_found_over_days(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let at = |hour: u64| NOW.plus_ms(hour * HOUR_MS);
        let (mut events, mut rows) = (Vec::new(), Vec::new());
        for hour in 0..60 {
            let fresh = house.publish_fresh(an_event(acme).at(at(hour)).leased(&a)).await;
            events.push(fresh.id.0);
            rows.push(fresh.delivery(0).0);
        }
        for (from, until) in [(None, Some(0)), (Some(0), None), (Some(1), Some(50)), (Some(31), Some(32)), (Some(59), None), (Some(60), None), (None, Some(25))] {
            let created = Created { from: from.map(at), until: until.map(at) };
            let stretch = from.unwrap_or(0) as usize..until.unwrap_or(60) as usize;
            let newest_first = |rows: &[i64]| rows[stretch.clone()].iter().rev().copied().collect::<Vec<_>>();
            let filter = DeliveryFilter { created, ..DeliveryFilter::default() };
            assert_eq!(found(&house, acme, &filter).await, newest_first(&rows), "{created:?}");
            let filter = EventFilter { created, ..EventFilter::default() };
            for scope in [acme.scope(), acme.project_scope()] {
                let list = |page| house.events(scope, filter.clone(), page);
                for listed in [rows_by_page(7, list).await, rows_from_the_oldest(7, list).await] {
                    let ids: Vec<i64> = listed.iter().map(|event| event.id.0).collect();
                    assert_eq!(ids, newest_first(&events), "{created:?}");
                }
            }
        }
    }

    async fn events_are_found_by_what_was_said_of_them(house: House) {
        let acme = house.tenant("acme").await;
        let plain = house.publish_fresh(an_event(acme)).await.id.0;
        let eu = house.publish_fresh(an_event(acme).event_type("user.deleted").channel("us").channel("eu")).await.id.0;
        let about = house.publish_fresh(an_event(acme).subject("\"user 7\"").event_type("order.paid")).await.id.0;
        let mut noted = hookwright_store::Append::from(an_event(acme));
        noted.metadata = [("region", "eu"), ("run", "7")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let noted = house.publish_fresh(noted).await.id.0;
        let by_type = |pattern: &str| EventFilter { event_type: Some(pattern.parse().expect("a pattern")), ..EventFilter::default() };
        let by_note = |name: &str, value: &str| EventFilter { metadata: [(name.to_owned(), value.to_owned())].into(), ..EventFilter::default() };
        let cases = [
            (EventFilter::default(), vec![noted, about, eu, plain]),
            (by_type("user.created"), vec![noted, plain]),
            (by_type("user.*"), vec![noted, eu, plain]),
            (EventFilter { channel: Some("eu".to_owned()), ..EventFilter::default() }, vec![eu]),
            (EventFilter { subject: Some("\"user 7\"".to_owned()), ..EventFilter::default() }, vec![about]),
            (by_note("region", "eu"), vec![noted]),
            (by_note("region", "us"), vec![]),
            (by_note("zone", "eu"), vec![]),
        ];
        for (filter, expected) in cases {
            for scope in [acme.scope(), acme.project_scope()] {
                let list = |page| house.events(scope, filter.clone(), page);
                for limit in [1, 3] {
                    for listed in [rows_by_page(limit, list).await, rows_from_the_oldest(limit, list).await] {
                        let ids: Vec<i64> = listed.iter().map(|event| event.id.0).collect();
                        assert_eq!(ids, expected, "{filter:?}");
                    }
                }
            }
        }
    }

    async fn the_page_before_the_next_one_is_the_same_page(house: House) {
        let acme = house.tenant("acme").await;
        for _ in 0..9 {
            house.publish_fresh(an_event(acme)).await;
        }
        let list = |page| house.events(acme.scope(), EventFilter::default(), page);
        let ids = |listed: &Listed<hookwright_store::Event>| -> Vec<i64> { listed.rows.iter().map(|row| row.id.0).collect() };
        let first = list(Page::newest(4)).await.expect("listed");
        assert_eq!(first.prev, None);
        let second = list(Page { before: first.next, ..Page::newest(4) }).await.expect("listed");
        let back = list(Page { after: second.prev, ..Page::newest(4) }).await.expect("listed");
        assert_eq!(ids(&back), ids(&first));
        let again = list(Page { before: back.next, ..Page::newest(4) }).await.expect("listed");
        assert_eq!(ids(&again), ids(&second));
        let newer = list(Page { after: back.rows.first().map(|row| row.id.0), ..Page::newest(4) }).await.expect("listed");
        assert!(newer.rows.is_empty() && newer.prev.is_none());
        let fresh = house.publish_fresh(an_event(acme)).await;
        let newer = list(Page { after: back.rows.first().map(|row| row.id.0), ..Page::newest(4) }).await.expect("listed");
        assert_eq!(ids(&newer), [fresh.id.0]);
    }

    async fn an_accounts_many_endpoints_are_listed_as_its_few(house: House) {
        let acme = house.tenant("acme").await;
        let other = house.neighbour(acme, "other").await;
        let o = house.endpoint_of(other, "o").await;
        let mut rows = Vec::new();
        for index in 0..12 {
            let endpoint = house.endpoint_of(acme, &format!("e{index}")).await;
            house.publish_fresh(an_event(other).leased(&o)).await;
            rows.insert(0, house.publish_fresh(an_event(acme).due(&endpoint)).await.delivery(0).0);
            let list = |page| house.deliveries(acme.scope(), in_states(&[Pending]), page);
            let listed: Vec<i64> = rows_by_page(5, list).await.iter().map(|row| row.id.0).collect();
            assert_eq!(listed, rows);
            let list = |page| house.deliveries(acme.scope(), DeliveryFilter::default(), page);
            let listed: Vec<i64> = rows_from_the_oldest(5, list).await.iter().map(|row| row.id.0).collect();
            assert_eq!(listed, rows);
        }
    }

    async fn times_before_and_after_all_are_no_fault(house: House) {
        let acme = house.tenant("acme").await;
        for at in [UnixMs(0), UnixMs(i64::MAX / 2)] {
            let created = Created { from: Some(at), until: Some(at) };
            let filter = DeliveryFilter { created, ..DeliveryFilter::default() };
            assert!(found(&house, acme, &filter).await.is_empty());
        }
    }
}
