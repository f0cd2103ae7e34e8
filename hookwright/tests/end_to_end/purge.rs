//! Data removed for good, with a receipt: of an account, of an event, of a subject.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state, until};
use crate::support::sink::Sink;

/// A client that may purge.
fn purger(client: &Client, server: &Server) -> Client {
    let project = client.get("/v1/keys/self").expect(200);
    let path = match project["project_id"].as_str() {
        Some(id) => format!("/v1/keys?project_id={id}"),
        None => panic!("{project}"),
    };
    let made = server
        .root()
        .post(&path, &json!({"scopes": ["data:purge"]}))
        .expect(201);
    client.with_key(made["api_key"].as_str().expect("a key"))
}

fn publish(client: &Client, event: &Value) -> String {
    let accepted = client.post("/v1/events", event).expect(202);
    accepted["id"].as_str().expect("an id").to_owned()
}

fn purged(client: &Client, body: &Value) -> Value {
    let begun = client.post("/v1/purges", body).expect(202);
    let id = begun["id"].as_str().expect("an id").to_owned();
    until("purged", || {
        let seen = client.get(&format!("/v1/purges/{id}")).expect(200);
        (seen["state"] == "finished").then_some(seen)
    })
}

#[test]
fn an_account_goes_with_all_that_is_its_and_nobody_elses() {
    let server = Server::start();
    let client = server.project("authento");
    let sink = Sink::with_statuses(&[200]);
    let mut events = Vec::new();
    for account in ["a", "b"] {
        client
            .post(
                "/v1/endpoints",
                &json!({"url": sink.url, "account_id": account}),
            )
            .expect(201);
        for number in 0..150 {
            events.push(publish(
                &client,
                &json!({"type": "T", "data": number, "account_id": account}),
            ));
        }
    }
    let key = client.post("/v1/accounts/a/keys", &json!({})).expect(201);
    let own = client.with_key(key["api_key"].as_str().expect("a key"));
    delivery_in_state(&client, &events[149], "delivered");
    delivery_in_state(&client, &events[299], "delivered");
    let refused = client.post("/v1/purges", &json!({"account_id": "a"}));
    assert_eq!(refused.problem(403), "missing_scope", "only if asked for");
    let purger = purger(&client, &server);
    let receipt = purged(&purger, &json!({"account_id": "a"}));
    assert_eq!(receipt["removed"]["events"], 150, "{receipt}");
    assert_eq!(receipt["removed"]["deliveries"], 150);
    assert_eq!(receipt["removed"]["payloads"], 150);
    assert_eq!(receipt["removed"]["endpoints"], 1);
    assert_eq!(receipt["removed"]["keys"], 1);
    assert_eq!(receipt["account_id"], "a");
    assert!(
        receipt["key_id"]
            .as_str()
            .expect("a key")
            .starts_with("key_")
    );
    assert_eq!(receipt["digest"].as_str().map(str::len), Some(64));
    for event in [&events[0], &events[149]] {
        client.get(&format!("/v1/events/{event}")).expect(404);
    }
    client
        .get(&format!("/v1/events/{}", events[150]))
        .expect(200);
    assert_eq!(own.get("/v1/events").problem(401), "unauthorized");
    client.get("/v1/accounts/a").expect(404);
}

#[test]
fn an_event_and_a_subject_go_wherever_they_are() {
    let server = Server::start();
    let client = server.project("authento");
    let purger = purger(&client, &server);
    let of = |account: &str, subject: Value| {
        publish(
            &client,
            &json!({"type": "T", "data": 1, "account_id": account, "subject": subject}),
        )
    };
    let one = of("a", json!("u-0"));
    let theirs = of("a", json!({"user": "u-1", "n": 1}));
    let also = of("b", json!({"n": 1, "user": "u-1"}));
    let others = of("b", json!({"user": "u-2", "n": 1}));
    let receipt = purged(&purger, &json!({"event_id": one}));
    assert_eq!(
        (&receipt["removed"]["events"], &receipt["event_id"]),
        (&json!(1), &json!(one))
    );
    client.get(&format!("/v1/events/{one}")).expect(404);
    let receipt = purged(&purger, &json!({"subject": {"user": "u-1", "n": 1}}));
    assert_eq!(receipt["removed"]["events"], 2);
    assert!(
        !receipt.to_string().contains("u-1"),
        "only its hash is kept: {receipt}"
    );
    assert_eq!(receipt["subject_sha256"].as_str().map(str::len), Some(64));
    let receipts = purger.get("/v1/purges").expect(200);
    let receipts = receipts["data"].as_array().expect("a list");
    assert_eq!(receipts.len(), 2, "the newest first");
    assert_eq!(receipts[0], receipt);
    assert_eq!(receipts[1]["event_id"], json!(one));
    let elsewhere = server.project("authento");
    assert_eq!(elsewhere.get("/v1/purges").problem(403), "missing_scope");
    let elsewhere = self::purger(&elsewhere, &server);
    assert_eq!(elsewhere.get("/v1/purges").expect(200)["data"], json!([]));
    for gone in [&theirs, &also] {
        client.get(&format!("/v1/events/{gone}")).expect(404);
    }
    client.get(&format!("/v1/events/{others}")).expect(200);
    for body in [json!({}), json!({"event_id": others, "account_id": "b"})] {
        assert_eq!(
            purger.post("/v1/purges", &body).problem(422),
            "invalid_field"
        );
    }
    let unknown = json!({"event_id": "evt_x"});
    assert_eq!(
        purger.post("/v1/purges", &unknown).problem(404),
        "not_found"
    );
}
