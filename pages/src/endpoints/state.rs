//! In what state is an endpoint of the list, and why?

use maud::{Markup, html};

use super::row::Endpoint;
use crate::parts::health::Health;
use crate::parts::times::time;

/// The state as a word in its colour, and under it what there is to know of it.
pub(super) fn cell(endpoint: &Endpoint) -> Markup {
    let health = endpoint.health.as_ref();
    let breaker = health.and_then(Health::held_back);
    let failing = health.and_then(|it| it.failing_since.as_deref());
    let reason = endpoint.status_reason.as_deref();
    match (endpoint.status.as_str(), breaker, failing) {
        ("disabled", ..) => html! {
            (word("bad", "disabled"))
            (because(reason)) (since(endpoint))
        },
        ("paused", ..) => html! { (word("calm", "paused")) (because(reason)) (since(endpoint)) },
        (_, Some(breaker), _) => {
            let (tone, name) = match breaker.state.as_str() {
                "open" => ("bad", "breaker open"),
                _ => ("busy", "breaker half open"),
            };
            html! {
                (word(tone, name))
                @if let Some(until) = &breaker.until { p.more { "until " (time(until)) } }
                (because(breaker.reason.as_deref()))
            }
        }
        (_, None, Some(since)) => html! {
            (word("bad", "failing"))
            p.more { "no success since " (time(since)) }
        },
        _ => html! {
            (word("good", "active"))
            @if let Some(limit) = endpoint.rate_limit { p.more { "at most " (limit) " a second" } }
        },
    }
}

fn word(tone: &str, word: &str) -> Markup {
    html! { span.badge data-tone=(tone) { (word) } }
}

fn because(reason: Option<&str>) -> Markup {
    html! { @if let Some(reason) = reason { p.more { (reason) } } }
}

fn since(endpoint: &Endpoint) -> Markup {
    html! { p.more { "since " (time(&endpoint.status_since)) } }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn cell(change: Value) -> String {
        let mut all = json!({
            "id": "ep_1", "account_id": "a", "url": "https://a.test/", "name": null,
            "status": "active", "status_reason": null, "rate_limit": null,
            "events": ["*"], "status_since": "2026-01-01T00:00:00Z",
        });
        let change = change.as_object().cloned().unwrap_or_default();
        all.as_object_mut().expect("an object").extend(change);
        super::cell(&serde_json::from_value(all).expect("an endpoint")).into_string()
    }

    #[test]
    fn the_word_is_what_matters_most_and_its_reason_is_told() {
        let open =
            json!({"state": "open", "reason": "5 of 5 failed", "until": "2026-01-01T00:05:00Z"});
        let health = json!({"failing_since": "2026-01-01T00:00:00Z", "breaker": open});
        let disabled =
            cell(json!({"status": "disabled", "status_reason": "410 Gone", "health": health}));
        assert!(
            disabled.contains(">disabled<")
                && disabled.contains("410 Gone")
                && disabled.contains("since <time"),
            "{disabled}"
        );
        let open = cell(json!({"health": health}));
        assert!(
            open.contains(">breaker open<") && open.contains("00:05:00"),
            "{open}"
        );
        let failing =
            cell(json!({"health": {"failing_since": "2026-01-01T00:00:00Z", "breaker": null}}));
        assert!(failing.contains(">failing<"), "{failing}");
        let limited = cell(json!({"rate_limit": 5}));
        assert!(
            limited.contains(">active<") && limited.contains("at most 5 a second"),
            "{limited}"
        );
    }
}
