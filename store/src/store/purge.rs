//! What a purge removes, in steps.

use hookwright_core::ids::EventId;
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::*;

impl Store {
    /// Events within the scope that a purge may remove, in the order of their rows.
    pub async fn purgeable(&self, scope: Scope, stretch: Stretch) -> Result<Looked<PurgedEvent>> {
        on_engine!(self, s => s.purgeable(scope, stretch).await)
    }

    /// Removes events with all that is theirs, finished or not, and notes it with the public ids
    /// given. `None` when the job is not this holder's any more, or does not run.
    pub async fn step_purge(
        &self,
        held: HeldJob,
        (events, end): (Vec<(EventId, String)>, StepEnd),
        now: UnixMs,
    ) -> Result<Option<Job>> {
        on_engine!(self, s => s.step_purge(held, (events, end), now).await)
    }
}
