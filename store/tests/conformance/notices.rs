//! What a product is told of its own webhooks: exactly when it wants to be told, and never without
//! what it tells of.

use hookwright_core::job_state::{JobCommand, JobKind, JobState};
use hookwright_core::state::DeliveryState;
use hookwright_store::{
    EndpointStatus, EndpointUpdate, NewNotice, Notice, OPERATIONAL_ACCOUNT, ReplayStep, Settlement,
    SettlementNotice, StepEnd,
};
use serde_json::{Value, json};

use super::build::{an_endpoint, an_event, first_outcome_of, outcome_of};
use super::house::{House, NOW, Tenant};
use super::jobs::{a_replay, at};

/// A tenant whose project wants to be told.
async fn told(house: &House) -> Tenant {
    let acme = house.tenant("acme").await;
    let operational = house.neighbour(acme, OPERATIONAL_ACCOUNT).await;
    house.endpoint_of(operational, "operational").await;
    acme
}

async fn notices(house: &House) -> Vec<Notice> {
    house.notices(100).await.expect("read")
}

async fn types(house: &House) -> Vec<String> {
    let notices = notices(house).await;
    notices.into_iter().map(|it| it.event_type).collect()
}

fn body(notice: &Notice) -> Value {
    serde_json::from_str(&notice.body).expect("JSON")
}

fn telling(settlement: impl Into<Settlement>, if_given_up_before: bool) -> Settlement {
    let notice = NewNotice {
        event_type: "delivery.told",
        body: "{}".to_owned(),
    };
    Settlement {
        notice: Some(Box::new(SettlementNotice {
            notice,
            if_given_up_before,
        })),
        ..settlement.into()
    }
}

fn to_status(status: EndpointStatus) -> EndpointUpdate {
    EndpointUpdate {
        status: Some((status, Some("a reason".to_owned()))),
        ..EndpointUpdate::default()
    }
}

