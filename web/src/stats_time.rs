//! Which points of a series a caller asks for: whole ones that cover the time, and not too many.

use hookwright_core::limits::STATS_POINTS_MAX;
use hookwright_core::rollup::Width;
use hookwright_core::time::UnixMs;
use hookwright_store::Stretches;

use crate::problem::Problem;
use crate::times;

/// Points where the caller does not say since when.
const POINTS_DEFAULT: i64 = 60;

/// The whole points that cover the time asked for.
pub(crate) fn stretches(
    width: &str,
    (since, until): (Option<&str>, Option<&str>),
    now: UnixMs,
) -> Result<Stretches, Problem> {
    let width = Width::parse(width)
        .ok_or_else(|| Problem::query("width", "must be minute, hour or day"))?;
    let until = until.map(|text| time("until", text)).transpose()?;
    let until = until.unwrap_or(now);
    // A point that has begun is asked for whole.
    let end = width.start_of(until.seconds());
    let is_whole = until.0 == end * 1_000;
    let until = if is_whole { end } else { end + width.seconds() };
    let since = since.map(|text| time("since", text)).transpose()?;
    let since = since.map_or(until - POINTS_DEFAULT * width.seconds(), |since| {
        width.start_of(since.seconds())
    });
    let points = (until - since) / width.seconds();
    if points < 1 {
        return Err(Problem::query("since", "must lie before \"until\""));
    }
    if points > STATS_POINTS_MAX as i64 {
        let detail = format!(
            "asks for {points} points of a {}, and {STATS_POINTS_MAX} is the most; ask for less time or a larger width",
            width.as_str()
        );
        return Err(Problem::query("since", &detail));
    }
    Ok(Stretches {
        width,
        since,
        until,
    })
}

fn time(name: &str, text: &str) -> Result<UnixMs, Problem> {
    let detail = "must be a time as RFC 3339, as 2026-01-31T12:00:00Z";
    times::parse(text).ok_or_else(|| Problem::query(name, detail))
}

/// A second of the epoch, as times are shown.
pub(crate) fn at(second: i64) -> String {
    times::rfc3339(UnixMs(second.saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_705_314_675_042);

    fn of(
        width: &str,
        since: Option<&str>,
        until: Option<&str>,
    ) -> Result<(String, String), String> {
        let found = stretches(width, (since, until), NOW).map_err(|problem| problem.detail)?;
        Ok((at(found.since), at(found.until)))
    }

    #[test]
    fn the_time_asked_for_is_covered_by_whole_points() {
        let hours = of("hour", Some("2024-01-15T08:59:59Z"), None).expect("read");
        assert_eq!(
            hours,
            (
                "2024-01-15T08:00:00Z".to_owned(),
                "2024-01-15T11:00:00Z".to_owned()
            )
        );
        let minutes = of("minute", None, Some("2024-01-15T10:00:00Z")).expect("read");
        assert_eq!(
            minutes,
            (
                "2024-01-15T09:00:00Z".to_owned(),
                "2024-01-15T10:00:00Z".to_owned()
            )
        );
    }

    #[test]
    fn times_that_cannot_be_shown_are_refused_with_a_way_out() {
        let refused = |width, since, until| of(width, since, until).expect_err("refused");
        assert!(refused("week", None, None).contains("minute, hour or day"));
        assert!(refused("day", Some("yesterday"), None).contains("RFC 3339"));
        let later = Some("2024-02-01T00:00:00Z");
        assert!(refused("day", later, Some("2024-01-01T00:00:00Z")).contains("before"));
        assert!(refused("minute", Some("2024-01-01T00:00:00Z"), None).contains("1500 is the most"));
        let most = of(
            "minute",
            Some("2024-01-14T09:32:00Z"),
            Some("2024-01-15T10:32:00Z"),
        );
        assert!(most.is_ok());
    }
}
