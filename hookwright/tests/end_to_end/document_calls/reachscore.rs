//! ReachScore's call, its answer, its event, and what failed.

use serde_json::json;

use super::{
    Vendor, body, header, is_id, is_time, registered, seconds_until_retry, shows, text,
    timestamped_hmac,
};
use crate::support::server::delivery_in_state;
use crate::support::sink::Sink;

const PATH: &str = "/v1/webhooks/endpoints";
const ENDPOINT: &str = r#"{
    "url": "https://your-server.com/webhooks/reachscore",
    "events": ["test.completed", "test.failed", "domain.verified"],
    "description": "Production webhook handler"
}"#;

#[test]
fn reachscores_call_answers_with_the_documented_fields() {
    let vendor = Vendor::of("reachscore");
    let made = registered(&vendor.customer, PATH, ENDPOINT);
    is_id(&made, "whe_");
    shows(&made, ENDPOINT);
    assert!(text(&made, "secret").starts_with("whsec_"), "{made}");
    assert!(text(&made, "secret").len() >= 6 + 32, "{made}");
    assert_eq!(made["status"], "active");
    is_time(&made["created_at"]);
    let read = vendor
        .customer
        .get(&format!("{PATH}/{}", text(&made, "id")))
        .expect(200);
    assert_ne!(read["secret"], made["secret"], "shown once");
    for same in ["id", "url", "events", "description", "status", "created_at"] {
        assert_eq!(read[same], made[same], "{same}");
    }
}

#[test]
fn reachscores_endpoint_gets_the_documented_event_and_headers() {
    let vendor = Vendor::of("reachscore");
    let made = registered(&vendor.customer, PATH, ENDPOINT);
    let sink = Sink::with_statuses(&[200]);
    vendor.moved(PATH, &made, &sink);
    let test = json!({
        "id": "test_7xK2mN9pQrT4v", "object": "test", "status": "completed", "score": 92,
        "grade": "A", "from_address": "notifications@yourcompany.com",
        "auth_results": {"spf": "pass", "dkim": "pass", "dmarc": "pass"},
        "inbox_placement": {"gmail": "inbox", "outlook": "inbox"},
        "completed_at": "2024-01-15T10:31:15Z",
    });
    let (id, time) = ("evt_8nL3pR2qSsU5w", "2024-01-15T10:31:15Z");
    vendor.publish(json!({"id": id, "type": "test.completed", "time": time, "data": test}));
    let got = sink.next();
    let expected = json!({
        "id": id, "object": "event", "type": "test.completed", "created_at": time,
        "livemode": true, "data": test,
    });
    assert_eq!(body(&got), expected);
    let signature = timestamped_hmac(text(&made, "secret"), &got, "X-ReachScore-Timestamp");
    assert_eq!(
        header(&got, "X-ReachScore-Signature"),
        format!("sha256={signature}")
    );
    assert_eq!(header(&got, "X-ReachScore-Event-ID"), id);
    // Of an event without id and time of its own, both have the documented form.
    vendor.publish(json!({"type": "test.failed", "data": {}}));
    let made_here = body(&sink.next());
    is_id(&made_here, "evt_");
    is_time(&made_here["created_at"]);
}

#[test]
fn reachscores_failed_deliveries_are_listed_and_resent() {
    let vendor = Vendor::of("reachscore");
    let made = registered(&vendor.customer, PATH, ENDPOINT);
    let path = format!("{PATH}/{}", text(&made, "id"));
    let sink = Sink::with_statuses(&[500, 200]);
    vendor.moved(PATH, &made, &sink);
    // One attempt instead of six within ten hours.
    let policy = json!({"max_attempts": 1, "backoff_multiplier": 1, "initial_delay": 1000});
    vendor
        .customer
        .patch(&path, &json!({ "retry_policy": policy }))
        .expect(200);
    vendor.failed_is_listed_and_resent(&sink, json!({"type": "test.failed", "data": {"id": "t"}}));
}

#[test]
fn reachscores_second_attempt_waits_for_its_minute() {
    let vendor = Vendor::of("reachscore");
    let made = registered(&vendor.customer, PATH, ENDPOINT);
    let sink = Sink::with_statuses(&[500]);
    vendor.moved(PATH, &made, &sink);
    let event = vendor.publish(json!({"type": "test.failed", "data": {}}));
    sink.next();
    let delivery = delivery_in_state(&vendor.customer, &event, "retrying");
    let seconds = seconds_until_retry(&delivery);
    assert!((60..70).contains(&seconds), "{seconds}");
}
