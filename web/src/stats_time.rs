//! Which points of a series a caller asks for: whole ones that cover the time, and not too many.

use hookwright_core::limits::{STATS_PER_POINT_MAX, STATS_POINTS_MAX};
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
    times: (Option<&str>, Option<&str>),
    now: UnixMs,
) -> Result<Stretches, Problem> {
    covering(width, 1, times, now)
}

/// How many minutes, hours or days one point counts.
pub(crate) fn per_point(text: Option<&str>) -> Result<i64, Problem> {
    let Some(text) = text else {
        return Ok(1);
    };
    let most = STATS_PER_POINT_MAX;
    let number = text.parse().ok();
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| Problem::query("per_point", &format!("must be a number from 1 to {most}")))
}

/// The same, where one point counts several minutes, hours or days: it begins at a multiple of them.
pub(crate) fn covering(
    width: &str,
    per_point: i64,
    (since, until): (Option<&str>, Option<&str>),
    now: UnixMs,
) -> Result<Stretches, Problem> {
    let width = Width::parse(width)
        .ok_or_else(|| Problem::query("width", "must be minute, hour or day"))?;
    let until = until.map(|text| time("until", text)).transpose()?;
    let until = until.unwrap_or(now);
    let step = width.seconds() * per_point;
    let start_of = |second: i64| second.div_euclid(step) * step;
    // A point that has begun is asked for whole.
    let end = start_of(until.seconds());
    let is_whole = until.0 == end * 1_000;
    let until = if is_whole { end } else { end + step };
    let since = since.map(|text| time("since", text)).transpose()?;
    let points = POINTS_DEFAULT.min(STATS_POINTS_MAX as i64 / per_point);
    let since = since.map_or(until - points * step, |since| start_of(since.seconds()));
    let points = (until - since) / width.seconds();
    if points < 1 {
        return Err(Problem::query("since", "must lie before \"until\""));
    }
    if points > STATS_POINTS_MAX as i64 {
        let detail = format!(
            "asks for {points} times a {}, and {STATS_POINTS_MAX} is the most; ask for less time or a larger width",
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
    fn points_of_several_hours_begin_at_multiples_of_them() {
        let times = (Some("2024-01-15T07:00:00Z"), Some("2024-01-15T10:30:00Z"));
        let found = covering("hour", 3, times, NOW).map_err(|problem| problem.detail);
        let found = found.expect("read");
        assert_eq!(
            (at(found.since), at(found.until)),
            (
                "2024-01-15T06:00:00Z".to_owned(),
                "2024-01-15T12:00:00Z".to_owned()
            )
        );
        assert_eq!(per_point(None).map_err(|it| it.detail), Ok(1));
        for refused in ["0", "x", "1441"] {
            assert!(per_point(Some(refused)).is_err(), "{refused}");
        }
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
