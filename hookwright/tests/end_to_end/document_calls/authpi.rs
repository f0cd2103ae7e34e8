//! AuthPI's call and its CloudEvent.

use serde_json::json;

use super::{ACCOUNT, Vendor, body, header, is_id, registered, text};
use crate::support::server::delivery_in_state;
use crate::support::sink::Sink;

const PATH: &str = "/v1/accounts/customer-7/webhooks";
const WEBHOOK: &str = r#"{
    "name": "My webhook",
    "url": "https://my-webhook-endpoint.com"
}"#;

#[test]
fn authpis_call_makes_a_webhook_for_all_events() {
    let vendor = Vendor::of("authpi");
    let made = registered(&vendor.customer, PATH, WEBHOOK);
    is_id(&made, "wh_");
    assert_eq!(made["name"], "My webhook");
    // The URL's canonical form.
    assert_eq!(made["url"], "https://my-webhook-endpoint.com/");
    assert_eq!(made["account_id"], ACCOUNT);
    assert_eq!(made["events"], json!(["*"]));
    let list = vendor.customer.get(PATH).expect(200);
    assert_eq!(list["data"][0]["id"], made["id"]);
    // A product's own backend registers for its customer by the same call.
    registered(&vendor.product, PATH, WEBHOOK);
}

#[test]
fn authpis_webhook_gets_the_documented_cloud_event() {
    let vendor = Vendor::of("authpi");
    let made = registered(&vendor.customer, PATH, WEBHOOK);
    let sink = Sink::with_statuses(&[200]);
    vendor.moved(PATH, &made, &sink);
    let id = "9876-9876-9876-9876";
    vendor.publish(json!({
        "id": id, "type": "user.created", "time": "2024-01-01T03:21:36Z", "trace": "abc123",
        "subject": {"user_id": "user-1"}, "data": {"plan": "free"},
    }));
    let got = sink.next();
    let expected = json!({
        "id": id,
        "specversion": "1.0",
        "source": format!("com.authpi.webhooks/v1/{}", text(&made, "id")),
        "type": "event",
        "datacontenttype": "application/json",
        "time": "2024-01-01T03:21:36Z",
        "data": {
            "id": id,
            "type": "user.created",
            "trace": "abc123",
            "source": "com.authpi/v1",
            "subject": {"user_id": "user-1"},
            "data": {"plan": "free"},
        },
    });
    assert_eq!(body(&got), expected);
    assert_eq!(header(&got, "content-type"), "application/cloudevents+json");
}

#[test]
fn authpi_takes_200_and_no_other_status_as_receipt() {
    let vendor = Vendor::of("authpi");
    let made = registered(&vendor.customer, PATH, WEBHOOK);
    let sink = Sink::with_statuses(&[204, 200]);
    vendor.moved(PATH, &made, &sink);
    let event = vendor.publish(json!({"type": "user.updated", "data": {}}));
    sink.next();
    delivery_in_state(&vendor.customer, &event, "retrying");
}
