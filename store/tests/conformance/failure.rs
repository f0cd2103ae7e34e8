//! What a statement that the engine refuses undoes, and what it leaves.

use std::time::Duration;

use hookwright_core::state::DeliveryState;
use hookwright_store::{DeliveryFilter, EventFilter, StoreError};

use super::build::{a_project, an_event, first_outcome_of};
use super::house::{House, NOW, all};
use super::place::{Failure, POISON};

/// Whether a commit failed, and not the caller.
fn failed<T>(told: &Result<T, StoreError>) -> bool {
    matches!(told, Err(StoreError::Engine(_) | StoreError::Stopped(_)))
}

/// Everything here shares a commit with the statement that fails.
async fn one_statement_fails(house: House, failure: Failure) {
    let acme = house.tenant("acme").await;
    let a = house.endpoint_of(acme, "a").await;
    let earlier = house.publish_fresh(an_event(acme).leased(&a)).await;
    house.place().poison(failure).await;
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
        let told = answer.await.expect("answered");
        let stored = house
            .event_by_given_id(acme.scope(), given_id.to_owned())
            .await;
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
        .events(acme.scope(), EventFilter::default(), all())
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
        .events(acme.scope(), EventFilter::default(), all())
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
    let house = house.crashed(NOW).await;
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
        house.place().poison(Failure::Delivery).await;
        let refused = house.publish(an_event(acme).given_id(POISON).due(&a)).await;
        assert!(matches!(refused, Err(StoreError::Engine(_))));
        assert!(house.events(acme.scope(), EventFilter::default(), all()).await.expect("listed").rows.is_empty());
        let found = house.event_by_given_id(acme.scope(), POISON.to_owned()).await;
        assert!(matches!(found, Err(StoreError::NotFound)));
        assert!(house.lanes_waiting().await.expect("listed").is_empty());
        let fresh = house.publish_fresh(an_event(acme).given_id(POISON)).await;
        assert!(house.event(acme.scope(), fresh.id, NOW).await.is_ok(), "may be tried again");
    }

    async fn a_failed_commit_acknowledges_nothing_that_it_lost(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let earlier = house.publish_fresh(an_event(acme).leased(&a)).await;
        house.place().poison(Failure::Commit).await;
        let held = house.hold_commits(an_event(acme)).await;
        let beside = house.begin_publish(an_event(acme).given_id("beside").leased(&a));
        let settled = house.begin_settle(vec![first_outcome_of(&earlier, 0).into()]);
        let poisoned = house.begin_publish(an_event(acme).given_id(POISON).leased(&a));
        let project = house.create_project(a_project(POISON));
        let (project, ()) = tokio::join!(project, held.let_go());

        assert!(failed(&project), "{project:?}");
        let beside = beside.await.expect("answered");
        let settled = settled.await.expect("answered");
        assert!(failed(&poisoned.await.expect("answered")));
        let later = house.publish(an_event(acme).given_id("later")).await;
        if house.place().stops_after_a_failed_commit() {
            for told in [project.is_ok(), beside.is_ok(), settled.is_ok(), later.is_ok()] {
                assert!(!told, "nothing more is acknowledged");
            }
            assert!(matches!(house.stopped().await, StoreError::Stopped(_)));
            assert!(matches!(later, Err(StoreError::Stopped(_))), "until a restart");
        } else {
            later.as_ref().expect("the store goes on");
            let stopped = tokio::time::timeout(Duration::ZERO, house.stopped()).await;
            assert!(stopped.is_err(), "and does not say that it stopped");
        }

        let house = house.crashed(NOW).await;
        let names = [("beside", beside.is_ok()), (POISON, false), ("later", later.is_ok())];
        for (given_id, told) in names {
            let seen = house.event_by_given_id(acme.scope(), given_id.to_owned()).await;
            assert_eq!(seen.is_ok(), told, "{given_id}");
        }
        let lane = house.claim_lane(&a, 10, NOW).await;
        let is_due = lane.iter().any(|claim| claim.id == earlier.delivery(0));
        assert_eq!(is_due, settled.is_err(), "a settlement that was lost is due");
        let projects = house.projects(all()).await.expect("listed").rows;
        assert_eq!(projects.len(), 1);
    }
}
