//! One event to every account: each its own event, published as any other.
//!
//! Each carries an idempotency key made of the job and the account's row: whoever does a step again
//! after a crash publishes nothing twice.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use hookwright_core::ids::AccountId;
use hookwright_core::job_state::JobState;
use hookwright_store::{
    BroadcastSpec, HeldJob, Job, JobProgress, OPERATIONAL_ACCOUNT, StepEnd, StoreError,
};

use super::{Stepped, note};
use crate::engine::Shared;
use crate::publish::{Publish, PublishError, publish};

/// One step: at most so many accounts, of those that there are now.
pub(super) async fn step(
    shared: &Arc<Shared>,
    (job, spec): (&Job, &BroadcastSpec),
    held: HeldJob,
    rows: usize,
) -> Result<Option<Stepped>, StoreError> {
    let project = job.project_id;
    let accounts = shared
        .store
        .accounts_after(project, job.place, rows)
        .await?;
    let mut end = StepEnd {
        place: accounts.last().map_or(job.place, |account| account.0),
        ends: (accounts.len() < rows).then_some(JobState::Finished),
        ..StepEnd::default()
    };
    let operational = shared.routing.account(project, OPERATIONAL_ACCOUNT);
    let customers = accounts
        .into_iter()
        .filter(|account| Some(*account) != operational);
    let published = customers.map(|account| publish(shared, event(job, spec, account)));
    let mut done = 0;
    for result in join_all(published).await {
        match result {
            Ok(_) => done += 1,
            Err(PublishError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::error!(job = job.public_id, %error, "not broadcast to an account");
                JobProgress::count(&mut end.skipped, "refused", 1);
            }
        }
    }
    note(shared, held, (done, end)).await
}

fn event(job: &Job, spec: &BroadcastSpec, account: AccountId) -> Publish {
    Publish {
        project_id: job.project_id,
        account_id: account,
        event_type: spec.event_type.as_str().into(),
        given_id: None,
        idempotency_key: Some(format!("{}:{}", job.public_id, account.0)),
        time: Some(spec.time),
        subject: spec.subject.clone(),
        trace: spec.trace.clone(),
        channels: spec.channels.clone(),
        metadata: spec.metadata.clone(),
        deliver_at: spec.deliver_at,
        only: None,
        payload: Bytes::from(spec.data.clone().unwrap_or_default()),
    }
}
