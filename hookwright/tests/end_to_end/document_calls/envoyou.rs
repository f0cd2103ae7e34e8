//! EnvoyOU's calls: register, settings, list, update, delete, and what arrives.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Vendor, body, header, is_id, registered, shows, text, timestamped_hmac};
use crate::support::server::delivery_in_state;
use crate::support::sink::Sink;

const PATH: &str = "/v1/webhooks";
const WEBHOOK: &str = r#"{
    "url": "https://your-app.com/webhooks/envoyou",
    "events": ["user.created", "user.updated", "auth.login"],
    "secret": "your-webhook-secret",
    "active": true
}"#;
const SETTINGS: &str = r#"{
    "url": "https://your-app.com/webhooks/envoyou",
    "events": ["user.created", "user.updated", "auth.login", "api.rate_limit_exceeded"],
    "secret": "whsec_your_webhook_secret_key",
    "active": true,
    "retry_policy": {"max_attempts": 5, "backoff_multiplier": 2, "initial_delay": 1000},
    "headers": {"X-Custom-Header": "your-custom-value"}
}"#;

#[test]
fn envoyous_call_registers_a_webhook_with_its_own_secret() {
    let vendor = Vendor::of("envoyou");
    let made = registered(&vendor.customer, PATH, WEBHOOK);
    is_id(&made, "wh_");
    shows(&made, WEBHOOK);
}

#[test]
fn envoyous_settings_are_taken_and_shown_whole() {
    let vendor = Vendor::of("envoyou");
    let made = registered(&vendor.customer, PATH, SETTINGS);
    shows(&made, SETTINGS);
}

#[test]
fn envoyous_list_shows_what_was_registered() {
    let vendor = Vendor::of("envoyou");
    assert_eq!(vendor.customer.get(PATH).expect(200)["data"], json!([]));
    let first = registered(&vendor.customer, PATH, WEBHOOK);
    let second = registered(&vendor.customer, PATH, SETTINGS);
    let list = vendor.customer.get(PATH);
    assert!(!list.text.contains("webhook_secret"), "{}", list.text);
    let list = list.expect(200);
    let rows = list["data"].as_array().expect("a list");
    let mut ids: Vec<_> = rows.iter().map(|row| text(row, "id")).collect();
    ids.sort_unstable();
    let mut expected = [text(&first, "id"), text(&second, "id")];
    expected.sort_unstable();
    assert_eq!(ids, expected);
}

#[test]
fn envoyous_update_changes_what_it_names_and_keeps_the_rest() {
    let vendor = Vendor::of("envoyou");
    let made = registered(&vendor.customer, PATH, SETTINGS);
    let path = format!("{PATH}/{}", text(&made, "id"));
    vendor
        .customer
        .patch(&path, &json!({"events": ["auth.failed"], "active": false}))
        .expect(200);
    let update = r#"{
        "events": ["user.created", "user.updated", "auth.login", "api.rate_limit_exceeded"],
        "active": true
    }"#;
    let changed = vendor.customer.call("PUT", &path, update).expect(200);
    for answer in [changed, vendor.customer.get(&path).expect(200)] {
        shows(&answer, update);
        assert_eq!(answer["status"], "active");
        for kept in ["id", "url", "retry_policy", "headers", "created_at"] {
            assert_eq!(answer[kept], made[kept], "{kept}");
        }
    }
}

#[test]
fn envoyous_delete_removes_the_webhook() {
    let vendor = Vendor::of("envoyou");
    let made = registered(&vendor.customer, PATH, WEBHOOK);
    let path = format!("{PATH}/{}", text(&made, "id"));
    vendor.customer.delete(&path).expect(204);
    assert_eq!(vendor.customer.delete(&path).problem(404), "not_found");
    assert_eq!(vendor.customer.get(PATH).expect(200)["data"], json!([]));
}

#[test]
fn envoyous_webhook_gets_the_documented_events_and_headers() {
    let vendor = Vendor::of("envoyou");
    let made = registered(&vendor.customer, PATH, SETTINGS);
    let sink = Sink::with_statuses(&[200]);
    vendor.moved(PATH, &made, &sink);
    let user = json!({
        "id": "user_123", "email": "john.doe@example.com", "name": "John Doe",
        "email_verified": false, "created_at": "2024-01-01T00:00:00Z", "metadata": {},
    });
    let login = json!({
        "user_id": "user_123", "ip_address": "192.168.1.1", "user_agent": "Mozilla/5.0...",
        "timestamp": "2024-01-01T00:01:00Z", "location": {"country": "US", "city": "New York"},
    });
    for (id, kind, time, created, object) in [
        (
            "evt_1234567890",
            "user.created",
            "2022-01-01T00:00:00Z",
            1_640_995_200,
            user,
        ),
        (
            "evt_1234567891",
            "auth.login",
            "2022-01-01T00:01:00Z",
            1_640_995_260,
            login,
        ),
    ] {
        vendor.publish(json!({"id": id, "type": kind, "time": time, "data": object}));
        let got = sink.next();
        let webhook_id = text(&made, "id");
        let expected = json!({
            "id": id, "type": kind, "created": created, "data": {"object": object},
            "webhook_id": webhook_id,
        });
        assert_eq!(body(&got), expected);
        let signature = timestamped_hmac(text(&made, "secret"), &got, "X-EnvoyOU-Timestamp");
        assert_eq!(
            header(&got, "X-EnvoyOU-Signature"),
            format!("v1,{signature}")
        );
        assert_eq!(header(&got, "X-EnvoyOU-Webhook-ID"), webhook_id);
        assert_eq!(header(&got, "X-EnvoyOU-Event-Type"), kind);
        let nonce = header(&got, "X-EnvoyOU-Nonce");
        let dashes = nonce
            .char_indices()
            .filter(|(_, it)| *it == '-')
            .map(|(at, _)| at);
        assert_eq!(
            (nonce.len(), dashes.collect()),
            (36, vec![8, 13, 18, 23]),
            "{nonce}"
        );
        assert_eq!(header(&got, "X-Custom-Header"), "your-custom-value");
        assert_eq!(header(&got, "content-type"), "application/json");
    }
}

#[test]
fn envoyous_retry_policy_times_the_second_attempt() {
    let vendor = Vendor::of("envoyou");
    let made = registered(&vendor.customer, PATH, SETTINGS);
    let sink = Sink::with_statuses(&[500, 200]);
    vendor.moved(PATH, &made, &sink);
    let event = vendor.publish(json!({"type": "auth.login", "data": {}}));
    sink.next();
    let failed_at = Instant::now();
    sink.next();
    // A little may pass before the test sees the first.
    assert!(
        failed_at.elapsed() >= Duration::from_millis(800),
        "{:?}",
        failed_at.elapsed()
    );
    assert_eq!(
        delivery_in_state(&vendor.customer, &event, "delivered")["attempts"],
        2
    );
}
