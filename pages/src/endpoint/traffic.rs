//! What went to an endpoint in the last day, and how it ended.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::form_urlencoded;

use super::model::Endpoint;
use crate::fault::Fault;
use crate::parts::failure_words::words;
use crate::parts::list::{ListOf, empty};
use crate::parts::show::{badge, count};
use crate::parts::times::{length, time};
use crate::visit::{Visit, segment};

const DAY_MS: i64 = 86_400_000;
/// Deliveries that are shown; E's list has them all.
const RECENT: &str = "8";

/// What went to an endpoint.
pub(super) struct Traffic {
    pub(super) stats: Stats,
    recent: Vec<Delivery>,
}

/// The statistics of a day.
#[derive(Deserialize)]
pub(super) struct Stats {
    totals: Totals,
    oldest_undelivered_at: Option<String>,
    backlog: Option<u64>,
    backlog_is_exact: Option<bool>,
}

#[derive(Deserialize)]
struct Totals {
    delivered: u64,
    failed: u64,
    attempts: u64,
    success_rate: Option<f64>,
    errors: BTreeMap<String, u64>,
    latency_ms: Option<Percentiles>,
}

#[derive(Deserialize)]
struct Percentiles {
    p50: f64,
    p95: f64,
    p99: f64,
}

#[derive(Deserialize)]
struct Delivery {
    id: String,
    event_type: String,
    state: String,
    attempts: u32,
    created_at: String,
    last_error: Option<String>,
}

impl Stats {
    /// How many deliveries wait, and whether that is all of them.
    pub(super) fn waiting(&self) -> Option<(u64, bool)> {
        Some((self.backlog?, self.backlog_is_exact.unwrap_or(true)))
    }
}

/// The statistics of the last day; nothing for a key that may not read deliveries.
pub(super) async fn stats(visit: &Visit, id: &str) -> Result<Option<Stats>, Fault> {
    if !visit.may("deliveries:read") {
        return Ok(None);
    }
    let since = (visit.pages.options.now)() - DAY_MS;
    let since = OffsetDateTime::from_unix_timestamp(since / 1_000).map(|at| at.format(&Rfc3339));
    let since = since.ok().and_then(Result::ok).unwrap_or_default();
    let query = [
        ("endpoint_id", id),
        ("width", "hour"),
        ("since", since.as_str()),
    ];
    visit.get("/v1/stats", &query).await.map(Some)
}

pub(super) async fn load(visit: &Visit, id: &str) -> Result<Option<Traffic>, Fault> {
    let Some(stats) = stats(visit, id).await? else {
        return Ok(None);
    };
    let query = [("endpoint_id", id), ("limit", RECENT)];
    let recent: ListOf<Delivery> = visit.get("/v1/deliveries", &query).await?;
    Ok(Some(Traffic {
        stats,
        recent: recent.data,
    }))
}

/// The list of an endpoint's deliveries, with one more filter.
fn list(visit: &Visit, endpoint: &Endpoint, name: &str, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("endpoint_id", &endpoint.id);
    if !name.is_empty() {
        query.append_pair(name, value);
    }
    format!("{}?{}", visit.to("/deliveries"), query.finish())
}

/// The day in numbers.
pub(super) fn tiles(visit: &Visit, endpoint: &Endpoint, stats: &Stats) -> Markup {
    let totals = &stats.totals;
    html! {
        div.tiles {
            div.tile {
                p.name { "Success rate, 24 h" }
                p.value { @match totals.success_rate {
                    Some(rate) => (percent(rate)),
                    None => span.none { "–" },
                } }
                p.more { (count(totals.delivered)) " delivered, " (count(totals.failed)) " failed" }
            }
            div.tile {
                p.name { "Publish to delivery" }
                @match &totals.latency_ms {
                    Some(took) => {
                        p.value { (length(took.p50)) }
                        p.more { "p95 " (length(took.p95)) ", p99 " (length(took.p99)) }
                    }
                    None => { p.value { span.none { "–" } } p.more { "nothing delivered" } }
                }
            }
            div.tile {
                p.name { "Attempts, 24 h" }
                p.value { (count(totals.attempts)) }
                p.more { (count(totals.errors.values().sum())) " failed" }
            }
            div.tile {
                p.name { "Waiting now" }
                @let (waiting, exact) = stats.waiting().unwrap_or((0, true));
                p.value { a href=(list(visit, endpoint, "state", "pending,retrying,held")) {
                    (count(waiting)) @if !exact { "+" }
                } }
                p.more { @match &stats.oldest_undelivered_at {
                    Some(at) => { "oldest of " (time(at)) }
                    None => "nothing waits",
                } }
            }
        }
    }
}

/// A share as people say it: never 100 % where something failed.
fn percent(share: f64) -> String {
    let floored = (share * 1_000.0).floor() / 10.0;
    if floored >= 100.0 {
        "100 %".to_owned()
    } else {
        format!("{floored:.1} %")
    }
}

/// Failures by class, and the newest deliveries.
pub(super) fn tables(visit: &Visit, endpoint: &Endpoint, traffic: &Traffic) -> Markup {
    let mut errors: Vec<_> = traffic.stats.totals.errors.iter().collect();
    errors.sort_by(|(_, a), (_, b)| b.cmp(a));
    html! {
        @if !errors.is_empty() {
            h2 { "Failures of the last 24 hours" }
            div.scroll { table {
                thead { tr { th scope="col" { "What went wrong" } th.number scope="col" { "Times" } th scope="col" {} } }
                tbody { @for (class, times) in errors { tr {
                    td { code { (class) } " " (words(class).title) }
                    td.number { (count(*times)) }
                    td.nowrap { a href=(list(visit, endpoint, "error", class)) { "Deliveries" span.visually-hidden { " with " (class) } } }
                } } }
            } }
        }
        h2 { "Newest deliveries" }
        @if traffic.recent.is_empty() {
            (empty("Nothing was sent to it yet", "A test event shows at once whether its receiver answers."))
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Event type" } th scope="col" { "State" } th.number scope="col" { "Attempts" }
                    th scope="col" { "Made" } th scope="col" { "Last error" }
                } }
                tbody { @for delivery in &traffic.recent { tr data-key=(delivery.id) {
                    td { a href=(visit.to(&format!("/deliveries/{}", segment(&delivery.id)))) { (delivery.event_type) } }
                    td { (badge(&delivery.state)) }
                    td.number { (delivery.attempts) }
                    td.nowrap { (time(&delivery.created_at)) }
                    td.clip { @if let Some(error) = &delivery.last_error { (error) } }
                } } }
            } }
            p { a href=(list(visit, endpoint, "", "")) { "All its deliveries" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_up_to_all() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.99999), "99.9 %");
        assert_eq!(percent(0.0), "0.0 %");
    }
}
