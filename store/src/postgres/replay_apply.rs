//! What a step of a replay does to the rows that were chosen, each only if it still is as it was.
//!
//! A delivery made later than its event gets a number of the event's own time, of the slot that no
//! node has: it lies in the same day, and is dropped or kept with it.

use std::collections::BTreeMap;

use hookwright_core::ids::{EndpointId, EventId, ProjectId};
use hookwright_core::time::UnixMs;

use super::lent::Transaction;
use super::row_ids::LateIds;
use super::{PostgresStore, Result, jobs, partitions};
use crate::job_row::Did;
use crate::model::{HeldJob, Job, JobProgress, ReplayStep};

/// Why a row was passed over that was chosen a moment before.
const CHANGED: &str = "changed_meanwhile";

/// A live row with an end was given up before: who delivers it now tells of it.
pub(super) const REOPEN: &str = "
    UPDATE deliveries d SET state = 2, due_at = $3, lease = 0, failed_attempts = 0,
        first_failed_at = NULL,
        finished_at = CASE WHEN d.state = 11 THEN COALESCE(d.finished_at, $3) END
    FROM unnest($2::bigint[]) AS chosen (id)
    WHERE d.project_id = $1 AND d.id = chosen.id AND d.state IN (11, 12)";
pub(super) const RESEND: &str = "
    INSERT INTO resends (project_id, delivery_id, endpoint_id, lease, due_at)
    SELECT d.project_id, d.id, d.endpoint_id, 0, $3
    FROM unnest($2::bigint[]) AS chosen (id)
    JOIN deliveries d ON d.project_id = $1 AND d.id = chosen.id WHERE d.state = 10";
/// The chosen that are still missing, by their place among them.
pub(super) const STILL_MISSING: &str = "
    SELECT chosen.place FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY
        AS chosen (event_id, endpoint_id, place)
    JOIN events e ON e.project_id = $1 AND e.id = chosen.event_id
    WHERE e.payload IS NOT NULL
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.project_id = $1 AND d.id >= e.first_delivery
                            AND d.id < e.first_delivery + e.fanout AND d.endpoint_id = chosen.endpoint_id)
        AND NOT EXISTS (SELECT FROM late_deliveries l JOIN deliveries d
                            ON d.project_id = l.project_id AND d.id = l.delivery_id
                        WHERE l.project_id = $1 AND l.event_id = e.id
                              AND d.endpoint_id = chosen.endpoint_id)
    ORDER BY chosen.place";
pub(super) const LAST_IN: &str =
    "SELECT MAX(id) FROM deliveries WHERE project_id = $1 AND id >= $2 AND id < $3";
const ADD: &str = "
    WITH added AS (
        INSERT INTO deliveries (project_id, id, event_id, endpoint_id, created_at, lease, due_at,
                                attempts, failed_attempts, state)
        SELECT $1, id, event_id, endpoint_id, $6, 0, due_at, 0, 0, 2
        FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
            AS late (id, event_id, endpoint_id, due_at))
    INSERT INTO late_deliveries (project_id, event_id, delivery_id)
    SELECT $1, event_id, id FROM unnest($2::bigint[], $3::bigint[]) AS late (id, event_id)";
/// One step of a project at a time makes deliveries: an endpoint gets one of each event.
const ONE_AT_A_TIME: &str = "SELECT FROM projects WHERE id = $1 FOR NO KEY UPDATE";

impl PostgresStore {
    pub(crate) async fn step_replay(
        &self,
        held: HeldJob,
        step: ReplayStep,
        now: UnixMs,
    ) -> Result<Option<Job>> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let Some(job) = jobs::held_job(&transaction, held).await? else {
            return Ok(None);
        };
        let project = job.project_id.0;
        let reopened: Vec<i64> = step.reopened.iter().map(|id| id.0).collect();
        let resent: Vec<i64> = step.resent.iter().map(|id| id.0).collect();
        let touched = reopened.iter().chain(&resent).copied();
        let touched = touched.chain(step.added.iter().map(|added| added.0.0));
        partitions::keep_days_of(&transaction, touched).await?;
        let wanted = reopened.len() + resent.len() + step.added.len();
        let mut done = 0;
        for (sql, ids) in [(REOPEN, reopened), (RESEND, resent)] {
            if !ids.is_empty() {
                done += transaction.execute(sql, &[&project, &ids, &now.0]).await?;
            }
        }
        if !step.added.is_empty() {
            done += add(&transaction, job.project_id, &step.added, now).await?;
        }
        let mut end = step.end;
        JobProgress::count(&mut end.skipped, CHANGED, wanted as u64 - done);
        let did = Did {
            done,
            ..Did::default()
        };
        let job = jobs::step(&transaction, job, (did, end), now).await?;
        transaction.commit().await?;
        Ok(Some(job))
    }
}

/// Makes deliveries of events that have none to these endpoints. Answers how many.
async fn add(
    transaction: &Transaction<'_>,
    project: ProjectId,
    chosen: &[(EventId, EndpointId, UnixMs)],
    now: UnixMs,
) -> Result<u64> {
    transaction.query(ONE_AT_A_TIME, &[&project.0]).await?;
    let column = |of: fn(&(EventId, EndpointId, UnixMs)) -> i64| chosen.iter().map(of).collect();
    let (events, endpoints): (Vec<i64>, Vec<i64>) = (column(|it| it.0.0), column(|it| it.1.0));
    let rows = transaction
        .query(STILL_MISSING, &[&project.0, &events, &endpoints])
        .await?;
    let places = rows.iter().map(|row| row.get::<_, i64>(0) - 1);
    let missing: Vec<_> = places
        .filter_map(|place| chosen.get(usize::try_from(place).ok()?))
        .collect();
    let mut ids = Vec::with_capacity(missing.len());
    let mut of_ticks: BTreeMap<i64, LateIds> = BTreeMap::new();
    for (event, ..) in &missing {
        let mut late = LateIds::of(event.0);
        loop {
            let tick = late.tick();
            if let Some(known) = of_ticks.get(&tick) {
                late = *known;
            } else {
                let (from, to) = late.rows();
                let rows = transaction
                    .query(LAST_IN, &[&project.0, &from, &to])
                    .await?;
                late.used(rows.first().and_then(|row| row.get(0)));
            }
            let id = late.take();
            of_ticks.insert(tick, late);
            match id {
                Some(id) => {
                    ids.push(id);
                    break;
                }
                // More than a second's worth: as a node does, it borrows from the next.
                None => late = late.next(),
            }
        }
    }
    let events: Vec<i64> = missing.iter().map(|it| it.0.0).collect();
    let endpoints: Vec<i64> = missing.iter().map(|it| it.1.0).collect();
    let due_at: Vec<i64> = missing.iter().map(|it| it.2.0).collect();
    let added = transaction
        .execute(
            ADD,
            &[&project.0, &ids, &events, &endpoints, &due_at, &now.0],
        )
        .await?;
    Ok(added)
}
