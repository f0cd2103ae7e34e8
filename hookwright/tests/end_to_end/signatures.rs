//! Is a signature explained as it is, with what an endpoint holds, and without giving that away?

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::sink::{Got, Sink};

struct Sent {
    server: Server,
    client: Client,
    endpoint: String,
    secret: String,
    got: Got,
}

/// A request of Stripe's format, as a receiver got it.
fn sent() -> Sent {
    let server = Server::start();
    let client = server.project("stripe");
    let sink = Sink::with_statuses(&[200]);
    let made = client
        .post("/v1/endpoints", &json!({"url": sink.url}))
        .expect(201);
    let event = json!({"type": "charge.paid", "data": {"amount": 10}});
    client.post("/v1/events", &event).expect(202);
    let text = |name: &str| made[name].as_str().expect("text").to_owned();
    Sent {
        server,
        client,
        endpoint: text("id"),
        secret: text("secret"),
        got: sink.next(),
    }
}

fn ask(sent: &Sent, more: Value) -> Value {
    ask_as(&sent.client, sent, more)
}

fn ask_as(client: &Client, sent: &Sent, more: Value) -> Value {
    let lines: Vec<String> = sent
        .got
        .headers
        .iter()
        .map(|(name, value)| format!("> {name}: {value}"))
        .collect();
    let mut body = json!({
        "headers": lines.join("\n"),
        "body": String::from_utf8(sent.got.body.clone()).expect("UTF-8"),
    });
    let object = body.as_object_mut().expect("an object");
    object.extend(more.as_object().expect("an object").clone());
    client.post("/v1/signatures/explain", &body).expect(200)
}

/// Whoever has a key of another account of the project.
fn bob(sent: &Sent) -> Client {
    let post = |path, body| sent.client.post(path, &body).expect(201);
    post("/v1/accounts", json!({"id": "bob"}));
    let made = post("/v1/accounts/bob/keys", json!({}));
    sent.client
        .with_key(made["api_key"].as_str().expect("a key"))
}

fn failed(told: &Value) -> Vec<&str> {
    let steps = told["steps"].as_array().expect("steps").iter();
    let failed = steps.filter(|step| step["passed"] != true);
    failed
        .map(|step| step["about"].as_str().expect("a word"))
        .collect()
}

#[test]
fn what_was_sent_verifies_with_the_endpoints_own_secret_and_with_a_given_one() {
    let sent = &sent();
    for with in [
        json!({"endpoint_id": sent.endpoint}),
        json!({"secrets": [sent.secret], "profile": "stripe"}),
    ] {
        let told = ask(sent, with);
        assert_eq!(told["verified"], true, "{told}");
        assert_eq!(failed(&told), Vec::<&str>::new());
        let content = &told["signed_content"];
        assert_eq!(content["template"], "{timestamp}.{body}");
        let body = String::from_utf8_lossy(&sent.got.body);
        assert!(content["text"].as_str().expect("text").ends_with(&*body));
    }
}

#[test]
fn the_step_that_fails_is_named_with_what_to_do() {
    let sent = &sent();
    let told = ask(sent, json!({"endpoint_id": sent.endpoint, "body": "{}"}));
    assert_eq!(
        (told["verified"].as_bool(), failed(&told)),
        (Some(false), vec!["signature"])
    );
    let other = ask(
        sent,
        json!({"profile": "github", "secrets": ["whsec_12345678"]}),
    );
    let hint = other["hints"][0].as_str().expect("a hint");
    assert!(hint.contains("Stripe"), "{hint}");
    let old = json!({
        "endpoint_id": sent.endpoint,
        "headers": {"Stripe-Signature": "t=1614265330,v1=00"},
    });
    assert_eq!(
        failed(&ask(sent, old)),
        ["timestamp", "signature_format", "signature"]
    );
}

fn hints(told: &Value) -> String {
    told["hints"].to_string()
}

