//! Which deliveries are asked for? What the address says, and the form that writes it.

use hookwright_core::error_class::ErrorClass;
use maud::{Markup, html};
use serde::Deserialize;
use url::form_urlencoded;

use super::Names;
use crate::visit::{Face, Visit};

/// The filters of a list of deliveries, as the address has them. Empty is not asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) state: String,
    pub(crate) endpoint_id: String,
    pub(crate) event_type: String,
    pub(crate) event_id: String,
    pub(crate) account_id: String,
    /// `5xx` or `503`.
    pub(crate) status: String,
    pub(crate) error: String,
    /// As a browser sends a time without a zone, or RFC 3339: in UTC.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) cursor: String,
    pub(crate) live: String,
}

const STATES: &[(&str, &str)] = &[
    ("", "Any"),
    ("failed", "Failed"),
    ("retrying", "Retrying"),
    ("pending", "Pending"),
    ("held", "Held"),
    ("delivered", "Delivered"),
    ("cancelled", "Cancelled"),
    ("failed,cancelled", "Failed or cancelled"),
    ("pending,retrying,held", "Not finished"),
];

const STATUSES: &[&str] = &["2xx", "3xx", "4xx", "5xx"];

impl Asked {
    pub(crate) fn is_live(&self) -> bool {
        self.live == "1" && self.cursor.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pairs().iter().all(|(_, value)| value.is_empty())
    }

    /// The parameters of the API's list.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let (status_name, status) = status(&self.status);
        let text = |name, value: &str| (name, value.trim().to_owned());
        vec![
            text("state", &self.state),
            text("endpoint_id", &self.endpoint_id),
            text("event_type", &self.event_type),
            text("event_id", &self.event_id),
            text("account_id", &self.account_id),
            (status_name, status.to_owned()),
            text("error", &self.error),
            ("created_after", moment(&self.from)),
            ("created_before", moment(&self.to)),
        ]
    }

    /// The same filters as the address of a page has them, with these besides; without the place in
    /// the list.
    pub(crate) fn query(&self, more: &[(&str, &str)]) -> String {
        let own = [
            ("state", &*self.state),
            ("endpoint_id", &self.endpoint_id),
            ("event_type", &self.event_type),
            ("event_id", &self.event_id),
            ("account_id", &self.account_id),
            ("status", &self.status),
            ("error", &self.error),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let own = own
            .into_iter()
            .filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        let pairs = own.chain(more.iter().copied());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs.filter(|(_, value)| !value.is_empty()))
            .finish()
    }

    /// The form that writes them into the address.
    pub(crate) fn form(&self, visit: &Visit, names: &Names) -> Markup {
        let rare = [&self.event_id, &self.account_id, &self.from, &self.to];
        let is_open = rare.iter().any(|value| !value.is_empty());
        html! {
            form.filters method="get" action=(visit.to(&visit.path)) {
                @if visit.path == "/deliveries" { (choice("state", "State", &self.state, STATES)) }
                (input("event_type", "Event type", &self.event_type, "user.* for all that begin so"))
                (names.filter(&self.endpoint_id))
                (self.status_and_error())
                @if self.live == "1" { input type="hidden" name="live" value="1"; }
                details.more open[is_open] {
                    summary { "Time and more" }
                    div.filters {
                        (time("from", "From (UTC)", &self.from))
                        (time("to", "Before (UTC)", &self.to))
                        (input("event_id", "Event", &self.event_id, "evt_… or your own id"))
                        @if visit.face == Face::Operator { (input("account_id", "Account", &self.account_id, "its id")) }
                    }
                }
                div.actions {
                    button.primary type="submit" { "Filter" }
                    @if !self.is_empty() { a.button href=(visit.to(&visit.path)) { "Clear" } }
                }
            }
        }
    }

    /// What is asked for, in words: name and value.
    pub(crate) fn told<'a>(&'a self, names: &'a Names) -> Vec<(&'static str, &'a str)> {
        let state = STATES.iter().find(|(own, _)| *own == self.state);
        let endpoint = match self.endpoint_id.is_empty() {
            true => "",
            false => names.of(&self.endpoint_id),
        };
        let all = [
            ("State", state.map_or(&*self.state, |(_, text)| text)),
            ("Endpoint", endpoint),
            ("Event type", &self.event_type),
            ("Event", &self.event_id),
            ("Account", &self.account_id),
            ("Answer", &self.status),
            ("Failed by", &self.error),
            ("From (UTC)", &self.from),
            ("Before (UTC)", &self.to),
        ];
        let asked = |(_, value): &(&str, &str)| !value.is_empty();
        all.into_iter().filter(asked).collect()
    }

    fn status_and_error(&self) -> Markup {
        html! {
            div.field {
                label for="q-status" { "Answer" }
                input #q-status name="status" value=(self.status) list="statuses" placeholder="5xx or 503";
                datalist #statuses { @for status in STATUSES { option value=(status) {} } }
            }
            div.field {
                label for="q-error" { "Failed by" }
                select #q-error name="error" {
                    option value="" { "Anything" }
                    @for class in ErrorClass::ALL { option value=(class.as_str()) selected[class.as_str() == self.error] { (class.as_str().replace('_', " ")) } }
                }
            }
        }
    }
}

