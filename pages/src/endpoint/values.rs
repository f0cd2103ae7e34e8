//! An endpoint as its form is filled in with it, and whether it changed since.

use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::facts::pretty;
use crate::offered::EventType;
use crate::posted::Fields;

/// What a form changes, and what it therefore must not change unseen.
const SETTINGS: [&str; 18] = [
    "url",
    "name",
    "description",
    "events",
    "channels",
    "filter",
    "headers",
    "metadata",
    "profile",
    "second_profile",
    "canonical_json",
    "timeout_ms",
    "rate_limit",
    "concurrency",
    "ordered",
    "retry_policy",
    "circuit_breaker",
    "validation",
];

/// The settings of an endpoint in short: another text if one of them is another.
pub(super) fn seen(endpoint: &Value) -> String {
    let mut text = String::new();
    for name in SETTINGS.iter().chain(&["auth", "client_certificate"]) {
        text.push_str(&endpoint[name].to_string());
        text.push('\n');
    }
    hex::encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

/// The fields of an endpoint's form, as the endpoint is now.
pub(super) fn values(endpoint: &Value, types: &[EventType]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            all.push((name.to_owned(), value));
        }
    };
    for name in [
        "url",
        "name",
        "description",
        "profile",
        "second_profile",
        "canonical_json",
        "timeout_ms",
        "rate_limit",
        "concurrency",
    ] {
        put(name, plain(&endpoint[name]));
    }
    let mut typed = Vec::new();
    for word in texts(&endpoint["events"]) {
        match types.iter().any(|known| known.name == word) {
            true => put("events", word),
            false => typed.push(word),
        }
    }
    put("events_more", typed.join("\n"));
    put("channels", texts(&endpoint["channels"]).join(", "));
    if !endpoint["filter"].is_null() {
        put("filter", pretty(&endpoint["filter"]));
    }
    for (kind, name) in [("header", "headers"), ("metadata", "metadata")] {
        for (own, value) in endpoint[name].as_object().into_iter().flatten() {
            all.push((format!("{kind}_name"), own.clone()));
            all.push((format!("{kind}_value"), plain(value)));
        }
    }
    for group in ["retry_policy", "circuit_breaker"] {
        for (name, value) in endpoint[group].as_object().into_iter().flatten() {
            all.push((format!("{group}/{name}"), plain(value)));
        }
    }
    let mut put = |name: &str, value: &str| all.push((name.to_owned(), value.to_owned()));
    match &endpoint["circuit_breaker"] {
        Value::Bool(false) => put("breaker", "never"),
        Value::Object(_) => put("breaker", "own"),
        _ => {}
    }
    if endpoint["ordered"] == true {
        put("ordered", "true");
    }
    if !endpoint["validation"].is_null() {
        put("validation", "true");
    }
    for (name, field) in [("auth", "auth/type"), ("client_certificate", "certificate")] {
        let kept = if endpoint[name].is_null() {
            "none"
        } else {
            "keep"
        };
        put(field, kept);
    }
    for name in ["username", "token_url", "client_id", "scope", "audience"] {
        put(&format!("auth/{name}"), &plain(&endpoint["auth"][name]));
    }
    put("_seen", &seen(endpoint));
    all
}

/// A value as it is typed.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.map(plain).collect()
}

/// What changed of an endpoint since a form was filled in, by comparing what the form was given.
pub(super) fn changed_since(fields: &Fields, endpoint: &Value) -> bool {
    fields.get("_seen") != Some(seen(endpoint).as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::body::body;
    use super::*;

    #[test]
    fn a_form_that_nobody_touched_changes_nothing() {
        let endpoint = json!({
            "url": "https://a.test/x", "name": "A", "description": null,
            "events": ["user.*", "order.paid"], "channels": ["eu", "us"],
            "filter": {"amount": {"$gte": 100}}, "headers": {"x-a": "1", "x-b": ""},
            "metadata": {"team": "billing"}, "profile": null, "second_profile": "stripe",
            "canonical_json": null, "timeout_ms": 5000, "rate_limit": 20, "concurrency": null,
            "ordered": true, "validation": "cloudevents",
            "retry_policy": {"max_attempts": 3, "backoff_multiplier": 1.5, "initial_delay": 100},
            "circuit_breaker": {"failure_rate": 0.25, "min_attempts": 10},
            "auth": {"type": "basic", "username": "me"}, "client_certificate": null,
        });
        let again = body(&Fields(values(&endpoint, &[]))).expect("a body");
        for name in SETTINGS {
            assert_eq!(again[name], endpoint[name], "{name}");
        }
        assert!(again.get("auth").is_none(), "what is secret is kept");
        assert_eq!(again["client_certificate"], Value::Null);
    }

    #[test]
    fn a_change_meanwhile_is_seen() {
        let before = json!({"url": "a", "health": {"failing_since": null}});
        let fields = Fields(values(&before, &[]));
        assert!(!changed_since(
            &fields,
            &json!({"url": "a", "health": {"failing_since": "now"}})
        ));
        assert!(changed_since(&fields, &json!({"url": "b"})));
    }
}
