//! What does a person see of an endpoint that fails? Its health, its breaker, and what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, until};
use crate::support::sink::Sink;

/// A sink that answers what is set.
fn sink(status: &Arc<AtomicU16>) -> Sink {
    let status = Arc::clone(status);
    Sink::answering(move |_| status.load(Ordering::SeqCst))
}

/// The endpoint's breaker, once it is in this state.
#[track_caller]
fn until_breaker(client: &Client, path: &str, state: &str) -> Value {
    until(&format!("it is {state}"), || {
        let shown = client.get(path).expect(200);
        let breaker = shown["health"]["breaker"].clone();
        (breaker["state"] == state).then_some(breaker)
    })
}

fn publish(client: &Client, number: usize) -> Value {
    let event = json!({"type": "user.created", "data": {"number": number}});
    client.post("/v1/events", &event).expect(202)
}

#[test]
fn a_failing_endpoint_is_left_alone_and_a_person_lets_it_go_on() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let status = Arc::new(AtomicU16::new(500));
    let sink = sink(&status);
    let breaker = json!({"min_attempts": 3, "open_seconds": 3_600, "half_open_attempts": 1});
    let endpoint = json!({"url": sink.url, "circuit_breaker": breaker});
    let made = client.post("/v1/endpoints", &endpoint).expect(201);
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    let health = || client.get(&path).expect(200)["health"].clone();
    let well = json!({
        "failing_since": null,
        "breaker": {"state": "closed", "reason": null, "until": null},
    });
    assert_eq!(health(), well);
    for number in 0..3 {
        publish(&client, number);
        sink.next();
    }
    let open = until_breaker(&client, &path, "open");
    assert_eq!(
        open["reason"],
        "3 of 3 attempts failed within 60 s, the last by server_error"
    );
    assert!(
        open["until"]
            .as_str()
            .is_some_and(|until| until.ends_with('Z'))
    );
    let listed = client.get("/v1/endpoints").expect(200);
    assert_eq!(listed["data"][0]["health"]["breaker"], open);

    // Well again, and nobody but a person knows: what waits is not sent, and charged no attempt.
    status.store(200, Ordering::SeqCst);
    publish(&client, 3);
    let waiting = client.get("/v1/deliveries?state=pending").expect(200);
    assert_eq!(waiting["data"][0]["attempts"], 0);
    assert!(sink.is_empty());
    let closed = client
        .post(&format!("{path}/circuit-breaker/close"), &json!({}))
        .expect(200);
    let by_hand = json!({"state": "closed", "reason": "closed by hand", "until": null});
    assert_eq!(closed["health"]["breaker"], by_hand);
    sink.next();
    until("it is delivered", || {
        let delivered = client.get("/v1/deliveries?state=delivered").expect(200);
        delivered["data"].as_array()?.first().cloned()
    });
    let nobody = "/v1/endpoints/ep_nobody/circuit-breaker/close";
    assert_eq!(client.post(nobody, &json!({})).problem(404), "not_found");
}

#[test]
fn a_breaker_opens_by_itself_after_its_time_and_closes_by_success() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let status = Arc::new(AtomicU16::new(503));
    let sink = sink(&status);
    let breaker = json!({"min_attempts": 1, "open_seconds": 1, "half_open_attempts": 1});
    let endpoint = json!({"url": sink.url, "circuit_breaker": breaker});
    let made = client.post("/v1/endpoints", &endpoint).expect(201);
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    publish(&client, 0);
    sink.next();
    until_breaker(&client, &path, "open");
    status.store(200, Ordering::SeqCst);
    publish(&client, 1);
    sink.next();
    let closed = until_breaker(&client, &path, "closed");
    assert_eq!(closed["reason"], "an attempt to try it again succeeded");
}

