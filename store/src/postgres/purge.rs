//! Events that a person's purge removes, whatever their age and whether they are finished or not.

use hookwright_core::ids::EventId;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::replay::looked;
use super::{PostgresStore, Result, forget_account, jobs, partitions, prune};
use crate::event_row::Extra;
use crate::job_row::Did;
use crate::model::{HeldJob, Job, Looked, PurgedEvent, Scope, StepEnd, Stretch};

/// How much there is of each event: its row, the range of its deliveries, and counts.
pub(super) const SIZES: &str = "
    SELECT e.project_id, e.id, e.first_delivery, e.first_delivery + e.fanout,
        (e.payload IS NOT NULL)::int::bigint,
        (SELECT count(*) FROM event_names n WHERE n.event_id = e.id AND n.project_id = e.project_id),
        d.rows + l.rows, d.attempts + l.attempts
    FROM unnest($2::bigint[]) AS chosen (id)
    JOIN events e ON e.project_id = $1 AND e.id = chosen.id,
    LATERAL (SELECT count(*) AS rows, COALESCE(SUM(attempts), 0)::bigint AS attempts FROM deliveries d
             WHERE d.project_id = e.project_id AND d.id >= e.first_delivery
                   AND d.id < e.first_delivery + e.fanout) d,
    LATERAL (SELECT count(*) AS rows, COALESCE(SUM(d.attempts), 0)::bigint AS attempts
             FROM late_deliveries l
             JOIN deliveries d ON d.project_id = l.project_id AND d.id = l.delivery_id
             WHERE l.project_id = e.project_id AND l.event_id = e.id) l";
pub(super) const REMOVE_EVENTS: &str = "
    DELETE FROM events e USING unnest($2::bigint[]) AS chosen (id)
    WHERE e.project_id = $1 AND e.id = chosen.id";

impl PostgresStore {
    pub(crate) async fn purgeable(
        &self,
        scope: Scope,
        stretch: Stretch,
    ) -> Result<Looked<PurgedEvent>> {
        let rows = self.walk_events(purgeable, scope, stretch).await?;
        let found = rows.iter().map(purged).collect();
        Ok(looked(&rows, found, stretch))
    }

    pub(crate) async fn step_purge(
        &self,
        held: HeldJob,
        (events, end): (Vec<(EventId, String)>, StepEnd),
        now: UnixMs,
    ) -> Result<Option<Job>> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let Some(job) = jobs::held_job(&transaction, held).await? else {
            return Ok(None);
        };
        partitions::keep_days_of(&transaction, std::iter::empty()).await?;
        let (project, mut did) = (job.project_id.0, Did::default());
        if !events.is_empty() {
            let ids: Vec<i64> = events.iter().map(|(id, _)| id.0).collect();
            let rows = transaction.query(SIZES, &[&project, &ids]).await?;
            let sizes: Vec<&Row> = rows.iter().collect();
            prune::remove(&transaction, &sizes).await?;
            transaction
                .execute(REMOVE_EVENTS, &[&project, &ids])
                .await?;
            let sum = |index: usize| {
                let of_each = rows.iter().map(|row| row.get::<_, i64>(index));
                of_each.sum::<i64>().unsigned_abs()
            };
            did.removed = vec![
                ("events", rows.len() as u64),
                ("payloads", sum(4)),
                ("names", sum(5)),
                ("deliveries", sum(6)),
                ("attempts", sum(7)),
            ];
            did.done = rows.len() as u64;
            // Retention may have been first with some.
            let there = |id: &EventId| rows.iter().any(|row| row.get::<_, i64>(1) == id.0);
            let removed = events.into_iter().filter(|(id, _)| there(id));
            did.events = removed.map(|(_, public_id)| public_id).collect();
        }
        if let Some(account) = end.forgets(&job) {
            let (vault, of) = (&self.shared.vault, (job.project_id, account));
            let forgotten = forget_account::forget(&transaction, vault, of).await?;
            did.removed.extend(forgotten);
        }
        let job = jobs::step(&transaction, job, (did, end), now).await?;
        transaction.commit().await?;
        Ok(Some(job))
    }
}

pub(super) fn purgeable(walked: &str) -> String {
    format!("SELECT e.id, e.accepted_at, e.given_id, e.extra FROM ({walked}) e ORDER BY e.id")
}

fn purged(row: &Row) -> PurgedEvent {
    let extra: Option<&str> = row.get(3);
    let extra: Extra = extra
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    PurgedEvent {
        id: EventId(row.get(0)),
        accepted_at: UnixMs(row.get(1)),
        given_id: row.get(2),
        subject: extra.subject,
    }
}
