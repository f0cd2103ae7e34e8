//! Which secret verifies what is sent, before, during and after a rotation?

use hookwright_wire::{Profile, Received, builtin_profiles, public_key, verify, verifying_key};
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, until};
use crate::support::sink::{Got, Sink};

fn profile(name: &str) -> Profile {
    let mut profiles = builtin_profiles().into_iter();
    let found = profiles.find(|profile| profile.name == name);
    found.expect("a built-in profile")
}

/// Whether a receiver that holds this secret, or its public half, takes the request.
fn verifies(profile: &Profile, got: &Got, secret: &str) -> bool {
    let key = public_key(profile, secret).unwrap_or_else(|| secret.to_owned());
    let key = verifying_key(profile, &key).expect("a key");
    let headers: Vec<(&str, &[u8])> = got
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let received = Received {
        headers: &headers,
        body: &got.body,
        url: None,
        method: "POST",
    };
    let stamp = got.header("webhook-timestamp").unwrap_or("0");
    let sent_s = stamp.parse().expect("a number");
    verify(profile, &received, &[key], sent_s).is_ok()
}

fn publish(client: &Client) {
    let event = json!({"type": "user.created", "data": {"a": 1}});
    client.post("/v1/events", &event).expect(202);
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn endpoint(client: &Client, sink: &Sink, more: Value) -> (String, Value) {
    let mut body = json!({"url": sink.url});
    body.as_object_mut()
        .expect("an object")
        .extend(more.as_object().expect("an object").clone());
    let made = client.post("/v1/endpoints", &body).expect(201);
    (text(&made["id"]), made)
}

#[test]
fn both_secrets_verify_during_the_overlap_where_the_format_has_a_list() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let standard = profile("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    for body in [json!({}), json!({"secret_type": "ed25519"})] {
        let (id, made) = endpoint(&client, &sink, json!({}));
        let old = text(&made["secret"]);
        let path = format!("/v1/endpoints/{id}/secret/rotate");
        let rotated = client.post(&path, &body).expect(200);
        let new = text(&rotated["secret"]);
        assert_ne!(new, old);
        assert_eq!(rotated["mode"], "both");
        assert_eq!(rotated["switches_at"], rotated["previous_valid_until"]);
        publish(&client);
        let got = sink.next();
        assert!(verifies(&standard, &got, &old) && verifies(&standard, &got, &new));
        let shown = client.get(&format!("/v1/endpoints/{id}")).expect(200);
        assert_eq!(
            shown["previous_secret_valid_until"],
            rotated["previous_valid_until"]
        );
        assert_eq!(shown["public_key"], rotated["public_key"]);
        // Ended by hand.
        let ended = client
            .post(&path, &json!({"overlap_seconds": 0}))
            .expect(200);
        assert_eq!(ended["previous_valid_until"], Value::Null);
        publish(&client);
        let got = sink.next();
        assert!(!verifies(&standard, &got, &old) && !verifies(&standard, &got, &new));
        assert!(verifies(&standard, &got, &text(&ended["secret"])));
        client.delete(&format!("/v1/endpoints/{id}")).expect(204);
    }
}

#[test]
fn a_format_of_one_signature_changes_over_when_the_overlap_ends() {
    let server = Server::start();
    let client = server.project("authepy");
    let authepy = profile("authepy");
    let sink = Sink::with_statuses(&[200]);
    let (id, made) = endpoint(&client, &sink, json!({}));
    let old = text(&made["secret"]);
    let path = format!("/v1/endpoints/{id}/secret/rotate");
    // Long enough to publish within, short enough to wait for.
    let body = json!({"overlap_seconds": 20, "secret": "another-secret-for-this-endpoint"});
    let rotated = client.post(&path, &body).expect(200);
    let new = text(&rotated["secret"]);
    assert_eq!(rotated["mode"], "cut_over");
    publish(&client);
    let got = sink.next();
    assert!(verifies(&authepy, &got, &old) && !verifies(&authepy, &got, &new));
    until("the overlap is over", || {
        let shown = client
            .get(&format!("/v1/endpoints/{id}/secret"))
            .expect(200);
        shown["previous_secret"].is_null().then_some(shown)
    });
    publish(&client);
    let got = sink.next();
    assert!(!verifies(&authepy, &got, &old) && verifies(&authepy, &got, &new));
}

