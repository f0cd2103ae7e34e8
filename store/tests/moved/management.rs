//! What products and their customers manage is moved too: settings, keys, event types, health, jobs,
//! counts, notices and the audit log.

use hookwright_core::breaker::{BreakerChange, BreakerState};
use hookwright_core::job_state::JobKind;
use hookwright_core::rollup::{Counts, Width};
use hookwright_store::{
    AuditFilter, AuditRecord, EndpointHealth, EndpointStatus, EndpointUpdate, EventTypeDocument,
    EventTypeSwap, HealthChange, Job, JobProgress, JobSpec, KeyOwner, KeyUse, KeysOf,
    NewAuditEntry, NewJob, NewKey, ProjectSettings, ProjectUpdate, ReplaySpec, RetentionDays,
    Rollup, Scope, Store, Stretches, Subject,
};

use super::place::Place;
use super::{ALL, OLD, three_days};

fn a_key(name: &str, scope: Scope, used_for: KeyUse) -> NewKey {
    let mut hash = [1; 32];
    hash[..name.len()].copy_from_slice(name.as_bytes());
    let account = scope.account_id.expect("one");
    NewKey {
        public_id: name.to_owned(),
        owner: KeyOwner::Account(scope.project_id, account),
        name: None,
        hash,
        hint: "hw_b".to_owned(),
        scopes: 3,
        expires_at: None,
        used_for,
        rate_limit: Some(50_000),
        now: OLD,
    }
}

fn a_type(name: &str) -> EventTypeSwap {
    let document = EventTypeDocument {
        description: Some("a user was made".to_owned()),
        ..EventTypeDocument::default()
    };
    EventTypeSwap {
        name: name.to_owned(),
        before: None,
        after: Some(document),
    }
}

fn a_job(name: &str, scope: Scope) -> NewJob {
    NewJob {
        public_id: name.to_owned(),
        project_id: scope.project_id,
        account_id: scope.account_id,
        spec: JobSpec::Replay(ReplaySpec::default()),
        progress: JobProgress::default(),
        place: -1,
        now: OLD,
    }
}

/// Something of everything, beside the events.
async fn manage(store: &Store, scope: Scope) {
    let project = scope.project_id;
    let settings = ProjectSettings {
        public_catalogue: true,
        retention: RetentionDays {
            payloads: Some(3),
            ..RetentionDays::default()
        },
        ..ProjectSettings::default()
    };
    let update = ProjectUpdate {
        settings: Some(settings),
        ..ProjectUpdate::default()
    };
    store
        .update_project(project, update)
        .await
        .expect("changed");
    let key = store.create_key(a_key("key_b", scope, KeyUse::Api)).await;
    let used = vec![(key.expect("made").id, OLD.plus_ms(5))];
    store.touch_keys(used).await.expect("noted");
    let token = a_key("ptk_b", scope, KeyUse::Portal);
    store
        .create_portal_token(token, Default::default())
        .await
        .expect("made");
    let made = store.swap_event_types(project, vec![a_type("user.created")], OLD);
    assert!(made.await.expect("made"));
    for (later, status) in [
        (6, Some(EndpointStatus::Paused)),
        (7, Some(EndpointStatus::Active)),
        (8, None),
    ] {
        let update = EndpointUpdate {
            status: status.map(|status| (status, None)),
            ..EndpointUpdate::default()
        };
        let changed = store.update_endpoint(scope, "ep_a".to_owned(), update, OLD.plus_ms(later));
        changed.await.expect("changed");
    }
    let endpoint = store.endpoint(scope, "ep_a".to_owned()).await;
    let change = BreakerChange {
        state: BreakerState::Open,
        reason: "12 of 20 failed".to_owned(),
        until: Some(OLD.plus_ms(9)),
    };
    let health = HealthChange {
        project_id: project,
        endpoint_id: endpoint.expect("there").id,
        failing_since: Some(Some(OLD)),
        breaker: Some((change, OLD)),
    };
    store.put_health(vec![health]).await.expect("put");
    store.create_job(a_job("rpl_a", scope)).await.expect("made");
    store.take_job(OLD).await.expect("asked").expect("one");
    let counts = |width: Width, delivered| {
        let mut counts = Counts::default();
        counts.delivered = delivered;
        Rollup {
            project_id: project,
            subject: Subject::Project,
            width,
            start: Width::Day.start_of(OLD.seconds()),
            counts,
        }
    };
    let rollups = vec![counts(Width::Minute, 3), counts(Width::Day, 4)];
    store.add_rollups(rollups).await.expect("added");
    let entry = NewAuditEntry {
        project_id: Some(project),
        account_id: scope.account_id,
        at: OLD,
        noise: 1,
        record: AuditRecord {
            method: "POST".to_owned(),
            ..AuditRecord::default()
        },
    };
    store.audit(entry).await.expect("noted");
}

