//! Authento's settings page as an endpoint's settings: switch, URL, secret; digest, log, resend.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::{Vendor, body, header, hex, hmac_hex, shows, text};
use crate::support::server::delivery_in_state;
use crate::support::sink::Sink;

const PATH: &str = "/v1/endpoints";

/// Fills in the page: the target URL, the secret, the switch.
fn configured(vendor: &Vendor, sink: &Sink, secret: Value) -> Value {
    let settings = json!({"url": format!("{}/hook", sink.url), "secret": secret, "active": true});
    let made = vendor.customer.post(PATH, &settings).expect(201);
    shows(&made, &settings.to_string());
    made
}

/// The document's sample as it is published, with something personal that must stay.
fn reviewed() -> Value {
    json!({
        "type": "REVIEWED", "time": "2023-06-28T07:53:37.611Z",
        "data": {
            "userId": "khz3h1vqr0023ptxk3j8w0a78",
            "userIdentifier": "4c510784-368c-4e32-8750-90d71efa5c4d",
            "type": "INDIVIDUAL",
            "status": {"basic": "VERIFIED", "poa": "VERIFIED"},
            "passport": "C01X00T47",
        },
    })
}

#[test]
fn authentos_webhook_gets_the_documented_sample_and_its_digest() {
    let vendor = Vendor::of("authento");
    let sink = Sink::with_statuses(&[200]);
    configured(&vendor, &sink, json!("a-secret-from-the-page"));
    vendor.publish(reviewed());
    let got = sink.next();
    let expected = json!({
        "event": "REVIEWED",
        "userId": "khz3h1vqr0023ptxk3j8w0a78",
        "userIdentifier": "4c510784-368c-4e32-8750-90d71efa5c4d",
        "type": "INDIVIDUAL",
        "status": {"basic": "VERIFIED", "poa": "VERIFIED"},
        "timeCreated": 1_687_938_817.611,
    });
    assert_eq!(body(&got), expected);
    let digest = hmac_hex("a-secret-from-the-page", &[&got.body]);
    assert_eq!(header(&got, "X-PAYLOAD-DIGEST"), digest);
}

#[test]
fn authentos_webhook_without_a_secret_carries_the_plain_digest() {
    let vendor = Vendor::of("authento");
    let sink = Sink::with_statuses(&[200]);
    configured(&vendor, &sink, Value::Null);
    vendor.publish(reviewed());
    let got = sink.next();
    let plain = hex(digest(&SHA256, &got.body).as_ref());
    assert_eq!(header(&got, "X-PAYLOAD-DIGEST"), plain);
}

#[test]
fn authentos_settings_switch_the_webhook_and_change_its_url_and_secret() {
    let vendor = Vendor::of("authento");
    let (first, second) = (Sink::with_statuses(&[200]), Sink::with_statuses(&[200]));
    let made = configured(&vendor, &first, json!("the-first-secret"));
    let path = format!("{PATH}/{}", text(&made, "id"));
    vendor
        .customer
        .patch(&path, &json!({"active": false}))
        .expect(200);
    let unsent = json!({"account_id": "customer-7", "type": "INIT", "data": {}});
    vendor.product.post("/v1/events", &unsent).expect(202);
    let settings = json!({"active": true, "url": second.url, "secret": "the-second-secret"});
    vendor.customer.patch(&path, &settings).expect(200);
    let event = vendor.publish(json!({"type": "PENDING", "data": {"userId": "u"}}));
    let got = second.next();
    assert_eq!(body(&got)["event"], "PENDING");
    assert_eq!(
        header(&got, "X-PAYLOAD-DIGEST"),
        hmac_hex("the-second-secret", &[&got.body])
    );
    delivery_in_state(&vendor.customer, &event, "delivered");
    assert!(first.is_empty() && second.is_empty());
}

#[test]
fn authentos_failed_webhooks_are_logged_and_resent() {
    let vendor = Vendor::of("authento");
    let sink = Sink::with_statuses(&[500, 200]);
    configured(&vendor, &sink, json!("a-secret-from-the-page"));
    vendor.failed_is_listed_and_resent(&sink, reviewed());
}
