//! What retention removes: whole days, and one by one what was left of days that are gone.
//!
//! A day's partitions are dropped once all of it is old, so here retention is exact to a day.

use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::drop_day::{self, Dropped, drop_day};
use super::lent::Transaction;
use super::prune_moved::Class;
use super::remove_dropped::remove_dropped;
use super::row_ids::{day_of, lowest_at};
use super::{PostgresStore, Result, meta, partitions};
use crate::error::StoreError;

/// Events that one call looks at: many unfinished ones must not make it long.
pub(super) const SCANNED_EVENTS_MAX: usize = 20_000;
/// Names are removed so many at a time at least: more than one event can have.
const NAMES_AT_ONCE_MIN: usize = 10;

/// Where the walk over the default partition has got to.
const PLACE: (&str, &str) = ("rest_project", "rest_event");

/// Whether anything may still happen to an event's deliveries.
macro_rules! is_live {
    () => {
        "(EXISTS (SELECT FROM deliveries d WHERE d.project_id = e.project_id
                  AND d.id >= e.first_delivery AND d.id < e.first_delivery + e.fanout
                  AND d.state <= 9)
          OR EXISTS (SELECT FROM resends r
                     WHERE r.delivery_id >= e.first_delivery
                           AND r.delivery_id < e.first_delivery + e.fanout)
          OR EXISTS (SELECT FROM late_deliveries l JOIN deliveries d
                         ON d.project_id = l.project_id AND d.id = l.delivery_id
                     WHERE l.project_id = e.project_id AND l.event_id = e.id
                           AND (d.state <= 9
                                OR EXISTS (SELECT FROM resends r WHERE r.delivery_id = d.id))))"
    };
}
pub(super) use is_live;

pub(super) const REST: &str = concat!(
    "SELECT e.project_id, e.id, e.first_delivery, e.first_delivery + e.fanout, ",
    is_live!(),
    " FROM events_rest e WHERE (e.project_id, e.id) > ($1, $2) AND e.accepted_at < $3
      ORDER BY e.project_id, e.id LIMIT $4"
);
pub(super) const REMOVE_ATTEMPTS: &str = "DELETE FROM attempts a USING (
         SELECT found.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
             AS old (project_id, event_id, first_row, end_row),
         LATERAL (SELECT a.project_id, a.delivery_id FROM attempts a
                  WHERE a.project_id = old.project_id AND a.delivery_id >= old.first_row
                        AND a.delivery_id < old.end_row OFFSET 0) found) old
     WHERE a.project_id = old.project_id AND a.delivery_id = old.delivery_id";
/// All that is an event's, by project, row and range of deliveries. Each range is looked up by
/// itself, see [`drop_day::keep`].
pub(super) const REMOVE: &[&str] = &[
    REMOVE_ATTEMPTS,
    "DELETE FROM resends r USING (
         SELECT found.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
             AS old (project_id, event_id, first_row, end_row),
         LATERAL (SELECT r.project_id, r.id FROM resends r
                  WHERE r.delivery_id >= old.first_row
                        AND r.delivery_id < old.end_row OFFSET 0) found) old
     WHERE r.project_id = old.project_id AND r.id = old.id",
    "DELETE FROM deliveries d USING (
         SELECT found.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
             AS old (project_id, event_id, first_row, end_row),
         LATERAL (SELECT d.project_id, d.id FROM deliveries d
                  WHERE d.project_id = old.project_id AND d.id >= old.first_row
                        AND d.id < old.end_row OFFSET 0) found) old
     WHERE d.project_id = old.project_id AND d.id = old.id",
    "DELETE FROM event_names n USING unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
         AS old (project_id, event_id, first_row, end_row)
     WHERE n.project_id = old.project_id AND n.event_id = old.event_id",
    "DELETE FROM events_rest e USING unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
         AS old (project_id, event_id, first_row, end_row)
     WHERE e.project_id = old.project_id AND e.id = old.event_id",
];
pub(super) const REMOVE_LATE: &str = "
    DELETE FROM late_deliveries l USING unnest($1::bigint[], $2::bigint[]) AS old (project_id, event_id)
    WHERE l.project_id = old.project_id AND l.event_id = old.event_id";
/// Those of events that are gone. A name that was given again meanwhile is another's.
pub(super) const NAMES: &str = "
    WITH old AS (SELECT project_id, name, event_id FROM event_names
                 WHERE event_id >= $1 AND event_id < $2 ORDER BY event_id LIMIT $3),
    gone AS (DELETE FROM event_names n USING old
             WHERE n.project_id = old.project_id AND n.name = old.name
                   AND n.event_id = old.event_id
                   AND NOT EXISTS (SELECT FROM events e
                                   WHERE e.project_id = old.project_id AND e.id = old.event_id))
    SELECT count(*), MAX(event_id) FROM old";

/// Of events that are gone.
pub(super) const FORGET_LATE: &str = "
    DELETE FROM late_deliveries l USING (
        SELECT l.project_id, l.event_id, l.delivery_id FROM late_deliveries l
        WHERE l.event_id < $1
              AND NOT EXISTS (SELECT FROM events e
                              WHERE e.project_id = l.project_id AND e.id = l.event_id) LIMIT $2) old
    WHERE l.project_id = old.project_id AND l.event_id = old.event_id
          AND l.delivery_id = old.delivery_id";
