//! What a job is as a row, whatever the engine, and what a step makes of its counts.

use hookwright_core::job_state::JobState;
use ring::digest::{Context, SHA256};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::model::{Job, JobProgress, JobSpec, StepEnd};

pub(crate) const COLUMNS: &str = "id, public_id, project_id, account_id, state, spec, progress, place, \
                                  created_at, updated_at, finished_at";

/// What a step did.
#[derive(Default)]
pub(crate) struct Did {
    /// Deliveries, accounts or events.
    pub(crate) done: u64,
    /// What was removed, by class.
    pub(crate) removed: Vec<(&'static str, u64)>,
    /// The public ids of the events that were removed, in their order.
    pub(crate) events: Vec<String>,
}

pub(crate) fn to_json(document: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Engine(error.to_string()))
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable {
        what: "job",
        detail: error.to_string(),
    })
}

pub(crate) fn state_of(code: u8) -> Result<JobState, StoreError> {
    JobState::from_code(code).ok_or_else(|| StoreError::Unreadable {
        what: "job",
        detail: format!("unknown state {code}"),
    })
}

/// The job after a step.
pub(crate) fn after_step(mut job: Job, did: Did, end: StepEnd) -> Job {
    let progress = &mut job.progress;
    progress.done += did.done;
    for (reason, count) in end.skipped {
        JobProgress::count(&mut progress.skipped, &reason, count);
    }
    for (class, count) in did.removed {
        JobProgress::count(&mut progress.removed, class, count);
    }
    for event in did.events {
        progress.digest = Some(chained(progress.digest.as_deref(), &event));
    }
    progress.error = end.error;
    job.place = end.place.max(job.place);
    if let Some(state) = end.ends {
        job.state = state;
    }
    forget_content(&mut job);
    job
}

/// What a broadcast published is kept with its events, for as long as they are, and no longer.
pub(crate) fn forget_content(job: &mut Job) {
    if let (true, JobSpec::Broadcast(spec)) = (job.state.is_ended(), &mut job.spec) {
        spec.data = None;
        spec.subject = None;
        spec.metadata.clear();
    }
}

/// The next link: SHA-256 of the one before, as hex, and the id; of the id alone at first.
fn chained(before: Option<&str>, id: &str) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(before.unwrap_or_default().as_bytes());
    hash.update(id.as_bytes());
    hex(hash.finish().as_ref())
}

/// SHA-256, in hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_tells_the_ids_and_their_order() {
        let of = |ids: &[&str]| {
            let mut link: Option<String> = None;
            for id in ids {
                link = Some(chained(link.as_deref(), id));
            }
            link.unwrap_or_default()
        };
        assert_eq!(
            of(&["evt_1"]),
            "7d4e5a76eae6d8c165410ac19fe6756521ba86ed96752d0126b1953b155af052",
            "as `printf evt_1 | sha256sum`"
        );
        assert_ne!(of(&["a", "b"]), of(&["b", "a"]));
        assert_ne!(of(&["a", "b"]), of(&["a"]));
    }
}
