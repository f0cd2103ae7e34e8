//! Each format arrives as its vendor's document says, by the word of independent receivers.
//!
//! For every profile and both languages: an event of each type in the catalogue, with a payload
//! that is hard to carry, verified by the vendor's own rules and compared field by field.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::receiver::{Language, Receiver};
use crate::support::server::Server;

const TIME: &str = "2024-01-15T10:31:15Z";
const TIME_UNIX: u32 = 1_705_314_675;
/// Longer than any double's integers: formats that are verified over the raw body carry it.
const HUGE: &str = "123456789012345678901234567890";

/// One way to receive a format.
struct Case {
    profile: &'static str,
    language: Language,
    /// Settings of the endpoint beside its URL.
    settings: Value,
    /// Whether the receiver's language reads any integer, or writes the body again as JavaScript.
    huge: bool,
}

/// What was published.
struct Sent {
    id: String,
    event_type: String,
    data: String,
    endpoint_id: String,
}

fn check(profile: &'static str, language: Language) {
    let node = language == Language::Node;
    let written_again = matches!(profile, "envoyou" | "reachscore");
    let settings = match (profile, node) {
        ("envoyou", false) => json!({"canonical_json": "python"}),
        ("reachscore", false) => json!({"canonical_json": "python-spaced"}),
        _ => json!({}),
    };
    let huge = !(written_again && node);
    check_case(&Case {
        profile,
        language,
        settings,
        huge,
    });
}

fn check_case(case: &Case) {
    let server = Server::start();
    let client = server.project(case.profile);
    let (receiver, endpoint_id) = register(case, &client);
    let mut sent = BTreeMap::new();
    for event_type in catalogue(&client) {
        let data = payload(case.profile, &event_type, case.huge);
        let event = format!(
            r#"{{"type":"{event_type}","time":"{TIME}","data":{data},
                 "subject":{{"tenant":"é"}},"trace":"trace-7"}}"#
        );
        let accepted = client.call("POST", "/v1/events", &event).expect(202);
        assert_eq!(accepted["deliveries"], 1);
        let told = Sent {
            id: accepted["id"].as_str().expect("an id").to_owned(),
            event_type: event_type.clone(),
            data,
            endpoint_id: endpoint_id.clone(),
        };
        sent.insert(event_type, told);
    }
    for _ in 0..sent.len() {
        let line = receiver.next();
        assert_eq!(line["verified"], true, "{line}");
        let body = BASE64_STANDARD.decode(line["body_base64"].as_str().expect("a body"));
        let body = String::from_utf8(body.expect("base64")).expect("UTF-8");
        let event_type = type_of(case.profile, &line);
        let sent = sent.remove(&event_type).expect("sent, and not seen yet");
        arrived_exactly(case, &sent, &line, &body);
    }
}

/// An endpoint whose secret the server made, and the receiver that has it.
fn register(case: &Case, client: &Client) -> (Receiver, String) {
    let mut endpoint = case.settings.clone();
    endpoint["url"] = json!("http://127.0.0.1:9/not-yet");
    let made = client.post("/v1/endpoints", &endpoint).expect(201);
    let arguments = match made["secret"].as_str() {
        Some(secret) => vec!["--secret", secret],
        None => vec![],
    };
    let receiver = Receiver::start(case.language, case.profile, &arguments);
    let id = made["id"].as_str().expect("an id").to_owned();
    let change = json!({"url": receiver.url});
    client
        .patch(&format!("/v1/endpoints/{id}"), &change)
        .expect(200);
    (receiver, id)
}

fn catalogue(client: &Client) -> Vec<String> {
    let types = client.get("/v1/event-types").expect(200);
    let types = types["data"].as_array().expect("a list");
    let mut names: Vec<String> = types
        .iter()
        .map(|it| it["name"].as_str().expect("a name").to_owned())
        .collect();
    if names.is_empty() {
        names.extend(["user.created".to_owned(), "invoice.paid".to_owned()]);
    }
    names
}

