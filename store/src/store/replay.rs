//! What a replay looks at, and what it does to what it found.

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::*;

impl Store {
    /// The rows of deliveries and of events that can be of events accepted at `since` or later: after
    /// the first of each two, before the second.
    pub async fn rows_since(&self, project: ProjectId, since: UnixMs) -> Result<RowsSince> {
        on_engine!(self, s => s.rows_since(project, since).await)
    }

    /// Past deliveries within the scope that the filter takes, in the order of their rows. What it
    /// asks of their events and their time is not looked at.
    pub async fn past_deliveries(
        &self,
        scope: Scope,
        filter: DeliveryFilter,
        stretch: Stretch,
    ) -> Result<Looked<PastDelivery>> {
        on_engine!(self, s => s.past_deliveries(scope, filter, stretch).await)
    }

    /// Past events within the scope, in the order of their rows.
    pub async fn past_events(&self, scope: Scope, stretch: Stretch) -> Result<Looked<PastEvent>> {
        on_engine!(self, s => s.past_events(scope, stretch).await)
    }

    /// Does one step of a replay, all of it or nothing: with its place and counts. `None` when the
    /// job is not this holder's any more, or does not run.
    pub async fn step_replay(
        &self,
        held: HeldJob,
        step: ReplayStep,
        now: UnixMs,
    ) -> Result<Option<Job>> {
        on_engine!(self, s => s.step_replay(held, step, now).await)
    }

    /// How many deliveries and resends to these endpoints wait in the store and are due, at most
    /// `limit` of each lane.
    pub async fn deliveries_due(
        &self,
        lanes: Vec<EndpointId>,
        limit: usize,
        now: UnixMs,
    ) -> Result<usize> {
        on_engine!(self, s => s.deliveries_due(lanes, limit, now).await)
    }

    /// A project's accounts after this row, in the order of their rows.
    pub async fn accounts_after(
        &self,
        project: ProjectId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<AccountId>> {
        on_engine!(self, s => s.accounts_after(project, after, limit).await)
    }
}
