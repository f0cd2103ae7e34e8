//! How endpoints are doing: since when every attempt fails, and what their breakers do.

use hookwright_core::breaker::{BreakerChange, BreakerState};
use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::time::UnixMs;

/// Why a breaker is closed that a person closed.
pub(crate) const CLOSED_BY_HAND: &str = "closed by hand";

/// How one endpoint is doing, as it was written down last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointHealth {
    /// Its project.
    pub project_id: ProjectId,
    /// Row.
    pub endpoint_id: EndpointId,
    /// Since when no attempt was acknowledged, if that is so.
    pub failing_since: Option<UnixMs>,
    /// What its breaker does.
    pub breaker: BreakerState,
    /// Why, in words, if it ever did anything.
    pub breaker_reason: Option<String>,
    /// Until when it is open, if it is.
    pub breaker_until: Option<UnixMs>,
    /// Since when it does that, if it ever did anything.
    pub breaker_at: Option<UnixMs>,
}

/// A change of how an endpoint is doing: what is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthChange {
    /// Its project.
    pub project_id: ProjectId,
    /// Row.
    pub endpoint_id: EndpointId,
    /// Since when no attempt was acknowledged; `Some(None)` when one was.
    pub failing_since: Option<Option<UnixMs>>,
    /// What its breaker does now, and since when.
    pub breaker: Option<(BreakerChange, UnixMs)>,
}
