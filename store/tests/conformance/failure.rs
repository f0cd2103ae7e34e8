//! What a statement that the engine refuses undoes, and what it leaves.

use hookwright_core::state::DeliveryState;
use hookwright_store::{DeliveryFilter, StoreError};

use super::build::{a_project, an_event, first_outcome_of};
use super::house::{House, NOW, all};
use super::place::{Failure, POISON};

/// Everything here shares a commit with the statement that fails.
async fn one_statement_fails(house: House, failure: Failure) {
    let acme = house.tenant("acme").await;
    let a = house.endpoint_of(acme, "a").await;
    let earlier = house.publish_fresh(an_event(acme).leased(&a)).await;
    house.place().poison(failure);
    let held = house.hold_commits(an_event(acme)).await;
    let before = house.begin_publish(an_event(acme).given_id("before").due(&a).due(&a));
    let poisoned = house.begin_publish(an_event(acme).given_id(POISON).due(&a));
    let after = house.begin_publish(an_event(acme).given_id("after").due(&a).due(&a));
    let settled = house.begin_settle(vec![first_outcome_of(&earlier, 0).into()]);
    let job = house.create_project(a_project("zeta"));
    let (job, ()) = tokio::join!(job, held.let_go());

    let poisoned = poisoned.await.expect("answered");
    assert!(
        matches!(poisoned, Err(StoreError::Engine(_))),
        "{poisoned:?}"
    );
    job.expect("a job is not undone by an event");
    for (given_id, answer) in [("before", before), ("after", after)] {
        let stored = house
            .event_by_given_id(acme.scope(), given_id.to_owned())
            .await;
        let told = answer.await.expect("answered");
        assert_eq!(stored.is_ok(), told.is_ok(), "{given_id} was told {told:?}");
    }
    let told = settled.await.expect("answered").is_ok();
    let state = house.see(acme, earlier.delivery(0)).await.0.state;
    assert_eq!(
        state == DeliveryState::Delivered,
        told,
        "what is settled was told so"
    );
    for event in house
        .events(acme.scope(), all())
        .await
        .expect("listed")
        .rows
    {
        let its = DeliveryFilter {
            event_id: Some(event.id),
            ..DeliveryFilter::default()
        };
        let deliveries = house.walk(acme.scope(), its, 10).await;
        assert_eq!(
            deliveries.len(),
            event.fanout as usize,
            "with all its deliveries"
        );
    }
    let all_of_them = house
        .walk(acme.scope(), DeliveryFilter::default(), 10)
        .await;
    let fanouts = house
        .events(acme.scope(), all())
        .await
        .expect("listed")
        .rows;
    let expected: u32 = fanouts.iter().map(|event| event.fanout).sum();
    assert_eq!(
        all_of_them.len(),
        expected as usize,
        "and none without its event"
    );

    let next = house
        .publish_fresh(an_event(acme).given_id("next").leased(&a))
        .await;
    assert!(next.id > earlier.id, "the store goes on");
    assert!(house.settle_one(first_outcome_of(&next, 0)).await);
    let house = house.crashed(NOW);
    let seen = house
        .event_by_given_id(acme.scope(), "next".to_owned())
        .await;
    assert_eq!(seen.expect("on disk").id, next.id);
}

facts! {
    async fn a_failed_statement_undoes_one_batch_alone(house: House) {
        one_statement_fails(house, Failure::Statement).await;
    }

    async fn a_failure_that_ends_the_transaction_undoes_one_batch_alone(house: House) {
        one_statement_fails(house, Failure::Transaction).await;
    }

    async fn an_event_that_fails_after_its_row_leaves_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        house.place().poison(Failure::Delivery);
        let refused = house.publish(an_event(acme).given_id(POISON).due(&a)).await;
        assert!(matches!(refused, Err(StoreError::Engine(_))));
        assert!(house.events(acme.scope(), all()).await.expect("listed").rows.is_empty());
        let found = house.event_by_given_id(acme.scope(), POISON.to_owned()).await;
        assert!(matches!(found, Err(StoreError::NotFound)));
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
        let fresh = house.publish_fresh(an_event(acme).given_id(POISON)).await;
        assert!(house.event(acme.scope(), fresh.id, NOW).await.is_ok(), "may be tried again");
    }

    async fn a_failed_commit_acknowledges_nothing_and_stops_the_store(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let earlier = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.place().poison(Failure::Commit);
        let held = house.hold_commits(an_event(acme)).await;
        let beside = house.begin_publish(an_event(acme).given_id("beside").leased(&a));
        let settled = house.begin_settle(vec![first_outcome_of(&earlier, 0).into()]);
        let poisoned = house.create_project(a_project(POISON));
        let (poisoned, ()) = tokio::join!(poisoned, held.let_go());

        assert!(matches!(poisoned, Err(StoreError::Stopped(_))));
        let told = beside.await.expect("answered");
        assert!(matches!(told, Err(StoreError::Stopped(_))));
        let told = settled.await.expect("answered");
        assert!(matches!(told, Err(StoreError::Stopped(_))));
        assert!(matches!(house.stopped().await, StoreError::Stopped(_)));
        let later = house.publish(an_event(acme)).await;
        assert!(matches!(later, Err(StoreError::Stopped(_))), "until a restart");

        let house = house.crashed(NOW);
        let seen = house.event_by_given_id(acme.scope(), "beside".to_owned()).await;
        assert!(matches!(seen, Err(StoreError::NotFound)));
        assert_eq!(house.claim_lane(&a, 10, NOW).await[0].id, earlier.delivery(0));
    }
}
