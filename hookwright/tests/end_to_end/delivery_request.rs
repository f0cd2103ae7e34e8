//! What an attempt sent can be seen again, to the byte, and when the next ones are planned.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::Sink;

fn endpoint(client: &Client, body: &Value) -> String {
    let made = client.post("/v1/endpoints", body).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

fn publish(client: &Client, data: &Value) -> String {
    let event = json!({"type": "user.created", "data": data, "subject": "user 7"});
    let accepted = client.post("/v1/events", &event).expect(202);
    accepted["id"].as_str().expect("an id").to_owned()
}

fn path(delivery: &Value) -> String {
    format!("/v1/deliveries/{}", delivery["id"].as_str().expect("an id"))
}

#[test]
fn the_body_of_an_attempt_is_made_again_as_it_was_sent_in_every_format() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let profiles = client.get("/v1/profiles").expect(200);
    let profiles: Vec<String> = profiles["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|profile| profile["name"].as_str().expect("a name").to_owned())
        .collect();
    assert!(profiles.len() >= 6, "{profiles:?}");
    let sink = Sink::with_statuses(&[200]);
    for profile in profiles {
        let body = json!({"url": format!("{}/{profile}", sink.url), "profile": profile});
        let id = endpoint(&client, &body);
        let event = publish(
            &client,
            &json!({"status": "COMPLETED", "n": 1.50, "é": "\u{202e}'"}),
        );
        let got = sink.next();
        let delivery = delivery_in_state(&client, &event, "delivered");
        let shown = client
            .get(&format!("{}/request", path(&delivery)))
            .expect(200);
        assert_eq!(shown["attempt"], 1);
        assert_eq!(
            (&shown["method"], &shown["url"]),
            (&json!("POST"), &body["url"])
        );
        let is_exact = shown["is_exact"].as_bool().expect("known");
        let same = shown["body"].as_str().map(str::as_bytes) == Some(&*got.body);
        // A format with a random number in it is never the same twice, and says so.
        assert!(same || !is_exact, "{profile}: {shown}");
        if profile == "standard-webhooks" {
            assert!(is_exact && same, "{shown}");
        }
        client.delete(&format!("/v1/endpoints/{id}")).expect(204);
        let gone = client.get(&format!("{}/request", path(&delivery)));
        assert_eq!(gone.problem(410), "request_gone", "{profile}");
    }
}

#[test]
fn a_request_under_another_secret_is_not_called_exact() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let id = endpoint(&client, &json!({"url": sink.url}));
    let event = publish(&client, &json!({}));
    sink.next();
    let delivery = delivery_in_state(&client, &event, "delivered");
    let path = format!("{}/request", path(&delivery));
    assert_eq!(client.get(&path).expect(200)["is_exact"], true);
    let now = json!({"overlap_seconds": 0});
    client
        .post(&format!("/v1/endpoints/{id}/secret/rotate"), &now)
        .expect(200);
    assert_eq!(client.get(&path).expect(200)["is_exact"], false);
    let text = client.get(&path).expect(200).to_string();
    assert!(
        !text.contains("signature"),
        "no fresh signature is given away: {text}"
    );
    let none = client.get(&format!("{path}?attempt=2"));
    assert_eq!(none.problem(404), "not_found");
    let none = client.get(&format!("{path}?attempt=x"));
    assert_eq!(none.problem(400), "invalid_parameter");
}

#[test]
fn what_was_not_sent_yet_is_shown_as_it_would_be() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    endpoint(&client, &json!({"url": sink.url, "status": "paused"}));
    let event = publish(&client, &json!({"n": 1}));
    let delivery = delivery_in_state(&client, &event, "held");
    let shown = client
        .get(&format!("{}/request", path(&delivery)))
        .expect(200);
    assert!(shown["attempt"].is_null() && shown["is_exact"].is_null());
    assert!(
        shown["body"].as_str().expect("text").contains("\"n\":1"),
        "{shown}"
    );
}

#[test]
fn the_attempts_to_come_are_told_as_the_schedule_has_them() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[500]);
    let policy = json!({"max_attempts": 4, "backoff_multiplier": 2, "initial_delay": 3_600_000});
    endpoint(&client, &json!({"url": sink.url, "retry_policy": policy}));
    let event = publish(&client, &json!({}));
    let delivery = delivery_in_state(&client, &event, "retrying");
    let shown = client.get(&path(&delivery)).expect(200);
    let planned = shown["planned_attempts"].as_array().expect("a list");
    let at = |place: usize| {
        let text = planned[place].as_str().expect("a time");
        OffsetDateTime::parse(text, &Rfc3339).expect("a time")
    };
    assert_eq!(planned.len(), 3, "{shown}");
    assert_eq!(planned[0], shown["next_attempt_at"]);
    assert_eq!(at(1) - at(0), Duration::hours(2));
    assert_eq!(at(2) - at(1), Duration::hours(4));
    let cancel = format!("{}/cancel", path(&delivery));
    let cancelled = client.post(&cancel, &json!({})).expect(200);
    assert_eq!(cancelled["planned_attempts"], json!([]));
}

#[test]
fn an_event_whose_id_is_a_word_of_the_api_is_read_with_a_letter_in_percent_code() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let words = [
        ("export", "%65xport"),
        ("dry-run", "%64ry-run"),
        ("batch", "%62atch"),
        ("broadcast", "%62roadcast"),
    ];
    for (id, path) in words {
        let event = json!({"type": "a.b", "data": {"id": id}, "id": id});
        client.post("/v1/events", &event).expect(202);
        let shown = client.get(&format!("/v1/events/{path}")).expect(200);
        assert_eq!(
            (&shown["id"], &shown["data"]["id"]),
            (&json!(id), &json!(id))
        );
    }
}
