//! What a project's own retention removes while the server runs, and what it leaves.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookwright_core::ids::ProjectId;
use hookwright_core::job_state::{JobCommand, JobKind};
use hookwright_core::time::UnixMs;
use hookwright_delivery::World;
use hookwright_store::{
    Append, JobProgress, JobSpec, NewJob, Page, ReplaySpec, Scope, SqliteOptions, Store, Vault,
};
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, until};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Puts an event of two days ago into every project of a folder that no server has open: the only
/// thing that cannot be done by publishing.
fn age(folder: &Path) {
    let key = std::fs::read_to_string(folder.join("master.key")).expect("a key");
    let key = STANDARD.decode(key.trim()).expect("base 64");
    let now = World::of_this_machine().clock.now();
    let options = SqliteOptions {
        now,
        commit_pace: Duration::ZERO,
    };
    let vault = Vault::new(&[key]).expect("32 bytes");
    let store = Store::open_sqlite(folder, vault, options).expect("opened");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        for project in store.projects(Page::newest(10)).await.expect("listed").rows {
            let accounts = store.accounts(project.id, Page::newest(1)).await;
            let event = Append {
                project_id: project.id,
                account_id: accounts.expect("listed").rows[0].id,
                event_type: "a.b".into(),
                given_id: Some("evt_old".to_owned()),
                idempotency_key: None,
                accepted_at: UnixMs(now.0 - 2 * DAY_MS),
                time: now,
                subject: None,
                trace: None,
                channels: Vec::new(),
                metadata: Default::default(),
                deliver_at: None,
                payload: br#"{"n":1}"#.as_slice().into(),
                routes: Vec::new(),
            };
            let (done, appended) = tokio::sync::oneshot::channel();
            store.append(event, move |_, outcome| drop(done.send(outcome)));
            appended.await.expect("told").expect("stored");
            end_a_replay(&store, project.id, UnixMs(now.0 - 2 * DAY_MS)).await;
        }
        store.close().await.expect("closed");
    });
}

/// Makes a replay that ended then.
async fn end_a_replay(store: &Store, project_id: ProjectId, now: UnixMs) {
    let new = NewJob {
        public_id: format!("rpl_{}", project_id.0),
        project_id,
        account_id: None,
        spec: JobSpec::Replay(ReplaySpec::default()),
        progress: JobProgress::default(),
        place: 0,
        now,
    };
    let job = store.create_job(new).await.expect("made");
    let scope = Scope {
        project_id,
        account_id: None,
    };
    let command = (JobKind::Replay, job.public_id);
    let cancelled = store.command_job(scope, command, JobCommand::Cancel, now);
    cancelled.await.expect("told");
}

#[test]
fn old_data_goes_as_each_project_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_in(folder.path(), &["--dev"]);
    let project = |retention: Value| {
        let product = server.project("standard-webhooks");
        let id = product.get("/v1/keys/self").expect(200)["project_id"].clone();
        let path = format!("/v1/projects/{}", id.as_str().expect("an id"));
        let change = json!({"settings": {"retention": retention}});
        product.patch(&path, &change).expect(200);
        product
    };
    let payloads = project(json!({"payloads": 1}));
    let deliveries = project(json!({"deliveries": 1}));
    let longer = project(json!({"payloads": 3, "deliveries": 3}));
    let unset = project(json!({}));
    let (status, _) = server.stop();
    assert!(status.success());
    age(folder.path());
    let server = Server::start_in(folder.path(), &["--dev"]);
    let at = |client: &Client| server.root().with_key(&client.key);
    let old = |client: &Client| at(client).get("/v1/events/evt_old");
    until("the payload is gone", || {
        let event = old(&payloads).expect(200);
        event["data"].is_null().then_some(event)
    });
    until("the event is gone", || {
        let answer = old(&deliveries);
        (answer.status == 404).then(|| answer.json())
    });
    let replays = |client: &Client| {
        let listed = at(client).get("/v1/replays").expect(200);
        listed["data"].as_array().expect("a list").len()
    };
    until("the replay that ended is gone", || {
        (replays(&deliveries) == 0).then_some(Value::Null)
    });
    for kept in [&longer, &unset, &payloads] {
        assert_eq!(replays(kept), 1);
    }
    for kept in [&longer, &unset] {
        assert_eq!(old(kept).expect(200)["data"], json!({"n": 1}));
    }
    // Its id is free again, and what is young stays.
    let event = json!({"type": "a.b", "data": {}, "id": "evt_old"});
    at(&deliveries).post("/v1/events", &event).expect(202);
    assert_eq!(old(&deliveries).expect(200)["data"], json!({}));
}
