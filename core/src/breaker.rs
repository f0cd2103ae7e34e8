//! When is an endpoint left alone for a while, and how is it tried again?

use serde::{Deserialize, Serialize};

/// When a breaker opens and how it closes again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// The share of failed attempts within the window at which it opens, from 0 (exclusive) to 1.
    pub failure_rate: f64,
    /// Attempts within the window before it judges.
    pub min_attempts: u32,
    /// The window, in seconds.
    pub window_s: u32,
    /// How long it stays open, in seconds.
    pub open_s: u32,
    /// Attempts that are let through while it is half-open, before it closes.
    pub half_open_attempts: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failure_rate: 0.5,
            min_attempts: 20,
            window_s: 60,
            open_s: 30,
            half_open_attempts: 3,
        }
    }
}
