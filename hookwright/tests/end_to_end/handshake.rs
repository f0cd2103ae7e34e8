//! Is an endpoint that wants its receiver's consent sent nothing without it? And test events.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state, until};
use crate::support::sink::Sink;

/// A receiver that consents, with these header lines, while it is told to.
fn receiver(consents: &Arc<AtomicBool>, lines: &'static str) -> Sink {
    let consents = Arc::clone(consents);
    Sink::saying(move |got| {
        let consent = got.method == "OPTIONS" && consents.load(Ordering::SeqCst);
        let lines = if consent { lines } else { "" };
        format!("HTTP/1.1 200 Told\r\n{lines}content-length: 0\r\n\r\n")
    })
}

fn made(client: &Client, url: &str) -> String {
    let body = json!({"url": url, "validation": "cloudevents", "rate_limit": 10});
    let made = client.post("/v1/endpoints", &body).expect(201);
    assert_eq!(made["status"], "paused");
    assert_eq!(
        made["status_reason"],
        "waiting for the receiver's validation"
    );
    format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"))
}

fn publish(client: &Client) -> String {
    let event = json!({"type": "user.created", "data": {}});
    let published = client.post("/v1/events", &event).expect(202);
    published["id"].as_str().expect("an id").to_owned()
}

#[test]
fn an_endpoint_is_active_once_its_receiver_has_consented() {
    let server = Server::start_with(&["--dev", "--origin", "hooks.example.com"]);
    let client = server.project("cloudevents");
    let yes = Arc::new(AtomicBool::new(true));
    let lines = "WebHook-Allowed-Origin: hooks.example.com\r\nWebHook-Allowed-Rate: 30\r\n";
    let sink = receiver(&yes, lines);
    let path = made(&client, &sink.url);
    let active = until("a consent", || {
        let shown = client.get(&path).expect(200);
        (shown["status"] == "active").then_some(shown)
    });
    let outcome = &active["last_validation"];
    assert_eq!(
        (&outcome["validated"], &outcome["allowed_per_minute"]),
        (&json!(true), &json!(30))
    );
    let asked = sink.next();
    assert_eq!(asked.method, "OPTIONS");
    assert_eq!(
        asked.header("webhook-request-origin"),
        Some("hooks.example.com")
    );
    assert_eq!(asked.header("webhook-request-rate"), Some("600"));
    let event = publish(&client);
    delivery_in_state(&client, &event, "delivered");
    let sent = sink.next();
    assert_eq!(sent.method, "POST");
    assert_eq!(
        sent.header("webhook-request-origin"),
        Some("hooks.example.com")
    );
}

#[test]
fn without_a_consent_nothing_is_sent_whatever_is_tried() {
    let server = Server::start();
    let client = server.project("cloudevents");
    let yes = Arc::new(AtomicBool::new(false));
    let sink = receiver(&yes, "webhook-allowed-origin: *\r\n");
    let path = made(&client, &sink.url);
    let event = publish(&client);
    let outcome = client
        .post(&format!("{path}/validate"), &json!({}))
        .expect(200);
    assert_eq!(outcome["validated"], false);
    assert!(
        outcome["error"]
            .as_str()
            .is_some_and(|it| it.contains("webhook-allowed-origin"))
    );
    let tried = client
        .patch(&path, &json!({"status": "active"}))
        .expect(200);
    assert_eq!(tried["status"], "paused");
    let tried = client
        .post(&format!("{path}/enable"), &json!({}))
        .expect(200);
    assert_eq!(tried["status"], "paused");
    delivery_in_state(&client, &event, "held");
    yes.store(true, Ordering::SeqCst);
    let outcome = client
        .post(&format!("{path}/validate"), &json!({}))
        .expect(200);
    assert_eq!(outcome["validated"], true);
    let shown = client.get(&path).expect(200);
    assert_eq!(
        (&shown["status"], &shown["status_reason"]),
        (&json!("active"), &Value::Null)
    );
    delivery_in_state(&client, &event, "delivered");
}

#[test]
fn another_url_has_consented_to_nothing() {
    let server = Server::start();
    let client = server.project("cloudevents");
    let yes = Arc::new(AtomicBool::new(true));
    let first = receiver(&yes, "webhook-allowed-origin: *\r\n");
    let no = Arc::new(AtomicBool::new(false));
    let second = receiver(&no, "webhook-allowed-origin: *\r\n");
    let path = made(&client, &first.url);
    until("a consent", || {
        let shown = client.get(&path).expect(200);
        (shown["status"] == "active").then_some(shown)
    });
    let moved = client.patch(&path, &json!({"url": second.url})).expect(200);
    assert_eq!(moved["status"], "paused");
    assert_eq!(second.next().method, "OPTIONS");
    let free = client
        .patch(&path, &json!({"validation": null}))
        .expect(200);
    assert_eq!(
        (&free["status"], &free["validation"]),
        (&json!("active"), &Value::Null)
    );
    let refused = client
        .post(&format!("{path}/validate"), &json!({}))
        .expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "/validation");
}

#[test]
fn a_test_event_goes_to_its_endpoint_alone_whatever_it_subscribes_to() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let (sink, other) = (Sink::with_statuses(&[200]), Sink::with_statuses(&[200]));
    client
        .post("/v1/endpoints", &json!({"url": other.url}))
        .expect(201);
    let body = json!({"url": sink.url, "events": ["user.created"]});
    let made = client.post("/v1/endpoints", &body).expect(201);
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    let tested = client.post(&format!("{path}/test"), &json!({})).expect(202);
    let event = tested["event_id"].as_str().expect("an id");
    let delivery = delivery_in_state(&client, event, "delivered");
    assert_eq!(delivery["id"], tested["delivery_id"]);
    let got: Value = serde_json::from_slice(&sink.next().body).expect("JSON");
    assert_eq!(
        (&got["type"], &got["data"]),
        (&json!("webhook.test"), &json!({"test": true}))
    );
    let own = json!({"type": "invoice.paid", "data": [1.0]});
    client.post(&format!("{path}/test"), &own).expect(202);
    let got = String::from_utf8(sink.next().body).expect("text");
    assert!(
        got.contains(r#""data":[1.0]"#) && got.contains("invoice.paid"),
        "{got}"
    );
    assert!(other.is_empty());
    client
        .patch(&path, &json!({"status": "disabled"}))
        .expect(200);
    let refused = client.post(&format!("{path}/test"), &json!({})).expect(409);
    assert_eq!(refused["code"], "endpoint_disabled");
}
