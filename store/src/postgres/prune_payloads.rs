//! What retention of payloads alone removes: day by day, where all of a day is old.
//!
//! Rows are rewritten where they are, some at a time, about 30 microseconds each; their room is
//! given back with their day. Events whose deliveries are not finished are passed over and looked at
//! again in the next pass. What has outlived its day keeps its payload until it goes.

use deadpool_postgres::Transaction;
use hookwright_core::time::UnixMs;

use super::partitions::{self, Day};
use super::prune::{SCANNED_EVENTS_MAX, is_live};
use super::row_ids::lowest_at;
use super::{PLAIN_PLANS, PostgresStore, Result, meta};

/// Under which names the place is kept: the row that its day begins with, the event in it that was
/// looked at last, and the first row of the first day with an event that this pass has passed over
/// (zero for none).
const DAY: &str = "payloads_day";
const PROJECT: &str = "payloads_project";
const EVENT: &str = "payloads_event";
const SKIPPED: &str = "payloads_skipped";

/// How far a walk has got.
struct Walk {
    day: i64,
    after: (i64, i64),
    skipped: i64,
    found: usize,
    scanned: usize,
}

impl PostgresStore {
    pub(crate) async fn prune_payloads(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        if !partitions::lock(&transaction).await? {
            return Ok(0);
        }
        transaction.batch_execute(PLAIN_PLANS).await?;
        let days = partitions::days(&transaction).await?;
        let is_old = |day: &&Day| day.rows.end <= lowest_at(before);
        let mut walk = Walk::resume(&transaction).await?;
        while walk.found < limit && walk.scanned < SCANNED_EVENTS_MAX {
            let mut ahead = days.iter().filter(is_old);
            let Some(day) = ahead.find(|day| day.rows.start >= walk.day) else {
                walk.end_pass();
                break;
            };
            walk.enter(day.rows.start);
            if walk.go_on(&transaction, day, limit).await? {
                walk.enter(day.rows.end);
            }
        }
        walk.keep_place(&transaction).await?;
        transaction.commit().await?;
        Ok(walk.found)
    }
}

impl Walk {
    async fn resume(transaction: &Transaction<'_>) -> Result<Self> {
        Ok(Self {
            day: meta::get(transaction, DAY).await?,
            after: (
                meta::get(transaction, PROJECT).await?,
                meta::get(transaction, EVENT).await?,
            ),
            skipped: meta::get(transaction, SKIPPED).await?,
            found: 0,
            scanned: 0,
        })
    }

    async fn keep_place(&self, transaction: &Transaction<'_>) -> Result<()> {
        meta::put(transaction, DAY, self.day).await?;
        meta::put(transaction, PROJECT, self.after.0).await?;
        meta::put(transaction, EVENT, self.after.1).await?;
        meta::put(transaction, SKIPPED, self.skipped).await
    }

    /// Begins with a day, unless it is in the middle of it.
    fn enter(&mut self, day: i64) {
        if day != self.day {
            self.day = day;
            self.after = (0, 0);
        }
    }

    /// Everything old was looked at: the next pass begins with the first day with something passed
    /// over.
    fn end_pass(&mut self) {
        if self.skipped > 0 {
            self.enter(self.skipped);
            self.after = (0, 0);
            self.skipped = 0;
        }
    }

    /// Clears payloads of a day, `limit` in all at most; says whether it got to the day's end.
    async fn go_on(
        &mut self,
        transaction: &Transaction<'_>,
        day: &Day,
        limit: usize,
    ) -> Result<bool> {
        let room = SCANNED_EVENTS_MAX - self.scanned;
        let rows = transaction
            .query(
                &select(&day.name),
                &[&self.after.0, &self.after.1, &(room as i64)],
            )
            .await?;
        let (mut projects, mut events): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
        for row in &rows {
            if self.found == limit {
                break;
            }
            self.scanned += 1;
            self.after = (row.get(0), row.get(1));
            let (has_payload, is_live): (bool, bool) = (row.get(2), row.get(3));
            if has_payload && !is_live {
                projects.push(self.after.0);
                events.push(self.after.1);
                self.found += 1;
            } else if has_payload && self.skipped == 0 {
                self.skipped = day.rows.start;
            }
        }
        let clear = clear(&day.name);
        transaction.execute(&clear, &[&projects, &events]).await?;
        let last = rows.last().map(|row| (row.get(0), row.get(1)));
        Ok(rows.len() < room && last.is_none_or(|last| last == self.after))
    }
}

pub(super) fn select(day: &str) -> String {
    format!(
        "SELECT e.project_id, e.id, e.payload IS NOT NULL, e.payload IS NOT NULL AND {}
         FROM events_{day} e WHERE (e.project_id, e.id) > ($1, $2)
         ORDER BY e.project_id, e.id LIMIT $3",
        is_live!()
    )
}

pub(super) fn clear(day: &str) -> String {
    format!(
        "UPDATE events_{day} e SET payload = NULL
         FROM unnest($1::bigint[], $2::bigint[]) AS old (project_id, id)
         WHERE e.project_id = old.project_id AND e.id = old.id"
    )
}
