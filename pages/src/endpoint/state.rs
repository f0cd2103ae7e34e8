//! In what state is an endpoint, why, and what is the way out? One sentence of each.

use maud::{Markup, html};

use super::model::Endpoint;
use crate::parts::show::count;
use crate::parts::times::{maybe, time};

/// What the store says of an endpoint that waits for its receiver's consent.
const WAITING_FOR_VALIDATION: &str = "waiting for the receiver's validation";
/// What it says where a request named no reason.
const BY_API: &str = "set through the API";

/// What can be done about a state, besides changing settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WayOut {
    Nothing,
    Enable,
    Resume,
    CloseBreaker,
    Validate,
}

/// A state as it is told.
pub(super) struct State {
    pub(super) word: &'static str,
    pub(super) sentence: Markup,
    pub(super) advice: &'static str,
    pub(super) way_out: WayOut,
}

/// Tells the state of an endpoint with so many deliveries waiting, of which there may be more.
pub(super) fn told(endpoint: &Endpoint, waiting: Option<(u64, bool)>) -> State {
    match endpoint.status.as_str() {
        "disabled" => disabled(endpoint),
        "paused" if is_waiting_for_validation(endpoint) => awaiting(endpoint, waiting),
        "paused" => paused(endpoint, waiting),
        _ => active(endpoint, waiting),
    }
}

fn is_waiting_for_validation(endpoint: &Endpoint) -> bool {
    endpoint.status_reason.as_deref() == Some(WAITING_FOR_VALIDATION)
}

fn disabled(endpoint: &Endpoint) -> State {
    let reason = endpoint.status_reason.as_deref().unwrap_or(BY_API);
    let (sentence, advice) = if reason.contains("410") {
        (
            html! { "Disabled" (since(endpoint)) ": its receiver answered 410 Gone, which says that nothing should be sent there any more." },
            "If the receiver is there again, enable the endpoint. What failed meanwhile is not sent by itself: replay it.",
        )
    } else if reason.starts_with("every attempt failed since") {
        (
            html! { "Disabled" (since(endpoint)) ", after days without one success: " (reason) "." },
            "Find out why the receiver does not answer (the failures below say how), send a test, enable the endpoint and replay what it missed.",
        )
    } else {
        (
            html! { "Disabled " (by_hand(reason)) (since(endpoint)) "." },
            "Nothing is sent and new deliveries fail at once. Enable it to send again, and replay what it missed.",
        )
    };
    State {
        word: "disabled",
        sentence,
        advice,
        way_out: WayOut::Enable,
    }
}

fn since(endpoint: &Endpoint) -> Markup {
    html! { ", since " (time(&endpoint.status_since)) }
}

/// Who stopped it, as far as the reason tells.
fn by_hand(reason: &str) -> String {
    match reason {
        BY_API => "by hand, through the API".to_owned(),
        reason if reason.starts_with("by hand") => reason.to_owned(),
        reason => format!("by hand: {reason}"),
    }
}

fn awaiting(endpoint: &Endpoint, waiting: Option<(u64, bool)>) -> State {
    let last = endpoint.last_validation.as_ref();
    State {
        word: "waiting for validation",
        sentence: html! {
            "Its receiver has not yet agreed to be sent events. "
            @match last {
                Some(last) => {
                    "It was asked last at " (time(&last.at))
                    @if let Some(error) = &last.error { ": " (error) }
                    ". "
                }
                None => { "It has not been asked yet. " }
            }
            (held(waiting))
        },
        advice: "The receiver must answer the OPTIONS request of the CloudEvents webhook specification. Ask it again once it does, or take the check off in the settings.",
        way_out: WayOut::Validate,
    }
}

fn paused(endpoint: &Endpoint, waiting: Option<(u64, bool)>) -> State {
    let reason = endpoint.status_reason.as_deref().unwrap_or(BY_API);
    State {
        word: "paused",
        sentence: html! { "Paused " (by_hand(reason)) (since(endpoint)) ". " (held(waiting)) },
        advice: "Deliveries are kept and sent in their order once it is resumed.",
        way_out: WayOut::Resume,
    }
}

fn active(endpoint: &Endpoint, waiting: Option<(u64, bool)>) -> State {
    let breaker = endpoint.health.breaker.as_ref();
    let why = breaker.and_then(|it| it.reason.as_deref());
    match breaker.map(|it| it.state.as_str()) {
        Some("open") => State {
            word: "breaker open",
            sentence: html! {
                "Left alone by its circuit breaker until "
                (maybe(breaker.and_then(|it| it.until.as_deref())))
                @if let Some(why) = why { ", because " (why) }
                ". " (held(waiting))
            },
            advice: "It is then tried with a few attempts by itself. Close the breaker if you know that the receiver is well again: what waits is sent at once.",
            way_out: WayOut::CloseBreaker,
        },
        Some("half_open") => State {
            word: "breaker half-open",
            sentence: html! {
                "Tried with a few attempts, one at a time, after its circuit breaker was open"
                @if let Some(why) = why { " (" (why) ")" }
                ". " (held(waiting))
            },
            advice: "If they succeed, everything is sent again; the first that fails opens the breaker for longer.",
            way_out: WayOut::CloseBreaker,
        },
        _ => sending(endpoint, waiting),
    }
}

