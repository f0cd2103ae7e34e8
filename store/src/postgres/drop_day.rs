//! How a day that grew old is dropped whole, and what of it is kept.
//!
//! Events with anything still to happen are moved to the default partitions with their deliveries
//! and attempts. They are found by the indexes of what is due, so that a day of millions of finished
//! deliveries is gone as fast as an empty one, and nobody waits longer than what is moved takes.

use super::by_index::IN_ORDER;
use super::lent::{Client, Pool, Transaction};
use super::partitions::{self, CUTS, Cut, Day};
use super::row_ids::{lowest_at, start_of};
use super::{PLAIN_PLANS, Parameters, Result, meta};

/// The names of events between these rows may be those of dropped ones.
pub(super) const NAMES: (&str, &str) = ("names_from", "names_to");

/// Events that are moved while everybody waits, about 40 microseconds each: two seconds at most. A
/// day with more unfinished ones stays whole until they are fewer.
const KEPT_EVENTS_MAX: i64 = 50_000;
/// **Invariant:** the rows of an event and of its deliveries are made within ten minutes of one
/// another; around midnight they may lie on two days.
pub(super) const EDGE: i64 = (lowest_at(start_of(20_001)) - lowest_at(start_of(20_000))) / 144;

/// The events of some deliveries, with the range of all their deliveries.
macro_rules! events_of {
    ($deliveries:literal) => {
        concat!(
            "SELECT e.project_id, e.id, e.first_delivery, e.first_delivery + e.fanout FROM (",
            $deliveries,
            ") d JOIN events e ON e.project_id = d.project_id AND e.id = d.event_id"
        )
    };
}

/// First attempts under way.
pub(super) const OUTSTANDING: &str = events_of!(
    "SELECT DISTINCT project_id, event_id FROM deliveries
     WHERE id >= $1 AND id < $2 AND due_at IS NULL AND state <= 9 LIMIT $3"
);
/// Everything else that is not finished. The order is that of the only index with nothing else in
/// it.
pub(super) const DUE: &str = events_of!(
    "SELECT DISTINCT project_id, event_id FROM (
         SELECT project_id, event_id FROM deliveries
         WHERE id >= $1 AND id < $2 AND due_at IS NOT NULL
         ORDER BY endpoint_id, due_at OFFSET 0) due LIMIT $3"
);
pub(super) const RESENT: &str = events_of!(
    "SELECT DISTINCT d.project_id, d.event_id FROM resends r
     JOIN deliveries d ON d.project_id = r.project_id AND d.id = r.delivery_id
     WHERE r.delivery_id >= $1 AND r.delivery_id < $2 LIMIT $3"
);
pub(super) const LATE: &str = "
    SELECT l.project_id, l.event_id, l.delivery_id
    FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bigint[]) k) AS kept (project_id, event_id)
    JOIN late_deliveries l ON l.project_id = kept.project_id AND l.event_id = kept.event_id";
/// Below this row no node has a first attempt under way.
const LOW_WATER: &str = "SELECT COALESCE(MIN(low_water), 9223372036854775807) FROM (
    SELECT low_water FROM nodes UNION ALL SELECT low_water FROM lost_nodes) everybody";

/// Whoever asks for a resend holds the second lock to his end: after it, all of them are seen.
const LOCK_OUT: &str = "LOCK TABLE ONLY events, ONLY deliveries, ONLY attempts";

/// Events to keep, by column.
#[derive(Default)]
struct Kept {
    project_id: Vec<i64>,
    event_id: Vec<i64>,
    first_delivery: Vec<i64>,
    end: Vec<i64>,
}

impl Kept {
    /// Adds the events that one of the statements above finds from row `from` to the day's end.
    async fn find(
        &mut self,
        transaction: &Transaction<'_>,
        sql: &str,
        (from, day): (i64, &Day),
    ) -> Result<()> {
        let to = day.rows.end + EDGE;
        if from >= to {
            return Ok(());
        }
        let rows = transaction
            .query_once(sql, &[&from, &to, &(KEPT_EVENTS_MAX + 1)])
            .await?;
        for row in rows {
            self.project_id.push(row.get(0));
            self.event_id.push(row.get(1));
            self.first_delivery.push(row.get(2));
            self.end.push(row.get(3));
        }
        Ok(())
    }

    /// Adds the events of resends. There are none as a rule, and everybody waits.
    async fn find_resent(&mut self, transaction: &Transaction<'_>, day: &Day) -> Result<()> {
        let from = day.rows.start - EDGE;
        let sql = "SELECT FROM resends WHERE delivery_id >= $1 AND delivery_id < $2 LIMIT 1";
        let some = transaction
            .query_once(sql, &[&from, &(day.rows.end + EDGE)])
            .await?;
        if !some.is_empty() {
            self.find(transaction, RESENT, (from, day)).await?;
        }
        Ok(())
    }

    /// Adds the ranges of deliveries that were made later than their events.
    async fn find_late(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        if self.event_id.is_empty() {
            return Ok(());
        }
        let rows = transaction
            .query_once(LATE, &[&self.project_id, &self.event_id])
            .await?;
        for row in rows {
            let delivery: i64 = row.get(2);
            self.project_id.push(row.get(0));
            self.event_id.push(row.get(1));
            self.first_delivery.push(delivery);
            self.end.push(delivery + 1);
        }
        Ok(())
    }

    fn is_too_many(&self) -> bool {
        self.event_id.len() as i64 > KEPT_EVENTS_MAX
    }

