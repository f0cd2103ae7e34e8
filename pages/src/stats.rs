//! What the API counted, and the stretches of time that people look at.

use std::collections::BTreeMap;

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What was counted in some time.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) retried: u64,
    pub(crate) attempts: u64,
    /// 0 to 1.
    pub(crate) success_rate: Option<f64>,
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) latency_ms: Option<Percentiles>,
    pub(crate) attempt_ms: Phases,
}

/// How long most took, in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
}

/// Where the time of attempts went.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Phases {
    pub(crate) queue_wait: Option<Percentiles>,
    pub(crate) dns: Option<Percentiles>,
    pub(crate) connect: Option<Percentiles>,
    pub(crate) tls: Option<Percentiles>,
    pub(crate) first_byte: Option<Percentiles>,
    pub(crate) total: Option<Percentiles>,
}

/// One point of a series.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Point {
    pub(crate) at: String,
    #[serde(flatten)]
    pub(crate) counts: Counts,
}

/// A series, as the API gives it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Stats {
    pub(crate) points: Vec<Point>,
    pub(crate) totals: Counts,
    pub(crate) oldest_undelivered_at: Option<String>,
    pub(crate) backlog: Option<u64>,
    pub(crate) backlog_is_exact: Option<bool>,
}

/// A stretch of time up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// In the address: `?range=24h`.
    pub(crate) word: &'static str,
    /// After "in the last".
    pub(crate) name: &'static str,
    /// What one point counts, in words.
    pub(crate) each: &'static str,
    pub(crate) width: &'static str,
    /// Of this many minutes, hours or days.
    pub(crate) per_point: &'static str,
    /// Seconds of one point.
    pub(crate) step: i64,
    pub(crate) points: usize,
    /// Points from one written time to the next.
    pub(crate) label_every: usize,
}

/// The stretches that people choose from.
pub(crate) const RANGES: [Range; 4] = [
    Range {
        word: "1h",
        name: "hour",
        each: "minute",
        width: "minute",
        per_point: "1",
        step: 60,
        points: 60,
        label_every: 15,
    },
    Range {
        word: "24h",
        name: "24 hours",
        each: "hour",
        width: "hour",
        per_point: "1",
        step: 3_600,
        points: 24,
        label_every: 6,
    },
    Range {
        word: "7d",
        name: "7 days",
        each: "3 hours",
        width: "hour",
        per_point: "3",
        step: 10_800,
        points: 56,
        label_every: 8,
    },
    Range {
        word: "30d",
        name: "30 days",
        each: "day",
        width: "day",
        per_point: "1",
        step: 86_400,
        points: 30,
        label_every: 6,
    },
];

impl Range {
    /// The one that an address names; a day, if it names none.
    pub(crate) fn of(word: Option<&str>) -> Self {
        let found = RANGES.into_iter().find(|range| Some(range.word) == word);
        found.unwrap_or(RANGES[1])
    }

    /// The largest width that fits: for what adds up thousands of rows.
    pub(crate) fn coarse_width(&self) -> &'static str {
        match self.word {
            "1h" | "24h" => "hour",
            _ => "day",
        }
    }

    /// When the first point begins, in seconds, if the last one holds `now_ms`.
    pub(crate) const fn since(&self, now_ms: i64) -> i64 {
        let last = now_ms.div_euclid(1_000 * self.step) * self.step;
        last - (self.points as i64 - 1) * self.step
    }

    /// The points of a series, each in its place; `None` where nothing happened.
    pub(crate) fn places(&self, since: i64, points: Vec<Point>) -> Vec<Option<Counts>> {
        let mut places = vec![None; self.points];
        for point in points {
            let Some(at) = seconds(&point.at) else {
                continue;
            };
            let place = usize::try_from((at - since).div_euclid(self.step));
            if let Some(place) = place.ok().and_then(|place| places.get_mut(place)) {
                *place = Some(point.counts);
            }
        }
        places
    }

    /// When a point begins, as short as it can be told.
    pub(crate) fn label(&self, at: i64) -> String {
        let Ok(at) = OffsetDateTime::from_unix_timestamp(at) else {
            return String::new();
        };
        match self.word {
            "1h" | "24h" => format!("{:02}:{:02}", at.hour(), at.minute()),
            _ => format!("{} {}", month(at), at.day()),
        }
    }

    /// Which time a point counts.
    pub(crate) fn span(&self, at: i64) -> String {
        let (from, to) = (at, at + self.step);
        let Ok(day) = OffsetDateTime::from_unix_timestamp(from) else {
            return String::new();
        };
        let date = format!("{} {}", month(day), day.day());
        let clock = |at: i64| {
            let at = at.rem_euclid(86_400);
            format!("{:02}:{:02}", at / 3_600, at % 3_600 / 60)
        };
        match self.word {
            "30d" => date,
            "1h" => format!("{date}, {}", clock(from)),
            _ => format!("{date}, {} to {}", clock(from), clock(to)),
        }
    }
}

