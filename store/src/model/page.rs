//! How lists are cut into pages: by row, never by offset.

use hookwright_core::ids::{AccountId, EndpointId, EventId, ProjectId};
use hookwright_core::state::DeliveryState;

/// Which part of a list, newest first.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only rows before this one; `None` starts at the newest.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: usize,
}

/// A part of a list and where the next one starts.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The next page's `before`, when there may be more.
    pub next: Option<i64>,
}

/// Whose rows may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Of this project only.
    pub project_id: ProjectId,
    /// Of this account only.
    pub account_id: Option<AccountId>,
}

/// Which deliveries a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint_id: Option<EndpointId>,
    /// Of this event.
    pub event_id: Option<EventId>,
    /// In this state.
    pub state: Option<DeliveryState>,
}
