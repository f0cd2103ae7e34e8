//! How many of the last attempts failed? Counted in buckets, so that old ones go a piece at a time.

use crate::time::UnixMs;

/// Pieces that a window is cut into: an attempt counts for between 9 and 10 of them.
const BUCKETS: u64 = 10;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bucket {
    /// Which piece of time it counts; another one's counts are not of this window.
    number: u64,
    attempts: u32,
    failures: u32,
}

/// The attempts of the last while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    bucket_ms: u64,
    buckets: [Bucket; BUCKETS as usize],
}

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) attempts: u32,
    pub(super) failures: u32,
}

impl Window {
    pub(super) fn new(window_s: u32) -> Self {
        Self {
            bucket_ms: (u64::from(window_s) * 1_000 / BUCKETS).max(1),
            buckets: [Bucket::default(); BUCKETS as usize],
        }
    }

    /// Counts an attempt that ended at `now`.
    pub(super) fn add(&mut self, failed: bool, now: UnixMs) {
        let number = self.number(now);
        let bucket = &mut self.buckets[(number % BUCKETS) as usize];
        if bucket.number != number {
            *bucket = Bucket {
                number,
                ..Bucket::default()
            };
        }
        bucket.attempts = bucket.attempts.saturating_add(1);
        bucket.failures = bucket.failures.saturating_add(u32::from(failed));
    }

    /// What is in the window at `now`.
    pub(super) fn seen(&self, now: UnixMs) -> Seen {
        let last = self.number(now);
        let in_window = |it: &&Bucket| it.number <= last && last - it.number < BUCKETS;
        let within = self.buckets.iter().filter(in_window);
        within.fold(Seen::default(), |seen, bucket| Seen {
            attempts: seen.attempts.saturating_add(bucket.attempts),
            failures: seen.failures.saturating_add(bucket.failures),
        })
    }

    fn number(&self, at: UnixMs) -> u64 {
        at.0.max(0).unsigned_abs() / self.bucket_ms
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T0: UnixMs = UnixMs(1_700_000_000_000);

    #[test]
    fn an_attempt_counts_for_the_window_and_no_longer() {
        let mut window = Window::new(60);
        window.add(true, T0);
        window.add(false, T0.plus_ms(1));
        let both = Seen {
            attempts: 2,
            failures: 1,
        };
        assert_eq!(window.seen(T0.plus_ms(53_999)), both);
        assert_eq!(window.seen(T0.plus_ms(60_001)), Seen::default());
    }

    #[test]
    fn a_bucket_that_comes_round_again_starts_from_nothing() {
        let mut window = Window::new(10);
        for round in 0..3 {
            window.add(true, T0.plus_ms(round * 10_000));
        }
        let one = Seen {
            attempts: 1,
            failures: 1,
        };
        assert_eq!(window.seen(T0.plus_ms(20_000)), one);
    }

    proptest! {
        #[test]
        fn nothing_older_than_the_window_counts_and_nothing_of_its_last_nine_tenths_is_missed(
            window_s in 1..=3_600_u32,
            gaps in proptest::collection::vec((0..2_000_000_u64, any::<bool>()), 1..60),
        ) {
            let mut window = Window::new(window_s);
            let window_ms = u64::from(window_s) * 1_000;
            let mut now = T0;
            let mut all = Vec::new();
            for (gap_ms, failed) in gaps {
                now = now.plus_ms(gap_ms);
                window.add(failed, now);
                all.push((now, failed));
                let seen = window.seen(now);
                let within = |ms: u64| all.iter().filter(move |(at, _)| now.since(*at) <= ms);
                prop_assert!(seen.attempts as usize <= within(window_ms).count());
                prop_assert!(seen.attempts as usize >= within(window_ms / 10 * 9 - 1).count());
                prop_assert!(seen.failures <= seen.attempts);
                prop_assert!(seen.failures as usize <= within(window_ms).filter(|it| it.1).count());
            }
        }
    }
}
