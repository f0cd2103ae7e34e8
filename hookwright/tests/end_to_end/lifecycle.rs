//! An endpoint's and a delivery's life: retried, resent, paused, disabled, gone, restarted.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::Sink;

fn endpoint(client: &Client, body: Value) -> String {
    let made = client.post("/v1/endpoints", &body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

fn publish(client: &Client, event_type: &str) -> String {
    let event = json!({"type": event_type, "data": {"user_id": "u-1"}});
    let accepted = client.post("/v1/events", &event).expect(202);
    accepted["id"].as_str().expect("an id").to_owned()
}

/// The delivery with its attempts.
fn attempts(client: &Client, delivery: &Value) -> Vec<Value> {
    let path = format!("/v1/deliveries/{}", delivery["id"].as_str().expect("an id"));
    let whole = client.get(&path).expect(200);
    whole["attempt_list"].as_array().expect("a list").clone()
}

fn resend(client: &Client, delivery: &Value) {
    let id = delivery["id"].as_str().expect("an id");
    let path = format!("/v1/deliveries/{id}/resend");
    client.send("POST", &path, &[], ()).expect(202);
}

#[test]
fn a_failed_attempt_is_retried_and_both_are_shown() {
    let server = Server::start();
    let client = server.project("envoyou");
    let sink = Sink::with_statuses(&[500, 200]);
    endpoint(&client, json!({"url": sink.url}));
    let event = publish(&client, "user.created");
    let (first, second) = (sink.next(), sink.next());
    assert_eq!(first.body, second.body);
    let nonce = "x-envoyou-nonce";
    assert_ne!(first.header(nonce), second.header(nonce), "fresh each time");
    let delivery = delivery_in_state(&client, &event, "delivered");
    assert_eq!(delivery["attempts"], 2);
    let attempts = attempts(&client, &delivery);
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["status"], 500);
    assert_eq!(attempts[0]["error"], "server_error");
    assert_eq!(attempts[0]["response_body"], "ok");
    assert_eq!(attempts[1]["status"], 200);
    assert_eq!(attempts[1]["error"], Value::Null);
}

#[test]
fn a_failed_delivery_is_resent_by_hand_until_it_arrives() {
    let server = Server::start();
    let client = server.project("authento");
    let sink = Sink::with_statuses(&[503, 503, 200]);
    endpoint(&client, json!({"url": sink.url}));
    let event = publish(&client, "REVIEWED");
    sink.next();
    let failed = delivery_in_state(&client, &event, "failed");
    assert_eq!(failed["next_attempt_at"], Value::Null);
    resend(&client, &failed);
    sink.next();
    resend(&client, &failed);
    sink.next();
    let delivered = delivery_in_state(&client, &event, "delivered");
    let attempts = attempts(&client, &delivered);
    let manual: Vec<_> = attempts.iter().map(|it| it["manual"].clone()).collect();
    assert_eq!(manual, [json!(false), json!(true), json!(true)]);
}

#[test]
fn a_paused_endpoint_holds_and_a_resumed_one_delivers() {
    let server = Server::start();
    let client = server.project("authepy");
    let sink = Sink::with_statuses(&[200]);
    let id = endpoint(&client, json!({"url": sink.url}));
    let path = format!("/v1/endpoints/{id}");
    client
        .patch(&path, &json!({"status": "paused"}))
        .expect(200);
    let event = publish(&client, "verification.success");
    delivery_in_state(&client, &event, "held");
    assert!(sink.is_empty());
    client
        .patch(&path, &json!({"status": "active"}))
        .expect(200);
    sink.next();
    delivery_in_state(&client, &event, "delivered");
}

#[test]
fn a_disabled_endpoint_gets_nothing_and_waiting_deliveries_fail_visibly() {
    let server = Server::start();
    let client = server.project("reachscore");
    let sink = Sink::with_statuses(&[500]);
    let id = endpoint(&client, json!({"url": sink.url}));
    let event = publish(&client, "test.completed");
    sink.next();
    delivery_in_state(&client, &event, "retrying");
    let path = format!("/v1/endpoints/{id}");
    client.patch(&path, &json!({"active": false})).expect(200);
    let failed = delivery_in_state(&client, &event, "failed");
    let error = failed["last_error"].as_str().expect("an error");
    assert!(error.starts_with("endpoint_disabled"), "{error}");
    let again = format!(
        "/v1/deliveries/{}/resend",
        failed["id"].as_str().expect("an id")
    );
    let answer = client.send("POST", &again, &[], ());
    assert_eq!(answer.problem(409), "endpoint_disabled");
    let later = json!({"type": "test.completed", "data": {}});
    let later = client.post("/v1/events", &later).expect(202);
    let later = later["id"].as_str().expect("an id").to_owned();
    let list = client.get(&format!("/v1/deliveries?event_id={later}"));
    for delivery in list.expect(200)["data"].as_array().expect("a list") {
        assert_eq!(delivery["state"], "failed");
    }
    assert!(sink.is_empty());
}

#[test]
fn an_endpoint_that_is_gone_is_disabled_with_its_reason() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[410]);
    let id = endpoint(&client, json!({"url": sink.url}));
    let event = publish(&client, "user.created");
    sink.next();
    let failed = delivery_in_state(&client, &event, "failed");
    let error = failed["last_error"].as_str().expect("an error");
    assert!(error.starts_with("gone"), "{error}");
    let endpoint = client.get(&format!("/v1/endpoints/{id}")).expect(200);
    assert_eq!(endpoint["status"], "disabled");
    assert!(endpoint["status_reason"].is_string(), "{endpoint}");
    // Since when is not told anew by other changes.
    let since = endpoint["status_since"].as_str().expect("a time");
    assert!(Some(since) >= failed["created_at"].as_str(), "{endpoint}");
    let renamed = client.patch(&format!("/v1/endpoints/{id}"), &json!({"name": "Old"}));
    assert_eq!(renamed.expect(200)["status_since"], since);
    let path = format!("/v1/endpoints/{id}/enable");
    let enabled = client.send("POST", &path, &[], ()).expect(200);
    assert!(enabled["status_since"].as_str() > Some(since), "{enabled}");
}

