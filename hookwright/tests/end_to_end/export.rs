//! What is exported is what there is, line by line.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::Sink;

/// More than an export reads at once.
const EVENTS: usize = 260;

#[track_caller]
fn lines(client: &Client, path: &str) -> Vec<Value> {
    let answer = client.get(path);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.content_type, "application/x-ndjson");
    assert!(answer.text.is_empty() || answer.text.ends_with('\n'));
    let lines = answer.text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON on every line")
}

#[test]
fn events_are_exported_each_once_in_either_order_and_with_their_payloads() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let number = |number: usize| format!("{{ \"n\":{number}.0}}");
    let events: Vec<String> = (0..EVENTS)
        .map(|n| {
            format!(
                "{{\"type\":\"user.created\",\"id\":\"e{n}\",\"data\":{}}}",
                number(n)
            )
        })
        .collect();
    client
        .call(
            "POST",
            "/v1/events/batch",
            &format!("[{}]", events.join(",")),
        )
        .expect(202);
    let ids = |lines: &[Value]| -> Vec<String> {
        lines
            .iter()
            .map(|line| line["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let newest = ids(&lines(&client, "/v1/events/export"));
    let mut oldest = ids(&lines(
        &client,
        "/v1/events/export?order=oldest&type=user.*",
    ));
    oldest.reverse();
    assert_eq!((newest.len(), &oldest), (EVENTS, &newest));
    let text = client.get("/v1/events/export?include=payload").text;
    for n in [0, 7, EVENTS - 1] {
        assert!(text.contains(&number(n)), "to the byte");
    }
    assert!(lines(&client, "/v1/events/export?type=order.*").is_empty());
    for path in [
        "/v1/events/export?include=attempts",
        "/v1/events/export?order=best",
        "/v1/events/export?limit=3",
        "/v1/deliveries/export?include=payload",
    ] {
        assert_eq!(client.get(path).problem(400), "invalid_parameter", "{path}");
    }
}

#[test]
fn deliveries_are_exported_with_their_attempts() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let accepted = client
        .post("/v1/events", &json!({"type": "user.created", "data": {}}))
        .expect(202);
    let event = accepted["id"].as_str().expect("an id");
    let delivery = delivery_in_state(&client, event, "delivered");
    let plain = lines(&client, "/v1/deliveries/export");
    assert_eq!(plain, std::slice::from_ref(&delivery));
    let whole = lines(
        &client,
        "/v1/deliveries/export?include=attempts&state=delivered",
    );
    assert_eq!(whole[0]["attempt_list"][0]["status"], 200);
    assert!(lines(&client, "/v1/deliveries/export?state=failed").is_empty());
    let stranger = server.project("standard-webhooks");
    assert!(lines(&stranger, "/v1/deliveries/export").is_empty());
}
