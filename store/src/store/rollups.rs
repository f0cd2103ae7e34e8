//! Statistics: counted in memory by each node, added up here.

use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::*;

impl Store {
    /// Adds counts to those stored. Call it with a few hundred at a time.
    pub async fn add_rollups(&self, rollups: Vec<Rollup>) -> Result<()> {
        on_engine!(self, s => s.add_rollups(rollups).await)
    }

    /// The counts of one subject, by the start of each stretch that has any, in order. The caller
    /// bounds the number of stretches.
    pub async fn rollups(
        &self,
        project_id: ProjectId,
        subject: Subject,
        stretches: Stretches,
    ) -> Result<Vec<(i64, hookwright_core::rollup::Counts)>> {
        on_engine!(self, s => s.rollups(project_id, subject, stretches).await)
    }

    /// How often each of a project's endpoints failed, from the newest stretch back until `limit` rows
    /// are added up.
    pub async fn failures_by_endpoint(
        &self,
        project_id: ProjectId,
        stretches: Stretches,
        limit: usize,
    ) -> Result<EndpointFailures> {
        on_engine!(self, s => s.failures_by_endpoint(project_id, stretches, limit).await)
    }

    /// The same of each of a project's event types.
    pub async fn rollups_by_event_type(
        &self,
        project_id: ProjectId,
        stretches: Stretches,
        limit: usize,
    ) -> Result<EventTypeCounts> {
        on_engine!(self, s => s.rollups_by_event_type(project_id, stretches, limit).await)
    }

    /// The counts of some endpoints, each stretch that has any, in no order. The caller bounds how many
    /// endpoints and stretches.
    pub async fn rollups_of_endpoints(
        &self,
        project_id: ProjectId,
        endpoints: Vec<EndpointId>,
        stretches: Stretches,
    ) -> Result<Vec<EndpointStretch>> {
        on_engine!(self, s => s.rollups_of_endpoints(project_id, endpoints, stretches).await)
    }

    /// Removes counts that are older than each width is kept, some at a time. Answers how many went.
    pub async fn prune_rollups(&self, now: UnixMs) -> Result<usize> {
        on_engine!(self, s => s.prune_rollups(now).await)
    }

    /// What is not delivered yet within the scope, or to one endpoint in it: counted until more than
    /// `limit` are found.
    pub async fn backlog(
        &self,
        scope: Scope,
        endpoint: Option<EndpointId>,
        limit: usize,
    ) -> Result<Backlog> {
        on_engine!(self, s => s.backlog(scope, endpoint, limit).await)
    }
}
