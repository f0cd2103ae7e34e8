//! The store's methods for event types.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::{EventType, EventTypeSwap};

impl Store {
    /// All event types that a project describes, by name.
    pub async fn event_types(&self, project_id: ProjectId) -> Result<Vec<EventType>> {
        on_engine!(self, s => s.event_types(project_id).await)
    }

    /// One event type that a project describes.
    pub async fn event_type(&self, project_id: ProjectId, name: String) -> Result<EventType> {
        on_engine!(self, s => s.event_type(project_id, name).await)
    }

    /// The event types of all projects, for a node's start: each project's together, by name.
    pub async fn every_event_type(&self) -> Result<Vec<EventType>> {
        on_engine!(self, s => s.every_event_type().await)
    }

    /// Makes, changes and removes event types, all or none. Answers `false` when one of them is not
    /// as it was seen any more; then nothing was changed.
    /// [`StoreError::LimitReached`](crate::StoreError::LimitReached) when the project would say too
    /// much.
    pub async fn swap_event_types(
        &self,
        project_id: ProjectId,
        swaps: Vec<EventTypeSwap>,
        now: UnixMs,
    ) -> Result<bool> {
        on_engine!(self, s => s.swap_event_types(project_id, swaps, now).await)
    }
}
