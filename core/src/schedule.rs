//! When is the next attempt of a delivery that failed?
//!
//! A schedule is a plan and a share of jitter. Jitter only ever adds: no attempt comes earlier
//! than the plan says, and with jitter 0 the plan is kept to the millisecond, because some
//! profiles document their times as a promise.

use crate::limits::RETRY_DELAY_MS_MAX;
use crate::schedule_bounds::{check_jitter, check_plan};
use crate::time::UnixMs;

pub use crate::schedule_bounds::ScheduleError;

/// How the delays of a schedule are laid out.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// The delay before each retry, in milliseconds, counted from the attempt that failed.
    Gaps(Vec<u64>),
    /// The time of each retry, in milliseconds from the *first* failure.
    Offsets(Vec<u64>),
    /// Gaps that grow: `initial_ms`, then `multiplier` times the gap before, up to a bound.
    Exponential {
        /// The gap before the first retry, in milliseconds.
        initial_ms: u64,
        /// The factor from each gap to the next.
        multiplier: f64,
        /// Attempts in all, the first included.
        max_attempts: u32,
        /// No gap is longer than this, in milliseconds.
        max_delay_ms: u64,
    },
}

/// A checked plan with its jitter.
///
/// **Invariant:** every number lies within the bounds of [`crate::limits`], so that no arithmetic
/// here can overflow into an early attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    plan: Plan,
    jitter: f64,
}

/// An endpoint's own retry policy, as the API takes it.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// The factor from each delay to the next.
    pub backoff_multiplier: f64,
    /// The delay before the first retry, in milliseconds.
    pub initial_delay: u64,
}

impl Schedule {
    /// Checks a plan and a jitter: the share of each delay, 0 to 1, that chance may add to it.
    ///
    /// # Errors
    /// When a number is out of the bounds of [`crate::limits`].
    pub fn new(plan: Plan, jitter: f64) -> Result<Self, ScheduleError> {
        check_plan(&plan)?;
        check_jitter(jitter)?;
        Ok(Self { plan, jitter })
    }