/// Text of many scripts, every kind of number, deep nesting, nothing at all, keys out of order.
fn payload(profile: &str, event_type: &str, huge: bool) -> String {
    let deep = format!("{}7{}", "[".repeat(40), "]".repeat(40));
    let huge = if huge { HUGE } else { "9007199254740991" };
    let picked = match profile {
        "authento" => {
            r#""userId":"u-1","userIdentifier":"7d1f","type":"INDIVIDUAL","status":{"basic":"VERIFIED"},"#
                .to_owned()
        }
        // Slack's types are inside its payloads.
        "slack" => format!(r#""type":"{event_type}","#),
        _ => String::new(),
    };
    format!(
        r#"{{{picked}"text":"Ōtautahi 世界 🎉 \ud83c\udf89 \"q\" \\ \/ \u0007\t","one":1.0,
            "tenth":0.1,"small":1e-7,"big":1e21,"cents":92.50,"safe":9007199254740991,"huge":{huge},
            "below":-42,"zero":-0.0,"empty":{{}},"list":[],"deep":{deep},
            "10":1,"9":2,"b":{{"z":1,"a":null}},"a":[true,false,null,{{"x":{{}}}}],
            "é":"é","email":"never@leaves.example"}}"#
    )
}

/// The type of the event that came: where the format names none in the body, it is in a header.
fn type_of(profile: &str, line: &Value) -> String {
    let header = match profile {
        "github" => Some("x-github-event"),
        "shopify" => Some("x-shopify-topic"),
        _ => None,
    };
    if let Some(header) = header {
        return line["headers"][header].as_str().expect("it").to_owned();
    }
    line["event_type"].as_str().expect("a type").to_owned()
}

fn parse(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
}

fn arrived_exactly(case: &Case, sent: &Sent, line: &Value, body: &str) {
    let parsed = parse(body);
    let expected = expected(case.profile, sent, &parsed);
    assert!(
        same(&expected, &parsed),
        "{}:\n{expected}\n{parsed}",
        case.profile
    );
    if case.profile == "authento" {
        assert!(!body.contains("never@leaves"), "{body}");
    } else if case.settings == json!({}) && !matches!(case.profile, "envoyou" | "reachscore") {
        assert!(body.contains(&sent.data), "not to the byte: {body}");
    }
    for (name, value) in expected_headers(case.profile, sent) {
        assert_eq!(line["headers"][name], value, "{name}");
    }
}

/// The whole envelope as the vendor's document says. Times that only the sender knows are copied.
fn expected(profile: &str, sent: &Sent, came: &Value) -> Value {
    let data = parse(&sent.data);
    let (id, event_type, endpoint) = (&sent.id, &sent.event_type, &sent.endpoint_id);
    match profile {
        "authepy" => {
            json!({"event_id": id, "type": event_type, "created_at": TIME_UNIX, "data": data})
        }
        "authpi" => json!({
            "id": id, "specversion": "1.0", "type": "event", "time": TIME,
            "source": format!("com.authpi.webhooks/v1/{endpoint}"),
            "datacontenttype": "application/json",
            "data": {
                "id": id, "type": event_type, "trace": "trace-7", "source": "com.authpi/v1",
                "subject": {"tenant": "é"}, "data": data,
            },
        }),
        "authento" => json!({
            "event": event_type, "userId": "u-1", "userIdentifier": "7d1f",
            "type": "INDIVIDUAL", "status": {"basic": "VERIFIED"}, "timeCreated": TIME_UNIX,
        }),
        "envoyou" => json!({
            "id": id, "type": event_type, "created": TIME_UNIX,
            "data": {"object": data}, "webhook_id": endpoint,
        }),
        "reachscore" => json!({
            "id": id, "object": "event", "type": event_type,
            "created_at": TIME, "livemode": true, "data": data,
        }),
        "standard-webhooks" => {
            json!({"type": event_type, "timestamp": came["timestamp"], "data": data})
        }
        "cloudevents" => json!({
            "specversion": "1.0", "id": id, "source": format!("hookwright/{endpoint}"),
            "type": event_type, "time": came["time"],
            "datacontenttype": "application/json", "data": data,
        }),
        "stripe" => json!({
            "id": id, "object": "event", "type": event_type, "created": TIME_UNIX,
            "livemode": true, "data": {"object": data},
        }),
        "slack" => json!({
            "type": "event_callback", "event": data, "event_id": id, "event_time": TIME_UNIX,
        }),
        "github" | "shopify" | "cloudevents-binary" => data,
        other => panic!("no expectation for {other}"),
    }
}

