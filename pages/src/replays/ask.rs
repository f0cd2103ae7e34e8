//! What a replay's form says, as the API takes it.

use serde_json::{Map, Value, json};

use crate::deliveries::status;
use crate::posted::Fields;

/// The fields that the form shows, whose faults are said beside them.
pub(super) const FIELDS: &[&str] = &[
    "what",
    "endpoint_id",
    "account_id",
    "event_types",
    "since",
    "until",
    "states",
    "status",
    "error_class",
    "event_id",
    "rate_per_second",
];

/// Those that are about deliveries themselves, and seldom used.
pub(super) const FURTHER: &[&str] = &["states", "status", "error_class", "event_id"];

/// The request's body. What was left empty is left out.
pub(super) fn body(fields: &Fields, dry_run: bool) -> Value {
    let mut body = Map::new();
    body.insert("dry_run".to_owned(), dry_run.into());
    for name in FIELDS {
        let Some(text) = fields.text(name) else {
            continue;
        };
        let value = match *name {
            "event_types" | "states" => json!(names(text)),
            "status" => {
                let (name, typed) = status(text);
                let code = typed.parse::<u16>().ok();
                let value = code.map_or_else(|| json!(typed), |code| json!(code));
                body.insert(name.to_owned(), value);
                continue;
            }
            "since" | "until" => json!(moment(text)),
            "rate_per_second" => match text.parse::<u64>() {
                Ok(number) => json!(number),
                // The API says what is wrong with it.
                Err(_) => json!(text),
            },
            _ => json!(text),
        };
        body.insert((*name).to_owned(), value);
    }
    // The API asks for it: an empty one is refused beside its field.
    body.entry("since").or_insert_with(|| json!(""));
    Value::Object(body)
}

fn names(text: &str) -> Vec<&str> {
    let names = text.split([',', ' ', '\n', '\r', '\t']);
    names.filter(|name| !name.is_empty()).collect()
}

/// What a browser's field for date and time holds, in UTC, as RFC 3339. Other texts stay as they
/// are.
fn moment(text: &str) -> String {
    let digits = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':')
    };
    match text.split_once('T') {
        Some((date, clock)) if digits(clock) => match clock.len() {
            5 => format!("{date}T{clock}:00Z"),
            8 => format!("{date}T{clock}Z"),
            _ => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_what_the_api_takes() {
        let fields = Fields::of(
            b"what=failed&endpoint_id=&event_types=user.*%2C+order.paid&since=2026-11-21T14%3A00&until=&rate_per_second=20",
        );
        let expected = json!({
            "dry_run": true, "what": "failed", "event_types": ["user.*", "order.paid"],
            "since": "2026-11-21T14:00:00Z", "rate_per_second": 20,
        });
        assert_eq!(body(&fields, true), expected);
        assert_eq!(
            body(&Fields::default(), false),
            json!({"dry_run": false, "since": ""})
        );
    }

    #[test]
    fn a_status_is_a_class_or_a_code() {
        let of = |text: &str| {
            let body = body(&Fields::of(text.as_bytes()), true);
            (body["status_class"].clone(), body["status_code"].clone())
        };
        assert_eq!(of("status=5xx"), (json!("5xx"), json!(null)));
        assert_eq!(of("status=503"), (json!(null), json!(503)));
        assert_eq!(of("status="), (json!(null), json!(null)));
        let states = body(&Fields::of(b"states=failed&error_class=tls"), true);
        assert_eq!(states["states"], json!(["failed"]));
        assert_eq!(states["error_class"], json!("tls"));
    }

    #[test]
    fn moments_are_utc_and_what_is_none_is_left_to_the_api() {
        assert_eq!(moment("2026-11-21T14:00:09"), "2026-11-21T14:00:09Z");
        assert_eq!(moment("2026-11-21T14:00:09Z"), "2026-11-21T14:00:09Z");
        assert_eq!(moment("yesterday"), "yesterday");
    }
}
