//! How do requests authenticate towards their receiver? By a header, or by a client certificate.

use std::sync::{Arc, Mutex, mpsc};

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::mutual_tls::{Identity, MutualTls};
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::Sink;

const SECRET: &str = "a secret that no answer shows";

fn publish(client: &Client) -> String {
    let event = json!({"type": "user.created", "data": {}});
    let published = client.post("/v1/events", &event).expect(202);
    published["id"].as_str().expect("an id").to_owned()
}

/// An endpoint that tries again soon.
fn endpoint(client: &Client, url: &str, more: Value) -> Value {
    let retry = json!({"max_attempts": 5, "backoff_multiplier": 1, "initial_delay": 10});
    let mut body = json!({"url": url, "retry_policy": retry});
    body.as_object_mut()
        .expect("an object")
        .extend(more.as_object().expect("an object").clone());
    client.post("/v1/endpoints", &body).expect(201)
}

/// The attempts of an event's delivery, once it has this state.
fn attempts(client: &Client, event: &str, state: &str) -> Vec<Value> {
    let delivery = delivery_in_state(client, event, state);
    let path = format!("/v1/deliveries/{}", delivery["id"].as_str().expect("an id"));
    let whole = client.get(&path).expect(200);
    whole["attempt_list"].as_array().expect("attempts").clone()
}

#[test]
fn requests_carry_basic_and_bearer_credentials_that_nobody_is_shown() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let basic = json!({"type": "basic", "username": "me", "password": SECRET});
    let made = endpoint(&client, &sink.url, json!({"auth": basic}));
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    let bearer = json!({"auth": {"type": "bearer", "token": "t0k3n"}});
    for (change, header) in [
        (
            json!({}),
            Some("Basic bWU6YSBzZWNyZXQgdGhhdCBubyBhbnN3ZXIgc2hvd3M="),
        ),
        (bearer, Some("Bearer t0k3n")),
        (json!({"auth": null}), None),
    ] {
        let changed = client.patch(&path, &change).expect(200);
        let shown = changed["auth"].to_string();
        assert!(
            !shown.contains(SECRET) && !shown.contains("t0k3n"),
            "{shown}"
        );
        let event = publish(&client);
        assert_eq!(sink.next().header("authorization"), header);
        let attempts = attempts(&client, &event, "delivered");
        let recorded = attempts[0]["request_headers"]["authorization"].as_str();
        assert_eq!(recorded, header.map(|_| "***"));
    }
}

#[test]
fn a_second_authorization_header_is_refused() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let headers = json!({"Authorization": "mine"});
    let bearer = json!({"type": "bearer", "token": "t"});
    for auth in [
        bearer,
        json!({"type": "basic", "username": "a:b", "password": ""}),
        json!({"type": "bearer", "token": ""}),
        json!({"type": "oauth2", "token_url": "ftp://x/", "client_id": "a", "client_secret": "b"}),
        json!({"type": "digest"}),
    ] {
        let body = json!({"url": "https://a.example/", "headers": headers, "auth": auth});
        let refused = client.post("/v1/endpoints", &body).expect(422);
        assert_eq!(refused["code"], "invalid_field", "{auth}");
    }
}

/// A token server that gives `token-1`, `token-2` and so on, and hands over what it is asked.
fn token_server(answers: impl Fn(usize) -> (u16, Value) + Send + 'static) -> Sink {
    let mut asked = 0;
    Sink::saying(move |_| {
        asked += 1;
        let (status, body) = answers(asked);
        let body = body.to_string();
        let length = body.len();
        format!("HTTP/1.1 {status} Told\r\ncontent-length: {length}\r\n\r\n{body}")
    })
}

fn granted(number: usize) -> (u16, Value) {
    let token = format!("token-{number}");
    let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
    (200, body)
}

fn oauth2(tokens: &Sink) -> Value {
    json!({"auth": {"type": "oauth2", "token_url": format!("{}/token", tokens.url), "client_id": "me",
        "client_secret": SECRET, "scope": "hooks"}})
}

