//! Which schedules are possible?

use thiserror::Error;

use crate::limits::{
    RETRY_ATTEMPTS_MAX, RETRY_DELAY_MS_MAX, RETRY_INITIAL_DELAY_MS_MAX, RETRY_JITTER_MAX,
    RETRY_MULTIPLIER_MAX,
};
use crate::schedule::Plan;

/// Why a schedule is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ScheduleError {
    /// Too many attempts, or none.
    #[error("a schedule of {0} attempts is not possible; hint: use 1 to {RETRY_ATTEMPTS_MAX}")]
    Attempts(u64),
    /// The first delay of an exponential schedule is out of bounds.
    #[error(
        "a first delay of {0} ms is not possible; hint: use 1 to {RETRY_INITIAL_DELAY_MS_MAX} ms"
    )]
    InitialDelay(u64),
    /// The multiplier is out of bounds, or not a number.
    #[error("a multiplier of {0} is not possible; hint: use 1 to {RETRY_MULTIPLIER_MAX}")]
    Multiplier(f64),
    /// A delay is too long.
    #[error("a delay of {0} ms is not possible; hint: use at most {RETRY_DELAY_MS_MAX} ms")]
    Delay(u64),
    /// The bound of an exponential schedule lies below its first delay.
    #[error(
        "a longest delay of {max_delay_ms} ms is shorter than the first of {initial_ms} ms; \
         hint: give at least the first"
    )]
    BoundBelowInitial {
        /// The first delay.
        initial_ms: u64,
        /// The bound.
        max_delay_ms: u64,
    },
    /// Offsets do not grow.
    #[error(
        "an offset of {0} ms follows a later one; hint: count every offset from the first failure"
    )]
    OffsetsNotSorted(u64),
    /// The jitter is out of bounds, or not a number.
    #[error("a jitter of {0} is not possible; hint: use 0 to {RETRY_JITTER_MAX}")]
    Jitter(f64),
}

/// Checks the share of a delay that chance may add.
pub(crate) fn check_jitter(jitter: f64) -> Result<(), ScheduleError> {
    // A NaN lies in no range, here and below.
    if (0.0..=RETRY_JITTER_MAX).contains(&jitter) {
        return Ok(());
    }
    Err(ScheduleError::Jitter(jitter))
}

/// Checks every number of a plan.
pub(crate) fn check_plan(plan: &Plan) -> Result<(), ScheduleError> {
    match plan {
        Plan::Gaps(gaps) => check_delays(gaps),
        Plan::Offsets(offsets) => {
            check_delays(offsets)?;
            match offsets.windows(2).find(|pair| pair[1] < pair[0]) {
                Some(pair) => Err(ScheduleError::OffsetsNotSorted(pair[1])),
                None => Ok(()),
            }
        }
        &Plan::Exponential {
            initial_ms,
            multiplier,
            max_attempts,
            max_delay_ms,
        } => {
            check_attempts(u64::from(max_attempts))?;
            if !(1..=RETRY_INITIAL_DELAY_MS_MAX).contains(&initial_ms) {
                return Err(ScheduleError::InitialDelay(initial_ms));
            }
            if !(1.0..=RETRY_MULTIPLIER_MAX).contains(&multiplier) {
                return Err(ScheduleError::Multiplier(multiplier));
            }
            if max_delay_ms < initial_ms {
                return Err(ScheduleError::BoundBelowInitial {
                    initial_ms,
                    max_delay_ms,
                });
            }
            check_delay(max_delay_ms)
        }
    }
}

fn check_delays(delays: &[u64]) -> Result<(), ScheduleError> {
    check_attempts(
        u64::try_from(delays.len())
            .unwrap_or(u64::MAX)
            .saturating_add(1),
    )?;
    delays
        .iter()
        .try_for_each(|&delay_ms| check_delay(delay_ms))
}

fn check_attempts(attempts: u64) -> Result<(), ScheduleError> {
    if (1..=u64::from(RETRY_ATTEMPTS_MAX)).contains(&attempts) {
        return Ok(());
    }
    Err(ScheduleError::Attempts(attempts))
}

const fn check_delay(delay_ms: u64) -> Result<(), ScheduleError> {
    if delay_ms > RETRY_DELAY_MS_MAX {
        return Err(ScheduleError::Delay(delay_ms));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::ScheduleError as E;
    use super::*;
    use crate::schedule::{RetryPolicy, Schedule};

    fn policy(max_attempts: u32, backoff_multiplier: f64, initial_delay: u64) -> RetryPolicy {
        RetryPolicy {
            max_attempts,
            backoff_multiplier,
            initial_delay,
        }
    }

    #[test]
    fn numbers_out_of_bounds_are_refused() {
        let refused = |policy| Schedule::from_retry_policy(policy, 0.0).unwrap_err();
        assert_eq!(refused(policy(0, 2.0, 1_000)), E::Attempts(0));
        assert_eq!(refused(policy(51, 2.0, 1_000)), E::Attempts(51));
        assert_eq!(refused(policy(5, 2.0, 0)), E::InitialDelay(0));
        assert_eq!(
            refused(policy(5, 2.0, 86_400_001)),
            E::InitialDelay(86_400_001)
        );
        for multiplier in [
            0.0,
            0.99,
            -2.0,
            100.1,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ] {
            let error = refused(policy(5, multiplier, 1_000));
            assert!(matches!(error, E::Multiplier(_)), "{multiplier}");
        }
        for jitter in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let error = Schedule::new(Plan::Gaps(vec![]), jitter).unwrap_err();
            assert!(matches!(error, E::Jitter(_)), "{jitter}");
        }
    }

    #[test]
    fn plans_out_of_bounds_are_refused() {
        let refused = |plan| Schedule::new(plan, 0.0).unwrap_err();
        assert_eq!(refused(Plan::Gaps(vec![1; 50])), E::Attempts(51));
        assert_eq!(refused(Plan::Gaps(vec![u64::MAX])), E::Delay(u64::MAX));
        assert_eq!(refused(Plan::Offsets(vec![2, 1])), E::OffsetsNotSorted(1));
        let bounded = |max_delay_ms| Plan::Exponential {
            initial_ms: 1_000,
            multiplier: 2.0,
            max_attempts: 3,
            max_delay_ms,
        };
        let error = E::BoundBelowInitial {
            initial_ms: 1_000,
            max_delay_ms: 999,
        };
        assert_eq!(refused(bounded(999)), error);
        assert_eq!(refused(bounded(u64::MAX)), E::Delay(u64::MAX));
    }

    #[test]
    fn an_error_says_the_way_out() {
        let error = ScheduleError::Multiplier(f64::NAN).to_string();
        assert_eq!(
            error,
            "a multiplier of NaN is not possible; hint: use 1 to 100"
        );
    }
}
