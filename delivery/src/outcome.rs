//! What an attempt makes of its delivery: the rules of `core`, applied to what was sent.

use hookwright_core::decide::{self, AttemptSoFar, Next};
use hookwright_core::error_class::ErrorClass;
use hookwright_store::{Claimed, Settled, Settlement};

use crate::send::Sent;
use crate::target::Target;

/// A settlement, and what else follows.
pub(crate) struct Verdict {
    pub(crate) settlement: Settlement,
    pub(crate) disable_endpoint: bool,
    /// The receiver asked for less: 429, 502 or 504.
    pub(crate) slow_down: bool,
}

/// Judges an attempt.
pub(crate) fn judge(target: &Target, claimed: &Claimed, sent: Sent, random_unit: f64) -> Verdict {
    let decision = decide::next(
        &sent.outcome,
        AttemptSoFar {
            number: claimed.failed_attempts + 1,
            first_failed_at: claimed.first_failed_at,
        },
        &target.schedule,
        sent.acknowledged,
        sent.ended_at,
        random_unit,
    );
    let becomes = match decision.next {
        Next::Delivered => Settled::Delivered,
        Next::RetryAt(at) => Settled::RetryAt(at),
        Next::Exhausted => Settled::Failed,
    };
    let status = sent.attempt.status;
    Verdict {
        slow_down: matches!(status, Some(429 | 502 | 504)),
        disable_endpoint: decision.disable_endpoint,
        settlement: Settlement {
            project_id: claimed.event.project_id,
            id: claimed.id,
            lease: claimed.lease,
            manual: claimed.manual,
            becomes,
            at: sent.ended_at,
            error: sent.attempt.error.map(|class| (class, status)),
            attempt: Some(sent.attempt),
            notice: None,
        },
    }
}

/// A delivery whose endpoint is disabled or gone: failed without an attempt.
pub(crate) fn undeliverable(claimed: &Claimed, at: hookwright_core::time::UnixMs) -> Settlement {
    Settlement {
        project_id: claimed.event.project_id,
        id: claimed.id,
        lease: claimed.lease,
        manual: claimed.manual,
        becomes: Settled::Failed,
        at,
        attempt: None,
        error: Some((ErrorClass::EndpointDisabled, None)),
        notice: None,
    }
}
