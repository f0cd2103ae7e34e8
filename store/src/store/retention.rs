//! Retention of a project's own, shorter than the server's, and of jobs.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::{DataClass, Pruned};

impl Store {
    /// Removes a class of data of a project's finished events accepted before `before`, a piece of
    /// at most `limit` events at a time. Each event is passed once for each class: where a walk has
    /// got to is kept. What is not finished then is left to [`Store::prune`].
    pub async fn prune_class(
        &self,
        project: ProjectId,
        class: DataClass,
        before: UnixMs,
        limit: usize,
    ) -> Result<Pruned> {
        on_engine!(self, s => s.prune_class(project, class, before, limit).await)
    }

    /// Removes at most `limit` jobs that ended before `before`, of one project or of all; the
    /// receipts of purges stay. Answers how many went.
    pub async fn prune_jobs(
        &self,
        project: Option<ProjectId>,
        before: UnixMs,
        limit: usize,
    ) -> Result<usize> {
        on_engine!(self, s => s.prune_jobs(project, before, limit).await)
    }
}