fn sending(endpoint: &Endpoint, waiting: Option<(u64, bool)>) -> State {
    let waits = waiting.is_some_and(|(number, _)| number > 0);
    if let Some(since) = &endpoint.health.failing_since {
        return State {
            word: "failing",
            sentence: html! { "Active, but no attempt was acknowledged since " (time(since)) ". " (held(waiting)) },
            advice: "The failures below say how the attempts end. Deliveries are tried again as their schedule says; if nothing succeeds for days, the endpoint is disabled.",
            way_out: WayOut::Nothing,
        };
    }
    match endpoint.rate_limit {
        Some(limit) if waits => State {
            word: "active",
            sentence: html! {
                "Active, sent to at most " (count(u64::from(limit))) " times a second. " (held(waiting))
            },
            advice: "",
            way_out: WayOut::Nothing,
        },
        _ => State {
            word: "active",
            sentence: html! { "Active: events are sent as they come. " @if waits { (held(waiting)) } },
            advice: "",
            way_out: WayOut::Nothing,
        },
    }
}

/// How many deliveries wait.
fn held(waiting: Option<(u64, bool)>) -> String {
    match waiting {
        None => String::new(),
        Some((0, _)) => "No delivery waits.".to_owned(),
        Some((1, _)) => "1 delivery waits.".to_owned(),
        Some((number, true)) => format!("{} deliveries wait.", count(number)),
        Some((number, false)) => format!("More than {} deliveries wait.", count(number)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn endpoint(change: Value) -> Endpoint {
        let mut all = json!({
            "id": "ep_1", "account_id": "default", "url": "https://a.test/", "name": null,
            "description": null, "events": ["*"], "secret": "whsec_01…", "status": "active",
            "status_reason": null, "headers": {}, "retry_policy": null, "channels": [],
            "filter": null, "rate_limit": null, "canonical_json": null, "profile": null,
            "second_profile": null, "timeout_ms": null, "concurrency": null,
            "circuit_breaker": null, "ordered": false, "metadata": {}, "public_key": null,
            "previous_secret_valid_until": null, "auth": null, "client_certificate": null,
            "secret_rotation": "both", "validation": null, "last_validation": null, "created_at": "", "updated_at": "",
            "status_since": "2026-01-01T00:00:00Z",
        });
        let change = change.as_object().cloned().unwrap_or_default();
        all.as_object_mut().expect("an object").extend(change);
        serde_json::from_value(all).expect("an endpoint")
    }

    fn of(change: Value, waiting: Option<(u64, bool)>) -> (String, WayOut) {
        let state = told(&endpoint(change), waiting);
        (state.sentence.into_string(), state.way_out)
    }

    #[test]
    fn each_state_says_why_and_has_a_way_out() {
        let gone = json!({"status": "disabled", "status_reason": "the endpoint answered 410 Gone"});
        let (sentence, way) = of(gone, None);
        assert!(sentence.contains("410 Gone"), "{sentence}");
        assert_eq!(way, WayOut::Enable);
        let paused = json!({"status": "paused", "status_reason": "they asked for it"});
        let (sentence, way) = of(paused, Some((2_000, true)));
        assert!(
            sentence.starts_with("Paused by hand: they asked for it, since <time"),
            "{sentence}"
        );
        assert!(
            sentence.ends_with("</time>. 2\u{202f}000 deliveries wait."),
            "{sentence}"
        );
        assert_eq!(way, WayOut::Resume);
        let waits = json!({"status": "paused", "status_reason": WAITING_FOR_VALIDATION});
        assert_eq!(of(waits, None).1, WayOut::Validate);
        let breaker = json!({"state": "open", "reason": "3 of 3 attempts failed", "until": "2026-01-01T00:00:00Z"});
        let (sentence, way) = of(json!({"health": {"breaker": breaker}}), Some((1, true)));
        assert!(sentence.contains("because 3 of 3"), "{sentence}");
        assert!(sentence.ends_with("1 delivery waits."), "{sentence}");
        assert_eq!(way, WayOut::CloseBreaker);
        let failing = json!({"health": {"failing_since": "2026-01-01T00:00:00Z"}});
        assert!(
            of(failing, None)
                .0
                .contains("no attempt was acknowledged since")
        );
    }

    #[test]
    fn a_well_endpoint_says_so_and_nothing_more() {
        let (sentence, way) = of(json!({}), Some((0, true)));
        assert_eq!(
            (sentence.trim(), way),
            ("Active: events are sent as they come.", WayOut::Nothing)
        );
    }
}