    /// The schedule of an endpoint's own policy, with the profile's jitter.
    ///
    /// # Errors
    /// When a number is out of the bounds of [`crate::limits`].
    pub fn from_retry_policy(policy: RetryPolicy, jitter: f64) -> Result<Self, ScheduleError> {
        let plan = Plan::Exponential {
            initial_ms: policy.initial_delay,
            multiplier: policy.backoff_multiplier,
            max_attempts: policy.max_attempts,
            max_delay_ms: RETRY_DELAY_MS_MAX,
        };
        Self::new(plan, jitter)
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The share of each delay that chance may add to it.
    #[must_use]
    pub const fn jitter(&self) -> f64 {
        self.jitter
    }

    /// Automatic attempts in all, the first included.
    #[must_use]
    pub fn attempts_max(&self) -> u32 {
        match &self.plan {
            Plan::Gaps(delays) | Plan::Offsets(delays) => u32::try_from(delays.len())
                .unwrap_or(u32::MAX)
                .saturating_add(1),
            Plan::Exponential { max_attempts, .. } => *max_attempts,
        }
    }

    /// The time of the next automatic attempt, or `None` when the schedule is exhausted.
    ///
    /// `failed_attempts` counts the automatic attempts so far, all of which failed; before any
    /// failure the next attempt is now. `random_unit` lies in 0..1. Never earlier than `now`.
    #[must_use]
    pub fn next(
        &self,
        failed_attempts: u32,
        first_failed_at: UnixMs,
        now: UnixMs,
        random_unit: f64,
    ) -> Option<UnixMs> {
        let Some(retry) = failed_attempts.checked_sub(1) else {
            return Some(now);
        };
        let later = |delay_ms| self.with_jitter(delay_ms, random_unit);
        let index = usize::try_from(retry).ok()?;
        Some(match &self.plan {
            Plan::Gaps(gaps) => now.plus_ms(later(*gaps.get(index)?)),
            Plan::Offsets(offsets) => first_failed_at
                .plus_ms(later(*offsets.get(index)?))
                .max(now),
            Plan::Exponential {
                initial_ms,
                multiplier,
                max_attempts,
                max_delay_ms,
            } => {
                if failed_attempts >= *max_attempts {
                    return None;
                }
                let delay_ms = grown(*initial_ms, *multiplier, retry).min(*max_delay_ms);
                now.plus_ms(later(delay_ms))
            }
        })
    }

    /// The longest time from the first failure to the last automatic attempt, in milliseconds: with
    /// all the jitter there can be, and attempts that take no time.
    #[must_use]
    pub fn span_ms(&self) -> u64 {
        let start = UnixMs(0);
        let mut at = start;
        for failed in 1..self.attempts_max() {
            match self.next(failed, start, at, 1.0) {
                Some(next) => at = next,
                None => break,
            }
        }
        at.since(start)
    }

    fn with_jitter(&self, delay_ms: u64, random_unit: f64) -> u64 {
        // `as` takes a NaN to 0 and what is too large to the most that fits: never an early attempt.
        let extra_ms = (delay_ms as f64 * self.jitter * random_unit.clamp(0.0, 1.0)) as u64;
        delay_ms.saturating_add(extra_ms)
    }
}

/// `initial_ms * multiplier ^ steps`, as large as fits.
fn grown(initial_ms: u64, multiplier: f64, steps: u32) -> u64 {
    let steps = i32::try_from(steps).unwrap_or(i32::MAX);
    (initial_ms as f64 * multiplier.powi(steps)) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::{RETRY_ATTEMPTS_MAX, RETRY_INITIAL_DELAY_MS_MAX, RETRY_MULTIPLIER_MAX};

    const T0: UnixMs = UnixMs(1_700_000_000_000);

    fn exact(plan: Plan) -> Schedule {
        Schedule::new(plan, 0.0).unwrap()
    }

    fn policy(max_attempts: u32, backoff_multiplier: f64, initial_delay: u64) -> RetryPolicy {
        RetryPolicy {
            max_attempts,
            backoff_multiplier,
            initial_delay,
        }
    }

    /// The gaps between attempts when every attempt fails the moment it is made.
    fn gaps_of(schedule: &Schedule, random_unit: f64) -> Vec<u64> {
        let mut now = T0;
        let mut gaps = Vec::new();
        for failed in 1..=RETRY_ATTEMPTS_MAX {
            let Some(at) = schedule.next(failed, T0, now, random_unit) else {
                break;
            };
            gaps.push(at.since(now));
            now = at;
        }
        gaps
    }

    #[test]
    fn gaps_count_from_the_attempt_that_failed() {
        let gaps = vec![60_000, 300_000, 1_800_000, 7_200_000, 28_800_000];
        let schedule = exact(Plan::Gaps(gaps.clone()));
        assert_eq!(gaps_of(&schedule, 0.9), gaps);
        assert_eq!(schedule.attempts_max(), 6);
    }

    #[test]
    fn offsets_count_from_the_first_failure() {
        let schedule = exact(Plan::Offsets(vec![300_000, 1_800_000, 7_200_000]));
        assert_eq!(gaps_of(&schedule, 0.9), [300_000, 1_500_000, 5_400_000]);
        let slow = T0.plus_ms(305_000);
        assert_eq!(schedule.next(2, T0, slow, 0.0), Some(T0.plus_ms(1_800_000)));
        assert_eq!(schedule.attempts_max(), 4);
    }

    #[test]
    fn a_schedule_spans_the_time_to_its_last_attempt() {
        assert_eq!(exact(Plan::Gaps(vec![5, 10, 100])).span_ms(), 115);
        assert_eq!(exact(Plan::Offsets(vec![5, 10, 100])).span_ms(), 100);
        assert_eq!(exact(Plan::Gaps(vec![])).span_ms(), 0);
        let jittered = Schedule::new(Plan::Gaps(vec![1_000, 2_000]), 0.5).unwrap();
        assert_eq!(jittered.span_ms(), 4_500);
        let growing = Schedule::from_retry_policy(policy(4, 2.0, 1_000), 0.0).unwrap();
        assert_eq!(growing.span_ms(), 7_000);
    }

    #[test]
    fn an_offset_that_has_passed_is_due_now() {
        let schedule = exact(Plan::Offsets(vec![1_000, 2_000]));
        let now = T0.plus_ms(9_000);
        assert_eq!(schedule.next(2, T0, now, 0.5), Some(now));
    }

    #[test]
    fn an_endpoints_policy_grows_by_its_multiplier() {
        let schedule = Schedule::from_retry_policy(policy(5, 2.0, 1_000), 0.0).unwrap();
        assert_eq!(gaps_of(&schedule, 0.7), [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(schedule.attempts_max(), 5);
        let steepest = policy(
            RETRY_ATTEMPTS_MAX,
            RETRY_MULTIPLIER_MAX,
            RETRY_INITIAL_DELAY_MS_MAX,
        );
        let schedule = Schedule::from_retry_policy(steepest, 0.0).unwrap();
        assert_eq!(gaps_of(&schedule, 0.0)[1..], [RETRY_DELAY_MS_MAX; 48]);
    }

    #[test]
    fn a_schedule_without_retries_is_exhausted_by_one_failure() {
        let none = [
            exact(Plan::Gaps(vec![])),
            exact(Plan::Offsets(vec![])),
            Schedule::from_retry_policy(policy(1, 2.0, 1_000), 0.0).unwrap(),
        ];
        for schedule in none {
            assert_eq!(schedule.next(0, T0, T0, 0.0), Some(T0));
            assert_eq!(schedule.next(1, T0, T0, 0.0), None);
            assert_eq!(schedule.next(u32::MAX, T0, T0, 0.0), None);
        }
    }

    #[test]
    fn jitter_only_ever_adds_its_share() {
        let schedule = Schedule::new(Plan::Gaps(vec![10_000]), 0.25).unwrap();
        for (random_unit, gap) in [(0.0, 10_000), (0.5, 11_250), (1.0, 12_500), (9.0, 12_500)] {
            assert_eq!(gaps_of(&schedule, random_unit), [gap]);
        }
        for random_unit in [-1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(gaps_of(&schedule, random_unit), [10_000]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn an_attempt_is_never_early_and_never_beyond_its_jitter(
            max_attempts in 1..=RETRY_ATTEMPTS_MAX,
            multiplier in 1.0..=RETRY_MULTIPLIER_MAX,
            initial in 1..=RETRY_INITIAL_DELAY_MS_MAX,
            jitter in 0.0..=1.0,
            random_unit in 0.0..1.0,
        ) {
            let policy = policy(max_attempts, multiplier, initial);
            let plain = gaps_of(&Schedule::from_retry_policy(policy, 0.0).unwrap(), 0.0);
            let jittered =
                gaps_of(&Schedule::from_retry_policy(policy, jitter).unwrap(), random_unit);
            prop_assert_eq!(plain.len(), max_attempts as usize - 1);
            prop_assert!(plain.is_sorted());
            prop_assert_eq!(plain.len(), jittered.len());
            for (plain, jittered) in plain.into_iter().zip(jittered) {
                prop_assert!(plain <= jittered);
                prop_assert!(jittered as f64 <= plain as f64 * (1.0 + jitter) + 1.0);
            }
        }

        #[test]
        fn no_time_panics(failed: u32, first: i64, now: i64, random_unit: f64) {
            let schedule = Schedule::new(Plan::Offsets(vec![1, 2]), 1.0).unwrap();
            let next = schedule.next(failed, UnixMs(first), UnixMs(now), random_unit);
            prop_assert!(next.is_none_or(|at| at >= UnixMs(now)));
        }
    }
}
