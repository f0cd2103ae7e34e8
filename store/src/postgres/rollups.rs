//! Statistics: one row for each subject, width and start, read, added to and written back by one
//! node at a time.

use std::collections::HashMap;

use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::rollup::{Counts, Width};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::lent::Transaction;
use super::{PLAIN_PLANS, Parameters, PostgresStore, Result};
use crate::failing;
use crate::model::{EndpointStretch, EventTypeCounts, Rollup, Stretches, Subject};
use crate::rollup_row::{STRETCHES_PRUNED_MAX, add, kept_from, read, read_numbers};

/// Held while rows are read, added to and written back.
const LOCK: i64 = 0x686f_6f6b_726f_6c6c;

const KNOWN: &str = "
    SELECT u.place, r.counts
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[]) WITH ORDINALITY
         AS u (project_id, width, start, subject, place)
    JOIN rollups r ON r.project_id = u.project_id AND r.width = u.width AND r.start = u.start
                      AND r.subject = u.subject";
const PUT: &str = "
    INSERT INTO rollups (project_id, width, start, subject, counts)
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::bytea[])
    ON CONFLICT (project_id, width, start, subject) DO UPDATE SET counts = excluded.counts";
pub(super) const SERIES: &str = "
    SELECT u.start, r.counts FROM unnest($1::bigint[]) AS u (start)
    JOIN rollups r ON r.project_id = $2 AND r.width = $3 AND r.start = u.start AND r.subject = $4
    ORDER BY u.start";
const OF_ENDPOINTS: &str = "
    SELECT r.start, r.subject, r.counts
    FROM unnest($1::bigint[]) AS s (start)
    CROSS JOIN unnest($2::text[]) AS e (subject)
    JOIN rollups r ON r.project_id = $3 AND r.width = $4 AND r.start = s.start
                      AND r.subject = e.subject";
/// From the newest stretch back, so that a limit leaves the oldest out. There are few beside endpoints:
/// what comes before them is skipped by the index. Every collation has "t:..." behind "f", and the keys of all else before it.
const BY_EVENT_TYPE: &str = "
    SELECT r.subject, r.counts
    FROM unnest($1::bigint[]) AS s (start)
    CROSS JOIN LATERAL (
        SELECT subject, counts FROM rollups
        WHERE project_id = $2 AND width = $3 AND start = s.start
              AND subject > 'f' AND starts_with(subject, $4)
        LIMIT $5) r
    LIMIT $5";
const PRUNE: &str = "
    DELETE FROM rollups WHERE width = $1 AND start IN (
        SELECT start FROM rollups WHERE width = $1 AND start < $2
        GROUP BY start ORDER BY start LIMIT $3)";

/// The columns that name rows.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) project: Vec<i64>,
    pub(super) width: Vec<i32>,
    pub(super) start: Vec<i64>,
    subject: Vec<String>,
}

impl Keys {
    pub(super) fn push(&mut self, project: ProjectId, width: Width, start: i64, subject: String) {
        self.project.push(project.0);
        self.width.push(width as i32);
        self.start.push(start);
        self.subject.push(subject);
    }

    /// Those of the rows that are there: the place of each among the keys, from 1, and its counts.
    pub(super) async fn known(&self, transaction: &Transaction<'_>) -> Result<Vec<Row>> {
        let keys: Parameters<'_> = &[&self.project, &self.width, &self.start, &self.subject];
        Ok(transaction.query(KNOWN, keys).await?)
    }

    /// Writes the rows.
    pub(super) async fn put(
        &self,
        transaction: &Transaction<'_>,
        counts: &Vec<Vec<u8>>,
    ) -> Result<()> {
        let (project, width, start) = (&self.project, &self.width, &self.start);
        let rows: Parameters<'_> = &[project, width, start, &self.subject, counts];
        transaction.execute(PUT, rows).await?;
        Ok(())
    }

    fn of(&mut self, rollup: &Rollup) {
        let subject = rollup.subject.key();
        self.push(rollup.project_id, rollup.width, rollup.start, subject);
    }
}

