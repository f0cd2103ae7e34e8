//! Data removed for good: an account's, an event's, or a subject's.

use std::sync::Arc;

use hookwright_core::ids::{AccountId, EventId, encode};
use hookwright_core::job_state::JobState;
use hookwright_core::limits::{JOB_SCANNED_ROWS_MAX, JOB_STEP_ROWS_MAX};
use hookwright_store::{
    HeldJob, Job, PurgeOf, PurgeSpec, PurgedEvent, Scope, StepEnd, StoreError, Stretch, sha256_hex,
};
use hookwright_wire::{CanonicalJson, canonicalise};

use super::Stepped;
use crate::engine::Shared;

/// What a purge keeps of a subject: SHA-256 of its canonical JSON (RFC 8785), in hex. Subjects that
/// differ only in spaces or in the order of their members have the same. `None` for what is no JSON.
#[must_use]
pub fn subject_digest(raw: &str) -> Option<String> {
    let canonical = canonicalise(CanonicalJson::Jcs, raw.as_bytes()).ok()?;
    Some(sha256_hex(&canonical))
}

/// One step: a bounded number of events looked at, and those that are meant removed.
pub(super) async fn step(
    shared: &Arc<Shared>,
    (job, spec): (&Job, &PurgeSpec),
    held: HeldJob,
) -> Result<Option<Stepped>, StoreError> {
    let project_id = job.project_id;
    let (account_id, rows) = match &spec.of {
        PurgeOf::Account(row, _) => {
            end_account(shared, job, AccountId(*row)).await?;
            (Some(AccountId(*row)), JOB_STEP_ROWS_MAX)
        }
        PurgeOf::Event(..) => (None, JOB_STEP_ROWS_MAX),
        PurgeOf::Subject(_) => (None, JOB_SCANNED_ROWS_MAX),
    };
    let scope = Scope {
        project_id,
        account_id,
    };
    let stretch = Stretch {
        after: job.place,
        end: spec.end_row,
        rows,
    };
    let looked = shared.store.purgeable(scope, stretch).await?;
    let prefix = shared.event_prefix(project_id);
    let is_meant = |event: &PurgedEvent| match &spec.of {
        PurgeOf::Account(..) => true,
        PurgeOf::Event(row, _) => event.id.0 == *row,
        PurgeOf::Subject(digest) => {
            let subject = event.subject.as_deref().and_then(subject_digest);
            subject.as_ref() == Some(digest)
        }
    };
    let mut end = StepEnd {
        place: looked.place,
        ends: looked.ended.then_some(JobState::Finished),
        ..StepEnd::default()
    };
    let mut meant: Vec<(EventId, String)> = Vec::new();
    for event in looked.found.into_iter().filter(is_meant) {
        let id = || encode(&prefix, event.accepted_at, event.id.0);
        meant.push((event.id, event.given_id.clone().unwrap_or_else(id)));
        if meant.len() == JOB_STEP_ROWS_MAX {
            // What is behind it is looked at again.
            (end.place, end.ends) = (event.id.0, None);
            break;
        }
    }
    let now = shared.world.clock.now();
    let job = shared.store.step_purge(held, (meant, end), now).await?;
    Ok(job.map(|job| Stepped {
        job,
        lanes: Vec::new(),
    }))
}

/// Its keys and endpoints end first: nothing comes after what is removed.
async fn end_account(shared: &Shared, job: &Job, account: AccountId) -> Result<(), StoreError> {
    if shared.routing.account_public_id(account).is_none() {
        return Ok(());
    }
    let now = shared.world.clock.now();
    match shared
        .store
        .delete_account(job.project_id, account, now)
        .await
    {
        Ok(()) | Err(StoreError::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_the_same_whatever_the_order_of_its_members() {
        let of = |raw| subject_digest(raw).expect("JSON");
        assert_eq!(of(r#"{"a":1,"b":"x"}"#), of("{ \"b\":\"x\", \"a\" : 1 }"));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":"1"}"#));
        assert_eq!(of(r#""u-1""#).len(), 64);
        assert_eq!(subject_digest("{"), None);
    }
}