    /// Moves the rows of one table from what was the day's partition to the default one. Answers how many.
    async fn keep(&self, transaction: &Transaction<'_>, cut: &Cut, day: &Day) -> Result<i64> {
        let ends: Vec<i64>;
        if self.event_id.is_empty() {
            return Ok(0);
        }
        let (from, to) = if cut.name == partitions::EVENTS.name {
            ends = self.event_id.iter().map(|id| id + 1).collect();
            (&self.event_id, &ends)
        } else {
            (&self.first_delivery, &self.end)
        };
        let sql = keep(cut, &cut.dropped(&day.name));
        let moved = transaction
            .execute_once(&sql, &[&self.project_id, from, to])
            .await?;
        Ok(moved as i64)
    }
}

/// What became of a day.
pub(super) enum Dropped {
    /// So many of its events went, or as many as were asked about if they were more.
    Gone(usize),
    /// Too much of it is unfinished.
    Stays,
    /// Somebody is using the tables, or dropping days as well.
    Busy,
}

/// Copies ranges of rows from one partition. What ranges hold is always guessed at far too much:
/// each is looked up by itself, whatever a plan for all at once would seem to save.
pub(super) fn keep(cut: &Cut, partition: &str) -> String {
    format!(
        "INSERT INTO {} SELECT old.*
         FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) k)
                  AS kept (project_id, first_row, end_row),
              LATERAL (SELECT * FROM {partition} old
                       WHERE old.project_id = kept.project_id AND old.{by} >= kept.first_row
                             AND old.{by} < kept.end_row OFFSET 0) old",
        cut.name,
        by = cut.by
    )
}

/// Drops a day, counting its events up to `limit`. Its tables are no part of anything then, and
/// their files are removed by [`remove_dropped`](super::remove_dropped::remove_dropped).
pub(super) async fn drop_day(pool: &Pool, day: &Day, limit: usize) -> Result<Dropped> {
    let mut client = pool.get().await?;
    let revivals = partitions::revivals(&client, day).await?;
    let mut kept = unfinished(&mut client, day).await?;
    if kept.is_too_many() {
        tracing::warn!(
            day = day.name,
            "too much of an old day is unfinished: it stays"
        );
        return Ok(Dropped::Stays);
    }
    let transaction = client.transaction().await?;
    if !partitions::lock(&transaction).await? {
        return Ok(Dropped::Busy);
    }
    if !partitions::days(&transaction).await?.contains(day) {
        return Ok(Dropped::Gone(0));
    }
    if !partitions::unless_locked(transaction.batch_execute(LOCK_OUT).await)? {
        return Ok(Dropped::Busy);
    }
    if partitions::revivals(&transaction, day).await? != revivals {
        // A replay has reopened some of it since it was looked at.
        return Ok(Dropped::Busy);
    }
    kept.find_resent(&transaction, day).await?;
    kept.find_late(&transaction).await?;
    let detach = CUTS.each_ref().map(|cut| {
        let (table, partition, dropped) = (cut.name, cut.of(&day.name), cut.dropped(&day.name));
        format!(
            "ALTER TABLE {table} DETACH PARTITION {partition};
             ALTER TABLE {partition} RENAME TO {dropped};"
        )
    });
    let detach = detach.concat();
    if !partitions::unless_locked(transaction.batch_execute(&detach).await)? {
        return Ok(Dropped::Busy);
    }
    let mut moved = 0;
    for cut in &CUTS {
        let rows = kept.keep(&transaction, cut, day).await?;
        moved += if cut.name == partitions::EVENTS.name {
            rows
        } else {
            0
        };
    }
    let gone = count(&transaction, day, limit as i64 + moved).await? - moved;
    // A day that stayed longer than its neighbours takes the walk back.
    let from = meta::get(&transaction, NAMES.0).await?;
    let to = meta::get(&transaction, NAMES.1).await?;
    meta::put(&transaction, NAMES.0, from.min(day.rows.start)).await?;
    meta::put(&transaction, NAMES.1, to.max(day.rows.end)).await?;
    transaction.commit().await?;
    tracing::info!(day = day.name, kept = moved, "day dropped");
    Ok(Dropped::Gone(gone.unsigned_abs() as usize))
}

/// The day's events with anything still to happen: all of them, as nothing is added to an old day
/// but resends.
async fn unfinished(client: &mut Client, day: &Day) -> Result<Kept> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("SET LOCAL jit = off").await?;
    let from = day.rows.start - EDGE;
    let mut kept = Kept::default();
    let low_water = number(&transaction, LOW_WATER, &[]).await?;
    // In this order: what is given back in between is then due.
    kept.find(&transaction, OUTSTANDING, (from.max(low_water), day))
        .await?;
    let settings = format!("{PLAIN_PLANS}; {IN_ORDER}");
    transaction.batch_execute(&settings).await?;
    kept.find(&transaction, DUE, (from, day)).await?;
    Ok(kept)
}

/// Events of a day that is no part of the table any more, `limit` at most.
async fn count(transaction: &Transaction<'_>, day: &Day, limit: i64) -> Result<i64> {
    let dropped = partitions::EVENTS.dropped(&day.name);
    let sql = format!("SELECT count(*) FROM (SELECT FROM {dropped} LIMIT $1) counted");
    number(transaction, &sql, &[&limit]).await
}

/// The one number that a statement answers.
async fn number(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<i64> {
    let rows = transaction.query_once(sql, parameters).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