#[test]
fn an_open_breaker_outlives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::with_statuses(&[500]);
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = server.project("standard-webhooks");
    let breaker = json!({"min_attempts": 1, "open_seconds": 3_600});
    let endpoint = json!({"url": sink.url, "circuit_breaker": breaker});
    let made = client.post("/v1/endpoints", &endpoint).expect(201);
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    publish(&client, 0);
    sink.next();
    until_breaker(&client, &path, "open");
    drop(server);
    let server = Server::start_in(folder.path(), &["--dev"]);
    let client = Client::new(&server.base, &client.key);
    publish(&client, 1);
    // A second endpoint shows that the server works, while the first is left alone.
    let other = Sink::with_statuses(&[200]);
    client
        .post("/v1/endpoints", &json!({"url": other.url}))
        .expect(201);
    publish(&client, 2);
    other.next();
    assert!(sink.is_empty());
    let health = client.get(&path).expect(200)["health"].clone();
    assert_eq!(health["breaker"]["state"], "open");
}

#[test]
fn a_profile_that_promises_exact_times_takes_no_breaker() {
    let server = Server::start();
    let client = server.project("reachscore");
    let url = "https://93.184.216.34/hook";
    let endpoint = json!({"url": url, "circuit_breaker": true});
    let refused = client.post("/v1/endpoints", &endpoint);
    let detail = refused.json()["detail"].to_string();
    assert!(
        detail.contains("promises when each attempt is made"),
        "{detail}"
    );
    assert_eq!(refused.status, 422);
    let made = client
        .post("/v1/endpoints", &json!({ "url": url }))
        .expect(201);
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    assert_eq!(
        client.get(&path).expect(200)["health"]["breaker"],
        json!(null)
    );
    let change = json!({"circuit_breaker": {"min_attempts": 5}});
    assert_eq!(client.patch(&path, &change).status, 422);
    // With another profile it may have one.
    let change = json!({"profile": "standard-webhooks", "circuit_breaker": true});
    client.patch(&path, &change).expect(200);
    let breaker = client.get(&path).expect(200)["health"]["breaker"].clone();
    assert_eq!(breaker["state"], "closed");
}

#[test]
fn a_projects_breaker_holds_for_endpoints_without_one() {
    let server = Server::start();
    let body = json!({"name": "shop", "profile": "standard-webhooks"});
    let project = server.root().post("/v1/projects", &body).expect(201);
    let client = Client::new(&server.base, project["api_key"].as_str().expect("a key"));
    let sink = Sink::with_statuses(&[500]);
    let made = client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    assert_eq!(
        client.get(&path).expect(200)["health"]["breaker"],
        json!(null)
    );
    let settings = json!({"settings": {"circuit_breaker": {"min_attempts": 1}}});
    let id = project["id"].as_str().expect("an id");
    client
        .patch(&format!("/v1/projects/{id}"), &settings)
        .expect(200);
    publish(&client, 0);
    sink.next();
    until_breaker(&client, &path, "open");
}

#[test]
fn an_endpoint_can_do_without_the_projects_breaker() {
    let server = Server::start();
    let body = json!({"name": "shop", "profile": "standard-webhooks"});
    let project = server.root().post("/v1/projects", &body).expect(201);
    let client = Client::new(&server.base, project["api_key"].as_str().expect("a key"));
    let project = format!("/v1/projects/{}", project["id"].as_str().expect("an id"));
    let settings = json!({"settings": {"circuit_breaker": {"min_attempts": 1}}});
    client.patch(&project, &settings).expect(200);
    let sink = Sink::with_statuses(&[500]);
    let endpoint = json!({"url": sink.url, "circuit_breaker": false});
    let made = client.post("/v1/endpoints", &endpoint).expect(201);
    assert_eq!(made["circuit_breaker"], json!(false));
    let path = format!("/v1/endpoints/{}", made["id"].as_str().expect("an id"));
    let breaker = || client.get(&path).expect(200)["health"]["breaker"].clone();
    assert_eq!(breaker(), json!(null));
    // A second failure can only come if the first opened nothing.
    for number in 0..3 {
        publish(&client, number);
        sink.next();
    }
    assert_eq!(breaker(), json!(null));
    // Who says nothing has the project's again.
    client
        .patch(&path, &json!({"circuit_breaker": null}))
        .expect(200);
    assert_eq!(breaker()["state"], "closed");
    publish(&client, 3);
    sink.next();
    until_breaker(&client, &path, "open");
}
