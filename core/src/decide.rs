//! What happens to a delivery after an automatic attempt?
//!
//! A manual resend is not decided here: when it fails it changes nothing, so that it can never end
//! the automatic retries.

use crate::error_class::ErrorClass;
use crate::limits::RETRY_AFTER_MS_MAX;
use crate::outcome::Outcome;
use crate::schedule::Schedule;
use crate::time::UnixMs;

/// Where a delivery stood when the attempt was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptSoFar {
    /// The attempt's number among the automatic ones, from 1: the one just made is counted.
    pub number: u32,
    /// When the first attempt failed; `None` where this is the first.
    pub first_failed_at: Option<UnixMs>,
}

/// What follows for the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The receiver acknowledged.
    Delivered,
    /// Another attempt is due then.
    RetryAt(UnixMs),
    /// No attempt follows by itself.
    Exhausted,
}

/// What follows for the delivery and for its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What follows for the delivery.
    pub next: Next,
    /// The endpoint said 410: it is to be disabled.
    pub disable_endpoint: bool,
}

/// Decides after an automatic attempt that ended at `now`.
///
/// `acknowledges` is whether the answered status is one that the profile takes as success; it has
/// no meaning without an answer. `random_unit` lies in 0..1.
///
/// A receiver's `Retry-After` can only move a retry later, by at most
/// [`RETRY_AFTER_MS_MAX`] from now, and never adds an attempt. A 429, 502 or 504 without one keeps
/// to the schedule; that the endpoint as a whole slows down is the lane's doing.
#[must_use]
pub fn next(
    outcome: &Outcome,
    attempt: AttemptSoFar,
    schedule: &Schedule,
    acknowledges: bool,
    now: UnixMs,
    random_unit: f64,
) -> Decision {
    match *outcome {
        Outcome::Answered { .. } if acknowledges => keep(Next::Delivered),
        Outcome::Answered { status: 410, .. } | Outcome::Failed(ErrorClass::Gone) => Decision {
            next: Next::Exhausted,
            disable_endpoint: true,
        },
        // These come out the same however often they are tried: the failure is shown at once, and
        // a resend remains once the cause is gone.
        Outcome::Failed(ErrorClass::EndpointDisabled | ErrorClass::Render) => keep(Next::Exhausted),
        Outcome::Answered { retry_after, .. } => {
            keep(retry(attempt, schedule, now, random_unit, retry_after))
        }
        Outcome::Failed(
            ErrorClass::Dns
            | ErrorClass::AddressRefused
            | ErrorClass::Connect
            | ErrorClass::Tls
            | ErrorClass::Timeout
            | ErrorClass::Disconnected
            | ErrorClass::Protocol
            | ErrorClass::Redirect
            | ErrorClass::Rejected
            | ErrorClass::ServerError
            | ErrorClass::Internal
            | ErrorClass::Auth,
        ) => keep(retry(attempt, schedule, now, random_unit, None)),
    }
}

const fn keep(next: Next) -> Decision {
    Decision {
        next,
        disable_endpoint: false,
    }
}