pub(crate) fn input(name: &str, label: &str, value: &str, hint: &str) -> Markup {
    html! {
        div.field {
            label for={ "q-" (name) } { (label) }
            input id={ "q-" (name) } name=(name) value=(value) placeholder=(hint) spellcheck="false" autocomplete="off";
        }
    }
}

pub(crate) fn time(name: &str, label: &str, value: &str) -> Markup {
    html! {
        div.field {
            label for={ "q-" (name) } { (label) }
            input id={ "q-" (name) } name=(name) type="datetime-local" step="1" value=(local(value));
        }
    }
}

fn choice(name: &str, label: &str, value: &str, options: &[(&str, &str)]) -> Markup {
    let is_known = options.iter().any(|(own, _)| *own == value);
    html! {
        div.field {
            label for={ "q-" (name) } { (label) }
            select id={ "q-" (name) } name=(name) {
                @for (own, text) in options { option value=(own) selected[*own == value] { (text) } }
                @if !is_known { option value=(value) selected { (value) } }
            }
        }
    }
}

/// What the API calls a status that was typed: `5xx` is a class, anything else a code.
pub(crate) fn status(typed: &str) -> (&'static str, &str) {
    let typed = typed.trim();
    match typed.ends_with("xx") || typed.is_empty() {
        true => ("status_class", typed),
        false => ("status_code", typed),
    }
}

/// As the API takes it: a browser's time has no zone, and no seconds if they are none.
pub(crate) fn moment(text: &str) -> String {
    let text = text.trim();
    let is_local =
        text.len() >= 16 && !text.ends_with(['Z', 'z']) && !text[10..].contains(['+', '-']);
    match (is_local, text.len()) {
        (true, 16) => format!("{text}:00Z"),
        (true, _) => format!("{text}Z"),
        (false, _) => text.to_owned(),
    }
}

/// As a browser takes it.
fn local(text: &str) -> &str {
    text.trim().trim_end_matches(['Z', 'z'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_time_is_in_utc() {
        assert_eq!(moment("2026-11-21T14:03"), "2026-11-21T14:03:00Z");
        assert_eq!(moment("2026-11-21T14:03:22"), "2026-11-21T14:03:22Z");
        assert_eq!(moment("2026-11-21T14:03:22Z"), "2026-11-21T14:03:22Z");
        assert_eq!(
            moment("2026-11-21T14:03:22+01:00"),
            "2026-11-21T14:03:22+01:00"
        );
        assert_eq!(moment("soon"), "soon");
        assert_eq!(moment(""), "");
    }

    #[test]
    fn a_status_is_a_class_or_a_code() {
        let of = |status: &str| {
            let asked = Asked {
                status: status.to_owned(),
                ..Asked::default()
            };
            asked.pairs()[5].clone()
        };
        assert_eq!(of("5xx"), ("status_class", "5xx".to_owned()));
        assert_eq!(of(" 503"), ("status_code", "503".to_owned()));
    }

    #[test]
    fn filters_are_written_as_they_were_read() {
        let asked = Asked {
            state: "failed".to_owned(),
            event_type: "a b&c".to_owned(),
            cursor: "x".to_owned(),
            ..Asked::default()
        };
        assert_eq!(asked.query(&[]), "state=failed&event_type=a+b%26c");
        assert_eq!(
            asked.query(&[("state", "held")]),
            "event_type=a+b%26c&state=held"
        );
        assert!(!asked.is_empty());
        assert!(Asked::default().is_empty());
    }
}
