//! What a step of a replay does to the rows that were chosen, each only if it still is as it was.

use hookwright_core::ids::{EndpointId, EventId};
use hookwright_core::time::UnixMs;
use rusqlite::params;

use super::writer::Writer;
use super::{Result, SqliteStore, jobs};
use crate::job_row::Did;
use crate::model::{HeldJob, Job, JobProgress, ReplayStep};

/// Why a row was passed over that was chosen a moment before.
const CHANGED: &str = "changed_meanwhile";

impl SqliteStore {
    pub(crate) async fn step_replay(
        &self,
        held: HeldJob,
        step: ReplayStep,
        now: UnixMs,
    ) -> Result<Option<Job>> {
        let store = self.clone();
        self.write(move |writer| {
            let Some(job) = jobs::held_job(&writer.connection, held)? else {
                return Ok(None);
            };
            store.revive();
            let wanted = step.reopened.len() + step.resent.len() + step.added.len();
            let mut done = 0;
            for id in &step.reopened {
                // A live row with an end was given up before: who delivers it now tells of it.
                done += writer
                    .connection
                    .prepare_cached(
                        "UPDATE deliveries SET state = 2, due_at = ?2, lease = 0, failed_attempts = 0,
                                first_failed_at = NULL,
                                finished_at = CASE WHEN state = 11 THEN IFNULL(finished_at, ?2) END
                         WHERE id = ?1 AND state IN (11, 12)",
                    )?
                    .execute(params![id.0, now.0])?;
            }
            for id in &step.resent {
                done += writer
                    .connection
                    .prepare_cached(
                        "INSERT INTO resends (delivery_id, endpoint_id, lease, due_at)
                         SELECT id, endpoint_id, 0, ?2 FROM deliveries WHERE id = ?1 AND state = 10",
                    )?
                    .execute(params![id.0, now.0])?;
            }
            for added in &step.added {
                done += add(writer, *added, now)?;
            }
            let mut end = step.end;
            JobProgress::count(&mut end.skipped, CHANGED, (wanted - done) as u64);
            let did = Did {
                done: done as u64,
                ..Did::default()
            };
            jobs::step(&writer.connection, job, (did, end), now).map(Some)
        })
        .await
    }
}

/// Makes a delivery of an event that has none to the endpoint. Answers how many: one or none.
fn add(
    writer: &mut Writer,
    (event, endpoint, due_at): (EventId, EndpointId, UnixMs),
    now: UnixMs,
) -> Result<usize> {
    let id = writer.next_delivery;
    let made = writer
        .connection
        .prepare_cached(
            "INSERT INTO deliveries (id, event_id, endpoint_id, state, created_at, lease, due_at,
                                     attempts, failed_attempts)
             SELECT ?1, e.id, ?3, 2, ?4, 0, ?5, 0, 0 FROM events e
             WHERE e.id = ?2 AND e.payload IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM deliveries d
                                   WHERE d.id >= e.first_delivery AND d.id < e.first_delivery + e.fanout
                                         AND d.endpoint_id = ?3)
                   AND NOT EXISTS (SELECT 1 FROM late_deliveries l JOIN deliveries d ON d.id = l.delivery_id
                                   WHERE l.event_id = e.id AND d.endpoint_id = ?3)",
        )?
        .execute(params![id, event.0, endpoint.0, now.0, due_at.0])?;
    if made == 1 {
        writer
            .connection
            .prepare_cached("INSERT INTO late_deliveries (event_id, delivery_id) VALUES (?1, ?2)")?
            .execute([event.0, id])?;
        writer.next_delivery += 1;
    }
    Ok(made)
}