fn expected_headers(profile: &str, sent: &Sent) -> Vec<(&'static str, String)> {
    let id = || sent.id.clone();
    let event_type = || sent.event_type.clone();
    let endpoint = || sent.endpoint_id.clone();
    let json = ("content-type", "application/json".to_owned());
    match profile {
        "authepy" | "authento" | "slack" => vec![json],
        "authpi" => vec![
            ("content-type", "application/cloudevents+json".to_owned()),
            ("webhook-id", id()),
        ],
        "envoyou" => vec![
            json,
            ("x-envoyou-webhook-id", endpoint()),
            ("x-envoyou-event-type", event_type()),
        ],
        "reachscore" => vec![json, ("x-reachscore-event-id", id())],
        "standard-webhooks" => vec![json, ("webhook-id", id())],
        "cloudevents" => vec![("webhook-id", id())],
        "cloudevents-binary" => vec![json, ("ce-id", id()), ("ce-type", event_type())],
        "github" => vec![
            json,
            ("x-github-event", event_type()),
            ("x-github-delivery", id()),
        ],
        "shopify" => vec![json, ("x-shopify-topic", event_type())],
        _ => vec![],
    }
}

/// Equal as JSON values: `1` and `1.0` are one number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| same(a, b))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, a)| right.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

macro_rules! every_format_arrives_exactly {
    ($($test:ident: $profile:literal,)*) => {
        mod in_node {
            use super::*;
            $(#[test] fn $test() { check($profile, Language::Node); })*
        }
        mod in_python {
            use super::*;
            $(#[test] fn $test() { check($profile, Language::Python); })*
        }
    };
}

every_format_arrives_exactly! {
    authepy_verifies: "authepy",
    authpi_verifies: "authpi",
    authento_verifies: "authento",
    envoyou_verifies: "envoyou",
    reachscore_verifies: "reachscore",
    standard_webhooks_verifies: "standard-webhooks",
    cloudevents_verifies: "cloudevents",
    cloudevents_binary_verifies: "cloudevents-binary",
    stripe_verifies: "stripe",
    github_verifies: "github",
    shopify_verifies: "shopify",
    slack_verifies: "slack",
}

#[test]
fn authento_without_a_secret_verifies_by_the_plain_digest() {
    for language in [Language::Node, Language::Python] {
        check_case(&Case {
            profile: "authento",
            language,
            settings: json!({ "secret": null }),
            huge: true,
        });
    }
}

#[test]
fn a_python_receiver_of_ascii_needs_no_option_for_envoyou() {
    let server = Server::start();
    let client = server.project("envoyou");
    let case = Case {
        profile: "envoyou",
        language: Language::Python,
        settings: json!({}),
        huge: false,
    };
    let (receiver, _) = register(&case, &client);
    let event = json!({"type": "auth.login", "data": {"user_id": "u-1", "ok": true, "n": 17}});
    client.post("/v1/events", &event).expect(202);
    let line = receiver.next();
    assert_eq!(line["verified"], true, "{line}");
}

#[test]
fn a_receiver_with_another_secret_refuses() {
    for profile in ["authepy", "authpi", "authento", "envoyou", "reachscore"] {
        let server = Server::start();
        let client = server.project(profile);
        let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let receiver = Receiver::start(Language::Node, profile, &["--secret", other]);
        let endpoint = json!({"url": receiver.url});
        client.post("/v1/endpoints", &endpoint).expect(201);
        let event = json!({"type": "user.created", "data": {"userId": "1"}});
        client.post("/v1/events", &event).expect(202);
        let line = receiver.next();
        assert_eq!(line["verified"], false, "{profile}: {line}");
    }
}
