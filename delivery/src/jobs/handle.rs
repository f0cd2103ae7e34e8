//! What the web and the wiring may ask of jobs.

use std::collections::BTreeMap;

use hookwright_core::ids::ProjectId;
use hookwright_store::{OPERATIONAL_ACCOUNT, ReplaySpec, Scope, StoreError};

use super::{keep_working, replay};
use crate::engine::Engine;

impl Engine {
    /// Works on replays, broadcasts and purges, until dropped.
    pub async fn keep_working(&self) {
        keep_working(&self.shared).await;
    }

    /// How many accounts a project has, but for the one that is told of its own webhooks.
    #[must_use]
    pub fn count_accounts(&self, project: ProjectId) -> usize {
        let routing = &self.shared.routing;
        let operational = routing.account(project, OPERATIONAL_ACCOUNT).is_some();
        routing.count_accounts(project) - usize::from(operational)
    }

    /// A job was made or resumed: it is begun at once.
    pub fn job_made(&self) {
        self.shared.new_job.notify_one();
    }

    /// How many deliveries a replay that begins after row `place` would be about, whether all of
    /// them were counted, and what it would pass over, by reason. About `rows` are looked at, at most.
    pub async fn count_replay(
        &self,
        scope: Scope,
        spec: &ReplaySpec,
        place: i64,
        rows: usize,
    ) -> Result<(u64, bool, BTreeMap<String, u64>), StoreError> {
        replay::count(&self.shared, scope, (spec, place, rows)).await
    }
}
