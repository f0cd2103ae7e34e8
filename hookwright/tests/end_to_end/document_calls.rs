//! Every call that a vendor's document prints works as printed, but for host, ids and key.
//!
//! The calls are a customer's, so they are made with an account's key. What the documents show as
//! arriving is compared in full. URLs in printed calls are not ours to receive at: the endpoint
//! that such a call made is then moved to a sink, by its `url` alone.

use ring::hmac;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::client::Client;
use crate::support::server::{Server, delivery_in_state};
use crate::support::sink::{Got, Sink};

#[path = "document_calls/authento.rs"]
mod authento;
#[path = "document_calls/authepy.rs"]
mod authepy;
#[path = "document_calls/authpi.rs"]
mod authpi;
#[path = "document_calls/envoyou.rs"]
mod envoyou;
#[path = "document_calls/reachscore.rs"]
mod reachscore;

const ACCOUNT: &str = "customer-7";

/// One product with one customer.
struct Vendor {
    _server: Server,
    product: Client,
    customer: Client,
}

impl Vendor {
    fn of(profile: &str) -> Self {
        let server = Server::start();
        let product = server.project(profile);
        product
            .post("/v1/accounts", &json!({ "id": ACCOUNT }))
            .expect(201);
        let keys = format!("/v1/accounts/{ACCOUNT}/keys");
        let key = product.send("POST", &keys, &[], ()).expect(201);
        let customer = product.with_key(key["api_key"].as_str().expect("a key"));
        Self {
            _server: server,
            product,
            customer,
        }
    }

    /// Publishes an event for the customer; answers its id.
    fn publish(&self, mut event: Value) -> String {
        event["account_id"] = json!(ACCOUNT);
        let accepted = self.product.post("/v1/events", &event).expect(202);
        assert_eq!(accepted["deliveries"], 1);
        text(&accepted, "id").to_owned()
    }

    /// Moves a registered endpoint to a sink, and changes nothing else of it.
    fn moved(&self, path: &str, endpoint: &Value, sink: &Sink) {
        let path = format!("{path}/{}", text(endpoint, "id"));
        let change = json!({"url": format!("{}/hook", sink.url)});
        self.customer.patch(&path, &change).expect(200);
    }

    /// What the customer sees as failed.
    fn failed(&self) -> Value {
        let list = self.customer.get("/v1/deliveries?state=failed");
        list.expect(200)["data"].clone()
    }

    /// The customer finds the failed delivery, sends it again, and finds it no more. The sink
    /// refuses the first request and takes the second.
    fn failed_is_listed_and_resent(&self, sink: &Sink, event: Value) {
        let event = self.publish(event);
        let first = sink.next();
        let failed = delivery_in_state(&self.customer, &event, "failed");
        assert_eq!(self.failed(), json!([failed]));
        let resend = format!("/v1/deliveries/{}/resend", text(&failed, "id"));
        self.customer.send("POST", &resend, &[], ()).expect(202);
        assert_eq!(sink.next().body, first.body);
        delivery_in_state(&self.customer, &event, "delivered");
        assert_eq!(self.failed(), json!([]));
    }
}

#[track_caller]
fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field]
        .as_str()
        .unwrap_or_else(|| panic!("no text {field}: {object}"))
}

#[track_caller]
fn is_id(object: &Value, prefix: &str) {
    let rest = text(object, "id")
        .strip_prefix(prefix)
        .unwrap_or_else(|| panic!("{object}"));
    let plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    assert!(rest.len() >= 10 && plain, "{object}");
}

/// A time in the one form that the documents print: 2024-01-15T10:30:00Z.
#[track_caller]
fn is_time(time: &Value) {
    let time = time.as_str().expect("text");
    let shape = time.replace(|it: char| it.is_ascii_digit(), "0");
    assert_eq!(shape, "0000-00-00T00:00:00Z", "{time}");
}

/// A call with a body and the two headers that the documents print.
#[track_caller]
fn registered(customer: &Client, path: &str, body: &str) -> Value {
    customer.call("POST", path, body).expect(201)
}

fn body(got: &Got) -> Value {
    serde_json::from_slice(&got.body).expect("JSON")
}

#[track_caller]
fn header<'a>(got: &'a Got, name: &str) -> &'a str {
    got.header(name)
        .unwrap_or_else(|| panic!("no {name}: {got:?}"))
}

/// HMAC-SHA256 in hex, the secret's text being the key.
fn hmac_hex(secret: &str, parts: &[&[u8]]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex(hmac::sign(&key, &parts.concat()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn timestamped_hmac(secret: &str, got: &Got, header_name: &str) -> String {
    let timestamp = header(got, header_name);
    assert!(
        timestamp.bytes().all(|byte| byte.is_ascii_digit()),
        "{timestamp}"
    );
    hmac_hex(secret, &[timestamp.as_bytes(), b".", &got.body])
}

/// The answer shows every field of the request as it was given.
#[track_caller]
fn shows(answer: &Value, request: &str) {
    let request: Value = serde_json::from_str(request).expect("JSON");
    for (field, given) in request.as_object().expect("an object") {
        assert_eq!(&answer[field], given, "{field}");
    }
}

/// From the delivery's acceptance, whose first attempt is at once, to the retry.
fn seconds_until_retry(delivery: &Value) -> i64 {
    let at = |field| OffsetDateTime::parse(text(delivery, field), &Rfc3339).expect("a time");
    (at("next_attempt_at") - at("created_at")).whole_seconds()
}
