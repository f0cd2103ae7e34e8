//! The state of a delivery in a sentence.

use maud::{Markup, html};

use crate::deliveries::Delivery;
use crate::parts::times::{length, time};

pub(super) fn sentence(it: &Delivery) -> Markup {
    let tries = match it.attempts {
        1 => "1 attempt".to_owned(),
        number => format!("{number} attempts"),
    };
    let at = |at: &Option<String>| html! { @if let Some(at) = at { " at " (time(at)) } };
    html! {
        @match &*it.state {
            "delivered" => { "Delivered" (at(&it.finished_at)) ", with " (tries) (took(it)) "." }
            "failed" if it.attempts == 0 => { "Failed without an attempt" (at(&it.finished_at)) "." }
            "failed" => { "Failed for good after " (tries) (at(&it.finished_at)) ". No attempt follows by itself." }
            "cancelled" => { "Cancelled" (at(&it.finished_at)) " after " (tries) ". No attempt follows by itself." }
            "held" => { "Held: its endpoint is paused. It is sent when the endpoint is made active again." }
            "retrying" => {
                "Failed so far, after " (tries) "."
                @if let Some(next) = &it.next_attempt_at { " The next attempt is due at " (time(next)) "." }
            }
            _ => {
                @match &it.next_attempt_at {
                    Some(next) => { "Not sent yet: it is due at " (time(next)) "." }
                    None => { "Not sent yet: it waits for its turn at its endpoint." }
                }
            }
        }
    }
}

/// How long that took.
fn took(it: &Delivery) -> String {
    let ended = it.finished_at.as_deref();
    let took = ended.and_then(|end| between(&it.created_at, end));
    took.map_or_else(String::new, |ms| {
        format!(", {} after it was published", length(ms))
    })
}

/// Milliseconds from one moment of the API to another.
pub(super) fn between(from: &str, to: &str) -> Option<f64> {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    let from = OffsetDateTime::parse(from, &Rfc3339).ok()?;
    let to = OffsetDateTime::parse(to, &Rfc3339).ok()?;
    let ms = (to - from).whole_milliseconds();
    u64::try_from(ms).ok().map(|ms| ms as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(state: &str, attempts: u32, next: Option<&str>, end: Option<&str>) -> String {
        let it = Delivery {
            id: "dlv_1".to_owned(),
            event_id: "evt_1".to_owned(),
            event_type: "a.b".to_owned(),
            endpoint_id: "ep_1".to_owned(),
            account_id: "ann".to_owned(),
            state: state.to_owned(),
            attempts,
            next_attempt_at: next.map(str::to_owned),
            created_at: "2026-11-21T14:00:00Z".to_owned(),
            finished_at: end.map(str::to_owned),
            last_error: None,
        };
        let html = sentence(&it).into_string();
        // Without the tags.
        html.split('<')
            .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
            .collect()
    }

    #[test]
    fn each_state_has_its_sentence() {
        let end = Some("2026-11-21T14:00:02.500Z");
        assert_eq!(
            told("delivered", 2, None, end),
            "Delivered at 2026-11-21 14:00:02 UTC, with 2 attempts, 2.5 s after it was published."
        );
        assert_eq!(
            told("failed", 0, None, end),
            "Failed without an attempt at 2026-11-21 14:00:02 UTC."
        );
        let retrying = told("retrying", 1, Some("2026-11-21T15:00:00Z"), None);
        assert_eq!(
            retrying,
            "Failed so far, after 1 attempt. The next attempt is due at 2026-11-21 15:00:00 UTC."
        );
        assert!(told("held", 0, None, None).contains("paused"));
        assert!(told("pending", 0, None, None).contains("waits for its turn"));
    }

    #[test]
    fn what_lies_backwards_has_no_length() {
        assert_eq!(
            between("2026-11-21T14:00:01Z", "2026-11-21T14:00:02.5Z"),
            Some(1500.0)
        );
        assert_eq!(
            between("2026-11-21T14:00:02Z", "2026-11-21T14:00:01Z"),
            None
        );
    }
}
