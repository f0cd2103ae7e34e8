//! Statistics as they are shown: times in milliseconds, shares from 0 to 1.

use std::collections::BTreeMap;

use hookwright_core::rollup::{Counts, Phase};
use schemars::JsonSchema;
use serde::Serialize;

/// What was counted in some time.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Counts")]
pub(crate) struct CountsShown {
    /// Events accepted. Always 0 for an endpoint: an event is accepted for an account.
    accepted: u64,
    /// Deliveries acknowledged, those that were resent by hand included.
    delivered: u64,
    /// Deliveries given up.
    failed: u64,
    /// Failed attempts that another one follows.
    retried: u64,
    /// Requests made, those of resends included.
    attempts: u64,
    /// The share of the deliveries that ended which were acknowledged, 0 to 1; null where none ended.
    success_rate: Option<f64>,
    /// Failures by class: failed attempts, and deliveries that failed without one.
    errors: BTreeMap<&'static str, u64>,
    /// From the event's acceptance to its delivery's acknowledgement, retries included and resends
    /// left out.
    latency_ms: Option<Percentiles>,
    /// Where the time of attempts went.
    attempt_ms: Phases,
}

/// How long most took, in milliseconds, within a tenth.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Percentiles {
    /// Half took at most this long.
    p50: f64,
    /// 95 of 100 took at most this long.
    p95: f64,
    /// 99 of 100 took at most this long.
    p99: f64,
}

/// The phases of attempts, in milliseconds; null for what did not happen, as a handshake on a
/// connection that was open already.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Phases {
    /// From due to the start of the attempt.
    queue_wait: Option<Percentiles>,
    /// Name resolution.
    dns: Option<Percentiles>,
    /// TCP connect.
    connect: Option<Percentiles>,
    /// TLS handshake.
    tls: Option<Percentiles>,
    /// From the request's first byte to the answer's header.
    first_byte: Option<Percentiles>,
    /// The whole attempt.
    total: Option<Percentiles>,
}

impl CountsShown {
    pub(crate) fn new(counts: &Counts) -> Self {
        let errors = counts
            .errors()
            .map(|(class, count)| (class.as_str(), count));
        let of = |phase| Percentiles::of(counts, phase);
        Self {
            accepted: counts.accepted,
            delivered: counts.delivered,
            failed: counts.failed,
            retried: counts.retried,
            attempts: counts.attempts,
            success_rate: counts.success_rate(),
            errors: errors.collect(),
            latency_ms: of(Phase::Delivery),
            attempt_ms: Phases {
                queue_wait: of(Phase::QueueWait),
                dns: of(Phase::Dns),
                connect: of(Phase::Connect),
                tls: of(Phase::Tls),
                first_byte: of(Phase::FirstByte),
                total: of(Phase::Attempt),
            },
        }
    }
}

impl Percentiles {
    fn of(counts: &Counts, phase: Phase) -> Option<Self> {
        let ms = |percent| Some(counts.percentile_us(phase, percent)? as f64 / 1_000.0);
        Some(Self {
            p50: ms(50)?,
            p95: ms(95)?,
            p99: ms(99)?,
        })
    }
}