#[test]
fn a_rotation_is_refused_while_another_lasts_and_within_bounds() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let (id, _) = endpoint(&client, &sink, json!({}));
    let path = format!("/v1/endpoints/{id}/secret/rotate");
    let refused = |body: Value, status: u16, code: &str| {
        let answer = client.post(&path, &body).expect(status);
        assert_eq!(answer["code"], code, "{body}");
    };
    refused(json!({"overlap_seconds": 604_801}), 422, "invalid_field");
    refused(json!({"secret": "short"}), 422, "invalid_field");
    refused(
        json!({"secret": "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3", "secret_type": "hmac"}),
        422,
        "invalid_field",
    );
    client.post(&path, &json!({})).expect(200);
    refused(json!({}), 409, "rotation_in_progress");
    client
        .post(&path, &json!({"overlap_seconds": 0}))
        .expect(200);
    client.post(&path, &json!({})).expect(200);
}

#[test]
fn a_secret_is_shown_at_every_path_of_the_endpoint_and_only_to_who_may_change_it() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let (id, made) = endpoint(&client, &sink, json!({"account_id": "acme"}));
    for path in [
        "/v1/endpoints",
        "/v1/webhooks",
        "/v1/webhooks/endpoints",
        "/v1/accounts/acme/webhooks",
    ] {
        let shown = client.get(&format!("{path}/{id}/secret")).expect(200);
        assert_eq!(shown["secret"], made["secret"]);
        let rotate = format!("{path}/{id}/secret/rotate");
        let rotated = client.post(&rotate, &json!({"overlap_seconds": 0}));
        let again = json!({"overlap_seconds": 0, "secret": made["secret"]});
        assert_ne!(rotated.expect(200)["secret"], made["secret"]);
        client.post(&rotate, &again).expect(200);
    }
    let reader = json!({"scopes": ["endpoints:read"]});
    let reader = client.post("/v1/keys", &reader).expect(201);
    let reader = client.with_key(reader["api_key"].as_str().expect("a key"));
    let path = format!("/v1/endpoints/{id}/secret");
    assert_eq!(reader.get(&path).expect(403)["code"], "missing_scope");
}

#[test]
fn an_ed25519_endpoint_shows_the_key_that_verifies_its_requests() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let standard = profile("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    let (id, made) = endpoint(&client, &sink, json!({"secret_type": "ed25519"}));
    let secret = text(&made["secret"]);
    assert!(secret.starts_with("whsk_"));
    let shown = client.get(&format!("/v1/endpoints/{id}")).expect(200);
    let public = text(&shown["public_key"]);
    assert_eq!(Some(&public), public_key(&standard, &secret).as_ref());
    publish(&client);
    assert!(verifies(&standard, &sink.next(), &secret));
    let authepy = server.project("authepy");
    let body = json!({"url": sink.url, "secret_type": "ed25519"});
    let refused = authepy.post("/v1/endpoints", &body).expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "/secret_type");
}

#[test]
fn an_overlap_is_ended_early_and_the_new_secret_stays() {
    let server = Server::start();
    for (name, mode) in [("standard-webhooks", "both"), ("authepy", "cut_over")] {
        let client = server.project(name);
        let format = profile(name);
        let sink = Sink::with_statuses(&[200]);
        let (id, made) = endpoint(&client, &sink, json!({}));
        assert_eq!(made["secret_rotation"], mode);
        let path = format!("/v1/endpoints/{id}/secret");
        let rotated = client
            .post(&format!("{path}/rotate"), &json!({}))
            .expect(200);
        let previous = format!("{path}/previous");
        let ended = client.delete(&previous).expect(200);
        assert_eq!(ended["previous_secret_valid_until"], Value::Null);
        let now = client.get(&path).expect(200);
        assert_eq!(now["secret"], rotated["secret"]);
        assert_eq!(now["previous_secret"], Value::Null);
        publish(&client);
        let got = sink.next();
        assert!(verifies(&format, &got, &text(&rotated["secret"])), "{name}");
        assert!(!verifies(&format, &got, &text(&made["secret"])), "{name}");
        // Once more changes nothing, and another rotation is possible.
        client.delete(&previous).expect(200);
        client
            .post(&format!("{path}/rotate"), &json!({}))
            .expect(200);
    }
}