impl PostgresStore {
    pub(crate) async fn add_rollups(&self, rollups: Vec<Rollup>) -> Result<()> {
        let mut rollups = summed(rollups);
        let failing = failing::added_by(&rollups);
        let mut keys = Keys::default();
        rollups.iter().for_each(|rollup| keys.of(rollup));
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        transaction
            .batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
            .await?;
        let known = keys.known(&transaction).await?;
        // What a newer version wrote is not overwritten.
        let mut newer = Vec::new();
        for row in &known {
            let place = usize::try_from(row.get::<_, i64>(0)).unwrap_or_default() - 1;
            match read(row.get(1)) {
                Some(counts) => rollups[place].counts.merge(&counts),
                None => newer.push(place),
            }
        }
        let mut keys = Keys::default();
        let mut counts = Vec::new();
        for (place, rollup) in rollups.iter().enumerate() {
            if !newer.contains(&place) {
                keys.of(rollup);
                counts.push(rollup.counts.encode());
            }
        }
        keys.put(&transaction, &counts).await?;
        if !failing.is_empty() {
            super::failing::put(&transaction, failing).await?;
        }
        // A commit in doubt is not repeated: what is counted twice is worse than what is missing.
        if let Err(error) = transaction.commit().await {
            tracing::warn!(%error, "not known whether statistics were stored");
        }
        Ok(())
    }

    pub(crate) async fn rollups(
        &self,
        project: ProjectId,
        subject: Subject,
        stretches: Stretches,
    ) -> Result<Vec<(i64, Counts)>> {
        let starts: Vec<i64> = stretches.starts().collect();
        let width = stretches.width as i32;
        let rows = self
            .rows(SERIES, &[&starts, &project.0, &width, &subject.key()])
            .await?;
        let found = rows
            .iter()
            .filter_map(|row| Some((row.get(0), read(row.get(1))?)));
        Ok(found.collect())
    }

    pub(crate) async fn rollups_by_event_type(
        &self,
        project: ProjectId,
        stretches: Stretches,
        limit: usize,
    ) -> Result<EventTypeCounts> {
        let starts: Vec<i64> = stretches.starts().rev().collect();
        let width = stretches.width as i32;
        let prefix = Subject::EVENT_TYPES.0;
        let rows = self
            .rows_by_index(
                BY_EVENT_TYPE,
                &[&starts, &project.0, &width, &prefix, &(limit as i64)],
            )
            .await?;
        let mut sums = HashMap::new();
        for row in &rows {
            let name = Subject::event_type_of(row.get(0));
            add(&mut sums, name, read_numbers(row.get(1)));
        }
        Ok(EventTypeCounts {
            event_types: sums.into_iter().collect(),
            is_complete: rows.len() < limit,
        })
    }

    pub(crate) async fn rollups_of_endpoints(
        &self,
        project: ProjectId,
        endpoints: Vec<EndpointId>,
        stretches: Stretches,
    ) -> Result<Vec<EndpointStretch>> {
        let starts: Vec<i64> = stretches.starts().collect();
        let subjects: Vec<String> = (endpoints.iter())
            .map(|id| Subject::Endpoint(*id).key())
            .collect();
        let width = stretches.width as i32;
        let rows = self
            .rows(OF_ENDPOINTS, &[&starts, &subjects, &project.0, &width])
            .await?;
        let found = rows.iter().filter_map(|row| {
            Some(EndpointStretch {
                endpoint_id: Subject::endpoint_of(row.get(1))?,
                start: row.get(0),
                counts: read(row.get(2))?,
            })
        });
        Ok(found.collect())
    }

    pub(crate) async fn prune_rollups(&self, now: UnixMs) -> Result<usize> {
        let client = self.client().await?;
        let mut gone = 0;
        for width in Width::ALL {
            let before = kept_from(width, now);
            let stretches = STRETCHES_PRUNED_MAX as i64;
            gone += client
                .execute(PRUNE, &[&(width as i32), &before, &stretches])
                .await?;
        }
        Ok(gone as usize)
    }
}

/// One for each row: a statement must not write a row twice.
fn summed(rollups: Vec<Rollup>) -> Vec<Rollup> {
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut sums: Vec<Rollup> = Vec::with_capacity(rollups.len());
    for rollup in rollups {
        let key = (
            rollup.project_id,
            rollup.width,
            rollup.start,
            rollup.subject.clone(),
        );
        match places.entry(key) {
            std::collections::hash_map::Entry::Occupied(place) => {
                sums[*place.get()].counts.merge(&rollup.counts);
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(sums.len());
                sums.push(rollup);
            }
        }
    }
    sums
}
