//! What a form of an endpoint asks of the API.

use serde_json::{Map, Value, json};

use super::numbers::{numbers_into, whole_into};
use super::problem::{field, problem};
use crate::fault::{FieldProblem, Problem};
use crate::posted::Fields;

/// Fields whose text is never shown again once it was sent.
const SECRET: [&str; 5] = [
    "secret",
    "auth/password",
    "auth/token",
    "auth/client_secret",
    "client_certificate/private_key_pem",
];
/// Numbers that are not within something else.
const NUMBERS: [&str; 3] = ["timeout_ms", "rate_limit", "concurrency"];
const RETRY: [&str; 3] = ["max_attempts", "backoff_multiplier", "initial_delay"];
const BREAKER: [&str; 5] = [
    "failure_rate",
    "min_attempts",
    "window_seconds",
    "open_seconds",
    "half_open_attempts",
];

/// Takes out what is secret; whether anything was.
pub(super) fn forget_secrets(fields: &mut Fields) -> bool {
    let given = SECRET.iter().any(|name| fields.text(name).is_some());
    fields
        .0
        .retain(|(name, _)| !SECRET.contains(&name.as_str()));
    given
}

/// The settings that a form says; a field left empty takes its setting back.
pub(super) fn body(fields: &Fields) -> Result<Value, Problem> {
    let mut errors = Vec::new();
    let mut body = json!({
        "url": fields.text("url").unwrap_or_default(),
        "events": events(fields),
        "channels": channels(fields),
        "headers": pairs(fields, "header"),
        "metadata": pairs(fields, "metadata"),
        "ordered": fields.is_checked("ordered"),
        "validation": fields.is_checked("validation").then_some("cloudevents"),
        "retry_policy": retry_policy(fields, &mut errors),
        "circuit_breaker": circuit_breaker(fields, &mut errors),
        "filter": null,
    });
    for name in [
        "name",
        "description",
        "profile",
        "second_profile",
        "canonical_json",
    ] {
        body[name] = json!(fields.text(name));
    }
    for name in NUMBERS {
        body[name] = json!(whole_into(&mut errors, fields, name));
    }
    match filter(fields) {
        Ok(filter) => body["filter"] = filter.unwrap_or_default(),
        Err(error) => errors.push(error),
    }
    if let Value::Object(body) = &mut body {
        access(fields, body);
        if let Some(account) = fields.text("account_id") {
            body.insert("account_id".to_owned(), json!(account));
        }
        if fields.is_checked("paused") {
            body.insert("status".to_owned(), json!("paused"));
        }
    }
    match errors.is_empty() {
        true => Ok(body),
        false => Err(problem(errors)),
    }
}

/// The filter of a form, if one is there.
pub(super) fn filter(fields: &Fields) -> Result<Option<Value>, FieldProblem> {
    let Some(text) = fields.text("filter") else {
        return Ok(None);
    };
    let read = serde_json::from_str(text);
    read.map(Some)
        .map_err(|error| field("filter", &format!("This is no JSON: {error}")))
}

/// Types that are checked, and patterns that are typed.
fn events(fields: &Fields) -> Vec<String> {
    let checked = fields.all("events").into_iter().map(str::to_owned);
    let typed = words(fields.get("events_more").unwrap_or_default());
    let mut all: Vec<String> = Vec::new();
    for word in checked.chain(typed) {
        if !all.contains(&word) {
            all.push(word);
        }
    }
    all
}

/// Words with commas, spaces or line ends between them.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|found: char| found == ',' || found.is_whitespace());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// A channel may have a space in it.
fn channels(fields: &Fields) -> Vec<&str> {
    let text = fields.get("channels").unwrap_or_default();
    let all = text.split([',', '\n']).map(str::trim);
    all.filter(|channel| !channel.is_empty()).collect()
}

/// Rows of a name and a value; those without a name and a value are left out.
fn pairs(fields: &Fields, kind: &str) -> Map<String, Value> {
    let names = fields.all(&format!("{kind}_name"));
    let values = fields.all(&format!("{kind}_value"));
    let rows = names.into_iter().zip(values);
    let rows = rows.map(|(name, value)| (name.trim(), value.trim()));
    rows.filter(|(name, value)| !name.is_empty() || !value.is_empty())
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect()
}

fn retry_policy(fields: &Fields, errors: &mut Vec<FieldProblem>) -> Value {
    let given = numbers_into(errors, fields, "retry_policy", &RETRY);
    if given.is_empty() {
        return Value::Null;
    }
    for name in RETRY {
        let name = format!("retry_policy/{name}");
        if fields.text(&name).is_none() {
            errors.push(field(
                &name,
                "is needed where one of the three is given; clear all three for the wire format's own schedule",
            ));
        }
    }
    Value::Object(given)
}

