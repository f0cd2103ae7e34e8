//! A replay takes up just those deliveries that a list with the same filter shows, however few rows it
//! looks at at once.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::DeliveryId;
use hookwright_core::state::DeliveryState::{self, Cancelled, Delivered, Failed};
use hookwright_store::DeliveryFilter;

use super::build::an_event;
use super::house::{House, NOW, Tenant};
use super::jobs::a_replay;
use super::lists::{all_kinds, found};
use super::replay::{all_to, failed, reopening};

/// The rows that a replay looks at, which must be those of the list.
async fn as_listed(house: &House, acme: Tenant, filter: &DeliveryFilter) -> Vec<i64> {
    let mut listed = found(house, acme, filter).await;
    listed.reverse();
    for rows in [1, 2, 100] {
        let past = house.past(acme, filter.clone(), rows).await;
        let past: Vec<i64> = past.iter().map(|it| it.id.0).collect();
        assert_eq!(past, listed, "{rows} at once: {filter:?}");
    }
    listed
}

facts! {
    async fn filters_take_what_the_list_shows(house: House) {
        let acme = house.tenant("acme").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        let [at_once, later, timeout, failed_with_500, retrying, ..] = all_kinds(&house, acme, &a).await;
        let elsewhere = house.finished(acme, &b, true).await.delivery(0).0;
        let of_status = |status, filter| DeliveryFilter { status: Some(status), ..filter };
        let of_class = |class, filter| DeliveryFilter { error: Some(class), ..filter };
        let in_states = |states: &[DeliveryState]| DeliveryFilter { states: states.to_vec(), ..all_to(a.id) };
        for (filter, expected) in [
            (failed(), vec![timeout, failed_with_500, elsewhere]),
            (of_status((500, 599), failed()), vec![failed_with_500, elsewhere]),
            (of_status((500, 500), failed()), vec![failed_with_500]),
            (of_status((404, 404), failed()), vec![]),
            (of_class(ErrorClass::Timeout, failed()), vec![timeout]),
            (of_class(ErrorClass::ServerError, failed()), vec![failed_with_500, elsewhere]),
            (DeliveryFilter { endpoint_id: Some(a.id), ..of_class(ErrorClass::ServerError, failed()) }, vec![failed_with_500]),
            // What was delivered at its second attempt was answered with 200 last, and failed before.
            (of_status((200, 200), all_to(a.id)), vec![at_once, later]),
            (of_class(ErrorClass::ServerError, in_states(&[Delivered])), vec![later]),
            (in_states(&[Delivered, Failed]), vec![at_once, later, timeout, failed_with_500]),
            (in_states(&[Cancelled]), vec![]),
            (of_status((404, 404), all_to(a.id)), vec![retrying]),
        ] {
            assert_eq!(as_listed(&house, acme, &filter).await, expected, "{filter:?}");
        }
    }

    async fn the_deliveries_of_one_event_are_looked_at_and_no_others(house: House) {
        let acme = house.tenant("acme").await;
        let beside = house.neighbour(acme, "beside").await;
        let (a, b) = (house.endpoint_of(acme, "a").await, house.endpoint_of(acme, "b").await);
        house.finished(acme, &a, true).await;
        let mine = house.finished(acme, &a, true).await;
        house.finished(acme, &a, true).await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        assert_eq!(house.late(held, mine.id, &b).await, 1);
        let of = DeliveryFilter { event_id: Some(mine.id), ..DeliveryFilter::default() };
        let late = as_listed(&house, acme, &of).await;
        assert_eq!((late.len(), late[0]), (2, mine.delivery(0).0));
        let to_b = DeliveryFilter { endpoint_id: Some(b.id), ..of.clone() };
        assert_eq!(as_listed(&house, acme, &to_b).await, late[1..]);
        let failed = DeliveryFilter { event_id: Some(mine.id), ..failed() };
        assert_eq!(as_listed(&house, acme, &failed).await, late[..1]);
        assert_eq!(house.past(beside, failed, 10).await, [], "it is another's");
        assert_eq!(house.replayed(held, reopening(DeliveryId(late[0]))).await, 1);
        house.publish_fresh(an_event(acme).at(NOW).due(&a)).await;
        assert_eq!(as_listed(&house, acme, &of).await, late);
    }
}
