//! Which calls make the store run every statement that jobs need.

use hookwright_core::job_state::{JobCommand, JobKind, JobState};

use super::*;

/// Calls every method of jobs, replays and purges.
pub(super) async fn call(
    store: &Store,
    scope: Scope,
    (run, endpoint, event): (u32, EndpointId, EventId),
) {
    let replay = JobSpec::Replay(ReplaySpec::default());
    let held = held_job(store, scope, (format!("rpl_{run}"), replay)).await;
    let page = Page {
        before: None,
        after: None,
        limit: 10,
    };
    let kind = JobKind::Replay;
    store.jobs(scope, kind, page).await.expect("listed");
    let id = format!("rpl_{run}");
    store.job(scope, kind, id.clone()).await.expect("seen");
    look(store, scope, (endpoint, event)).await;
    let step = ReplayStep {
        reopened: vec![DeliveryId(1)],
        resent: vec![DeliveryId(1)],
        added: vec![(event, EndpointId(99), NOW)],
        ..ReplayStep::default()
    };
    store.step_replay(held, step, NOW).await.expect("stepped");
    let noted = store.note_step(held, (1, StepEnd::default()), NOW).await;
    assert!(noted.expect("noted").is_some());
    let command = JobCommand::Cancel;
    let told = store.command_job(scope, (kind, id), command, NOW).await;
    assert_eq!(told.expect("told").state, JobState::Cancelled);
    for project in [None, Some(scope.project_id)] {
        store.prune_jobs(project, NOW, 1).await.expect("pruned");
    }

    let purge = JobSpec::Purge(PurgeSpec {
        of: PurgeOf::Subject(String::new()),
        key: None,
        end_row: 0,
    });
    let held = held_job(store, scope, (format!("prg_{run}"), purge)).await;
    let events = vec![(event, String::new())];
    let step = (events, StepEnd::default());
    let job = store.step_purge(held, step, NOW).await.expect("stepped");
    assert_eq!(job.expect("its own").progress.done, 1);
    let broadcast = JobSpec::Broadcast(BroadcastSpec::default());
    held_job(store, scope, (format!("brc_{run}"), broadcast)).await;
}

async fn held_job(store: &Store, scope: Scope, (public_id, spec): (String, JobSpec)) -> HeldJob {
    let new = NewJob {
        public_id,
        project_id: scope.project_id,
        account_id: scope.account_id,
        spec,
        progress: JobProgress::default(),
        place: 0,
        now: NOW,
    };
    store.create_job(new).await.expect("made");
    let taken = store.take_job(NOW).await.expect("asked");
    let (job, lease) = taken.expect("one");
    HeldJob { id: job.id, lease }
}

async fn look(store: &Store, scope: Scope, (endpoint, event): (EndpointId, EventId)) {
    let project = Scope {
        account_id: None,
        ..scope
    };
    store.rows_since(scope.project_id, NOW).await.expect("read");
    let stretch = Stretch {
        after: 0,
        end: 100,
        rows: 10,
    };
    let all = DeliveryFilter::default();
    let to = DeliveryFilter {
        endpoint_id: Some(endpoint),
        status: Some((200, 299)),
        ..all.clone()
    };
    let of = DeliveryFilter {
        event_id: Some(event),
        ..all.clone()
    };
    let failed = DeliveryFilter::in_state(DeliveryState::Failed);
    for filter in [all, to, of, failed] {
        let past = store.past_deliveries(scope, filter, stretch).await;
        past.expect("looked");
    }
    for scope in [scope, project] {
        store.past_events(scope, stretch).await.expect("looked");
        store.purgeable(scope, stretch).await.expect("looked");
    }
    let due = store.deliveries_due(vec![endpoint], 10, NOW).await;
    due.expect("counted");
    let accounts = store.accounts_after(scope.project_id, 0, 10).await;
    accounts.expect("read");
}