facts! {
    async fn an_endpoints_life_is_told_in_order(house: House) {
        let acme = told(&house).await;
        let a = house.endpoint_of(acme, "a").await;
        for status in [EndpointStatus::Disabled, EndpointStatus::Active, EndpointStatus::Paused] {
            let changed = house.update_endpoint(acme.scope(), "a".to_owned(), to_status(status), NOW);
            changed.await.expect("changed");
        }
        let changed = house.update_endpoint(acme.scope(), "a".to_owned(), to_status(EndpointStatus::Active), NOW);
        changed.await.expect("changed");
        for _ in 0..2 {
            house.disable_endpoint(a.id, "410".to_owned(), NOW).await.expect("disabled");
        }
        let found = notices(&house).await;
        let types: Vec<_> = found.iter().map(|it| it.event_type.as_str()).collect();
        assert_eq!(types, [
            "endpoint.created", "endpoint.disabled", "endpoint.enabled",
            "endpoint.updated", "endpoint.updated", "endpoint.disabled",
        ]);
        let last = body(&found[5]);
        assert_eq!(last["endpoint_id"], "a");
        assert_eq!(last["account_id"], "default");
        assert_eq!((&last["status"], &last["status_reason"]), (&json!("disabled"), &json!("410")));
        assert_eq!(found[0].project_id, acme.project);
        assert_eq!(found[0].made_at, NOW);
    }

    async fn who_has_no_operational_endpoint_is_not_told(house: House) {
        let acme = house.tenant("acme").await;
        house.neighbour(acme, OPERATIONAL_ACCOUNT).await;
        house.endpoint_of(acme, "a").await;
        house.disable_endpoint(house.endpoint_of(acme, "b").await.id, String::new(), NOW).await.expect("disabled");
        assert_eq!(notices(&house).await, []);
    }

    async fn one_projects_things_are_not_told_for_another(house: House) {
        told(&house).await;
        let other = house.tenant("other").await;
        house.endpoint_of(other, "b").await;
        assert_eq!(notices(&house).await, []);
    }

    async fn operational_endpoints_are_not_told_of_themselves(house: House) {
        let acme = told(&house).await;
        let operational = house.account_named(acme, OPERATIONAL_ACCOUNT).await;
        let second = house.make_endpoint(an_endpoint(operational, "second")).await;
        house.disable_endpoint(second.id, "410".to_owned(), NOW).await.expect("disabled");
        assert_eq!(notices(&house).await, []);
        house.delete_endpoint(operational.scope(), "second".to_owned(), NOW).await.expect("deleted");
        house.delete_endpoint(operational.scope(), "operational".to_owned(), NOW).await.expect("deleted");
        house.endpoint_of(acme, "a").await;
        assert_eq!(notices(&house).await, [], "nobody is left to be told");
    }

    async fn a_change_that_fails_is_not_told(house: House) {
        let acme = told(&house).await;
        house.endpoint_of(acme, "a").await;
        house.create_endpoint(an_endpoint(acme, "a")).await.expect_err("exists");
        assert_eq!(types(&house).await, ["endpoint.created"]);
    }

    async fn a_settlement_tells_if_it_is_accepted(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).times(3)).await;
        let stranger = hookwright_store::Lease(fresh.lease.0 + 1);
        let outcomes = vec![
            telling(first_outcome_of(&fresh, 0).failed(), false),
            telling(first_outcome_of(&fresh, 1).failed().lease(stranger), false),
            telling(first_outcome_of(&fresh, 1), false),
            first_outcome_of(&fresh, 2).into(),
        ];
        assert_eq!(house.settle_all(outcomes).await, [true, false, true, true]);
        assert_eq!(types(&house).await, ["delivery.told", "delivery.told"]);
        // All of a batch is one transaction.
        let after = house.crashed(NOW).await;
        assert_eq!(types(&after).await.len(), 2);
    }

    async fn a_resend_recovers_only_what_was_given_up(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).leased(&a)).await;
        assert!(house.settle_one(first_outcome_of(&fresh, 0).failed()).await);
        assert!(house.settle_one(first_outcome_of(&fresh, 1)).await);
        for (index, count) in [(1, 0), (0, 1), (0, 1)] {
            let resend = house.resend(acme.scope(), fresh.delivery(index), NOW).await.expect("resent");
            assert_eq!(resend.created_at, NOW);
            assert!(house.settle_one(telling(outcome_of(&resend), true)).await);
            assert!(!house.settle_one(telling(outcome_of(&resend), true)).await, "it is settled");
            assert_eq!(notices(&house).await.len(), count);
        }
    }

    async fn a_replay_recovers_what_was_given_up_whichever_attempt_succeeds(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).times(3)).await;
        // One after an attempt, one without any, and one after two.
        assert!(house.settle_one(first_outcome_of(&fresh, 0).failed()).await);
        assert!(house.settle_one(first_outcome_of(&fresh, 1).failed().without_attempt()).await);
        assert!(house.settle_one(first_outcome_of(&fresh, 2).failed()).await);
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        let reopened: Vec<_> = (0..3).map(|index| fresh.delivery(index)).collect();
        let step = ReplayStep { reopened, end: at(9), ..ReplayStep::default() };
        house.step_replay(held, step, NOW).await.expect("stepped").expect("its own");
        for index in 0..3 {
            let (delivery, _) = house.see(acme, fresh.delivery(index)).await;
            assert_eq!((delivery.state, delivery.finished_at), (DeliveryState::Pending, None));
        }
        let ended = NOW.plus_ms(40);
        let mut claimed = house.claim_lane(&a, 3, NOW).await;
        claimed.sort_by_key(|claim| claim.id);
        for claim in &claimed[..2] {
            assert!(house.settle_one(telling(outcome_of(claim), true)).await);
        }
        assert_eq!(notices(&house).await.len(), 2);
        assert!(house.settle_one(telling(outcome_of(&claimed[2]).retry_at(NOW), true)).await);
        assert_eq!(notices(&house).await.len(), 3, "the caller says what is told of a failure");
        let (delivery, _) = house.see(acme, fresh.delivery(2)).await;
        assert_eq!(delivery.finished_at, None, "it is not finished");
        let again = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert!(house.settle_one(telling(outcome_of(&again), true)).await);
        assert_eq!(notices(&house).await.len(), 4);
        for index in [0, 2] {
            let (delivery, _) = house.see(acme, fresh.delivery(index)).await;
            assert_eq!((delivery.state, delivery.finished_at), (DeliveryState::Delivered, Some(ended)));
        }
    }

    async fn a_replay_that_ends_is_told_once(house: House) {
        let acme = told(&house).await;
        let held = house.job_of(a_replay(acme, "rpl_1")).await;
        house.note_step(held, (3, at(5)), NOW).await.expect("noted").expect("its own");
        assert_eq!(notices(&house).await, []);
        let end = StepEnd { ends: Some(JobState::Finished), ..at(9) };
        house.note_step(held, (2, end), NOW).await.expect("noted").expect("its own");
        house.create_job(a_replay(acme, "rpl_2")).await.expect("made");
        let cancelled = (JobKind::Replay, "rpl_2".to_owned());
        for _ in 0..2 {
            let cancelled = house.command_job(acme.scope(), cancelled.clone(), JobCommand::Cancel, NOW);
            cancelled.await.expect("cancelled");
        }
        let found = notices(&house).await;
        let types: Vec<_> = found.iter().map(|it| it.event_type.as_str()).collect();
        assert_eq!(types, ["replay.finished", "replay.finished"]);
        let (first, second) = (body(&found[0]), body(&found[1]));
        assert_eq!((&first["replay_id"], &first["state"]), (&json!("rpl_1"), &json!("finished")));
        assert_eq!((&first["done"], &first["what"]), (&json!(5), &json!("failed")));
        assert_eq!((&second["replay_id"], &second["state"]), (&json!("rpl_2"), &json!("cancelled")));
    }

    async fn an_automatic_success_recovers_nothing_that_was_not_given_up(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a)).await;
        assert!(house.settle_one(first_outcome_of(&fresh, 0).retry_at(NOW)).await);
        let claimed = house.claim_lane(&a, 1, NOW).await.remove(0);
        assert_eq!(claimed.created_at, NOW);
        assert!(house.settle_one(telling(outcome_of(&claimed), true)).await);
        assert_eq!(notices(&house).await, []);
    }

    async fn what_was_published_is_removed_and_its_number_not_used_again(house: House) {
        let acme = told(&house).await;
        house.endpoint_of(acme, "a").await;
        let first = notices(&house).await.remove(0);
        house.delete_notices(vec![first.id]).await.expect("deleted");
        house = house.reopened(NOW).await;
        house.endpoint_of(acme, "b").await;
        let second = notices(&house).await;
        assert_eq!(second.len(), 1);
        assert!(second[0].id > first.id);
        assert_eq!(house.notices(0).await.expect("read"), []);
    }
}
