//! A replay as the API tells it, and how far it is.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;

use crate::parts::show::count;
use crate::visit::{Face, Visit};

#[derive(Deserialize)]
pub(super) struct Replay {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) what: String,
    pub(super) endpoint_id: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) event_types: Vec<String>,
    pub(super) event_id: Option<String>,
    pub(super) states: Vec<String>,
    pub(super) status_class: Option<String>,
    pub(super) status_code: Option<u16>,
    pub(super) error_class: Option<String>,
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
    pub(super) rate_per_second: Option<u32>,
    pub(super) total: Option<u64>,
    pub(super) total_is_exact: bool,
    pub(super) done: u64,
    pub(super) skipped: BTreeMap<String, u64>,
    pub(super) error: Option<String>,
    pub(super) started_at: String,
    pub(super) updated_at: String,
    pub(super) finished_at: Option<String>,
}

impl Replay {
    pub(super) fn has_ended(&self) -> bool {
        !matches!(self.state.as_str(), "running" | "paused")
    }

    pub(super) fn skipped_in_all(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// How many it is about at the least: what was counted, or what was met since.
    pub(super) fn about(&self) -> u64 {
        let met = self.done + self.skipped_in_all();
        self.total.unwrap_or(0).max(met)
    }

    /// A bar with its numbers in words. A finished one is full, whatever was counted before.
    pub(super) fn bar(&self) -> Markup {
        let met = self.done + self.skipped_in_all();
        let finished = self.state == "finished";
        let (value, max) = match (finished, self.about()) {
            (true, _) | (false, 0) => (u64::from(finished), 1),
            (false, about) => (met, about),
        };
        let words = format!(
            "{} of {}{}",
            count(self.done),
            match self.total_is_exact {
                true => "",
                false => "at least ",
            },
            count(self.about())
        );
        html! {
            div.progress {
                progress value=(value) max=(max) aria-label=(words) {}
                span { (words) }
            }
        }
    }

    /// To which endpoint, or to those of whom.
    pub(super) fn target(&self, visit: &Visit) -> Markup {
        let account = self
            .account_id
            .as_deref()
            .filter(|_| visit.face == Face::Operator);
        html! {
            @if let Some(id) = &self.endpoint_id {
                a href=(visit.to(&format!("/endpoints/{id}"))) { code { (id) } }
            } @else if let Some(id) = account {
                "all endpoints of " a href=(visit.to(&format!("/accounts/{id}"))) { code { (id) } }
            } @else { "all endpoints" }
        }
    }
}

/// Why a delivery was passed over, in words.
pub(super) fn skipped_words(reason: &str) -> &str {
    match reason {
        "endpoint_disabled" => "The endpoint is disabled",
        "endpoint_deleted" => "The endpoint was deleted",
        "payload_gone" => "The payload is not kept any more",
        "already_waiting" => "The delivery was waiting already",
        "changed_meanwhile" => "Somebody else changed the delivery first",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(state: &str, total: u64, done: u64, skipped: u64) -> Replay {
        serde_json::from_value(serde_json::json!({
            "id": "rpl_1", "state": state, "what": "failed", "event_types": [], "states": [],
            "total": total, "total_is_exact": true, "done": done,
            "skipped": {"endpoint_disabled": skipped},
            "started_at": "2026-11-21T14:03:22Z", "updated_at": "2026-11-21T14:03:22Z",
        }))
        .expect("a replay")
    }

    #[test]
    fn a_bar_tells_what_was_met_and_a_finished_one_is_full() {
        let bar = |replay: Replay| replay.bar().into_string();
        assert!(bar(replay("running", 10, 4, 1)).contains(r#"value="5" max="10""#));
        assert!(bar(replay("running", 0, 0, 0)).contains(r#"value="0" max="1""#));
        assert!(bar(replay("finished", 10, 4, 0)).contains(r#"value="1" max="1""#));
        // More may be met than was counted: the bar never runs over.
        let over = bar(replay("running", 2, 5, 0));
        assert!(
            over.contains(r#"value="5" max="5""#) && over.contains("5 of 5"),
            "{over}"
        );
    }
}
