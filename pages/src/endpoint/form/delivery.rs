//! When attempts are made, how many at once, and when an endpoint is left alone.

use maud::{Markup, html};

use super::error;
use crate::parts::field::{Field, check};
use crate::posted::Form;

/// What is in this part.
pub(super) const FIELDS: &[&str] = &[
    "retry_policy/max_attempts",
    "retry_policy",
    "timeout_ms",
    "rate_limit",
    "concurrency",
    "ordered",
    "breaker",
    "circuit_breaker",
];
const BREAKER: [(&str, &str); 3] = [
    ("", "As the project says"),
    ("never", "None, whatever the project says"),
    ("own", "Its own, with the numbers below"),
];

pub(super) fn part(form: &Form) -> Markup {
    let number = |name, label, hint| Field::new(name, label).hint(hint).input(form, "text");
    html! {
        fieldset {
            legend { "Retries" }
            p.hint { "All three, or none for the wire format's own schedule." }
            div.columns-2 {
                (number("retry_policy/max_attempts", "Attempts", "The first included: 1 to 50."))
                (number("retry_policy/initial_delay", "First gap", "Milliseconds, 1 to 86,400,000 (a day)."))
                (number("retry_policy/backoff_multiplier", "Multiplier", "Each later gap is the one before times this: 1 to 100."))
            }
            @if form.error("retry_policy/max_attempts").or_else(|| form.error("retry_policy/initial_delay"))
                .or_else(|| form.error("retry_policy/backoff_multiplier")).is_none() { (error(form, "retry_policy")) }
        }
        fieldset {
            legend { "Limits" }
            div.columns-2 {
                (number("timeout_ms", "Time-out", "Milliseconds that an attempt may take, 100 to 60,000. Empty: the wire format's."))
                (number("rate_limit", "Requests a second", "At most, 1 to 10,000. Empty: no limit."))
                (number("concurrency", "Requests at once", "At most, 1 to 32. Empty: 32."))
            }
            (check(form, "ordered", "true", "Strict order: one delivery at a time, in the order of the events"))
        }
        fieldset.choice {
            legend { "Circuit breaker" }
            p.hint { "Leaves the endpoint alone for a while when most attempts fail. Not possible with wire formats that promise exact times." }
            (Field::new("breaker", "Circuit breaker").required().select(form, &BREAKER))
            div.columns-2 data-of="own" {
                (number("circuit_breaker/failure_rate", "Share of failures", "At which it opens: above 0, at most 1. Empty: 0.5."))
                (number("circuit_breaker/min_attempts", "Attempts before it judges", "1 to 10,000. Empty: 20."))
                (number("circuit_breaker/window_seconds", "Window", "Seconds that it looks back: 1 to 3,600. Empty: 60."))
                (number("circuit_breaker/open_seconds", "Open for", "Seconds: 1 to 3,600. Empty: 30."))
                (number("circuit_breaker/half_open_attempts", "Attempts to close again", "1 to 100. Empty: 3."))
            }
            @if is_whole(form) { (error(form, "circuit_breaker")) }
        }
    }
}

/// Whether the fault is the breaker's as a whole, not of one of its numbers.
fn is_whole(form: &Form) -> bool {
    form.error("circuit_breaker")
        .is_some_and(|it| it.pointer == "/circuit_breaker")
}
