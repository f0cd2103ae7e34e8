//! Why does an event reach an endpoint, or not? What the API judged, in words.

use maud::{Markup, html};
use serde::Deserialize;

use crate::deliveries::Names;
use crate::visit::{Visit, segment};

/// What would become of an event at an endpoint.
#[derive(Deserialize)]
pub(super) struct Match {
    pub(super) endpoint_id: String,
    would: String,
    reasons: Vec<Reason>,
}

impl Match {
    pub(super) fn would_deliver(&self) -> bool {
        self.would == "deliver"
    }

    /// What would be sent comes first, what would not last.
    pub(super) fn place(&self) -> u8 {
        match &*self.would {
            "deliver" => 0,
            "hold" => 1,
            "fail" => 2,
            "skip" => 4,
            _ => 3,
        }
    }
}

#[derive(Deserialize)]
struct Reason {
    about: String,
    passed: Option<bool>,
    detail: String,
    pointer: Option<String>,
}

pub(super) fn table(visit: &Visit, names: &Names, matches: &[Match]) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th scope="col" { "Endpoint" } th scope="col" { "Today it would be" } th scope="col" { "Why" } } }
            tbody { @for it in matches { tr data-would=(it.would) {
                td { a.plain href=(visit.to(&format!("/endpoints/{}", segment(&it.endpoint_id)))) { (names.of(&it.endpoint_id)) } }
                td { (would(&it.would)) }
                td { ul.reasons { @for reason in &it.reasons { (shown(reason)) } } }
            } } }
        } }
    }
}

fn would(word: &str) -> Markup {
    let (tone, text) = match word {
        "deliver" => ("good", "delivered"),
        "hold" => ("busy", "held: it is paused"),
        "fail" => ("bad", "failed: it is disabled"),
        "skip" => ("calm", "not sent there"),
        _ => ("calm", "unknown"),
    };
    html! { span.badge data-tone=(tone) { (text) } }
}

fn shown(reason: &Reason) -> Markup {
    let (mark, means) = match reason.passed {
        Some(true) => ("✓", "yes: "),
        Some(false) => ("✗", "no: "),
        None => ("?", "unknown: "),
    };
    html! {
        li data-passed=(mark) {
            span.mark aria-hidden="true" { (mark) } span.hidden { (means) }
            span { b { (reason.about.replace('_', " ")) } ": " (reason.detail)
                @if let Some(pointer) = &reason.pointer { " (" code { (pointer) } ")" } }
        }
    }
}
