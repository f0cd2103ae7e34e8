//! Which days have partitions of their own, and how they are made before they are needed.
//!
//! A day that has none is no fault: its rows rest in the default partition, and are moved when the
//! day is made after all.

use std::collections::BTreeSet;
use std::ops::Range;

use hookwright_core::time::UnixMs;
use tokio_postgres::error::SqlState;

use super::by_index::IN_ORDER;
use super::lent::{Connection, Lent, Pool, Transaction};
use super::row_ids::{day_of, lowest_at, made_at, start_of};
use super::{PLAIN_PLANS, Result};
use crate::error::StoreError;

/// Beyond today: as long may a database be without any node that can make more.
const DAYS_AHEAD: i64 = 3;
/// One node at a time makes or drops days.
const LOCK: i64 = 0x686f_6f6b_6461_7973;
/// Who waits for a table keeps everybody behind him from it: short, and again at the next call.
const LOCK_TIMEOUT_MS: u32 = 300;

/// Under which names it is kept that something may happen again in a day.
pub(super) const REVIVED: &str = "revived_";
const REVIVE: &str = "INSERT INTO meta (name, value) SELECT unnest($1::text[]), 1
    ON CONFLICT (name) DO UPDATE SET value = meta.value + 1";
const REVIVALS: &str = "SELECT COALESCE(SUM(value), 0)::bigint FROM meta WHERE name = ANY($1)";

/// A table that is cut by days.
pub(super) struct Cut {
    pub(super) name: &'static str,
    /// The row id that it is cut by.
    pub(super) by: &'static str,
    settings: &'static str,
}

/// Rows are inserted once, and dropped with their day: vacuuming them for having been inserted is
/// waste. Freezing still comes, once, when a day is old enough.
pub(super) const EVENTS: Cut = Cut {
    name: "events",
    by: "id",
    settings: "autovacuum_vacuum_insert_threshold = -1,
               toast.autovacuum_vacuum_insert_threshold = -1",
};
/// Sparse, so that the first outcome is written beside the row it replaces, and no index is touched.
/// That leaves one dead version of nearly every row, which nobody needs the room of: vacuuming pays
/// only where many rows died more than once, by retries, and left entries in indexes.
const DELIVERIES: Cut = Cut {
    name: "deliveries",
    by: "id",
    settings: "fillfactor = 24, autovacuum_vacuum_scale_factor = 1.5,
               autovacuum_vacuum_insert_threshold = -1",
};
const ATTEMPTS: Cut = Cut {
    name: "attempts",
    by: "delivery_id",
    settings: "autovacuum_vacuum_insert_threshold = -1,
               toast.autovacuum_vacuum_insert_threshold = -1",
};

/// In the order in which everybody locks them.
pub(super) const CUTS: [Cut; 3] = [EVENTS, DELIVERIES, ATTEMPTS];

impl Cut {
    /// Its partition for a day.
    pub(super) fn of(&self, day: &str) -> String {
        format!("{}_{day}", self.name)
    }

    /// What that is called once it is dropped, until its files are removed.
    pub(super) fn dropped(&self, day: &str) -> String {
        format!("{}_{day}_dropped", self.name)
    }

    /// Its default partition.
    pub(super) fn rest(&self) -> String {
        format!("{}_rest", self.name)
    }
}

/// A day that has partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// Year, month and day as eight digits: names sort as their days.
    pub(super) name: String,
    /// The row ids of the day.
    pub(super) rows: Range<i64>,
}

impl Day {
    fn of(number: i64) -> Self {
        Self {
            name: name_of(number),
            rows: lowest_at(start_of(number))..lowest_at(start_of(number + 1)),
        }
    }
}

