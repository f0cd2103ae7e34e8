//! Authepy's configured endpoint: the sample object, the raw body's HMAC, the retry's time.

use serde_json::json;

use super::{Vendor, body, header, hmac_hex, is_id, registered, seconds_until_retry, text};
use crate::support::server::delivery_in_state;
use crate::support::sink::Sink;

const PATH: &str = "/v1/endpoints";
const ENDPOINT: &str = r#"{"url": "https://example.com/webhooks/authepy"}"#;

#[test]
fn authepys_endpoint_gets_the_documented_object_and_the_raw_bodys_hmac() {
    let vendor = Vendor::of("authepy");
    let made = registered(&vendor.customer, PATH, ENDPOINT);
    assert_eq!(made["events"], json!(["*"]));
    let sink = Sink::with_statuses(&[200]);
    vendor.moved(PATH, &made, &sink);
    let data = json!({
        "requestId": "req_8f7d6c5b4a3", "email": "user@domain.com",
        "bounce_reason": "mailbox_full", "provider_latency_ms": 142,
    });
    vendor.publish(json!({
        "id": "evt_9x8c7v6b5a4", "type": "delivery.bounced", "time": "2023-09-09T18:50:00Z",
        "data": data,
    }));
    let got = sink.next();
    let expected = json!({
        "event_id": "evt_9x8c7v6b5a4",
        "type": "delivery.bounced",
        "created_at": 1_694_285_400,
        "data": data,
    });
    assert_eq!(body(&got), expected);
    let signature = hmac_hex(text(&made, "secret"), &[&got.body]);
    assert_eq!(header(&got, "Authepy-Signature"), signature);
    vendor.publish(json!({"type": "verification.success", "data": {}}));
    let made_here = body(&sink.next());
    is_id(&json!({"id": made_here["event_id"]}), "evt_");
}

#[test]
fn authepys_first_retry_is_five_minutes_away() {
    let vendor = Vendor::of("authepy");
    let made = registered(&vendor.customer, PATH, ENDPOINT);
    let sink = Sink::with_statuses(&[400]);
    vendor.moved(PATH, &made, &sink);
    let event = vendor.publish(json!({"type": "delivery.spam", "data": {}}));
    sink.next();
    let delivery = delivery_in_state(&vendor.customer, &event, "retrying");
    let seconds = seconds_until_retry(&delivery);
    assert!((300..310).contains(&seconds), "{seconds}");
}
