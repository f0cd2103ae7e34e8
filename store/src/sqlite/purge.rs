//! Events that a person's purge removes, whatever their age and whether they are finished or not.

use hookwright_core::ids::EventId;
use hookwright_core::time::UnixMs;
use rusqlite::Row;

use super::replay::walk_events;
use super::{Result, SqliteStore, forget_account, jobs, remove};
use crate::error::StoreError;
use crate::event_row::Extra;
use crate::job_row::Did;
use crate::model::{HeldJob, Job, Looked, PurgedEvent, Scope, StepEnd, Stretch};

impl SqliteStore {
    pub(crate) async fn purgeable(
        &self,
        scope: Scope,
        stretch: Stretch,
    ) -> Result<Looked<PurgedEvent>> {
        self.read(move |connection| {
            walk_events(connection, scope, stretch, |_, row| Ok(Some(purged(row)?)))
        })
        .await
    }

    pub(crate) async fn step_purge(
        &self,
        held: HeldJob,
        (events, end): (Vec<(EventId, String)>, StepEnd),
        now: UnixMs,
    ) -> Result<Option<Job>> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.write(move |writer| {
            let connection = &writer.connection;
            let Some(job) = jobs::held_job(connection, held)? else {
                return Ok(None);
            };
            let mut did = Did::default();
            let (mut payloads, mut names, mut deliveries, mut attempts) = (0, 0, 0, 0);
            for (event, public_id) in events {
                let size = match remove::size(connection, event.0) {
                    Ok(size) => size,
                    // Retention was here first.
                    Err(StoreError::NotFound) => continue,
                    Err(error) => return Err(error),
                };
                remove::event(connection, (event.0, size.first_delivery, size.end))?;
                payloads += size.payloads;
                names += size.names;
                deliveries += size.deliveries;
                attempts += size.attempts;
                did.done += 1;
                did.events.push(public_id);
            }
            did.removed = vec![
                ("events", did.done),
                ("payloads", payloads),
                ("names", names),
                ("deliveries", deliveries),
                ("attempts", attempts),
            ];
            if let Some(account) = end.forgets(&job) {
                let of = (job.project_id, account);
                did.removed
                    .extend(forget_account::forget(connection, &vault, of)?);
            }
            // Row numbers are never used again, even when the newest rows go.
            super::prune::keep_numbers(writer)?;
            jobs::step(&writer.connection, job, (did, end), now).map(Some)
        })
        .await
    }
}

fn purged(row: &Row<'_>) -> Result<PurgedEvent> {
    let extra: Option<String> = row.get("extra")?;
    let extra: Extra = extra
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    Ok(PurgedEvent {
        id: EventId(row.get("id")?),
        accepted_at: UnixMs(row.get("accepted_at")?),
        given_id: row.get("given_id")?,
        subject: extra.subject,
    })
}