/// Makes the partitions of today and the days ahead, where they are missing.
pub(super) async fn make_ahead(pool: &Pool, now: UnixMs) -> Result<()> {
    let mut client = pool.get().await?;
    let today = day_of(now);
    let wanted: Vec<Day> = (today..=today + DAYS_AHEAD).map(Day::of).collect();
    if missing(&client, &wanted).await?.is_empty() {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    if !lock(&transaction).await? {
        return Ok(());
    }
    let days = missing(&transaction, &wanted).await?;
    for day in &days {
        if !unless_locked(make(&transaction, day).await)? {
            return Ok(());
        }
    }
    transaction.commit().await?;
    tracing::info!(days = days.len(), "partitions made");
    Ok(())
}

/// The days that have partitions, oldest first.
pub(super) async fn days(client: &Lent<impl Connection>) -> Result<Vec<Day>> {
    let rows = client
        .query_once(
            "SELECT right(c.relname, 8), bounds[1]::bigint, bounds[2]::bigint
             FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
                  regexp_match(pg_get_expr(c.relpartbound, c.oid),
                               'FROM \\(''(\\d+)''\\) TO \\(''(\\d+)''\\)') AS bounds
             WHERE i.inhparent = 'events'::regclass AND bounds IS NOT NULL ORDER BY 1",
            &[],
        )
        .await?;
    let days = rows.iter().map(|row| Day {
        name: row.get(0),
        rows: row.get(1)..row.get(2),
    });
    Ok(days.collect())
}

/// Becomes the only one that makes or drops days until the transaction ends; says whether it did.
/// Its later statements wait for a table only shortly, and find their rows by index.
pub(super) async fn lock(transaction: &Transaction<'_>) -> Result<bool> {
    let settings = format!("SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; {PLAIN_PLANS}; {IN_ORDER}");
    transaction.batch_execute(&settings).await?;
    let locked = transaction
        .query_once("SELECT pg_try_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    Ok(locked.first().is_some_and(|row| row.get(0)))
}

/// Keeps everybody from dropping days and removing old events until the transaction ends, and says
/// of the days of these rows that something may happen again in them: what was read of them before
/// is not to be relied on.
pub(super) async fn keep_days_of(
    transaction: &Transaction<'_>,
    rows: impl Iterator<Item = i64>,
) -> Result<()> {
    transaction
        .query("SELECT pg_advisory_xact_lock_shared($1)", &[&LOCK])
        .await?;
    let days: BTreeSet<i64> = rows.map(|row| day_of(made_at(row))).collect();
    if days.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = days.into_iter().map(revived).collect();
    transaction.execute(REVIVE, &[&names]).await?;
    Ok(())
}

/// How often that was said of a day and of those beside it.
pub(super) async fn revivals(client: &Lent<impl Connection>, day: &Day) -> Result<i64> {
    let number = day_of(made_at(day.rows.start));
    let names: Vec<String> = (number - 1..=number + 1).map(revived).collect();
    let rows = client.query(REVIVALS, &[&names]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

fn revived(day: i64) -> String {
    format!("{REVIVED}{}", name_of(day))
}

/// Whether it was done; not so when a table could not be had in time.
pub(super) fn unless_locked<T>(
    done: std::result::Result<T, tokio_postgres::Error>,
) -> Result<bool> {
    match done {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            tracing::warn!("a table is in use: its days are made or dropped at the next call");
            Ok(false)
        }
        Err(error) => Err(StoreError::from(error)),
    }
}

async fn missing(client: &Lent<impl Connection>, wanted: &[Day]) -> Result<Vec<Day>> {
    let there = days(client).await?;
    let is_missing = |day: &&Day| there.iter().all(|it| it.name != day.name);
    Ok(wanted.iter().filter(is_missing).cloned().collect())
}

/// A table by itself first: making a partition in place would lock everybody out of its parent.
/// Attaching keeps them only from the default partition, which small reads see all of.
async fn make(
    transaction: &Transaction<'_>,
    day: &Day,
) -> std::result::Result<(), tokio_postgres::Error> {
    for cut in &CUTS {
        let (table, rest, partition) = (cut.name, cut.rest(), cut.of(&day.name));
        let (by, Range { start, end }) = (cut.by, &day.rows);
        transaction
            .batch_execute(&format!(
                "CREATE TABLE {partition} (LIKE {table} INCLUDING ALL) WITH ({});
                 LOCK TABLE {rest} IN ACCESS EXCLUSIVE MODE;
                 WITH early AS (
                     DELETE FROM {rest} WHERE {by} >= {start} AND {by} < {end} RETURNING *)
                 INSERT INTO {partition} SELECT * FROM early;
                 ALTER TABLE {table} ATTACH PARTITION {partition}
                     FOR VALUES FROM ({start}) TO ({end})",
                cut.settings
            ))
            .await?;
    }
    Ok(())
}

/// The date of a day since 1970 as eight digits (H. Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
pub(super) fn name_of(number: i64) -> String {
    let shifted = number + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_by_its_date() {
        for (number, name) in [
            (0, "19700101"),
            (11_016, "20000229"),
            (11_017, "20000301"),
            (19_675, "20231114"),
            (20_778, "20261121"),
            (47_540, "21000228"),
            (47_541, "21000301"),
        ] {
            assert_eq!(name_of(number), name);
        }
    }

    #[test]
    fn days_join_without_a_gap() {
        for number in 18_300..18_400 {
            let (day, next) = (Day::of(number), Day::of(number + 1));
            assert_eq!(day.rows.end, next.rows.start);
            assert!(day.rows.start < day.rows.end && day.name < next.name);
        }
    }
}
