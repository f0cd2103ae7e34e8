//! Statistics: one row for each subject, width and start, read, added to and written back.

use std::collections::HashMap;

use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::rollup::{Counts, Width};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, SqliteStore};
use crate::failing::{self, Stretch};
use crate::model::{EndpointStretch, EventTypeCounts, Rollup, Stretches, Subject};
use crate::rollup_row::{STRETCHES_PRUNED_MAX, add, kept_from, read, read_numbers};

pub(super) const PUT: &str = "
    INSERT INTO rollups (width, start, project_id, subject, counts)
    VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET counts = excluded.counts";

impl SqliteStore {
    pub(crate) async fn add_rollups(&self, rollups: Vec<Rollup>) -> Result<()> {
        self.write(move |writer| {
            let connection = &writer.connection;
            let failing = failing::added_by(&rollups);
            let mut put = connection.prepare_cached(PUT)?;
            for mut rollup in rollups {
                let subject = rollup.subject.key();
                let stretch = (rollup.project_id, rollup.width, rollup.start);
                let known = one(connection, stretch, &subject)?;
                if let Some(known) = known {
                    // What a newer version wrote is not overwritten.
                    let Some(known) = read(&known) else { continue };
                    rollup.counts.merge(&known);
                }
                put.execute(params![
                    rollup.width.seconds(),
                    rollup.start,
                    rollup.project_id.0,
                    subject,
                    rollup.counts.encode()
                ])?;
            }
            super::failing::put(connection, failing)
        })
        .await
    }

    pub(crate) async fn rollups(
        &self,
        project: ProjectId,
        subject: Subject,
        stretches: Stretches,
    ) -> Result<Vec<(i64, Counts)>> {
        self.read(move |connection| {
            let subject = subject.key();
            let mut found = Vec::new();
            for start in stretches.starts() {
                let counts = one(connection, (project, stretches.width, start), &subject)?;
                found.extend(counts.and_then(|counts| Some((start, read(&counts)?))));
            }
            Ok(found)
        })
        .await
    }

    pub(crate) async fn rollups_by_event_type(
        &self,
        project: ProjectId,
        stretches: Stretches,
        limit: usize,
    ) -> Result<EventTypeCounts> {
        self.read(move |connection| {
            let mut sums = HashMap::new();
            let mut left = limit;
            // From the newest back, so that a limit leaves the oldest out.
            for start in stretches.starts().rev() {
                let stretch = (project, stretches.width, start);
                let kind = (Subject::EVENT_TYPES, left);
                left -= each_of(connection, stretch, kind, |subject, counts| {
                    let name = Subject::event_type_of(subject);
                    add(&mut sums, name, read_numbers(counts));
                })?;
                if left == 0 {
                    break;
                }
            }
            Ok(EventTypeCounts {
                event_types: sums.into_iter().collect(),
                is_complete: left > 0,
            })
        })
        .await
    }

    pub(crate) async fn rollups_of_endpoints(
        &self,
        project: ProjectId,
        endpoints: Vec<EndpointId>,
        stretches: Stretches,
    ) -> Result<Vec<EndpointStretch>> {
        self.read(move |connection| {
            let keys = endpoints
                .iter()
                .map(|id| (*id, Subject::Endpoint(*id).key()));
            let keys: Vec<(EndpointId, String)> = keys.collect();
            let mut found = Vec::new();
            // What was written at the same time lies side by side.
            for start in stretches.starts() {
                for (endpoint, subject) in &keys {
                    let counts = one(connection, (project, stretches.width, start), subject)?;
                    found.extend(counts.and_then(|counts| {
                        Some(EndpointStretch {
                            endpoint_id: *endpoint,
                            start,
                            counts: read(&counts)?,
                        })
                    }));
                }
            }
            Ok(found)
        })
        .await
    }

    pub(crate) async fn prune_rollups(&self, now: UnixMs) -> Result<usize> {
        self.write(move |writer| {
            let mut delete = writer.connection.prepare_cached(
                "DELETE FROM rollups WHERE width = ?1
                     AND start = (SELECT MIN(start) FROM rollups WHERE width = ?1 AND start < ?2)",
            )?;
            let mut gone = 0;
            for width in Width::ALL {
                for _ in 0..STRETCHES_PRUNED_MAX {
                    match delete.execute([width.seconds(), kept_from(width, now)])? {
                        0 => break,
                        rows => gone += rows,
                    }
                }
            }
            Ok(gone)
        })
        .await
    }
}

/// The row of one subject.
pub(super) fn one(
    connection: &Connection,
    (project, width, start): Stretch,
    subject: &str,
) -> Result<Option<Vec<u8>>> {
    let mut select = connection.prepare_cached(
        "SELECT counts FROM rollups
         WHERE width = ?1 AND start = ?2 AND project_id = ?3 AND subject = ?4",
    )?;
    let key = params![width.seconds(), start, project.0, subject];
    Ok(select.query_row(key, |row| row.get(0)).optional()?)
}

/// Looks at each row of a kind of subject in a stretch, up to a limit. Says how many there were.
pub(super) fn each_of(
    connection: &Connection,
    (project, width, start): Stretch,
    ((from, to), limit): ((&str, &str), usize),
    mut look: impl FnMut(&str, &[u8]),
) -> Result<usize> {
    let mut select = connection.prepare_cached(
        "SELECT subject, counts FROM rollups
         WHERE width = ?1 AND start = ?2 AND project_id = ?3 AND subject >= ?4 AND subject < ?5
         ORDER BY subject LIMIT ?6",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = select.query(params![width.seconds(), start, project.0, from, to, most])?;
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        let subject = row.get_ref(0)?.as_str().unwrap_or_default();
        look(subject, row.get_ref(1)?.as_blob().unwrap_or_default());
    }
    Ok(looked_at)
}
