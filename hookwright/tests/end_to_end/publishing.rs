//! How events are published: for later, with notes, and safely again.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::client::{Answer, Client};
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::Sink;

/// So long from now, as the API writes it.
fn in_ms(ms: i64) -> String {
    let at = OffsetDateTime::now_utc() + time::Duration::milliseconds(ms);
    let at = at.replace_millisecond(at.millisecond()).expect("a time");
    at.format(&Rfc3339).expect("RFC 3339")
}

fn with_key(client: &Client, key: &str, event: &Value) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    client.send("POST", "/v1/events", &headers, event.to_string().as_bytes())
}

#[test]
fn an_event_for_later_is_held_until_its_time() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let later = json!({"type": "a.later", "data": "later", "deliver_at": in_ms(2_000)});
    let later = client.post("/v1/events", &later).expect(202);
    let id = later["id"].as_str().expect("an id");
    let shown = client.get(&format!("/v1/events/{id}")).expect(200);
    let due = shown["deliver_at"].as_str().expect("a time").to_owned();
    let waiting = delivery_in_state(&client, id, "pending");
    assert_eq!(waiting["next_attempt_at"], due.as_str());
    assert_eq!(waiting["attempts"], 0);
    client
        .post("/v1/events", &json!({"type": "a.now", "data": "now"}))
        .expect(202);
    let body = |got: crate::support::sink::Got| String::from_utf8(got.body).expect("text");
    assert!(
        body(sink.next()).contains("now"),
        "what was published after it comes first"
    );
    assert!(body(sink.next()).contains("later"));
    let delivered = delivery_in_state(&client, id, "delivered");
    let path = format!(
        "/v1/deliveries/{}",
        delivered["id"].as_str().expect("an id")
    );
    let attempt = &client.get(&path).expect(200)["attempt_list"][0];
    let started = attempt["started_at"].as_str().expect("a time");
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339).expect("RFC 3339");
    assert!(moment(started) >= moment(&due), "{started} is before {due}");
}

#[test]
fn what_waits_for_its_time_survives_a_crash() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let later = json!({"type": "a.later", "data": 1, "deliver_at": in_ms(1_500)});
    client.post("/v1/events", &later).expect(202);
    let folder = server.kill().expect("a folder");
    let _server = Server::start_in(folder.path(), &["--dev"]);
    sink.next();
    assert!(
        sink.next_within(Duration::from_millis(300)).is_none(),
        "once"
    );
}

#[test]
fn a_time_that_is_past_or_too_far_is_refused() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let publish = |at: &str| {
        client.post(
            "/v1/events",
            &json!({"type": "a", "data": 1, "deliver_at": at}),
        )
    };
    for at in [
        in_ms(-1_000),
        in_ms(31 * 24 * 60 * 60 * 1_000),
        "tomorrow".to_owned(),
    ] {
        let document = publish(&at).expect(422);
        assert_eq!(document["errors"][0]["pointer"], "/deliver_at", "{at}");
    }
    publish(&in_ms(29 * 24 * 60 * 60 * 1_000)).expect(202);
}

#[test]
fn notes_are_shown_with_the_event_and_not_sent() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let event = json!({"type": "a", "data": 1, "metadata": {"order": "o-17", "": ""}});
    assert_eq!(
        client.post("/v1/events", &event).problem(422),
        "invalid_field"
    );
    let event = json!({"type": "a", "data": 1, "metadata": {"order": "o-17"}});
    let made = client.post("/v1/events", &event).expect(202);
    let shown = client.get(&format!(
        "/v1/events/{}",
        made["id"].as_str().expect("an id")
    ));
    let shown = shown.expect(200);
    assert_eq!(shown["metadata"], json!({"order": "o-17"}));
    assert_eq!(shown["deliver_at"], Value::Null);
    let sent = String::from_utf8(sink.next().body).expect("text");
    assert!(!sent.contains("o-17"), "{sent}");
}

#[test]
fn a_key_used_again_is_told_apart_from_an_id_used_again() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let event = |id: Option<&str>, data: u32| json!({"type": "a", "data": data, "id": id});
    let first = with_key(&client, "k", &event(Some("one"), 1)).expect(202);
    assert_eq!(
        with_key(&client, "k", &event(Some("one"), 1)).expect(202),
        first
    );
    assert_eq!(
        with_key(&client, "k", &event(Some("two"), 1)).problem(422),
        "idempotency_key_reused"
    );
    assert_eq!(
        with_key(&client, "l", &event(Some("one"), 2)).problem(409),
        "event_conflict"
    );
    assert_eq!(
        with_key(&client, "k", &event(None, 2)).problem(422),
        "idempotency_key_reused"
    );
    let noted = json!({"type": "a", "data": 1, "id": "one", "metadata": {"a": "b"}});
    assert_eq!(
        client.post("/v1/events", &noted).problem(409),
        "event_conflict"
    );
}

#[test]
fn a_repetition_for_later_is_answered_even_when_its_time_has_passed() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let event = json!({"type": "a", "data": 1, "deliver_at": in_ms(300)});
    let first = with_key(&client, "k", &event).expect(202);
    sink.next();
    assert_eq!(with_key(&client, "k", &event).expect(202), first);
}

#[test]
fn one_of_many_requests_with_a_key_is_accepted_and_the_others_know_of_it() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let event = json!({"type": "a", "data": 1});
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| with_key(&client, "k", &event)))
            .collect();
        let ended = senders.into_iter().map(|sender| sender.join());
        ended.map(|answer| answer.expect("answered")).collect()
    });
    let mut accepted = Vec::new();
    for answer in answers {
        if answer.status == 202 {
            accepted.push(answer.json()["id"].clone());
        } else {
            assert_eq!(answer.problem(409), "idempotency_in_progress");
        }
    }
    assert!(!accepted.is_empty());
    assert!(accepted.iter().all(|id| *id == accepted[0]), "{accepted:?}");
    let events = client.get("/v1/events").expect(200);
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn nobody_publishes_as_the_server() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let event = json!({"type": "endpoint.disabled", "data": 1, "account_id": "operational"});
    assert_eq!(
        client.post("/v1/events", &event).problem(422),
        "reserved_account"
    );
    let results = client.post("/v1/events/batch", &json!([event])).expect(202);
    assert_eq!(results["data"][0]["error"]["code"], "reserved_account");
    let named = client.post(
        "/v1/events?account_id=operational",
        &json!({"type": "a", "data": 1}),
    );
    assert_eq!(named.problem(422), "reserved_account");
}
