//! When has an endpoint failed for so long that it is disabled?

use crate::limits::DISABLE_AFTER_DAYS_DEFAULT;
use crate::schedule::Schedule;
use crate::time::UnixMs;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Whether an endpoint of which every attempt has failed since `failing_since` is disabled by a
/// failure at `now`.
///
/// `after_days` is the project's choice: `None` the server's own, 0 never. Whatever it is, a delivery
/// that failed first of all has its whole schedule: the endpoint is not disabled before its last
/// automatic attempt would have been made.
#[must_use]
pub fn must_disable(
    failing_since: UnixMs,
    now: UnixMs,
    after_days: Option<u32>,
    schedule: &Schedule,
) -> bool {
    match after_days.unwrap_or(DISABLE_AFTER_DAYS_DEFAULT) {
        0 => false,
        days => {
            let patience_ms = (u64::from(days) * DAY_MS).max(schedule.span_ms());
            now.since(failing_since) > patience_ms
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Plan;

    const SINCE: UnixMs = UnixMs(1_700_000_000_000);

    fn schedule(days: u64) -> Schedule {
        Schedule::new(Plan::Offsets(vec![5_000, days * DAY_MS]), 0.0).unwrap()
    }

    fn after(days: u64, ms: u64, after_days: Option<u32>, schedule: &Schedule) -> bool {
        let now = SINCE.plus_ms(days * DAY_MS + ms);
        must_disable(SINCE, now, after_days, schedule)
    }

    #[test]
    fn it_takes_five_days_unless_the_project_says_otherwise() {
        let short = schedule(1);
        assert!(!after(5, 0, None, &short));
        assert!(after(5, 1, None, &short));
        assert!(!after(2, 0, Some(2), &short));
        assert!(after(2, 1, Some(2), &short));
    }

    #[test]
    fn zero_days_is_never() {
        assert!(!after(10_000, 0, Some(0), &schedule(1)));
    }

    #[test]
    fn a_schedule_that_takes_longer_is_waited_for() {
        let long = schedule(6);
        assert!(!after(6, 0, None, &long));
        assert!(after(6, 1, None, &long));
        assert!(!after(5, 0, Some(1), &long));
    }

    #[test]
    fn a_clock_that_went_back_disables_nothing() {
        let now = UnixMs(SINCE.0 - 1);
        assert!(!must_disable(SINCE, now, Some(1), &schedule(1)));
    }
}
