//! A project's settings as fields of a form, and back.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::posted::{Fields, Form};

/// The circuit breaker as the API has it.
pub(super) const BREAKER: &str = "settings/circuit_breaker";
/// Whether there is to be one: the page's own field.
pub(super) const BREAKER_ON: &str = "breaker";
const BREAKER_FIELDS: &[&str] = &[
    "failure_rate",
    "min_attempts",
    "window_seconds",
    "open_seconds",
    "half_open_attempts",
];
/// The fields that errors are shown beside.
pub(super) const FIELDS: &[&str] = &[
    "name",
    "livemode",
    "settings/retention",
    "settings/disable_after_days",
    BREAKER,
];

#[derive(Deserialize)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) profile: String,
    pub(super) created_at: String,
    name: String,
    livemode: bool,
    settings: Value,
}

/// The form as the project is now.
pub(super) fn form_of(project: &Project) -> Form {
    let mut fields = vec![
        ("name".to_owned(), project.name.clone()),
        ("livemode".to_owned(), project.livemode.to_string()),
    ];
    if project.settings["circuit_breaker"].is_object() {
        fields.push((BREAKER_ON.to_owned(), "on".to_owned()));
    }
    flatten("settings", &project.settings, &mut fields);
    Form::of(fields)
}

/// Every value by its pointer. What is false is a check box that is not checked.
fn flatten(name: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                flatten(&format!("{name}/{member}"), value, fields);
            }
        }
        Value::Bool(true) | Value::Number(_) => fields.push((name.to_owned(), value.to_string())),
        Value::String(text) => fields.push((name.to_owned(), text.clone())),
        Value::Null | Value::Bool(false) | Value::Array(_) => {}
    }
}

/// What the API is asked to change: all that the form has.
pub(super) fn change(fields: &Fields) -> Value {
    let number = |name: &str| number(fields, name);
    let days = |part: &str| number(&format!("settings/retention/{part}"));
    let breaker = match fields.is_checked(BREAKER_ON) {
        false => Value::Null,
        true => {
            let given = BREAKER_FIELDS
                .iter()
                .map(|part| (*part, number(&format!("{BREAKER}/{part}"))));
            let given = given.filter(|(_, value)| !value.is_null());
            Value::Object(
                given
                    .map(|(part, value)| (part.to_owned(), value))
                    .collect::<Map<_, _>>(),
            )
        }
    };
    json!({
        "name": fields.text("name").unwrap_or(""),
        "livemode": fields.text("livemode") != Some("false"),
        "settings": {
            "refuse_unknown_event_types": fields.is_checked("settings/refuse_unknown_event_types"),
            "public_catalogue": fields.is_checked("settings/public_catalogue"),
            "retention": {
                "deliveries": days("deliveries"),
                "payloads": days("payloads"),
                "attempts": days("attempts"),
            },
            "disable_after_days": number("settings/disable_after_days"),
            "circuit_breaker": breaker,
        },
    })
}

/// A number, null for none. What is no number goes as it is: the API says so.
fn number(fields: &Fields, name: &str) -> Value {
    let Some(text) = fields.text(name) else {
        return Value::Null;
    };
    let whole = text.parse::<i64>().map(Value::from);
    let number = whole.or_else(|_| text.parse::<f64>().map(Value::from));
    number.unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_and_sent_back_changes_nothing() {
        let settings = json!({
            "refuse_unknown_event_types": true, "public_catalogue": false,
            "retention": {"payloads": 3, "attempts": null, "deliveries": 9},
            "disable_after_days": 0,
            "circuit_breaker": {"failure_rate": 0.25, "min_attempts": 5, "window_seconds": 6,
                "open_seconds": 7, "half_open_attempts": 8},
        });
        let project = Project {
            id: "prj_1".to_owned(),
            profile: "stripe".to_owned(),
            created_at: String::new(),
            name: "Shop".to_owned(),
            livemode: false,
            settings: settings.clone(),
        };
        let sent = change(&form_of(&project).fields);
        assert_eq!(
            sent,
            json!({"name": "Shop", "livemode": false, "settings": settings})
        );
    }

    #[test]
    fn without_its_check_box_there_is_no_breaker_whatever_its_numbers() {
        let fields = Fields::of(b"settings%2Fcircuit_breaker%2Fmin_attempts=5");
        assert_eq!(change(&fields)["settings"]["circuit_breaker"], Value::Null);
        let fields = Fields::of(b"breaker=on&settings%2Fdisable_after_days=x");
        let change = change(&fields);
        assert_eq!(change["settings"]["circuit_breaker"], json!({}));
        assert_eq!(change["settings"]["disable_after_days"], "x");
    }
}
