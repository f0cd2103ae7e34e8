//! Bad input gets a problem document that says what to do, and leaves nothing half-stored.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;

const EVENT: &str = r#"{"type":"user.created","data":{"user_id":"1"}}"#;

/// A client of a project with one endpoint, so that an event that slips through would show.
fn project(server: &Server) -> Client {
    let client = server.project("authepy");
    let endpoint = json!({"url": "http://127.0.0.1:9/nobody"});
    client.post("/v1/endpoints", &endpoint).expect(201);
    client
}

#[track_caller]
fn nothing_is_stored(client: &Client) {
    for path in ["/v1/events", "/v1/deliveries"] {
        assert_eq!(client.get(path).expect(200)["data"], json!([]), "{path}");
    }
    let endpoints = client.get("/v1/endpoints").expect(200);
    assert_eq!(endpoints["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn events_that_cannot_be_read_are_refused() {
    let server = Server::start();
    let client = project(&server);
    let refused = |body: &str, status, code: &str| {
        let answer = client.call("POST", "/v1/events", body);
        assert_eq!(answer.problem(status), code, "{body}");
    };
    refused("{", 400, "invalid_json");
    refused("", 400, "invalid_json");
    refused(r#"{"type":"a.b","data":{"x":01}}"#, 400, "invalid_json");
    refused("{\"type\":\"a.b\",\"data\":\"\u{1}\"}", 400, "invalid_json");
    refused(&format!("{EVENT} trailing"), 400, "invalid_json");
    refused("[]", 422, "invalid_field");
    refused(r#"{"type":"user.created"}"#, 422, "invalid_field");
    refused(r#"{"type":7,"data":{}}"#, 422, "invalid_field");
    refused(r#"{"type":"","data":{}}"#, 422, "invalid_field");
    refused(r#"{"type":"a b","data":{}}"#, 422, "invalid_field");
    refused(
        r#"{"type":"a.b","data":{},"id":"a.b"}"#,
        422,
        "invalid_field",
    );
    refused(
        r#"{"type":"a.b","data":{},"time":"now"}"#,
        422,
        "invalid_field",
    );
    refused(r#"{"type":"a.b","data":{},"tipe":1}"#, 422, "invalid_field");
    let deep = format!(
        r#"{{"type":"a.b","data":{}{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    refused(&deep, 422, "invalid_field");
    nothing_is_stored(&client);
    client.call("POST", "/v1/events", EVENT).expect(202);
}

#[test]
fn invalid_utf_8_is_refused() {
    let server = Server::start();
    let client = project(&server);
    let body: &[u8] = b"{\"type\":\"a.b\",\"data\":\"\xff\"}";
    let json = ("content-type", "application/json");
    let answer = client.send("POST", "/v1/events", &[json], body);
    assert_eq!(answer.problem(400), "invalid_json");
    nothing_is_stored(&client);
}

#[test]
fn another_content_type_is_refused() {
    let server = Server::start();
    let client = project(&server);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = client.send("POST", "/v1/events", &[form], EVENT);
    assert_eq!(answer.problem(415), "unsupported_media_type");
    nothing_is_stored(&client);
}

#[test]
fn too_large_a_body_is_refused_with_and_without_a_length() {
    let server = Server::start();
    let client = project(&server);
    let event = json!({"type": "a.b", "data": "x".repeat(2_000_000)}).to_string();
    let answer = client.call("POST", "/v1/events", &event);
    assert_eq!(answer.problem(413), "body_too_large");
    let json = ("content-type", "application/json");
    let mut bytes = event.as_bytes();
    let chunked = ureq::SendBody::from_reader(&mut bytes);
    let answer = client.send("POST", "/v1/events", &[json], chunked);
    assert_eq!(answer.problem(413), "body_too_large");
    nothing_is_stored(&client);
}

#[test]
fn a_repeated_id_is_one_event_and_another_body_a_conflict() {
    let server = Server::start();
    let client = project(&server);
    let event = json!({"type": "a.b", "data": {"n": 1}, "id": "evt_given"});
    let first = client.post("/v1/events", &event).expect(202);
    assert_eq!(first, json!({"id": "evt_given", "deliveries": 1}));
    assert_eq!(client.post("/v1/events", &event).expect(202), first);
    let other = json!({"type": "a.b", "data": {"n": 2}, "id": "evt_given"});
    let answer = client.post("/v1/events", &other);
    assert_eq!(answer.problem(409), "event_conflict");
    let events = client.get("/v1/events").expect(200);
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1));
    let stored = client.get("/v1/events/evt_given").expect(200);
    assert_eq!(stored["data"], json!({"n": 1}));
    let deliveries = client.get("/v1/deliveries").expect(200);
    assert_eq!(deliveries["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_idempotency_key_makes_a_repeat_one_event() {
    let server = Server::start();
    let client = project(&server);
    let publish = |data: &str| {
        let json = ("content-type", "application/json");
        let key = ("idempotency-key", "order-17");
        let body = format!(r#"{{"type":"a.b","data":{data}}}"#);
        client.send("POST", "/v1/events", &[json, key], body.as_bytes())
    };
    let first = publish("1").expect(202);
    assert_eq!(publish("1").expect(202), first);
    assert_eq!(publish("2").problem(422), "idempotency_key_reused");
    let events = client.get("/v1/events").expect(200);
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn endpoints_with_bad_settings_are_refused() {
    let server = Server::start_with(&[]);
    let client = server.project("authepy");
    let refused = |body: Value| {
        let answer = client.post("/v1/endpoints", &body);
        assert_eq!(answer.problem(422), "invalid_field", "{body}");
    };
    for url in [
        "",
        "nonsense",
        "/path",
        "ftp://example.com/",
        "http://example.com/",
        "https://user:password@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "javascript:alert(1)",
    ] {
        refused(json!({ "url": url }));
    }
    let url = "https://example.com/hook";
    refused(json!({}));
    refused(json!({"url": 7}));
    refused(json!({"url": url, "colour": "red"}));
    refused(json!({"url": url, "events": ["a b"]}));
    refused(json!({"url": url, "headers": {"Host": "x"}}));
    refused(json!({"url": url, "headers": {"A B": "x"}}));
    refused(json!({"url": url, "headers": {"X-A": "a\r\nX-B: b"}}));
    refused(json!({"url": url, "headers": {"Authepy-Signature": "x"}}));
    refused(json!({"url": url, "retry_policy": {"max_attempts": 0}}));
    refused(json!({"url": url, "retry_policy": {"initial_delay": "soon"}}));
    refused(json!({"url": url, "status": "asleep"}));
    refused(json!({"url": url, "status": "active", "active": false}));
    refused(json!({"url": url, "profile": "nobody"}));
    refused(json!({"url": url, "canonical_json": "yaml"}));
    refused(json!({"url": url, "timeout_ms": 0}));
    refused(json!({"url": url, "rate_limit": 0}));
    refused(json!({"url": url, "secret": ""}));
    refused(json!({"url": url, "filter": {"a": {"$huge": 1}}}));
    refused(json!({"url": url, "filter": ["a"]}));
    refused(json!({"url": url, "concurrency": 33}));
    refused(json!({"url": url, "circuit_breaker": {"open_seconds": 0}}));
    refused(json!({"url": url, "circuit_breaker": {"half_open": 1}}));
    refused(json!({"url": url, "circuit_breaker": "on"}));
    refused(json!({"url": url, "ordered": "yes"}));
    refused(json!({"url": url, "metadata": {"": "x"}}));
    refused(json!({"url": url, "metadata": {"a": 1}}));
    refused(json!({"url": url, "metadata": {"a": "x".repeat(513)}}));
    assert_eq!(client.get("/v1/endpoints").expect(200)["data"], json!([]));
    client
        .post("/v1/endpoints", &json!({ "url": url }))
        .expect(201);
}

#[test]
fn a_bad_change_leaves_the_endpoint_as_it_was() {
    let server = Server::start();
    let client = server.project("envoyou");
    let made = json!({"url": "http://127.0.0.1:9/a", "events": ["user.created"]});
    let made = client.post("/v1/endpoints", &made).expect(201);
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    let before = client.get(&path).expect(200);
    let change = json!({"events": ["auth.login"], "url": "ftp://x/"});
    assert_eq!(client.patch(&path, &change).problem(422), "invalid_field");
    assert_eq!(client.get(&path).expect(200), before);
}

#[test]
fn an_unknown_profile_is_refused_with_the_known_ones() {
    let server = Server::start();
    let project = json!({"name": "x", "profile": "nobody"});
    let answer = server.root().post("/v1/projects", &project);
    assert!(answer.text.contains("reachscore"), "{}", answer.text);
    assert_eq!(answer.problem(422), "invalid_field");
    assert_eq!(
        server.root().get("/v1/projects").expect(200)["data"],
        json!([])
    );
}

#[test]
fn an_unknown_key_is_refused() {
    let server = Server::start();
    let client = project(&server);
    for key in ["", "nonsense", "hwk_project_0000000000000000"] {
        let stranger = client.with_key(key);
        let answer = stranger.call("POST", "/v1/events", EVENT);
        assert_eq!(answer.problem(401), "unauthorized", "{key}");
        assert_eq!(stranger.get("/v1/endpoints").problem(401), "unauthorized");
    }
    nothing_is_stored(&client);
}

#[test]
fn a_key_without_the_scope_is_refused() {
    let server = Server::start();
    let client = project(&server);
    let body = json!({"name": "reader", "scopes": ["events:read", "deliveries:read"]});
    let key = client.post("/v1/keys", &body).expect(201);
    let reader = client.with_key(key["api_key"].as_str().expect("a key"));
    let answer = reader.call("POST", "/v1/events", EVENT);
    assert!(answer.text.contains("events:write"), "{}", answer.text);
    assert_eq!(answer.problem(403), "missing_scope");
    let endpoint = json!({"url": "http://127.0.0.1:9/"});
    assert_eq!(
        reader.post("/v1/endpoints", &endpoint).problem(403),
        "missing_scope"
    );
    assert_eq!(reader.get("/v1/endpoints").problem(403), "missing_scope");
    reader.get("/v1/events").expect(200);
    nothing_is_stored(&client);
}

#[test]
fn a_project_cannot_make_projects() {
    let server = Server::start();
    let client = project(&server);
    let body = json!({"name": "x", "profile": "authepy"});
    let answer = client.post("/v1/projects", &body);
    assert_eq!(answer.status, 403, "{}", answer.text);
}

#[test]
fn what_does_not_exist_says_so() {
    let server = Server::start();
    let client = project(&server);
    assert_eq!(client.get("/v2/events").problem(404), "no_such_path");
    assert_eq!(
        client.get("/v1/events/evt_nobody").problem(404),
        "not_found"
    );
    assert_eq!(
        client.get("/v1/deliveries/dlv_nobody").problem(404),
        "not_found"
    );
    assert_eq!(
        client.delete("/v1/events").problem(405),
        "method_not_allowed"
    );
    let bad = client.get("/v1/events?limit=0");
    assert_eq!(bad.problem(400), "invalid_parameter");
    let bad = client.get("/v1/events?cursor=nonsense");
    assert_eq!(bad.problem(400), "invalid_parameter");
    let bad = client.get("/v1/deliveries?state=asleep");
    assert_eq!(bad.problem(400), "invalid_parameter");
}
