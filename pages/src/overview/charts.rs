//! The three charts of the overview, and the table of what they show.

use maud::{Markup, html};

use crate::parts::chart::{Chart, Drawn, Series};
use crate::parts::chart_scale::{Scale, short};
use crate::parts::show::count;
use crate::parts::times::length;
use crate::stats::{Counts, Percentiles, Point, Range, percent};

/// What all charts of a page share.
struct Along {
    range: Range,
    since: i64,
    places: Vec<Option<Counts>>,
    labels: Vec<String>,
}

pub(super) fn show(range: Range, since: i64, points: Vec<Point>) -> Markup {
    let every = range.label_every;
    let label = |at: usize| range.label(since + at as i64 * range.step);
    let along = Along {
        range,
        since,
        places: range.places(since, points),
        labels: (0..=range.points).step_by(every).map(label).collect(),
    };
    html! {
        (along.volume())
        div.grid.wide { (along.success()) (along.latency()) }
        (along.table())
    }
}

impl Along {
    fn span(&self, place: usize) -> String {
        self.range.span(self.since + place as i64 * self.range.step)
    }

    /// A value of each point.
    fn values(&self, of: impl Fn(&Counts) -> Option<f64>) -> Vec<Option<f64>> {
        let of = |place: &Option<Counts>| place.as_ref().and_then(&of);
        self.places.iter().map(of).collect()
    }

    /// Each point in words.
    fn tips(&self, words: impl Fn(&Counts) -> String) -> Vec<String> {
        let tip = |(place, counts): (usize, &Option<Counts>)| match counts {
            Some(counts) => format!("{}: {}", self.span(place), words(counts)),
            None => format!("{}: nothing", self.span(place)),
        };
        self.places.iter().enumerate().map(tip).collect()
    }

    fn volume(&self) -> Markup {
        let sums = self.values(|it| Some((it.delivered + it.retried + it.failed) as f64));
        let most = sums.iter().flatten().copied().fold(0.0, f64::max);
        let series = |name, colour, of: fn(&Counts) -> u64| Series {
            name,
            colour,
            values: self.values(|it| Some(of(it) as f64)),
        };
        let about = format!(
            "Outcomes of attempts, each {} (UTC). Retried: failed, and another attempt follows.",
            self.range.each
        );
        Chart {
            id: "volume",
            title: "Deliveries",
            about: &about,
            drawn: Drawn::Bars,
            series: vec![
                series("failed", 2, |it| it.failed),
                series("retried", 3, |it| it.retried),
                series("delivered", 1, |it| it.delivered),
            ],
            scale: Scale::counts(most),
            unit: short,
            along: &self.labels,
            tips: self.tips(|it| {
                let [delivered, retried, failed] = [it.delivered, it.retried, it.failed].map(count);
                format!("{delivered} delivered, {retried} retried, {failed} failed")
            }),
            nothing: "Nothing was delivered in this time.",
        }
        .show()
    }

    fn success(&self) -> Markup {
        let values = self.values(|it| it.success_rate.map(|share| share * 100.0));
        let least = values.iter().flatten().copied().fold(100.0, f64::min);
        Chart {
            id: "success",
            title: "Success rate",
            about: "Of the deliveries that ended, how many were acknowledged.",
            drawn: Drawn::Line,
            series: vec![Series {
                name: "success rate",
                colour: 1,
                values,
            }],
            scale: Scale::percent(least),
            unit: |it| format!("{}\u{a0}%", short(it)),
            along: &self.labels,
            tips: self.tips(|it| {
                it.success_rate
                    .map_or("no delivery ended".to_owned(), percent)
            }),
            nothing: "No delivery ended in this time.",
        }
        .show()
    }

    fn latency(&self) -> Markup {
        let of = |of: fn(&Percentiles) -> f64| self.values(|it| it.latency_ms.as_ref().map(of));
        let (half, most) = (of(|it| it.p50), of(|it| it.p99));
        let least = half.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let longest = most.iter().flatten().copied().fold(0.0, f64::max);
        let series = |name, colour, values| Series {
            name,
            colour,
            values,
        };
        Chart {
            id: "latency",
            title: "Publish to delivery",
            about: "Acceptance to acknowledgement, retries included; logarithmic.",
            drawn: Drawn::Line,
            series: vec![
                series("p50", 1, half),
                series("p95", 3, of(|it| it.p95)),
                series("p99", 2, most),
            ],
            scale: Scale::lengths(if least.is_finite() { least } else { 1.0 }, longest),
            unit: tick,
            along: &self.labels,
            tips: self.tips(|it| match it.latency_ms {
                None => "nothing was delivered".to_owned(),
                Some(times) => format!(
                    "p50 {}, p95 {}, p99 {}",
                    length(times.p50),
                    length(times.p95),
                    length(times.p99)
                ),
            }),
            nothing: "Nothing was delivered in this time.",
        }
        .show()
    }

    /// The same values for those who do not see pictures.
    fn table(&self) -> Markup {
        let happened = self.places.iter().enumerate();
        let happened = happened.filter_map(|(place, it)| Some((place, it.as_ref()?)));
        html! {
            details.values #values {
                summary { "The charts' values as a table" }
                div.scroll tabindex="0" role="region" aria-label="Values of the charts" { table {
                    thead { tr {
                        th scope="col" { "Time (UTC)" }
                        @for name in ["Accepted", "Delivered", "Retried", "Failed", "Success", "p50", "p95", "p99"] { th.number scope="col" { (name) } }
                    } }
                    tbody { @for (place, it) in happened { tr {
                        td.nowrap { (self.span(place)) }
                        @for number in [it.accepted, it.delivered, it.retried, it.failed] { td.number { (count(number)) } }
                        td.number { (it.success_rate.map_or("–".to_owned(), percent)) }
                        @for ms in it.latency_ms.map_or([None; 3], |it| [Some(it.p50), Some(it.p95), Some(it.p99)]) {
                            td.number { (ms.map_or("–".to_owned(), length)) }
                        }
                    } } }
                } }
            }
        }
    }
}

/// A power of ten of milliseconds.
fn tick(ms: f64) -> String {
    match ms {
        it if it >= 1_000.0 => format!("{}\u{a0}s", short(it / 1_000.0)),
        it => format!("{it}\u{a0}ms"),
    }
}
