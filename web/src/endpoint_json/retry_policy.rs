//! How is an endpoint's own schedule said and shown?

use hookwright_store::RetryPolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// A schedule of an endpoint's own: gaps that grow.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RetryPolicyInput")]
pub(crate) struct RetryPolicyInput {
    /// Attempts in all, the first included: 1 to 50.
    #[schemars(range(min = 1, max = 50))]
    max_attempts: u32,
    /// Each gap is the one before times this: 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    backoff_multiplier: f64,
    /// The first gap, 1 to 86,400,000 milliseconds.
    #[schemars(range(min = 1, max = 86_400_000))]
    initial_delay: u64,
}

impl From<RetryPolicyInput> for RetryPolicy {
    fn from(input: RetryPolicyInput) -> Self {
        Self {
            max_attempts: input.max_attempts,
            backoff_multiplier: input.backoff_multiplier,
            initial_delay: input.initial_delay,
        }
    }
}

/// A schedule of an endpoint's own: gaps that grow.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RetryPolicy")]
pub(crate) struct RetryPolicyShown {
    /// Attempts in all, the first included.
    max_attempts: u32,
    /// Each gap is the one before times this.
    backoff_multiplier: Number,
    /// The first gap, in milliseconds.
    initial_delay: u64,
}

impl From<RetryPolicy> for RetryPolicyShown {
    fn from(policy: RetryPolicy) -> Self {
        Self {
            max_attempts: policy.max_attempts,
            backoff_multiplier: number(policy.backoff_multiplier),
            initial_delay: policy.initial_delay,
        }
    }
}

/// A whole number is shown as one: 2, not 2.0, as it was given.
pub(super) fn number(value: f64) -> Number {
    let whole = Number::from(value as i64);
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return whole;
    }
    // What is stored is finite.
    Number::from_f64(value).unwrap_or(whole)
}
