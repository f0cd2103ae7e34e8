//! When a job may do its next step: as fast as its rate allows, and behind live traffic.

/// A job waits no longer than this for live traffic before it does a step all the same, in
/// microseconds: under a load that never ends it is slow, and not stopped.
const YIELDS_US_MAX: u64 = 1_000_000;
/// A job that waited has no right to what it did not do: it never catches up by more than this, in
/// microseconds of its rate.
const CATCHES_UP_US_MAX: u64 = 1_000_000;
/// Time between two looks at the traffic, in microseconds.
const LOOKS_EVERY_US: u64 = 5_000;

/// The pace of one job on one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    rows_per_second: u32,
    /// The rate allows the next step then.
    next_us: u64,
    /// Since when it yields.
    yields_since_us: Option<u64>,
}

impl Pace {
    /// Of a job that may begin now.
    #[must_use]
    pub const fn new(rows_per_second: u32, now_us: u64) -> Self {
        Self {
            rows_per_second,
            next_us: now_us,
            yields_since_us: None,
        }
    }

    /// A step did so many rows of work.
    pub const fn did(&mut self, rows: u64, now_us: u64) {
        let rate = if self.rows_per_second == 0 {
            1
        } else {
            self.rows_per_second as u64
        };
        let earliest = now_us.saturating_sub(CATCHES_UP_US_MAX);
        let from = if self.next_us > earliest {
            self.next_us
        } else {
            earliest
        };
        self.next_us = from.saturating_add(rows.saturating_mul(1_000_000) / rate);
        self.yields_since_us = None;
    }

    /// Microseconds to wait before asking again; `None` when a step may be done now.
    pub const fn wait_us(&mut self, is_loaded: bool, now_us: u64) -> Option<u64> {
        if self.next_us > now_us {
            return Some(self.next_us - now_us);
        }
        if !is_loaded {
            return None;
        }
        let since = match self.yields_since_us {
            Some(since) => since,
            None => now_us,
        };
        self.yields_since_us = Some(since);
        if now_us.saturating_sub(since) >= YIELDS_US_MAX {
            None
        } else {
            Some(LOOKS_EVERY_US)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Rows done within a time by steps of 100 that take none.
    fn done(pace: &mut Pace, until_us: u64, is_loaded: bool) -> u64 {
        let (mut now, mut rows) = (0, 0);
        while now < until_us {
            match pace.wait_us(is_loaded, now) {
                Some(wait) => now += wait,
                None => {
                    rows += 100;
                    pace.did(100, now);
                }
            }
        }
        rows
    }

    #[test]
    fn the_rate_is_kept() {
        for rate in [100, 500, 10_000] {
            let rows = done(&mut Pace::new(rate, 0), 10 * SECOND, false);
            let expected = u64::from(rate) * 10;
            assert!(rows.abs_diff(expected) <= u64::from(rate), "{rate}: {rows}");
        }
    }

    #[test]
    fn a_job_that_waited_catches_up_by_a_second_at_most() {
        let mut pace = Pace::new(100, 0);
        let mut rows = 0;
        let now = 3_600 * SECOND;
        while pace.wait_us(false, now).is_none() {
            rows += 100;
            pace.did(100, now);
        }
        assert_eq!(rows, 200);
    }

    #[test]
    fn under_load_it_is_slow_and_not_stopped() {
        let rows = done(&mut Pace::new(10_000, 0), 10 * SECOND, true);
        assert!((900..=1_100).contains(&rows), "{rows}");
    }

    #[test]
    fn it_goes_on_at_once_when_the_load_ends() {
        let mut pace = Pace::new(500, 0);
        assert!(pace.wait_us(true, 0).is_some());
        assert_eq!(pace.wait_us(false, 5_000), None);
    }
}