/// All of it, as a store tells it.
async fn told(store: &Store, scope: Scope) -> String {
    let project = scope.project_id;
    let settings = store.projects(ALL).await.expect("listed").rows[0]
        .settings
        .clone();
    let keys = store.keys(scope, ALL).await.expect("listed").rows;
    let tokens = store
        .keys(KeysOf::Portal(scope), ALL)
        .await
        .expect("listed")
        .rows;
    let types = store.event_types(project).await.expect("listed");
    let endpoint = store
        .endpoint(scope, "ep_a".to_owned())
        .await
        .expect("there");
    assert_eq!(endpoint.status_since, OLD.plus_ms(7));
    let unwell: Vec<EndpointHealth> = store.unwell().await.expect("listed");
    let jobs: Vec<Job> = store
        .jobs(scope, JobKind::Replay, ALL)
        .await
        .expect("listed")
        .rows;
    let start = Width::Day.start_of(OLD.seconds());
    let mut counts = Vec::new();
    for width in [Width::Minute, Width::Day] {
        let stretches = Stretches {
            width,
            since: start,
            until: start + width.seconds(),
        };
        let found = store.rollups(project, Subject::Project, stretches).await;
        counts.push(found.expect("read"));
    }
    let notices = store.notices(10).await.expect("listed");
    let audit = store.audit_log(AuditFilter::default(), ALL).await;
    let audit = audit.expect("listed").rows;
    assert!(settings.public_catalogue && keys.len() == 1 && tokens.len() == 1);
    assert!(types.len() == 1 && unwell.len() == 1 && jobs.len() == 1 && audit.len() == 1);
    assert!(counts.iter().all(|found| found.len() == 1));
    format!(
        "{settings:?}\n{endpoint:?}\n{keys:?}\n{tokens:?}\n{types:?}\n{unwell:?}\n{jobs:?}\n{counts:?}\n{notices:?}\n{audit:?}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_managed_is_moved_and_goes_on() {
    let place = Place::make().await;
    let (scope, [first, ..]) = three_days(&place).await;
    let store = place.source();
    manage(&store, scope).await;
    let before = told(&store, scope).await;
    store.close().await.expect("closed");
    drop(store);
    // What other methods write with something else.
    place.change(&format!(
        "INSERT INTO late_deliveries SELECT {}, id FROM deliveries WHERE state <= 9;
         INSERT INTO notices (project_id, event_type, body, made_at) VALUES (1, 'x', '{{}}', 5)",
        first.0
    ));
    place.migrate().await;
    let store = place.target().await;
    let notices = store.notices(10).await.expect("listed");
    assert_eq!((notices.len(), notices[0].body.as_str()), (1, "{}"));
    store
        .delete_notices(vec![notices[0].id])
        .await
        .expect("gone");
    assert_eq!(told(&store, scope).await, before);
    let late = store.prune(OLD.plus_ms(1), 10).await;
    assert_eq!(late.expect("pruned"), 0, "a late delivery waits");
    // Nobody holds it any more, and numbers go on.
    let taken = store.take_job(OLD).await.expect("asked").expect("one");
    let second = store.create_job(a_job("rpl_b", scope)).await.expect("made");
    assert!(second.id > taken.0.id);
    let made = store.swap_event_types(scope.project_id, vec![a_type("user.gone")], OLD);
    assert!(made.await.expect("made"));
    let rotated = a_key("key_c", scope, KeyUse::Api);
    store.create_key(rotated).await.expect("made");
}
