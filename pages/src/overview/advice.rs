//! What should be done now? Said only where something is wrong, most urgent first.

use maud::{Markup, html};
use serde::Deserialize;

use super::figures::age;
use super::one_type::Told;
use super::worst::Failing;
use crate::fault::Fault;
use crate::parts::health::Health;
use crate::parts::list::ListOf;
use crate::parts::show::count;
use crate::parts::times::{length, time, to_the_second};
use crate::stats::Stats;
use crate::visit::{Visit, segment};

/// Deliveries that wait longer than this are told of.
const OLD_MS: f64 = 5.0 * 60_000.0;
/// Below this share of success something is wrong beyond single endpoints.
const POOR: f64 = 0.5;
/// Deliveries that must have ended before the share says anything.
const ENOUGH: u64 = 20;
/// Endpoints that are told of by name.
const NAMED: &str = "6";

/// One thing that is wrong.
#[derive(Debug, PartialEq)]
pub(super) struct Advice {
    title: String,
    text: String,
    /// Where it is mended: path and name.
    link: (String, &'static str),
    /// When it began.
    since: Option<String>,
}

/// An endpoint that does not receive as it should.
#[derive(Deserialize)]
pub(super) struct Unwell {
    id: String,
    name: Option<String>,
    url: String,
    status: String,
    status_reason: Option<String>,
    status_since: String,
    health: Option<Health>,
}

/// Endpoints that do not receive as they should, if the visitor may see any.
pub(super) async fn unwell(visit: &Visit) -> Result<Option<ListOf<Unwell>>, Fault> {
    if !visit.may("endpoints:read") {
        return Ok(None);
    }
    let query = [("unwell", "true"), ("limit", NAMED)];
    visit.get("/v1/endpoints", &query).await.map(Some)
}

pub(super) fn all(
    stats: &Stats,
    worst: &Failing,
    (one_type, unwell): (Option<Told>, Option<&ListOf<Unwell>>),
    now_ms: i64,
) -> Vec<Advice> {
    let mut all = of_all(stats, worst, now_ms);
    all.extend(one_type.map(of_type));
    if let Some(unwell) = unwell {
        all.extend(unwell.data.iter().map(of_endpoint));
        if unwell.next_cursor.is_some() {
            all.push(Advice {
                title: "More endpoints are not well".to_owned(),
                text: "These are the newest of them.".to_owned(),
                link: ("/endpoints?state=unwell".to_owned(), "Show all of them"),
                since: None,
            });
        }
    }
    all
}

/// What the numbers say by themselves.
fn of_all(stats: &Stats, worst: &Failing, now_ms: i64) -> Vec<Advice> {
    let mut all = Vec::new();
    let totals = &stats.totals;
    let ended = totals.delivered + totals.failed;
    if ended >= ENOUGH && totals.success_rate.is_some_and(|rate| rate < POOR) {
        all.push(Advice {
            title: "Most deliveries fail".to_owned(),
            text: format!(
                "{} of {} that ended were given up. Look first at the cause that most of them share.",
                count(totals.failed),
                count(ended)
            ),
            link: ("/logs".to_owned(), "Failed deliveries"),
            since: None,
        });
    }
    let oldest = stats.oldest_undelivered_at.as_deref();
    if let Some(old) = age(oldest, now_ms).filter(|age| *age > OLD_MS) {
        let why = match worst.data.is_empty() {
            true => {
                "No attempt failed meanwhile: they wait for a paused endpoint, a rate limit, or their time."
            }
            false => {
                "Endpoints that fail are tried again by their schedules; paused ones are not tried."
            }
        };
        all.push(Advice {
            title: format!("The oldest delivery has waited for {}", length(old)),
            text: why.to_owned(),
            link: (
                "/deliveries?state=retrying".to_owned(),
                "Deliveries to be repeated",
            ),
            since: oldest.map(str::to_owned),
        });
    }
    all
}

fn of_type(told: Told) -> Advice {
    Advice {
        title: told.title,
        text: told.text,
        link: (told.path, "Its failures"),
        since: None,
    }
}

fn of_endpoint(endpoint: &Unwell) -> Advice {
    let name = endpoint.name.as_deref().unwrap_or(&endpoint.url);
    let health = endpoint.health.as_ref();
    let breaker = health.and_then(Health::held_back);
    let since = match endpoint.status.as_str() {
        "disabled" => Some(endpoint.status_since.clone()),
        _ => health.and_then(|health| health.failing_since.clone()),
    };
    let (title, text) = match (endpoint.status.as_str(), breaker) {
        ("disabled", _) => {
            let reason = endpoint.status_reason.as_deref().unwrap_or("no reason was given")
                .trim_end_matches('.');
            (
                format!("Disabled: {name}"),
                format!("Its deliveries fail at once. Why: {reason}. Enable it once it is mended, then resend what failed."),
            )
        }
        (_, Some(breaker)) => {
            let until = breaker.until.as_deref().map(|until| format!(" It is tried again at {}.", to_the_second(until)));
            (
                format!("Left alone for a while: {name}"),
                format!(
                    "Its circuit breaker is {}: {}.{} Its deliveries wait.",
                    breaker.state.replace('_', " "),
                    breaker.reason.as_deref().unwrap_or("too many attempts failed"),
                    until.unwrap_or_default()
                ),
            )
        }
        _ => (
            format!("Failing: {name}"),
            "No attempt is acknowledged. Its deliveries are repeated by its schedule and then given up.".to_owned(),
        ),
    };
    Advice {
        title,
        text,
        link: (
            format!("/endpoints/{}", segment(&endpoint.id)),
            "Open the endpoint",
        ),
        since,
    }
}

pub(super) fn show(visit: &Visit, all: &[Advice]) -> Markup {
    if all.is_empty() {
        return html! {};
    }
    html! {
        section.advice aria-labelledby="advice" {
            h2 #advice { "What to look at now" }
            ul { @for advice in all { li {
                p.title { (advice.title) @if let Some(since) = &advice.since { span.quiet { ", since " (time(since)) } } }
                p { (advice.text) " " a href=(visit.to(&advice.link.0)) { (advice.link.1) } }
            } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Counts;

    const NOW: i64 = 1_705_314_675_000; // 2024-01-15T10:31:15Z

    fn stats(delivered: u64, failed: u64, oldest: Option<&str>) -> Stats {
        Stats {
            points: Vec::new(),
            totals: Counts {
                delivered,
                failed,
                success_rate: Some(delivered as f64 / (delivered + failed) as f64),
                ..Counts::default()
            },
            oldest_undelivered_at: oldest.map(str::to_owned),
            backlog: Some(0),
            backlog_is_exact: Some(true),
        }
    }

    fn titles(stats: &Stats) -> Vec<String> {
        let none: Failing =
            serde_json::from_str(r#"{"is_complete":true,"data":[]}"#).expect("read");
        of_all(stats, &none, NOW)
            .into_iter()
            .map(|it| it.title)
            .collect()
    }

    #[test]
    fn what_is_well_is_not_talked_about() {
        assert_eq!(titles(&stats(90, 10, None)), [""; 0]);
        assert_eq!(titles(&stats(1, 9, None)), [""; 0], "too few to say");
        assert_eq!(titles(&stats(9, 1, Some("2024-01-15T10:30:00Z"))), [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!(titles(&stats(10, 90, None)), ["Most deliveries fail"]);
        let old = stats(90, 1, Some("2024-01-15T09:31:15Z"));
        assert_eq!(titles(&old), ["The oldest delivery has waited for 60 min"]);
    }

    #[test]
    fn an_endpoint_says_why_it_does_not_receive() {
        let read = |text: &str| of_endpoint(&serde_json::from_str::<Unwell>(text).expect("read"));
        let disabled = read(
            r#"{"id":"ep_1","name":null,"url":"https://a.test","status":"disabled","status_reason":"it said that it is gone (410)","status_since":"2024-01-15T08:00:00Z","health":{"failing_since":"2024-01-10T08:00:00Z"}}"#,
        );
        assert_eq!(disabled.title, "Disabled: https://a.test");
        assert!(disabled.text.contains("it said that it is gone (410)"));
        assert_eq!(disabled.since.as_deref(), Some("2024-01-15T08:00:00Z"));
        let open = read(
            r#"{"id":"ep_1","name":"CRM","url":"https://a.test","status":"active","status_reason":null,"status_since":"2024-01-01T00:00:00Z","health":{"failing_since":"2024-01-15T09:31:15Z","breaker":{"state":"open","reason":"5 failures in a row","until":"2024-01-15T10:33:00Z"}}}"#,
        );
        assert_eq!(open.title, "Left alone for a while: CRM");
        assert!(
            open.text.contains("tried again at 2024-01-15 10:33:00 UTC"),
            "{}",
            open.text
        );
        assert_eq!(open.since.as_deref(), Some("2024-01-15T09:31:15Z"));
    }
}
