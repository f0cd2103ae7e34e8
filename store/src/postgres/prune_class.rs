//! What a project's own retention removes: event by event, each passed once for each class. Whole
//! days go by the server's retention.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::lent::Transaction;
use super::prune::{is_live, remove};
use super::purge::REMOVE_EVENTS;
use super::row_ids::lowest_at;
use super::{PLAIN_PLANS, PostgresStore, Result, by_index, drop_day, meta, partitions, prune};
use crate::model::{DataClass, Pruned};

/// A project's events from a row on that are made before another, in order.
pub(super) const WALK: &str = concat!(
    "SELECT e.project_id, e.id, e.first_delivery, e.first_delivery + e.fanout, ",
    is_live!(),
    ", e.accepted_at, e.payload IS NOT NULL
      FROM events e WHERE e.project_id = $1 AND e.id > $2 AND e.id < $3
      ORDER BY e.id LIMIT $4"
);
pub(super) const CLEAR_PAYLOADS: &str = "
    UPDATE events e SET payload = NULL FROM unnest($2::bigint[]) AS old (id)
    WHERE e.project_id = $1 AND e.id = old.id";
/// By ranges of deliveries, as in `prune.rs`.
pub(super) const CLEAR_FIRST_ATTEMPTS: &str = "
    UPDATE deliveries d SET first_attempt = NULL FROM (
        SELECT found.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
            AS old (project_id, event_id, first_row, end_row),
        LATERAL (SELECT d.project_id, d.id FROM deliveries d
                 WHERE d.project_id = old.project_id AND d.id >= old.first_row
                       AND d.id < old.end_row OFFSET 0) found) old
    WHERE d.project_id = old.project_id AND d.id = old.id";

impl PostgresStore {
    pub(crate) async fn prune_class(
        &self,
        project: ProjectId,
        class: DataClass,
        before: UnixMs,
        limit: usize,
    ) -> Result<Pruned> {
        let name = format!("prune:{}:{}", project.0, class.name());
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        // One node at a time, and no day is dropped meanwhile.
        if !partitions::lock(&transaction).await? {
            return Ok(Pruned::default());
        }
        let settings = format!("{PLAIN_PLANS}; {}", by_index::IN_ORDER);
        transaction.batch_execute(&settings).await?;
        let place = meta::get(&transaction, &name).await?;
        let (end, at_most) = (lowest_at(before), limit as i64);
        let rows = transaction
            .query_once(WALK, &[&project.0, &place, &end, &at_most])
            .await?;
        // What came from an embedded store has low rows, which say nothing of its age.
        let is_old = |row: &&Row| row.get::<_, i64>(5) < before.0;
        let old: Vec<&Row> = rows.iter().take_while(is_old).collect();
        let Some(last) = old.last() else {
            return Ok(Pruned::default());
        };
        let place = last.get::<_, i64>(1);
        let more = old.len() >= limit;
        let is_due = |row: &&&Row| {
            let (is_live, has_payload): (bool, bool) = (row.get(4), row.get(6));
            !is_live && (has_payload || class != DataClass::Payloads)
        };
        let due: Vec<&Row> = old.iter().filter(is_due).copied().collect();
        clear(&transaction, (project, class), &due).await?;
        meta::put(&transaction, &name, place).await?;
        transaction.commit().await?;
        let events = due.len();
        Ok(Pruned { events, more })
    }
}

async fn clear(
    transaction: &Transaction<'_>,
    (project, class): (ProjectId, DataClass),
    due: &[&Row],
) -> Result<()> {
    if due.is_empty() {
        return Ok(());
    }
    let column = |index| due.iter().map(|row| row.get(index)).collect::<Vec<i64>>();
    let events = column(1);
    match class {
        DataClass::Payloads => {
            transaction
                .execute_once(CLEAR_PAYLOADS, &[&project.0, &events])
                .await?;
        }
        DataClass::Attempts => clear_attempts(transaction, due).await?,
        DataClass::Deliveries => {
            remove(transaction, due).await?;
            transaction
                .execute_once(REMOVE_EVENTS, &[&project.0, &events])
                .await?;
        }
    }
    Ok(())
}

async fn clear_attempts(transaction: &Transaction<'_>, due: &[&Row]) -> Result<()> {
    let column = |index| due.iter().map(|row| row.get(index)).collect::<Vec<i64>>();
    let (mut projects, mut events, mut first, mut end) =
        (column(0), column(1), column(2), column(3));
    let late = transaction
        .query_once(drop_day::LATE, &[&projects, &events])
        .await?;
    for row in &late {
        let delivery: i64 = row.get(2);
        projects.push(row.get(0));
        events.push(row.get(1));
        first.push(delivery);
        end.push(delivery + 1);
    }
    for sql in [prune::REMOVE_ATTEMPTS, CLEAR_FIRST_ATTEMPTS] {
        transaction
            .execute_once(sql, &[&projects, &events, &first, &end])
            .await?;
    }
    Ok(())
}
