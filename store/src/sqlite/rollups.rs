//! Statistics: one row for each subject, width and start, read, added to and written back.

use std::collections::HashMap;

use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::rollup::{Counts, Width};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, SqliteStore};
use crate::model::{
    EndpointFailures, EndpointStretch, EventTypeCounts, Rollup, Stretches, Subject,
};
use crate::rollup_row::{
    STRETCHES_PRUNED_MAX, add, add_failures, kept_from, read, read_failures, read_numbers,
};

impl SqliteStore {
    pub(crate) async fn add_rollups(&self, rollups: Vec<Rollup>) -> Result<()> {
        self.write(move |writer| {
            let connection = &writer.connection;
            let mut select = connection.prepare_cached(
                "SELECT counts FROM rollups
                 WHERE width = ?1 AND start = ?2 AND project_id = ?3 AND subject = ?4",
            )?;
            let mut put = connection.prepare_cached(
                "INSERT INTO rollups (width, start, project_id, subject, counts)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET counts = excluded.counts",
            )?;
            for mut rollup in rollups {
                let subject = rollup.subject.key();
                let (width, start) = (rollup.width.seconds(), rollup.start);
                let known: Option<Vec<u8>> = select
                    .query_row(params![width, start, rollup.project_id.0, subject], |row| {
                        row.get(0)
                    })
                    .optional()?;
                if let Some(known) = known {
                    // What a newer version wrote is not overwritten.
                    let Some(known) = read(&known) else { continue };
                    rollup.counts.merge(&known);
                }
                put.execute(params![
                    width,
                    start,
                    rollup.project_id.0,
                    subject,
                    rollup.counts.encode()
                ])?;
            }
            Ok(())
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
            let mut select = connection.prepare_cached(
                "SELECT counts FROM rollups
                 WHERE width = ?1 AND start = ?2 AND project_id = ?3 AND subject = ?4",
            )?;
            let (width, subject) = (stretches.width.seconds(), subject.key());
            let mut found = Vec::new();
            for start in stretches.starts() {
                let counts: Option<Vec<u8>> = select
                    .query_row(params![width, start, project.0, subject], |row| row.get(0))
                    .optional()?;
                found.extend(counts.and_then(|counts| Some((start, read(&counts)?))));
            }
            Ok(found)
        })
        .await
    }

    pub(crate) async fn failures_by_endpoint(
        &self,
        project: ProjectId,
        stretches: Stretches,
        limit: usize,
    ) -> Result<EndpointFailures> {
        self.read(move |connection| {
            let mut sums = HashMap::new();
            let walk = (project, stretches, Subject::ENDPOINTS);
            let is_complete = newest(connection, walk, limit, |subject, counts| {
                let endpoint = Subject::endpoint_of(subject);
                add_failures(&mut sums, endpoint, read_failures(counts));
            })?;
            Ok(EndpointFailures {
                endpoints: sums.into_iter().collect(),
                is_complete,
            })
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
            let walk = (project, stretches, Subject::EVENT_TYPES);
            let is_complete = newest(connection, walk, limit, |subject, counts| {
                let name = Subject::event_type_of(subject);
                add(&mut sums, name, read_numbers(counts));
            })?;
            Ok(EventTypeCounts {
                event_types: sums.into_iter().collect(),
                is_complete,
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
            let mut select = connection.prepare_cached(
                "SELECT counts FROM rollups
                 WHERE width = ?1 AND start = ?2 AND project_id = ?3 AND subject = ?4",
            )?;
            let keys = endpoints
                .iter()
                .map(|id| (*id, Subject::Endpoint(*id).key()));
            let keys: Vec<(EndpointId, String)> = keys.collect();
            let width = stretches.width.seconds();
            let mut found = Vec::new();
            // What was written at the same time lies side by side.
            for start in stretches.starts() {
                for (endpoint, subject) in &keys {
                    let counts: Option<Vec<u8>> = select
                        .query_row(params![width, start, project.0, subject], |row| row.get(0))
                        .optional()?;
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

/// Looks at each row of a kind of subject, from the newest stretch back. Says whether these were all:
/// no more than `limit` are looked at.
fn newest(
    connection: &Connection,
    (project, stretches, (from, to)): (ProjectId, Stretches, (&str, &str)),
    limit: usize,
    mut look: impl FnMut(&str, &[u8]),
) -> Result<bool> {
    let mut select = connection.prepare_cached(
        "SELECT subject, counts FROM rollups
         WHERE width = ?1 AND start = ?2 AND project_id = ?3 AND subject >= ?4 AND subject < ?5
         ORDER BY subject LIMIT ?6",
    )?;
    let width = stretches.width.seconds();
    let mut left = limit;
    for start in stretches.starts().rev() {
        let mut rows = select.query(params![width, start, project.0, from, to, left as i64])?;
        while let Some(row) = rows.next()? {
            left -= 1;
            let subject = row.get_ref(0)?.as_str().unwrap_or_default();
            look(subject, row.get_ref(1)?.as_blob().unwrap_or_default());
        }
        if left == 0 {
            break;
        }
    }
    Ok(left > 0)
}