const FORGET_REVIVALS: &str = "DELETE FROM meta WHERE name > $1 AND name < $2";
const FORGOTTEN_AT_ONCE: i64 = 10_000;

impl PostgresStore {
    pub(crate) async fn prune(&self, before: UnixMs, limit: usize) -> Result<usize> {
        self.make_days_ahead().await?;
        self.trim_changes().await?;
        let days = partitions::days(&self.client().await?).await?;
        let mut gone = 0;
        for day in days.iter().filter(|day| day.rows.end <= lowest_at(before)) {
            if gone >= limit {
                break;
            }
            match drop_day(&self.shared.pool, day, limit).await? {
                Dropped::Gone(events) => gone += events,
                Dropped::Stays => {}
                // Nobody is made to wait for a second one.
                Dropped::Busy => break,
            }
        }
        remove_dropped(&self.shared.pool).await?;
        self.forget_late(before).await?;
        if self.prune_names(limit.max(NAMES_AT_ONCE_MIN)).await? {
            return Ok(gone.max(limit));
        }
        if gone < limit {
            gone += self.prune_rest(before, limit - gone).await?;
        }
        if gone < limit {
            let left = limit - gone;
            gone += self.prune_moved(Class::Events, before, left).await?;
        }
        Ok(gone)
    }

    /// What is known of late deliveries and of revivals in days that are gone.
    async fn forget_late(&self, before: UnixMs) -> Result<()> {
        let below = lowest_at(before) + drop_day::EDGE;
        let client = self.client().await?;
        let late = client
            .execute(FORGET_LATE, &[&below, &FORGOTTEN_AT_ONCE])
            .await?;
        let day = partitions::name_of(day_of(before) - 1);
        let (from, to) = (partitions::REVIVED, format!("{}{day}", partitions::REVIVED));
        client.execute(FORGET_REVIVALS, &[&from, &to]).await?;
        if late > 0 {
            tracing::debug!(deliveries = late, "late deliveries forgotten");
        }
        Ok(())
    }

    /// By the database's clock, which all nodes share.
    async fn make_days_ahead(&self) -> Result<()> {
        let now = "SELECT (extract(epoch FROM now()) * 1000)::bigint";
        let now = self.row(now, &[]).await?;
        partitions::make_ahead(&self.shared.pool, UnixMs(now.get(0))).await
    }

    /// Removes finished events from the default partition.
    async fn prune_rest(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        if !partitions::lock(&transaction).await? {
            return Ok(0);
        }
        let place = (
            meta::get(&transaction, PLACE.0).await?,
            meta::get(&transaction, PLACE.1).await?,
        );
        let scanned = SCANNED_EVENTS_MAX as i64;
        let rows = transaction
            .query_once(REST, &[&place.0, &place.1, &before.0, &scanned])
            .await?;
        let (old, place) = choose(&rows, limit);
        remove(&transaction, &old).await?;
        meta::put(&transaction, PLACE.0, place.0).await?;
        meta::put(&transaction, PLACE.1, place.1).await?;
        transaction.commit().await?;
        Ok(old.len())
    }

    /// Removes the next names of dropped events; says whether there may be more.
    pub(super) async fn prune_names(&self, limit: usize) -> Result<bool> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        if !partitions::lock(&transaction).await? {
            return Ok(false);
        }
        let from = meta::get(&transaction, drop_day::NAMES.0).await?;
        let to = meta::get(&transaction, drop_day::NAMES.1).await?;
        if from >= to {
            return Ok(false);
        }
        let rows = transaction
            .query_once(NAMES, &[&from, &to, &(limit as i64)])
            .await?;
        let found = rows.first().ok_or(StoreError::NotFound)?;
        let more = found.get::<_, i64>(0) >= limit as i64;
        let last: Option<i64> = found.get(1);
        let next = last.filter(|_| more).unwrap_or(to);
        meta::put(&transaction, drop_day::NAMES.0, next).await?;
        transaction.commit().await?;
        Ok(more)
    }
}

/// The finished events among rows of [`REST`], at most `limit`, and where the walk goes on: at the
/// beginning after it got to the end.
fn choose(rows: &[Row], limit: usize) -> (Vec<&Row>, (i64, i64)) {
    let mut old = Vec::new();
    for row in rows {
        if !row.get::<_, bool>(4) {
            old.push(row);
        }
        if old.len() == limit {
            return (old, (row.get(0), row.get(1)));
        }
    }
    let last = rows.last().filter(|_| rows.len() == SCANNED_EVENTS_MAX);
    let place = last.map_or((0, 0), |row| (row.get(0), row.get(1)));
    (old, place)
}

/// Removes events, by the first four columns of [`REST`], with all that is theirs.
pub(super) async fn remove(transaction: &Transaction<'_>, old: &[&Row]) -> Result<()> {
    if old.is_empty() {
        return Ok(());
    }
    let column = |index| old.iter().map(|row| row.get(index)).collect::<Vec<i64>>();
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
    for sql in REMOVE {
        transaction
            .execute_once(sql, &[&projects, &events, &first, &end])
            .await?;
    }
    if !late.is_empty() {
        transaction
            .execute_once(REMOVE_LATE, &[&projects, &events])
            .await?;
    }
    Ok(())
}