fn circuit_breaker(fields: &Fields, errors: &mut Vec<FieldProblem>) -> Value {
    match fields.text("breaker") {
        Some("never") => json!(false),
        Some("own") => Value::Object(numbers_into(errors, fields, "circuit_breaker", &BREAKER)),
        _ => Value::Null,
    }
}

/// What is secret, and how the receiver is met: only what is to change is said.
fn access(fields: &Fields, body: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    if let Some(secret) = fields.text("secret") {
        put("secret", json!(secret));
    } else if let Some(kind) = fields.text("secret_type") {
        put("secret_type", json!(kind));
    }
    let kind = fields.text("auth/type").unwrap_or("keep");
    let parts: &[&str] = match kind {
        "basic" => &["username", "password"],
        "bearer" => &["token"],
        "oauth2" => &[
            "token_url",
            "client_id",
            "client_secret",
            "scope",
            "audience",
        ],
        _ => &[],
    };
    match kind {
        "keep" => {}
        "none" => drop(put("auth", Value::Null)),
        kind => {
            let mut auth = json!({ "type": kind });
            for part in parts {
                let given = fields.text(&format!("auth/{part}"));
                auth[part] = match *part {
                    "scope" | "audience" => json!(given),
                    _ => json!(given.unwrap_or_default()),
                };
            }
            put("auth", auth);
        }
    }
    match fields.text("certificate") {
        Some("none") => drop(put("client_certificate", Value::Null)),
        Some("new") => {
            let text = |name: &str| {
                fields
                    .text(&format!("client_certificate/{name}"))
                    .unwrap_or_default()
            };
            let given = json!({
                "certificate_pem": text("certificate_pem"),
                "private_key_pem": text("private_key_pem"),
            });
            put("client_certificate", given);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        Fields::of(text.as_bytes())
    }

    #[test]
    fn an_empty_form_takes_every_setting_back() {
        let body = body(&fields("url=https%3A%2F%2Fa.test%2F")).expect("a body");
        let nothing = json!({
            "url": "https://a.test/", "events": [], "channels": [], "headers": {}, "metadata": {},
            "ordered": false, "validation": null, "retry_policy": null, "circuit_breaker": null,
            "filter": null, "name": null, "description": null, "profile": null,
            "second_profile": null, "canonical_json": null, "timeout_ms": null,
            "rate_limit": null, "concurrency": null,
        });
        assert_eq!(body, nothing);
    }

    #[test]
    fn what_is_typed_is_said_in_the_words_of_the_api() {
        let text = "url=u&events=a.b&events=c&events_more=user.*%2C+c%0A*&channels=eu%2C+u+s\
            &header_name=x-a&header_value=1&header_name=&header_value=\
            &retry_policy/max_attempts=3&retry_policy/backoff_multiplier=1.5&retry_policy/initial_delay=100\
            &breaker=own&circuit_breaker/failure_rate=0.25&rate_limit=5&ordered=true\
            &filter=%7B%22a%22%3A1%7D&auth/type=basic&auth/username=me&auth/password=hush";
        let body = body(&fields(text)).expect("a body");
        assert_eq!(body["events"], json!(["a.b", "c", "user.*", "*"]));
        assert_eq!(body["channels"], json!(["eu", "u s"]));
        assert_eq!(body["headers"], json!({"x-a": "1"}));
        let retry = json!({"max_attempts": 3, "backoff_multiplier": 1.5, "initial_delay": 100});
        assert_eq!(body["retry_policy"], retry);
        assert_eq!(body["circuit_breaker"], json!({"failure_rate": 0.25}));
        assert_eq!(body["rate_limit"], json!(5));
        assert_eq!(body["filter"], json!({"a": 1}));
        let auth = json!({"type": "basic", "username": "me", "password": "hush"});
        assert_eq!(body["auth"], auth);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_field() {
        let text = "url=u&rate_limit=many&filter=%7B&retry_policy/max_attempts=3&breaker=own\
            &circuit_breaker/open_seconds=x";
        let problem = body(&fields(text)).expect_err("no body");
        let mut pointers: Vec<_> = problem
            .errors
            .iter()
            .map(|it| it.pointer.as_str())
            .collect();
        pointers.sort_unstable();
        let expected = [
            "/circuit_breaker/open_seconds",
            "/filter",
            "/rate_limit",
            "/retry_policy/backoff_multiplier",
            "/retry_policy/initial_delay",
        ];
        assert_eq!(pointers, expected);
    }

    #[test]
    fn secrets_are_forgotten() {
        let mut given = fields("auth/password=hush&url=u");
        assert!(forget_secrets(&mut given));
        assert_eq!(given.0, fields("url=u").0);
        assert!(!forget_secrets(&mut given));
    }
}
