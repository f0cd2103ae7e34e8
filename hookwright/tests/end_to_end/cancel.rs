//! Deliveries that are cancelled are not sent any more.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state, until};
use crate::support::sink::Sink;

fn endpoint(client: &Client, body: &Value) -> String {
    let made = client.post("/v1/endpoints", body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

fn publish(client: &Client, name: &str) -> String {
    let event = json!({"type": name, "data": {}});
    let accepted = client.post("/v1/events", &event).expect(202);
    accepted["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_retry_that_was_cancelled_is_not_made_and_can_be_resent() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[500, 200]);
    endpoint(&client, &json!({"url": sink.url}));
    let event = publish(&client, "user.created");
    sink.next();
    let delivery = delivery_in_state(&client, &event, "retrying");
    let path = format!("/v1/deliveries/{}", delivery["id"].as_str().expect("an id"));
    let cancelled = client
        .post(&format!("{path}/cancel"), &json!({}))
        .expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert!(cancelled["finished_at"].is_string() && cancelled["next_attempt_at"].is_null());
    assert_eq!(cancelled["attempt_list"].as_array().map(Vec::len), Some(1));
    let again = client.post(&format!("{path}/cancel"), &json!({}));
    assert_eq!(again.problem(409), "already_finished");
    let list = client.get("/v1/deliveries?state=cancelled").expect(200);
    assert_eq!(list["data"][0]["id"], delivery["id"]);
    assert!(sink.is_empty());
    client
        .post(&format!("{path}/resend"), &json!({}))
        .expect(202);
    sink.next();
    delivery_in_state(&client, &event, "delivered");
}

#[test]
fn all_that_waits_for_an_endpoint_is_cancelled_and_nothing_else() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let (paused, other) = (Sink::with_statuses(&[200]), Sink::with_statuses(&[200]));
    let waiting = endpoint(&client, &json!({"url": paused.url, "status": "paused"}));
    let busy = endpoint(
        &client,
        &json!({"url": other.url, "events": ["order.paid"]}),
    );
    let kept = publish(&client, "order.paid");
    for _ in 0..5 {
        publish(&client, "user.created");
    }
    other.next();
    let body = json!({"endpoint_id": waiting, "event_type": "user.*"});
    let done = client.post("/v1/deliveries/cancel", &body).expect(200);
    assert_eq!(done, json!({"cancelled": 5, "more": false}));
    let held = client.get("/v1/deliveries?state=held").expect(200);
    assert_eq!(held["data"].as_array().map(Vec::len), Some(1));
    let body = json!({"event_id": kept, "state": "held"});
    let done = client.post("/v1/deliveries/cancel", &body).expect(200);
    assert_eq!(done["cancelled"], 1);
    // What is sent to it from now on is all that it gets.
    let body = json!({"status": "active"});
    client
        .patch(&format!("/v1/endpoints/{waiting}"), &body)
        .expect(200);
    let last = publish(&client, "user.deleted");
    assert_eq!(paused.next().header("webhook-id"), Some(last.as_str()));
    delivery_in_state(&client, &last, "delivered");
    assert!(paused.is_empty());
    let of_busy = client
        .get(&format!("/v1/deliveries?endpoint_id={busy}"))
        .expect(200);
    assert_eq!(of_busy["data"][0]["state"], "delivered");
}

#[test]
fn what_is_not_live_or_not_named_is_refused() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let id = endpoint(&client, &json!({"url": sink.url}));
    let event = publish(&client, "user.created");
    let delivery = delivery_in_state(&client, &event, "delivered");
    let path = format!(
        "/v1/deliveries/{}/cancel",
        delivery["id"].as_str().expect("an id")
    );
    assert_eq!(
        client.post(&path, &json!({})).problem(409),
        "already_finished"
    );
    let nobody = client.post("/v1/deliveries/cancel", &json!({}));
    assert_eq!(nobody.problem(422), "invalid_field");
    let finished = json!({"endpoint_id": id, "state": "failed"});
    assert_eq!(
        client.post("/v1/deliveries/cancel", &finished).problem(422),
        "invalid_field"
    );
    let unknown = client.post(
        "/v1/deliveries/dlv_000000000000000000000/cancel",
        &json!({}),
    );
    assert_eq!(unknown.problem(404), "not_found");
    let stranger = server.project("standard-webhooks");
    assert_eq!(stranger.post(&path, &json!({})).problem(404), "not_found");
}

#[test]
fn what_waits_in_memory_is_not_sent_once_it_is_cancelled() {
    /// More than a lane has under way at once, and no more than it holds.
    const EVENTS: usize = 120;
    const UNDER_WAY_MAX: usize = 32;
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let mut is_open = false;
    let sink = Sink::answering(move |_| {
        is_open = is_open || gate.recv().is_ok();
        200
    });
    let id = endpoint(&client, &json!({"url": sink.url}));
    for _ in 0..EVENTS {
        publish(&client, "user.created");
    }
    let body = json!({"endpoint_id": id});
    let done = client.post("/v1/deliveries/cancel", &body).expect(200);
    assert_eq!(done, json!({"cancelled": EVENTS, "more": false}));
    open.send(()).expect("the sink waits");
    let last = publish(&client, "user.deleted");
    delivery_in_state(&client, &last, "delivered");
    let mut arrived = 0;
    while sink.next().header("webhook-id") != Some(last.as_str()) {
        arrived += 1;
    }
    // It stands behind all that were not taken out.
    assert!(arrived <= UNDER_WAY_MAX, "{arrived} of {EVENTS}");
    // What had been sent was acknowledged: the receiver has it, and its deliveries say so.
    let count = |state: &str| {
        let path = format!("/v1/deliveries?state={state}&limit=250");
        let list = client.get(&path).expect(200);
        list["data"].as_array().map_or(0, Vec::len)
    };
    until("each attempt under way is recorded", || {
        // Some of them may have arrived after the last event.
        while sink.next_within(Duration::ZERO).is_some() {
            arrived += 1;
        }
        let delivered = count("delivered");
        (delivered == arrived + 1).then_some(json!(null))
    });
    assert!(arrived <= UNDER_WAY_MAX, "{arrived} of {EVENTS}");
    assert_eq!(count("cancelled"), EVENTS - arrived);
    let delivered = client
        .get("/v1/deliveries?state=delivered&limit=250")
        .expect(200);
    let all = delivered["data"].as_array().expect("a list");
    assert!(all.iter().all(|delivery| delivery["attempts"] == 1));
}