#[test]
fn a_secret_of_another_endpoint_is_recognised_and_so_is_the_one_that_signed() {
    let sent = &sent();
    let body = json!({"url": "https://other.example/hook", "name": "Other"});
    let other = sent.client.post("/v1/endpoints", &body).expect(201);
    let (id, secret) = (&other["id"], &other["secret"]);
    for with in [
        json!({"secrets": [secret]}),
        json!({"endpoint_id": id}),
        json!({"secrets": [secret], "ignore_age": true}),
    ] {
        let told = ask(sent, with);
        assert_eq!(told["verified"], false, "{told}");
        let signer = told["hints"][0].as_str().expect("a hint");
        assert!(signer.contains("right with the secret of"), "{signer}");
        assert!(signer.contains(&sent.endpoint), "{signer}");
    }
    let told = ask(sent, json!({"secrets": [secret]}));
    let given = told["hints"][1].as_str().expect("a hint");
    assert!(
        given.contains("was given is that of") && given.contains("Other"),
        "{given}"
    );
    assert!(!hints(&told).contains(&sent.secret));
    assert_eq!(told["hints"].as_array().map(Vec::len), Some(2), "{told}");
    // A body that was changed is nobody's.
    let told = ask(sent, json!({"secrets": [secret], "body": "{}"}));
    assert!(!hints(&told).contains("right with the secret"), "{told}");
}

#[test]
fn a_secret_that_a_rotation_replaced_is_recognised() {
    let sent = &sent();
    let rotate = |overlap: u64| {
        let path = format!("/v1/endpoints/{}/secret/rotate", sent.endpoint);
        let made = sent
            .client
            .post(&path, &json!({"overlap_seconds": overlap}))
            .expect(200);
        made["secret"].clone()
    };
    let new = rotate(600);
    let told = ask(sent, json!({"secrets": [new]}));
    assert!(
        hints(&told).contains("before its last rotation, which counts until"),
        "{told}"
    );
    let told = ask(sent, json!({"secrets": [sent.secret], "body": "{}"}));
    assert!(
        hints(&told).contains("given is the one that the endpoint"),
        "{told}"
    );
}

#[test]
fn the_secrets_of_another_account_and_project_are_not_tried() {
    let sent = &sent();
    let bob = bob(sent);
    let stranger = sent.server.project("stripe");
    let with = json!({"secrets": ["whsec_1234567890123456"], "profile": "stripe"});
    assert!(hints(&ask(sent, with.clone())).contains(&sent.endpoint));
    for client in [bob, stranger, sent.server.root()] {
        let told = ask_as(&client, sent, with.clone());
        assert!(!hints(&told).contains(&sent.endpoint), "{told}");
    }
}

/// Whoever may read endpoints may not sign as they do.
#[test]
fn neither_a_stored_secret_nor_a_signature_made_with_it_is_given_away() {
    let sent = &sent();
    let told = ask(
        sent,
        json!({"endpoint_id": sent.endpoint, "body": "forged"}),
    );
    let text = told.to_string();
    assert!(
        !text.contains(&sent.secret) && !text.contains(sent.secret.trim_start_matches("whsec_"))
    );
    let steps = told["steps"].as_array().expect("steps");
    let signature = steps
        .iter()
        .find(|step| step["about"] == "signature")
        .expect("there");
    let expected = signature["expected"].as_str().expect("text");
    assert_eq!(expected.chars().count(), 7, "{expected}");
    // What the visitor brought may be shown whole.
    let own = ask(sent, json!({"secrets": [sent.secret], "body": "forged"}));
    let steps = own["steps"].as_array().expect("steps");
    let signature = steps
        .iter()
        .find(|step| step["about"] == "signature")
        .expect("there");
    assert_eq!(signature["expected"].as_str().expect("text").len(), 64);
    let kept = sent
        .client
        .get("/v1/audit?limit=250")
        .expect(200)
        .to_string();
    assert!(!kept.contains("signatures/explain") && !kept.contains(&sent.secret));
}

#[test]
fn an_endpoint_of_another_account_cannot_be_used() {
    let sent = &sent();
    let bob = bob(sent);
    let body = json!({"endpoint_id": sent.endpoint, "headers": {"a": "b"}, "body": ""});
    assert_eq!(
        bob.post("/v1/signatures/explain", &body).problem(404),
        "not_found"
    );
}

#[test]
fn what_cannot_be_checked_is_refused() {
    let server = Server::start();
    let client = server.project("stripe");
    let refused = |body: Value, pointer: &str| {
        let answer = client.post("/v1/signatures/explain", &body).expect(422);
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
    };
    refused(json!({"headers": "nothing here", "body": ""}), "/headers");
    refused(
        json!({"headers": {"a": "b"}, "body": "", "profile": "none"}),
        "/profile",
    );
    let many = vec!["whsec_12345678"; 9];
    refused(
        json!({"headers": {"a": "b"}, "body": "", "secrets": many}),
        "/secrets",
    );
}
