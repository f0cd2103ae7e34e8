//! Past events delivered again: failed ones, all of them, missing ones; counted, paused, cancelled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state, until};
use crate::support::sink::Sink;

const SINCE: &str = "2020-01-01T00:00:00Z";

/// An endpoint that gives a delivery up after one attempt.
fn endpoint(client: &Client, mut body: Value) -> String {
    body["retry_policy"] =
        json!({"max_attempts": 1, "backoff_multiplier": 1, "initial_delay": 1_000});
    let made = client.post("/v1/endpoints", &body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

fn publish(client: &Client, number: usize) -> String {
    let event = json!({"type": "user.created", "data": {"number": number}});
    let accepted = client.post("/v1/events", &event).expect(202);
    accepted["id"].as_str().expect("an id").to_owned()
}

/// A sink that refuses until it is told to be well.
fn sick_sink() -> (Sink, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&well);
    let sink = Sink::answering(move |_| {
        if told.load(Ordering::SeqCst) {
            200
        } else {
            503
        }
    });
    (sink, well)
}

/// Begins a replay; answers its id.
pub(crate) fn replay(client: &Client, body: &Value) -> String {
    let begun = client.post("/v1/replays", body).expect(202);
    assert_eq!(begun["state"], "running");
    begun["id"].as_str().expect("an id").to_owned()
}

/// The replay, once it is in a state.
pub(crate) fn replay_in_state(client: &Client, id: &str, state: &str) -> Value {
    until(&format!("{id} {state}"), || {
        let seen = client.get(&format!("/v1/replays/{id}")).expect(200);
        (seen["state"] == state).then_some(seen)
    })
}

fn count(client: &Client, mut body: Value) -> Value {
    body["dry_run"] = json!(true);
    client.post("/v1/replays", &body).expect(200)
}

fn command(client: &Client, id: &str, word: &str) -> crate::support::client::Answer {
    client.send("POST", &format!("/v1/replays/{id}/{word}"), &[], ())
}

#[test]
fn all_that_failed_is_delivered_again_under_the_same_ids() {
    let server = Server::start();
    let client = server.project("envoyou");
    let (sink, well) = sick_sink();
    let to = endpoint(&client, json!({"url": sink.url}));
    let events: Vec<String> = (0..3).map(|number| publish(&client, number)).collect();
    let first: Vec<Vec<u8>> = events.iter().map(|_| sink.next().body).collect();
    for event in &events {
        delivery_in_state(&client, event, "failed");
    }
    well.store(true, Ordering::SeqCst);
    let all = json!({"since": SINCE});
    let counted = count(&client, all.clone());
    assert_eq!(
        counted,
        json!({"count": 3, "count_is_exact": true, "skipped": {}})
    );
    let other = json!({"since": SINCE, "event_types": ["OTHER"]});
    assert_eq!(count(&client, other)["count"], 0);
    let id = replay(&client, &all);
    let done = replay_in_state(&client, &id, "finished");
    assert_eq!((&done["done"], &done["total"]), (&json!(3), &json!(3)));
    assert_eq!(
        (&done["what"], &done["total_is_exact"]),
        (&json!("failed"), &json!(true))
    );
    for event in &events {
        let delivered = delivery_in_state(&client, event, "delivered");
        assert_eq!(
            (&delivered["attempts"], &delivered["endpoint_id"]),
            (&json!(2), &json!(to))
        );
    }
    let ids = |bodies: &[Vec<u8>]| {
        let id = |body: &Vec<u8>| {
            let body: Value = serde_json::from_slice(body).expect("JSON");
            body["data"]["object"]["number"].to_string() + body["id"].as_str().expect("an id")
        };
        let mut ids: Vec<String> = bodies.iter().map(id).collect();
        ids.sort();
        ids
    };
    let second: Vec<Vec<u8>> = events.iter().map(|_| sink.next().body).collect();
    assert_eq!(ids(&first), ids(&second));
    assert!(ids(&first)[0].ends_with(&events[0]), "{:?}", ids(&first));
    assert_eq!(
        count(&client, json!({"since": SINCE}))["count"],
        0,
        "nothing is left"
    );
    let listed = client.get("/v1/replays").expect(200);
    assert_eq!(listed["data"], json!([done]));
}

#[test]
fn everything_to_an_endpoint_is_sent_once_more() {
    let server = Server::start();
    let client = server.project("envoyou");
    let sink = Sink::with_statuses(&[200, 503, 200]);
    let to = endpoint(&client, json!({"url": sink.url}));
    let delivered = publish(&client, 1);
    delivery_in_state(&client, &delivered, "delivered");
    let failed = publish(&client, 2);
    delivery_in_state(&client, &failed, "failed");
    let refused = client.post("/v1/replays", &json!({"since": SINCE, "what": "all"}));
    assert_eq!(refused.problem(422), "invalid_field");
    let id = replay(
        &client,
        &json!({"since": SINCE, "what": "all", "endpoint_id": to}),
    );
    let done = replay_in_state(&client, &id, "finished");
    assert_eq!(
        (&done["done"], &done["endpoint_id"]),
        (&json!(2), &json!(to))
    );
    until("both have two attempts", || {
        let list = client.get("/v1/deliveries").expect(200);
        let of_each = list["data"].as_array()?.iter();
        let states: Vec<_> = of_each
            .map(|it| (it["state"].clone(), it["attempts"].clone()))
            .collect();
        let both = (json!("delivered"), json!(2));
        (states == [both.clone(), both]).then_some(Value::Null)
    });
}

#[test]
fn only_what_the_filters_take_is_delivered_again() {
    let server = Server::start();
    let client = server.project("envoyou");
    let sink = Sink::with_statuses(&[503, 404, 502, 200]);
    let to = endpoint(&client, json!({"url": sink.url}));
    let events: Vec<String> = (0..3)
        .map(|number| {
            let event = publish(&client, number);
            delivery_in_state(&client, &event, "failed");
            event
        })
        .collect();
    let counted = |filters: Value| {
        let mut body = json!({"since": SINCE});
        for (name, value) in filters.as_object().expect("filters") {
            body[name] = value.clone();
        }
        count(&client, body)["count"].clone()
    };
    for (filters, expected) in [
        (json!({"status_class": "5xx"}), 2),
        (json!({"status_code": 503}), 1),
        (json!({"error_class": "server_error"}), 2),
        (
            json!({"error_class": "server_error", "status_code": 404}),
            0,
        ),
        (json!({"error_class": "timeout"}), 0),
        (json!({"states": ["failed"]}), 3),
        (json!({"states": ["cancelled"]}), 0),
        (json!({"event_id": events[0]}), 1),
        (json!({"event_id": events[0], "status_class": "4xx"}), 0),
        (json!({"what": "all", "event_id": events[0]}), 1),
        (
            json!({"what": "all", "endpoint_id": to, "states": ["delivered"]}),
            0,
        ),
    ] {
        assert_eq!(counted(filters.clone()), expected, "{filters}");
    }
    let asked = json!({"since": SINCE, "states": ["failed"], "error_class": "rejected", "status_code": 404});
    let id = replay(&client, &asked);
    let done = replay_in_state(&client, &id, "finished");
    assert_eq!((&done["done"], &done["total"]), (&json!(1), &json!(1)));
    for name in ["states", "error_class", "status_code"] {
        assert_eq!(done[name], asked[name], "{name}");
    }
    assert_eq!(
        (&done["status_class"], &done["event_id"]),
        (&Value::Null, &Value::Null)
    );
    delivery_in_state(&client, &events[1], "delivered");
    for event in [&events[0], &events[2]] {
        delivery_in_state(&client, event, "failed");
    }
    let delivered = json!({"what": "all", "endpoint_id": to, "status_class": "2xx"});
    assert_eq!(counted(delivered), 1);
    let of_event = json!({"since": SINCE, "event_id": events[2], "status_class": "5xx"});
    let id = replay(&client, &of_event);
    let done = replay_in_state(&client, &id, "finished");
    assert_eq!(
        (&done["done"], &done["event_id"], &done["status_class"]),
        (&json!(1), &json!(events[2]), &json!("5xx"))
    );
    delivery_in_state(&client, &events[2], "delivered");
    delivery_in_state(&client, &events[0], "failed");
}

#[test]
fn a_new_endpoint_gets_what_it_missed_once() {
    let server = Server::start();
    let client = server.project("envoyou");
    let sink = Sink::with_statuses(&[200]);
    let events: Vec<String> = (0..4).map(|number| publish(&client, number)).collect();
    let test = json!({"type": "user.created", "data": {"number": 9}, "metadata": {"test": "true"}});
    client.post("/v1/events", &test).expect(202);
    let filter = json!({"number": {"$gte": 2}});
    let to = endpoint(&client, json!({"url": sink.url, "filter": filter}));
    let missing = json!({"since": SINCE, "what": "missing", "endpoint_id": to});
    assert_eq!(count(&client, missing.clone())["count"], 2, "by its filter");
    let id = replay(&client, &missing);
    assert_eq!(replay_in_state(&client, &id, "finished")["done"], 2);
    for event in &events[2..] {
        delivery_in_state(&client, event, "delivered");
    }
    for event in &events[..2] {
        let list = client
            .get(&format!("/v1/deliveries?event_id={event}"))
            .expect(200);
        assert_eq!(list["data"], json!([]));
    }
    assert_eq!(count(&client, missing)["count"], 0);
}

#[test]
fn a_replay_rests_goes_on_and_ends_as_it_is_told() {
    let server = Server::start();
    let client = server.project("envoyou");
    let (sink, well) = sick_sink();
    endpoint(&client, json!({"url": sink.url}));
    let events: Vec<String> = (0..6).map(|number| publish(&client, number)).collect();
    for event in &events {
        delivery_in_state(&client, event, "failed");
    }
    well.store(true, Ordering::SeqCst);
    let id = replay(&client, &json!({"since": SINCE, "rate_per_second": 2}));
    until("it has begun", || {
        let seen = client.get(&format!("/v1/replays/{id}")).expect(200);
        (seen["done"].as_u64()? > 0).then_some(seen)
    });
    let paused = command(&client, &id, "pause").expect(200);
    assert_eq!(paused["state"], "paused");
    let done = paused["done"].as_u64().expect("a count");
    assert!(done < 6, "{done}");
    assert_eq!(
        command(&client, &id, "pause").expect(200)["done"],
        done,
        "and rests"
    );
    command(&client, &id, "resume").expect(200);
    until("it goes on", || {
        let seen = client.get(&format!("/v1/replays/{id}")).expect(200);
        (seen["done"].as_u64()? > done).then_some(seen)
    });
    let cancelled = command(&client, &id, "cancel").expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert_ne!(cancelled["finished_at"], Value::Null);
    command(&client, &id, "cancel").expect(200);
    assert_eq!(command(&client, &id, "resume").problem(409), "job_ended");
    let left = 6 - cancelled["done"].as_u64().expect("a count");
    assert!(left > 0);
    assert_eq!(count(&client, json!({"since": SINCE}))["count"], left);
}

#[test]
fn what_nothing_could_come_of_is_passed_over_with_its_reason() {
    let server = Server::start();
    let client = server.project("envoyou");
    let (sink, _) = sick_sink();
    let to = endpoint(&client, json!({"url": sink.url}));
    let event = publish(&client, 1);
    delivery_in_state(&client, &event, "failed");
    let path = format!("/v1/endpoints/{to}");
    client
        .patch(&path, &json!({"status": "disabled"}))
        .expect(200);
    let id = replay(&client, &json!({"since": SINCE}));
    let done = replay_in_state(&client, &id, "finished");
    assert_eq!(
        (&done["done"], &done["skipped"]),
        (&json!(0), &json!({"endpoint_disabled": 1}))
    );
}

#[test]
fn nobody_replays_what_is_anothers() {
    let server = Server::start();
    let client = server.project("envoyou");
    let (sink, _) = sick_sink();
    endpoint(&client, json!({"url": sink.url, "account_id": "a"}));
    let event = json!({"type": "user.created", "data": 1, "account_id": "a"});
    let event = client.post("/v1/events", &event).expect(202);
    delivery_in_state(&client, event["id"].as_str().expect("an id"), "failed");
    client.post("/v1/accounts", &json!({"id": "b"})).expect(201);
    let key = |account| {
        let path = format!("/v1/accounts/{account}/keys");
        let made = client.post(&path, &json!({})).expect(201);
        client.with_key(made["api_key"].as_str().expect("a key"))
    };
    let (own, other) = (key("a"), key("b"));
    assert_eq!(count(&own, json!({"since": SINCE}))["count"], 1);
    assert_eq!(count(&other, json!({"since": SINCE}))["count"], 0);
    let id = replay(&own, &json!({"since": SINCE}));
    replay_in_state(&client, &id, "finished");
    assert_eq!(
        other.get(&format!("/v1/replays/{id}")).problem(404),
        "not_found"
    );
    assert_eq!(command(&other, &id, "cancel").problem(404), "not_found");
    assert_eq!(other.get("/v1/replays").expect(200)["data"], json!([]));
    let stranger = server.project("envoyou");
    assert_eq!(
        stranger.get(&format!("/v1/replays/{id}")).problem(404),
        "not_found"
    );
}

#[test]
fn what_cannot_be_replayed_is_refused_by_name() {
    let server = Server::start();
    let client = server.project("envoyou");
    for (body, pointer) in [
        (json!({"since": "yesterday"}), "/since"),
        (json!({"since": "2999-01-01T00:00:00Z"}), "/since"),
        (json!({"since": SINCE, "until": SINCE}), "/since"),
        (
            json!({"since": SINCE, "rate_per_second": 0}),
            "/rate_per_second",
        ),
        (
            json!({"since": SINCE, "rate_per_second": 10_001}),
            "/rate_per_second",
        ),
        (
            json!({"since": SINCE, "event_types": ["*.x"]}),
            "/event_types",
        ),
        (json!({"since": SINCE, "what": "all"}), "/endpoint_id"),
        (json!({"since": SINCE, "states": ["delivered"]}), "/states"),
        (json!({"since": SINCE, "states": ["pending"]}), "/states"),
        (
            json!({"since": SINCE, "status_class": "6xx"}),
            "/status_class",
        ),
        (json!({"since": SINCE, "status_code": 99}), "/status_code"),
        (
            json!({"since": SINCE, "error_class": "tired"}),
            "/error_class",
        ),
        (
            json!({"since": SINCE, "what": "missing", "error_class": "tls"}),
            "/error_class",
        ),
        (
            json!({"since": SINCE, "what": "missing", "event_id": "evt_1"}),
            "/event_id",
        ),
    ] {
        let refused = client.post("/v1/replays", &body).expect(422);
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let unknown = json!({"since": SINCE, "endpoint_id": "ep_x"});
    assert_eq!(
        client.post("/v1/replays", &unknown).problem(404),
        "not_found"
    );
}
