//! A replay whose server is killed half-way: it goes on where it was, and none is missing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::replays::{replay, replay_in_state};
use crate::support::client::Client;
use crate::support::server::{Server, until};
use crate::support::sink::Sink;

const EVENTS: usize = 5_000;
/// A replay keeps so many under way at most, and what one step adds: no more can come twice.
const TWICE_MAX: usize = 400;

type Arrivals = Arc<Mutex<HashMap<u64, usize>>>;

/// Refuses until it is told to be well; then counts what arrives.
fn counting_sink() -> (Sink, Arc<AtomicBool>, Arrivals) {
    let well = Arc::new(AtomicBool::new(false));
    let arrivals = Arrivals::default();
    let (told, seen) = (Arc::clone(&well), Arc::clone(&arrivals));
    let sink = Sink::answering(move |got| {
        if !told.load(Ordering::SeqCst) {
            return 503;
        }
        let body: Value = serde_json::from_slice(&got.body).expect("whole JSON");
        let number = body["data"]["object"]["number"].as_u64().expect("a number");
        *seen.lock().expect("no panic").entry(number).or_default() += 1;
        200
    });
    (sink, well, arrivals)
}

fn fail_many(client: &Client) {
    for batch in 0..EVENTS / 1_000 {
        let event =
            |index| json!({"type": "user.created", "data": {"number": batch * 1_000 + index}});
        let events: Vec<Value> = (0..1_000).map(event).collect();
        client.post("/v1/events/batch", &json!(events)).expect(202);
    }
}

#[test]
fn a_replay_killed_half_way_finishes_and_none_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sink, well, arrivals) = counting_sink();
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = server.project("envoyou");
    let policy = json!({"max_attempts": 1, "backoff_multiplier": 1, "initial_delay": 1_000});
    let endpoint = json!({"url": sink.url, "retry_policy": policy});
    client.post("/v1/endpoints", &endpoint).expect(201);
    fail_many(&client);
    let since = json!({"since": "2020-01-01T00:00:00Z", "dry_run": true});
    until("all have failed", || {
        let counted = client.post("/v1/replays", &since).expect(200);
        (counted["count"] == EVENTS).then_some(counted)
    });
    well.store(true, Ordering::SeqCst);
    let body = json!({"since": "2020-01-01T00:00:00Z", "rate_per_second": 3_000});
    let id = replay(&client, &body);
    until("half is done", || {
        let seen = client.get(&format!("/v1/replays/{id}")).expect(200);
        (seen["done"].as_u64()? as usize >= EVENTS / 2).then_some(seen)
    });
    server.kill();

    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = Client::new(&server.base, &client.key);
    let done = replay_in_state(&client, &id, "finished");
    assert_eq!(done["done"], EVENTS, "each was begun anew once");
    until("all have arrived", || {
        let arrived = arrivals.lock().expect("no panic").len();
        (arrived == EVENTS).then_some(Value::Null)
    });
    let arrivals = arrivals.lock().expect("no panic").clone();
    let twice = arrivals.values().filter(|count| **count > 1).count();
    assert!(twice <= TWICE_MAX, "{twice} came more than once");
    until("all are settled", || {
        let counted = client.post("/v1/replays", &since).expect(200);
        (counted["count"] == 0).then_some(counted)
    });
}
