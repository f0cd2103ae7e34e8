//! Times and lengths of time as people read them.

use maud::{Markup, html};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::moment;

/// A moment of the API (RFC 3339 in UTC) as a date and a time of day, and how long ago that is. The
/// script keeps the latter true.
pub(crate) fn time(at: &str) -> Markup {
    let ago = moment::now_ms().and_then(|now_ms| ago(at, now_ms));
    html! {
        time datetime=(at) title={ (at) } {
            (to_the_second(at))
            @if let Some(ago) = ago { span.ago { (ago) } }
        }
    }
}

/// Only how far off a moment is, where that says enough.
pub(crate) fn in_time(at: &str) -> Markup {
    let ago = moment::now_ms().and_then(|now_ms| ago(at, now_ms));
    html! { time datetime=(at) title=(at) { span.ago.bare { (ago.unwrap_or_else(|| at.to_owned())) } } }
}

/// How far a moment is from another: `just now`, `3 min ago`, `in 2 h`. The script says the same.
fn ago(at: &str, now_ms: i64) -> Option<String> {
    let at = OffsetDateTime::parse(at, &Rfc3339).ok()?;
    let seconds = now_ms / 1_000 - at.unix_timestamp();
    let far = seconds.unsigned_abs();
    let span = match far {
        0..5 => return Some("just now".to_owned()),
        5..60 => format!("{far} s"),
        60..3_600 => format!("{} min", far / 60),
        3_600..86_400 => format!("{} h", far / 3_600),
        _ => format!("{} d", far / 86_400),
    };
    Some(match seconds > 0 {
        true => format!("{span} ago"),
        false => format!("in {span}"),
    })
}

/// A moment of the API as text.
pub(crate) fn to_the_second(at: &str) -> String {
    let shown = at.trim_end_matches('Z').replacen('T', " ", 1);
    format!("{} UTC", shown.split('.').next().unwrap_or(&shown))
}

/// A moment, or a dash.
pub(crate) fn maybe(at: Option<&str>) -> Markup {
    match at {
        Some(at) => time(at),
        None => html! { span.none { "–" } },
    }
}

/// Milliseconds as people say them: 0.4 ms, 38 ms, 1.2 s, 3 min, 2 h, 4 d.
pub(crate) fn length(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 60_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms if ms < 7_200_000.0 => format!("{:.0} min", ms / 60_000.0),
        ms if ms < 172_800_000.0 => format!("{:.0} h", ms / 3_600_000.0),
        ms => format!("{:.0} d", ms / 86_400_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_the_unit_that_people_would_use() {
        let shown = [0.42, 38.4, 1_240.0, 180_000.0, 7_200_000.0, 345_600_000.0].map(length);
        assert_eq!(shown, ["0.4 ms", "38 ms", "1.2 s", "3 min", "2 h", "4 d"]);
    }

    #[test]
    fn a_moment_is_shown_to_the_second() {
        let shown = time("2026-11-21T14:03:22.123Z").into_string();
        assert!(shown.contains(">2026-11-21 14:03:22 UTC<"), "{shown}");
    }

    #[test]
    fn how_long_ago_is_in_whole_units() {
        let of = |at: &str| ago(at, 1_795_269_802_999);
        let told = [
            ("2026-11-21T14:03:22Z", "just now"),
            ("2026-11-21T14:03:12Z", "10 s ago"),
            ("2026-11-21T14:01:00.5Z", "2 min ago"),
            ("2026-11-21T12:03:00Z", "2 h ago"),
            ("2026-11-18T14:03:00Z", "3 d ago"),
            ("2026-11-21T14:04:22Z", "in 1 min"),
        ];
        for (at, words) in told {
            assert_eq!(of(at).as_deref(), Some(words), "{at}");
        }
        assert_eq!(of("yesterday"), None);
    }
}
