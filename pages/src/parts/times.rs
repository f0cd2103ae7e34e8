//! Times and lengths of time as people read them.

use maud::{Markup, html};

/// A moment of the API (RFC 3339 in UTC) as a date and a time of day. The script adds how long ago
/// that is.
pub(crate) fn time(at: &str) -> Markup {
    let shown = at.trim_end_matches('Z').replacen('T', " ", 1);
    let shown = shown.split('.').next().unwrap_or(&shown).to_owned();
    html! { time datetime=(at) title={ (at) } { (shown) " UTC" } }
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
}
