//! What retention of payloads alone removes: day by day, where all of a day is old, and from what
//! has outlived its day.
//!
//! Rows are rewritten where they are, some at a time, about 30 microseconds each; their room is
//! given back with their day. Events whose deliveries are not finished are passed over and looked at
//! again in the next pass.

use std::ops::Range;

use hookwright_core::time::UnixMs;

use super::lent::Transaction;
use super::prune::{SCANNED_EVENTS_MAX, is_live};
use super::prune_moved::Class;
use super::row_ids::lowest_at;
use super::{PostgresStore, Result, meta, partitions};

/// Under which names the place is kept: the row that its partition begins with (zero for the
/// default one), and the event in it that was looked at last.
const PARTITION: &str = "payloads_partition";
const PROJECT: &str = "payloads_project";
const EVENT: &str = "payloads_event";
/// The first row of the first day with an event that this pass has passed over, zero for none; and
/// of the day with which the next pass begins after the default partition.
const SKIPPED: &str = "payloads_skipped";
const NEXT_PASS: &str = "payloads_next_pass";

/// How far a walk has got.
struct Walk {
    partition: i64,
    after: (i64, i64),
    skipped: i64,
    next_pass: i64,
    found: usize,
    scanned: usize,
}

impl PostgresStore {
    pub(crate) async fn prune_payloads(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let moved = self.prune_moved(Class::Payloads, before, limit).await?;
        if moved == limit {
            return Ok(moved);
        }
        let made = self.prune_made_payloads(before, limit - moved).await?;
        Ok(moved + made)
    }

    /// Those of what this database's own nodes made.
    async fn prune_made_payloads(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        if !partitions::lock(&transaction).await? {
            return Ok(0);
        }
        let mut partitions = vec![(0..1, "events_rest".to_owned())];
        for day in partitions::days(&transaction).await? {
            if day.rows.end <= lowest_at(before) {
                partitions.push((day.rows, format!("events_{}", day.name)));
            }
        }
        let mut walk = Walk::resume(&transaction).await?;
        while walk.found < limit && walk.scanned < SCANNED_EVENTS_MAX {
            let ahead = |(rows, _): &&(Range<i64>, String)| rows.start >= walk.partition;
            let Some((rows, partition)) = partitions.iter().find(ahead) else {
                walk.end_pass();
                break;
            };
            walk.enter(rows.start);
            if walk.go_on(&transaction, partition, (before, limit)).await? {
                let is_rest = rows.start == 0;
                walk.enter(if is_rest {
                    walk.next_pass.max(rows.end)
                } else {
                    rows.end
                });
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
            partition: meta::get(transaction, PARTITION).await?,
            after: (
                meta::get(transaction, PROJECT).await?,
                meta::get(transaction, EVENT).await?,
            ),
            skipped: meta::get(transaction, SKIPPED).await?,
            next_pass: meta::get(transaction, NEXT_PASS).await?,
            found: 0,
            scanned: 0,
        })
    }

    async fn keep_place(&self, transaction: &Transaction<'_>) -> Result<()> {
        meta::put(transaction, PARTITION, self.partition).await?;
        meta::put(transaction, PROJECT, self.after.0).await?;
        meta::put(transaction, EVENT, self.after.1).await?;
        meta::put(transaction, SKIPPED, self.skipped).await?;
        meta::put(transaction, NEXT_PASS, self.next_pass).await
    }

    /// Begins with a partition, unless it is in the middle of it.
    fn enter(&mut self, partition: i64) {
        if partition != self.partition {
            self.partition = partition;
            self.after = (0, 0);
        }
    }

    /// Everything old was looked at: the next pass begins with what has outlived its day, and goes
    /// on with the first day with something passed over.
    fn end_pass(&mut self) {
        let first = if self.skipped > 0 {
            self.skipped
        } else {
            self.partition
        };
        self.next_pass = first;
        self.skipped = 0;
        self.enter(0);
    }

    /// Clears payloads of a partition, `limit` in all at most; says whether it got to its end.
    async fn go_on(
        &mut self,
        transaction: &Transaction<'_>,
        partition: &str,
        (before, limit): (UnixMs, usize),
    ) -> Result<bool> {
        let room = SCANNED_EVENTS_MAX - self.scanned;
        let (project, event) = self.after;
        let rows = transaction
            .query_once(
                &select(partition),
                &[&project, &event, &before.0, &(room as i64)],
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
                self.skipped = self.partition;
            }
        }
        if !events.is_empty() {
            let clear = clear(partition);
            transaction
                .execute_once(&clear, &[&projects, &events])
                .await?;
        }
        let last = rows.last().map(|row| (row.get(0), row.get(1)));
        Ok(rows.len() < room && last.is_none_or(|last| last == self.after))
    }
}

pub(super) fn select(partition: &str) -> String {
    format!(
        "SELECT e.project_id, e.id, e.payload IS NOT NULL, e.payload IS NOT NULL AND {}
         FROM {partition} e WHERE (e.project_id, e.id) > ($1, $2) AND e.accepted_at < $3
         ORDER BY e.project_id, e.id LIMIT $4",
        is_live!()
    )
}

pub(super) fn clear(partition: &str) -> String {
    format!(
        "UPDATE {partition} e SET payload = NULL
         FROM unnest($1::bigint[], $2::bigint[]) AS old (project_id, id)
         WHERE e.project_id = old.project_id AND e.id = old.id"
    )
}
