//! The numbers at the top, where the time of attempts went, and why deliveries failed.

use maud::{Markup, html};

use crate::parts::failure_words::words;
use crate::parts::list::empty;
use crate::parts::show::count;
use crate::parts::times::length;
use crate::stats::{Counts, Percentiles, Range, Stats, percent, seconds};
use crate::visit::Visit;

/// How long ago, in milliseconds, something was.
pub(super) fn age(at: Option<&str>, now_ms: i64) -> Option<f64> {
    let at = seconds(at?)?;
    Some((now_ms - at * 1_000).max(0) as f64)
}

pub(super) fn tiles(visit: &Visit, stats: &Stats, range: Range, now_ms: i64) -> Markup {
    let totals = &stats.totals;
    let of_attempts =
        html! { (count(totals.attempts)) " attempts, " (count(totals.retried)) " to be repeated" };
    html! {
        div.tiles {
            (tile("Events accepted", &html! { (count(totals.accepted)) }, &html! { "in the last " (range.name) }))
            (tile("Delivered", &html! { a href=(visit.to("/deliveries?state=delivered")) { (count(totals.delivered)) } }, &of_attempts))
            (tile("Failed", &html! { a href=(visit.to("/logs")) { (count(totals.failed)) } }, &html! { "given up after their last attempt" }))
            (tile("Success rate", &html! { (totals.success_rate.map_or("–".to_owned(), percent)) }, &html! { "of the deliveries that ended" }))
            (tile("Publish to delivery", &html! { (half(totals.latency_ms)) }, &html! { (tail(totals.latency_ms)) }))
            (backlog(visit, stats, now_ms))
        }
    }
}

fn tile(name: &str, value: &Markup, more: &Markup) -> Markup {
    html! { div.tile { p.name { (name) } p.value { (value) } p.more { (more) } } }
}

fn half(times: Option<Percentiles>) -> String {
    times.map_or("–".to_owned(), |times| length(times.p50))
}

fn tail(times: Option<Percentiles>) -> String {
    match times {
        None => "nothing was delivered".to_owned(),
        Some(times) => format!(
            "half of them; p95 {}, p99 {}",
            length(times.p95),
            length(times.p99)
        ),
    }
}

fn backlog(visit: &Visit, stats: &Stats, now_ms: i64) -> Markup {
    let more = if stats.backlog_is_exact == Some(false) {
        "+"
    } else {
        ""
    };
    let waiting = html! {
        a href=(visit.to("/deliveries?state=pending")) { (count(stats.backlog.unwrap_or(0))) (more) }
    };
    let oldest = match age(stats.oldest_undelivered_at.as_deref(), now_ms) {
        Some(age) => html! { "the oldest for " (length(age)) },
        None => html! { "nothing waits" },
    };
    tile("Not delivered yet", &waiting, &oldest)
}

/// Where the time of an attempt went.
pub(super) fn phases(totals: &Counts) -> Markup {
    let it = totals.attempt_ms;
    let rows = [
        ("Wait in the queue", it.queue_wait),
        ("Name resolution (DNS)", it.dns),
        ("TCP connect", it.connect),
        ("TLS handshake", it.tls),
        ("First byte of the answer", it.first_byte),
        ("Whole attempt", it.total),
    ];
    html! {
        section.card {
            h2 { "Where the time goes" }
            p.quiet { "Each attempt's phases. A connection that is kept open has no connect and no handshake." }
            div.bare-table { table {
                thead { tr { th scope="col" { "Phase" } th.number scope="col" { "p50" } th.number scope="col" { "p95" } th.number scope="col" { "p99" } } }
                tbody { @for (name, times) in rows { tr {
                    th.name scope="row" { (name) }
                    @match times {
                        Some(times) => { @for ms in [times.p50, times.p95, times.p99] { td.number.nowrap { (length(ms)) } } }
                        None => { @for _ in 0..3 { td.number { span.none { "–" } } } }
                    }
                } } }
            } }
        }
    }
}

/// Why attempts failed.
pub(super) fn failures(visit: &Visit, totals: &Counts) -> Markup {
    let mut classes: Vec<_> = totals.errors.iter().collect();
    classes.sort_by(|(_, a), (_, b)| b.cmp(a));
    let all: u64 = totals.errors.values().sum();
    html! {
        section.card {
            h2 { "Why attempts fail" }
            @if classes.is_empty() { (empty("No failures", "Every attempt was acknowledged, or none was made.")) }
            @else { div.bare-table { table {
                thead { tr { th scope="col" { "Cause" } th.number scope="col" { "Failures" } th.number scope="col" { "Share" } } }
                tbody { @for (class, number) in classes { tr {
                    th.name scope="row" { a href={ (visit.to("/deliveries")) "?error=" (class) } { (words(class).title) } }
                    td.number { (count(*number)) }
                    td.number.nowrap { (percent(*number as f64 / all.max(1) as f64)) }
                } } }
            } } }
        }
    }
}