fn retry(
    attempt: AttemptSoFar,
    schedule: &Schedule,
    now: UnixMs,
    random_unit: f64,
    retry_after: Option<UnixMs>,
) -> Next {
    let first_failed_at = attempt.first_failed_at.unwrap_or(now);
    // The attempt just made has failed, whatever its number says.
    let failed_attempts = attempt.number.max(1);
    let Some(planned) = schedule.next(failed_attempts, first_failed_at, now, random_unit) else {
        return Next::Exhausted;
    };
    let asked = retry_after.map_or(now, |at| at.min(now.plus_ms(RETRY_AFTER_MS_MAX)));
    Next::RetryAt(planned.max(asked))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::Plan;

    const NOW: UnixMs = UnixMs(1_700_000_000_000);
    const GAP_MS: u64 = 60_000;
    const FIRST: AttemptSoFar = AttemptSoFar {
        number: 1,
        first_failed_at: None,
    };
    const LAST: AttemptSoFar = AttemptSoFar {
        number: 3,
        first_failed_at: Some(UnixMs(1_699_000_000_000)),
    };

    fn decide(outcome: Outcome, attempt: AttemptSoFar, acknowledges: bool) -> Decision {
        let schedule = Schedule::new(Plan::Gaps(vec![GAP_MS, GAP_MS]), 0.0).unwrap();
        next(&outcome, attempt, &schedule, acknowledges, NOW, 0.5)
    }

    fn answered(status: u16, retry_after_ms: Option<u64>) -> Outcome {
        Outcome::Answered {
            status,
            retry_after: retry_after_ms.map(|ms| NOW.plus_ms(ms)),
        }
    }

    fn next_after(outcome: Outcome) -> Next {
        decide(outcome, FIRST, false).next
    }

    #[test]
    fn what_the_profile_acknowledges_is_delivered_on_any_attempt() {
        for attempt in [FIRST, LAST] {
            let decision = decide(answered(200, Some(1)), attempt, true);
            assert_eq!(decision, keep(Next::Delivered));
        }
    }

    #[test]
    fn a_failure_is_retried_on_schedule() {
        for status in [
            100, 201, 301, 400, 401, 404, 429, 500, 502, 503, 504, 599, 999,
        ] {
            let next = next_after(answered(status, None));
            assert_eq!(next, Next::RetryAt(NOW.plus_ms(GAP_MS)), "{status}");
        }
        for class in [
            ErrorClass::Dns,
            ErrorClass::AddressRefused,
            ErrorClass::Timeout,
        ] {
            let next = next_after(Outcome::Failed(class));
            assert_eq!(next, Next::RetryAt(NOW.plus_ms(GAP_MS)), "{class:?}");
        }
    }

    #[test]
    fn the_last_failure_exhausts_whatever_the_receiver_asked_for() {
        for retry_after_ms in [None, Some(1_000)] {
            let decision = decide(answered(503, retry_after_ms), LAST, false);
            assert_eq!(decision, keep(Next::Exhausted));
        }
    }

    #[test]
    fn offsets_count_from_the_first_failure() {
        let schedule = Schedule::new(Plan::Offsets(vec![5_000, 90_000]), 0.0).unwrap();
        let second = AttemptSoFar {
            number: 2,
            first_failed_at: Some(UnixMs(NOW.0 - 6_000)),
        };
        let outcome = Outcome::Failed(ErrorClass::Connect);
        let of = |attempt| next(&outcome, attempt, &schedule, false, NOW, 0.5).next;
        assert_eq!(of(FIRST), Next::RetryAt(NOW.plus_ms(5_000)));
        assert_eq!(of(second), Next::RetryAt(NOW.plus_ms(84_000)));
    }

    #[test]
    fn retry_after_only_ever_moves_a_retry_later() {
        let at = |ms| Next::RetryAt(NOW.plus_ms(ms));
        assert_eq!(next_after(answered(429, Some(1_000))), at(GAP_MS));
        assert_eq!(next_after(answered(503, Some(GAP_MS + 1))), at(GAP_MS + 1));
        assert_eq!(
            next_after(answered(503, Some(u64::MAX))),
            at(RETRY_AFTER_MS_MAX)
        );
        let past = Outcome::Answered {
            status: 503,
            retry_after: Some(UnixMs(i64::MIN)),
        };
        assert_eq!(next_after(past), at(GAP_MS));
    }

    #[test]
    fn gone_disables_the_endpoint_and_ends_the_delivery() {
        for outcome in [answered(410, Some(5)), Outcome::Failed(ErrorClass::Gone)] {
            let decision = decide(outcome, FIRST, false);
            assert_eq!(
                decision,
                Decision {
                    next: Next::Exhausted,
                    disable_endpoint: true
                }
            );
        }
    }

    #[test]
    fn what_no_retry_can_mend_is_shown_at_once() {
        for class in [ErrorClass::EndpointDisabled, ErrorClass::Render] {
            assert_eq!(
                decide(Outcome::Failed(class), FIRST, false),
                keep(Next::Exhausted)
            );
        }
    }

    #[test]
    fn a_failure_is_never_delivered_however_the_caller_asks() {
        let decision = decide(Outcome::Failed(ErrorClass::Timeout), FIRST, true);
        assert_eq!(decision.next, Next::RetryAt(NOW.plus_ms(GAP_MS)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn every_failure_ends_after_the_schedules_attempts(
            status in 100..1000_u16,
            retry_after in proptest::option::of(any::<i64>()),
            random_unit in 0.0..1.0,
        ) {
            let schedule = Schedule::new(Plan::Gaps(vec![GAP_MS; 4]), 0.1).unwrap();
            let outcome =
                Outcome::Answered { status, retry_after: retry_after.map(UnixMs) };
            let mut attempts = 0;
            for number in 1..100 {
                attempts = number;
                let attempt = AttemptSoFar { number, first_failed_at: Some(NOW) };
                let decision = next(&outcome, attempt, &schedule, false, NOW, random_unit);
                let Next::RetryAt(at) = decision.next else { break };
                prop_assert!(at >= NOW.plus_ms(GAP_MS));
                prop_assert!(at <= NOW.plus_ms(RETRY_AFTER_MS_MAX));
            }
            prop_assert_eq!(attempts, if status == 410 { 1 } else { schedule.attempts_max() });
        }
    }
}