fn month(at: OffsetDateTime) -> &'static str {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    NAMES[usize::from(u8::from(at.month())) - 1]
}

/// A moment of the API in seconds since the epoch.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(at.unix_timestamp())
}

/// Seconds since the epoch as the API reads them.
pub(crate) fn moment(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok();
    at.and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// A share as people say it: 100 %, 99.98 %, 3.5 %.
pub(crate) fn percent(share: f64) -> String {
    // Not all is never called all.
    let text = match share * 100.0 {
        0.0 => "0".to_owned(),
        it if it >= 100.0 => "100".to_owned(),
        it if it > 99.99 => "99.99".to_owned(),
        it if it >= 99.0 => format!("{it:.2}"),
        it => format!("{it:.1}"),
    };
    format!("{text}\u{a0}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_705_314_675_000; // 2024-01-15T10:31:15Z

    #[test]
    fn a_range_ends_with_the_point_that_holds_now() {
        let since = |word| moment(Range::of(Some(word)).since(NOW));
        assert_eq!(since("1h"), "2024-01-15T09:32:00Z");
        assert_eq!(since("24h"), "2024-01-14T11:00:00Z");
        assert_eq!(since("7d"), "2024-01-08T12:00:00Z");
        assert_eq!(since("30d"), "2023-12-17T00:00:00Z");
        assert_eq!(Range::of(Some("9y")).word, "24h");
        for range in RANGES {
            assert_eq!(
                range.points % range.label_every,
                0,
                "labels are evenly apart"
            );
        }
    }

    #[test]
    fn points_stand_in_their_places() {
        let range = Range::of(Some("1h"));
        let at = |at: &str| Point {
            at: at.to_owned(),
            counts: Counts::default(),
        };
        let points = [
            "2024-01-15T09:32:00Z",
            "2024-01-15T10:31:00Z",
            "2024-01-15T10:32:00Z",
        ];
        let places = range.places(range.since(NOW), points.map(at).to_vec());
        assert_eq!(places.len(), 60);
        assert!(places[0].is_some() && places[1].is_none() && places[59].is_some());
    }

    #[test]
    fn times_and_shares_are_as_short_as_they_can_be() {
        let [hour, day, week, month] = RANGES;
        let at = 1_705_312_800;
        assert_eq!(
            (hour.label(at), hour.span(at)),
            ("10:00".to_owned(), "Jan 15, 10:00".to_owned())
        );
        assert_eq!(day.span(at), "Jan 15, 10:00 to 11:00");
        assert_eq!(
            (week.label(at), week.span(at)),
            ("Jan 15".to_owned(), "Jan 15, 10:00 to 13:00".to_owned())
        );
        assert_eq!(month.span(at), "Jan 15");
        let shown = [1.0, 0.999_999, 0.995, 0.5, 0.0].map(percent);
        assert_eq!(
            shown,
            [
                "100\u{a0}%",
                "99.99\u{a0}%",
                "99.50\u{a0}%",
                "50.0\u{a0}%",
                "0\u{a0}%"
            ]
        );
    }
}
