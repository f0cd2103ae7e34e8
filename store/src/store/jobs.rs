//! Jobs: made, looked at, paused, taken by one node at a time, and moved on step by step.

use hookwright_core::job_state::{JobCommand, JobKind};
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::*;

impl Store {
    /// Makes a job that runs. [`StoreError::Exists`](crate::StoreError::Exists) when there is one of
    /// this public id.
    pub async fn create_job(&self, new: NewJob) -> Result<Job> {
        on_engine!(self, s => s.create_job(new).await)
    }

    /// A job by public id within the scope.
    pub async fn job(&self, scope: Scope, kind: JobKind, public_id: String) -> Result<Job> {
        on_engine!(self, s => s.job(scope, kind, public_id).await)
    }

    /// Jobs of a kind within the scope, newest first.
    pub async fn jobs(&self, scope: Scope, kind: JobKind, page: Page) -> Result<Listed<Job>> {
        on_engine!(self, s => s.jobs(scope, kind, page).await)
    }

    /// Does what a person asks of a job, unless it has ended otherwise. Whoever works on it loses
    /// it. Answers how it is then: in another state than was asked for if it had ended.
    pub async fn command_job(
        &self,
        scope: Scope,
        (kind, public_id): (JobKind, String),
        command: JobCommand,
        now: UnixMs,
    ) -> Result<Job> {
        on_engine!(self, s => s.command_job(scope, (kind, public_id), command, now).await)
    }

    /// Takes the oldest running job that no node works on.
    pub async fn take_job(&self, now: UnixMs) -> Result<Option<(Job, Lease)>> {
        on_engine!(self, s => s.take_job(now).await)
    }

    /// Notes a step whose work was done elsewhere (a broadcast's). `None` when the job is not this
    /// holder's any more, or does not run: nothing is noted.
    pub async fn note_step(
        &self,
        held: HeldJob,
        (done, end): (u64, StepEnd),
        now: UnixMs,
    ) -> Result<Option<Job>> {
        on_engine!(self, s => s.note_step(held, (done, end), now).await)
    }
}
