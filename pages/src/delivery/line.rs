//! The attempts on a line of time: those made, the gaps between them, and those to come.

use maud::{Markup, html};

use super::Whole;
use super::attempt::Attempt;
use super::told::between;
use crate::parts::times::{length, time};
use crate::visit::{Visit, segment};

/// As many of the attempts to come are told by their times.
const TO_COME_SHOWN: usize = 8;

pub(super) fn line(visit: &Visit, whole: &Whole, shown: Option<u32>) -> Markup {
    let path = visit.to(&format!("/deliveries/{}", segment(&whole.delivery.id)));
    let attempts = &whole.attempt_list;
    let ends = |place: usize| match place {
        0 => whole.delivery.created_at.as_str(),
        place => attempts[place - 1].started_at.as_str(),
    };
    let to_come = &whole.planned_attempts;
    html! {
        ol.timeline {
            li.moment data-tone="calm" { span.what { "Published" } (time(&whole.delivery.created_at)) }
            @for (place, attempt) in attempts.iter().enumerate() {
                (gap(between(ends(place), &attempt.started_at)))
                (one(attempt, &path, shown == Some(attempt.number)))
            }
            @if let Some(first) = to_come.first() {
                (gap(attempts.last().and_then(|last| between(&last.started_at, first))))
                @for (place, at) in to_come.iter().take(TO_COME_SHOWN).enumerate() {
                    li.moment.planned data-tone="busy" { span.what { @if place == 0 { "Next attempt" } @else { "Then, if it fails" } } (time(at)) }
                }
                @if to_come.len() > TO_COME_SHOWN { li.moment.planned data-tone="busy" {
                    span.what { "and " (to_come.len() - TO_COME_SHOWN) " more" }
                    @if let Some(last) = to_come.last() { "the last at " (time(last)) }
                } }
            }
        }
    }
}

/// How long nothing was sent.
fn gap(ms: Option<f64>) -> Markup {
    html! { @if let Some(ms) = ms.filter(|ms| *ms >= 1_000.0) { li.gap { (length(ms)) } } }
}

fn one(attempt: &Attempt, path: &str, is_shown: bool) -> Markup {
    let tone = if attempt.error.is_none() {
        "good"
    } else {
        "bad"
    };
    html! {
        li.moment data-tone=(tone) {
            a.what href={ (path) "?attempt=" (attempt.number) "#attempt" } aria-current=[is_shown.then_some("true")] {
                "Attempt " (attempt.number) @if attempt.manual { " (asked for)" }
            }
            strong { (attempt.outcome()) }
            span.quiet { (length(attempt.timing.total_ms)) }
            (time(&attempt.started_at))
        }
    }
}