#[test]
fn a_token_is_asked_for_once_and_dropped_when_the_receiver_refuses_it() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let tokens = token_server(granted);
    let revoked = Arc::new(Mutex::new(String::new()));
    let known = Arc::clone(&revoked);
    let sink = Sink::answering(move |got| {
        let refused = got.header("authorization") == Some(known.lock().expect("no panic").as_str());
        if refused { 401 } else { 200 }
    });
    endpoint(&client, &sink.url, oauth2(&tokens));
    for _ in 0..3 {
        let event = publish(&client);
        delivery_in_state(&client, &event, "delivered");
        assert_eq!(sink.next().header("authorization"), Some("Bearer token-1"));
    }
    let asked = tokens.next();
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("POST", "/token")
    );
    assert_eq!(asked.body, b"grant_type=client_credentials&scope=hooks");
    assert!(
        asked
            .header("authorization")
            .is_some_and(|it| it.starts_with("Basic "))
    );
    assert!(tokens.is_empty());
    *revoked.lock().expect("no panic") = "Bearer token-1".to_owned();
    let event = publish(&client);
    let attempts = attempts(&client, &event, "delivered");
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        (&attempts[0]["status"], &attempts[0]["error"]),
        (&json!(401), &json!("rejected"))
    );
    assert_eq!(sink.next().header("authorization"), Some("Bearer token-1"));
    assert_eq!(sink.next().header("authorization"), Some("Bearer token-2"));
}

#[test]
fn an_attempt_without_a_token_is_a_failed_one_that_sends_nothing() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let tokens = token_server(|number| match number {
        1 => (500, json!({})),
        2 => (200, json!({"access_token": "t", "token_type": "mac"})),
        number => granted(number),
    });
    let sink = Sink::with_statuses(&[200]);
    endpoint(&client, &sink.url, oauth2(&tokens));
    let event = publish(&client);
    let attempts = attempts(&client, &event, "delivered");
    let classes: Vec<&Value> = attempts.iter().map(|it| &it["error"]).collect();
    assert_eq!(classes, [&json!("auth"), &json!("auth"), &Value::Null]);
    assert_eq!(sink.next().header("authorization"), Some("Bearer token-3"));
    assert!(sink.is_empty());
}

#[test]
fn a_token_server_is_reached_under_the_rule_for_addresses() {
    // Receivers on this machine may be dialled, link-local ones never were allowed.
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let auth = json!({"auth": {"type": "oauth2", "token_url": "http://169.254.169.254/token",
        "client_id": "me", "client_secret": SECRET}});
    endpoint(&client, &sink.url, auth);
    let event = publish(&client);
    let attempts = attempts(&client, &event, "failed");
    assert!(attempts.iter().all(|attempt| attempt["error"] == "auth"));
    assert!(sink.is_empty());
}

#[test]
fn a_receiver_that_asks_for_a_certificate_is_shown_the_endpoints() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tell, seen) = mpsc::channel();
    let receiver = MutualTls::start(tell);
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, receiver.ca_pem()).expect("written");
    let ca = ca.to_str().expect("text");
    let server = Server::start_with(&["--dev", "--extra-ca-file", ca]);
    let client = server.project("standard-webhooks");
    let made = endpoint(&client, &receiver.url, json!({}));
    let event = publish(&client);
    let attempts = attempts(&client, &event, "failed");
    assert_eq!(attempts[0]["error"], "tls");
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    let (own, other): (Identity, Identity) = (receiver.identity("me"), receiver.identity("other"));
    let certificate = |certificate: &str, key: &str| json!({"client_certificate": {"certificate_pem": certificate, "private_key_pem": key}});
    for (chain, key, field) in [
        (&own.certificate_pem, &other.key_pem, ""),
        (&own.key_pem, &own.key_pem, "/certificate_pem"),
        (
            &own.certificate_pem,
            &own.certificate_pem,
            "/private_key_pem",
        ),
    ] {
        let refused = client.patch(&path, &certificate(chain, key)).expect(422);
        let pointer = format!("/client_certificate{field}");
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
    let changed = client.patch(&path, &certificate(&own.certificate_pem, &own.key_pem));
    let changed = changed.expect(200);
    let fingerprint = changed["client_certificate"]["sha256"].as_str();
    assert_eq!(fingerprint, Some(own.sha256().as_str()));
    assert!(!changed.to_string().contains("PRIVATE"));
    let event = publish(&client);
    delivery_in_state(&client, &event, "delivered");
    assert_eq!(seen.recv().expect("a request"), own.der);
}