#[test]
fn a_deleted_endpoint_is_gone_from_the_api_and_gets_nothing() {
    let server = Server::start();
    let client = server.project("authepy");
    let sink = Sink::with_statuses(&[200]);
    let id = endpoint(&client, json!({"url": sink.url}));
    let path = format!("/v1/endpoints/{id}");
    client.delete(&path).expect(204);
    assert_eq!(client.get(&path).problem(404), "not_found");
    let event = json!({"type": "a.b", "data": 1});
    let accepted = client.post("/v1/events", &event).expect(202);
    assert_eq!(accepted["deliveries"], 0);
    assert!(sink.is_empty());
}

#[test]
fn only_subscribed_events_arrive_with_the_endpoints_own_headers() {
    let server = Server::start();
    let client = server.project("envoyou");
    let sink = Sink::with_statuses(&[200]);
    let body = json!({
        "url": format!("{}/hook?tenant=7", sink.url),
        "events": ["auth.*", "user.created"],
        "headers": {"X-Tenant": "seven"},
    });
    endpoint(&client, body);
    for unwanted in ["user.deleted", "system.incident"] {
        publish(&client, unwanted);
    }
    publish(&client, "auth.login");
    let got = sink.next();
    assert_eq!(got.path, "/hook?tenant=7");
    assert_eq!(got.header("x-tenant"), Some("seven"));
    assert_eq!(got.header("x-envoyou-event-type"), Some("auth.login"));
    assert!(sink.is_empty());
}

#[test]
fn a_second_profile_adds_its_headers_beside_the_first() {
    let server = Server::start();
    let client = server.project("authepy");
    let sink = Sink::with_statuses(&[200]);
    let body = json!({"url": sink.url, "second_profile": "standard-webhooks"});
    endpoint(&client, body);
    let event = publish(&client, "delivery.spam");
    let got = sink.next();
    assert!(got.header("authepy-signature").is_some());
    assert_eq!(got.header("webhook-id"), Some(event.as_str()));
    let signature = got.header("webhook-signature").expect("signed twice");
    assert!(signature.starts_with("v1,"), "{signature}");
}

