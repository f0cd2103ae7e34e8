//! How is an endpoint's circuit breaker said and shown?

use hookwright_core::breaker::BreakerSettings;
use hookwright_core::breaker_bounds::check_breaker;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::retry_policy::number;
use crate::problem::Problem;

/// A circuit breaker: `true` is one with all defaults, `false` is none.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "CircuitBreakerInput")]
// Only a schema: what is given is read by `read`, which says what is wrong with it.
#[allow(dead_code)]
pub(crate) enum BreakerInput {
    /// With all defaults, or none.
    Flag(bool),
    /// With some numbers of its own.
    Settings(BreakerNumbers),
}

/// When an endpoint is left alone for a while. What is left out has its default.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CircuitBreakerNumbers")]
pub(crate) struct BreakerNumbers {
    /// The share of failed attempts at which it opens: more than 0, at most 1; 0.5 if not given.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    failure_rate: Option<f64>,
    /// Attempts within the window before it judges: 1 to 10,000; 20 if not given.
    #[schemars(range(min = 1, max = 10_000))]
    min_attempts: Option<u32>,
    /// The window: 1 to 3,600 seconds; 60 if not given.
    #[schemars(range(min = 1, max = 3_600))]
    window_s: Option<u32>,
    /// How long it first stays open: 1 to 3,600 seconds; 30 if not given.
    #[schemars(range(min = 1, max = 3_600))]
    open_s: Option<u32>,
    /// Attempts that are let through before it closes: 1 to 100; 3 if not given.
    #[schemars(range(min = 1, max = 100))]
    half_open_attempts: Option<u32>,
}

/// The breaker that is asked for.
pub(super) fn read(given: &Value) -> Result<Option<BreakerSettings>, Problem> {
    let numbers = match given {
        Value::Null | Value::Bool(false) => return Ok(None),
        Value::Bool(true) => return Ok(Some(BreakerSettings::default())),
        other => BreakerNumbers::deserialize(other).map_err(|error| {
            let detail = format!("must be true, false, or an object of numbers: {error}");
            Problem::field("/circuit_breaker", detail)
        })?,
    };
    let default = BreakerSettings::default();
    let settings = BreakerSettings {
        failure_rate: numbers.failure_rate.unwrap_or(default.failure_rate),
        min_attempts: numbers.min_attempts.unwrap_or(default.min_attempts),
        window_s: numbers.window_s.unwrap_or(default.window_s),
        open_s: numbers.open_s.unwrap_or(default.open_s),
        half_open_attempts: numbers
            .half_open_attempts
            .unwrap_or(default.half_open_attempts),
    };
    check_breaker(&settings).map_err(|error| {
        let pointer = format!("/circuit_breaker/{}", error.field);
        Problem::field(&pointer, error.to_string())
    })?;
    Ok(Some(settings))
}

/// When an endpoint is left alone for a while.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CircuitBreaker")]
pub(crate) struct BreakerShown {
    /// The share of failed attempts within the window at which it opens.
    failure_rate: Number,
    /// Attempts within the window before it judges.
    min_attempts: u32,
    /// The window, in seconds.
    window_s: u32,
    /// How long it first stays open, in seconds.
    open_s: u32,
    /// Attempts that are let through before it closes.
    half_open_attempts: u32,
}

impl From<BreakerSettings> for BreakerShown {
    fn from(settings: BreakerSettings) -> Self {
        Self {
            failure_rate: number(settings.failure_rate),
            min_attempts: settings.min_attempts,
            window_s: settings.window_s,
            open_s: settings.open_s,
            half_open_attempts: settings.half_open_attempts,
        }
    }
}
