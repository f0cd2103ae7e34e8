//! How a circuit breaker is asked for and shown, on projects and endpoints alike.

use hookwright_core::breaker::BreakerSettings;
use hookwright_core::limits::{
    BREAKER_HALF_OPEN_ATTEMPTS_MAX, BREAKER_MIN_ATTEMPTS_MAX, BREAKER_OPEN_SECONDS_MAX,
    BREAKER_WINDOW_SECONDS_MAX,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// A circuit breaker: `true` for one with the usual settings, `false` for none, or its settings.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "true, false or an object of failure_rate, min_attempts, \
                               window_seconds, open_seconds and half_open_attempts"
)]
pub(crate) enum CircuitBreakerInput {
    /// The usual one, or none.
    Switch(bool),
    /// One of these settings; what is left out is as usual.
    Settings(CircuitBreakerFields),
}

/// When a breaker opens and how it closes again.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CircuitBreakerFields {
    /// The share of failed attempts within the window at which it opens: above 0, 1 at most, 0.5 if
    /// not given.
    #[schemars(range(min = 0, max = 1))]
    failure_rate: Option<f64>,
    /// Attempts within the window before it judges: 1 to 10000, 20 if not given.
    #[schemars(range(min = 1, max = 10_000))]
    min_attempts: Option<u32>,
    /// The window, in seconds: 1 to 3600, 60 if not given.
    #[schemars(range(min = 1, max = 3_600))]
    window_seconds: Option<u32>,
    /// How long it stays open, in seconds: 1 to 3600, 30 if not given.
    #[schemars(range(min = 1, max = 3_600))]
    open_seconds: Option<u32>,
    /// Attempts that are let through while it is half-open, before it closes: 1 to 100, 3 if not
    /// given.
    #[schemars(range(min = 1, max = 100))]
    half_open_attempts: Option<u32>,
}

impl CircuitBreakerInput {
    /// Whether it is asked that there be none.
    pub(crate) const fn is_off(self) -> bool {
        matches!(self, Self::Switch(false))
    }

    /// The settings, within bounds; none for none. `pointer` is where it stands in the body.
    pub(crate) fn settings(self, pointer: &str) -> Result<Option<BreakerSettings>, Problem> {
        let usual = BreakerSettings::default();
        let fields = match self {
            Self::Switch(on) => return Ok(on.then_some(usual)),
            Self::Settings(fields) => fields,
        };
        let within = |name: &str, given: Option<u32>, usual: u32, max: u32| {
            let value = given.unwrap_or(usual);
            if (1..=max).contains(&value) {
                return Ok(value);
            }
            let detail = format!("must be a number from 1 to {max}");
            Err(Problem::field(&format!("{pointer}/{name}"), detail))
        };
        let failure_rate = fields.failure_rate.unwrap_or(usual.failure_rate);
        if !(failure_rate > 0.0 && failure_rate <= 1.0) {
            let pointer = format!("{pointer}/failure_rate");
            return Err(Problem::field(&pointer, "must be above 0 and at most 1"));
        }
        Ok(Some(BreakerSettings {
            failure_rate,
            min_attempts: within(
                "min_attempts",
                fields.min_attempts,
                usual.min_attempts,
                BREAKER_MIN_ATTEMPTS_MAX,
            )?,
            window_s: within(
                "window_seconds",
                fields.window_seconds,
                usual.window_s,
                BREAKER_WINDOW_SECONDS_MAX,
            )?,
            open_s: within(
                "open_seconds",
                fields.open_seconds,
                usual.open_s,
                BREAKER_OPEN_SECONDS_MAX,
            )?,
            half_open_attempts: within(
                "half_open_attempts",
                fields.half_open_attempts,
                usual.half_open_attempts,
                BREAKER_HALF_OPEN_ATTEMPTS_MAX,
            )?,
        }))
    }
}

/// When a breaker opens and how it closes again.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CircuitBreaker")]
pub(crate) struct CircuitBreakerShown {
    /// The share of failed attempts within the window at which it opens.
    failure_rate: f64,
    /// Attempts within the window before it judges.
    min_attempts: u32,
    /// The window, in seconds.
    window_seconds: u32,
    /// How long it stays open, in seconds.
    open_seconds: u32,
    /// Attempts that are let through while it is half-open, before it closes.
    half_open_attempts: u32,
}

/// The circuit breaker that an endpoint has itself.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum OwnCircuitBreaker {
    /// `false`: none, whatever the project has.
    Off(bool),
    /// One of these settings.
    Settings(CircuitBreakerShown),
}

/// What an endpoint says itself; `None` where the project's holds.
pub(crate) fn show_own(own: Option<&BreakerSettings>, off: bool) -> Option<OwnCircuitBreaker> {
    match own {
        Some(own) => Some(OwnCircuitBreaker::Settings(show(own))),
        None => off.then_some(OwnCircuitBreaker::Off(false)),
    }
}

pub(crate) const fn show(breaker: &BreakerSettings) -> CircuitBreakerShown {
    CircuitBreakerShown {
        failure_rate: breaker.failure_rate,
        min_attempts: breaker.min_attempts,
        window_seconds: breaker.window_s,
        open_seconds: breaker.open_s,
        half_open_attempts: breaker.half_open_attempts,
    }
}