#[test]
fn a_batch_gets_a_result_per_event_as_array_and_as_lines() {
    let server = Server::start();
    let client = server.project("authepy");
    let sink = Sink::with_statuses(&[200]);
    endpoint(&client, json!({"url": sink.url}));
    let event = |n: u32| json!({"type": "a.b", "data": n, "id": format!("evt_{n}")});
    let array = json!([event(1), {"type": "a.b"}, event(2)]);
    let results = client.post("/v1/events/batch", &array).expect(202);
    assert_eq!(results["data"][0], json!({"id": "evt_1", "deliveries": 1}));
    assert_eq!(results["data"][1]["error"]["code"], "invalid_field");
    assert_eq!(results["data"][2]["id"], "evt_2");
    let lines = format!("{}\n{{oops\n\n{}\n", event(3), event(1));
    let ndjson = ("content-type", "application/x-ndjson");
    let results = client.send("POST", "/v1/events/batch", &[ndjson], lines);
    let results = results.expect(202);
    assert_eq!(results["data"][0]["id"], "evt_3");
    assert_eq!(results["data"][1]["error"]["code"], "invalid_json");
    assert_eq!(results["data"][2], json!({"id": "evt_1", "deliveries": 1}));
    for _ in 0..3 {
        sink.next();
    }
    assert!(sink.is_empty(), "a repeat is not sent again");
    let empty = client.call("POST", "/v1/events/batch", "[]");
    assert_eq!(empty.problem(422), "batch_size");
}

#[test]
fn a_stopped_server_leaves_the_rest_to_the_next_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = server.project("envoyou");
    let sink = Sink::with_statuses(&[500, 200]);
    // The retry is an hour away: only the restarted server's clock or a resend can bring it.
    let policy = json!({"max_attempts": 2, "backoff_multiplier": 1, "initial_delay": 2000});
    endpoint(&client, json!({"url": sink.url, "retry_policy": policy}));
    let event = publish(&client, "user.created");
    sink.next();
    delivery_in_state(&client, &event, "retrying");
    let (status, _) = server.stop();
    assert!(status.success(), "{status}");
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = Client::new(&server.base, &client.key);
    sink.next();
    let delivered = delivery_in_state(&client, &event, "delivered");
    assert_eq!(attempts(&client, &delivered).len(), 2);
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let server = Server::start();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_hookwright"))
        .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(server.folder())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("hint:"), "{said}");
}

#[test]
fn health_is_told_and_metrics_are_counted() {
    let server = Server::start();
    let client = server.project("authepy");
    let sink = Sink::with_statuses(&[200]);
    endpoint(&client, json!({"url": sink.url}));
    let event = publish(&client, "a.b");
    delivery_in_state(&client, &event, "delivered");
    let stranger = client.with_key("");
    assert_eq!(stranger.get("/healthz").status, 200);
    assert_eq!(stranger.get("/readyz").status, 200);
    let metrics = stranger.get("/metrics");
    assert_eq!(metrics.status, 200);
    let counted = |line: &str| metrics.text.lines().any(|it| it == line);
    assert!(
        counted("hookwright_events_accepted_total 1"),
        "{}",
        metrics.text
    );
    assert!(sink.next_within(Duration::from_secs(1)).is_some());
}

#[test]
fn a_rate_limited_endpoint_gets_everything_in_its_time() {
    let server = Server::start();
    let client = server.project("authepy");
    let sink = Sink::with_statuses(&[200]);
    endpoint(&client, json!({"url": sink.url, "rate_limit": 20}));
    let events: Vec<_> = (0..10).map(|_| publish(&client, "a.b")).collect();
    for _ in &events {
        sink.next();
    }
    for event in &events {
        delivery_in_state(&client, event, "delivered");
    }
}

#[test]
fn a_start_without_a_profile_that_is_in_use_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("ours.toml");
    let text = "name = \"ours\"\nenvelope = \"{event.data}\"\n\n[[signature]]\nheader = \"X-Ours\"\nalgorithm = \"hmac-sha256\"\ncontent = \"{body}\"\n\n[retry]\ngaps_s = []\n";
    std::fs::write(&profile, text).expect("written");
    let data = folder.path().join("data");
    let file = profile.to_str().expect("UTF-8");
    let server = Server::start_in(&data, &["--dev", "--profile", file]);
    let client = server.project("ours");
    let sink = Sink::with_statuses(&[200]);
    endpoint(&client, json!({"url": sink.url}));
    publish(&client, "a.b");
    assert!(sink.next().header("x-ours").is_some());
    server.stop();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_hookwright"))
        .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&data)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("ours") && said.contains("hint:"), "{said}");
}
