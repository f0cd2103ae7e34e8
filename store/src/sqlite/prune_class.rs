//! What a project's own retention removes: event by event, each passed once for each class.
//!
//! Events of all projects lie together, in the order of acceptance: a piece of a walk looks at a
//! bounded range of them.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, params};

use super::prune::{get, is_live, keep_numbers, put};
use super::{Result, SqliteStore, remove};
use crate::model::{DataClass, Pruned};

/// Events that one piece looks at, of whichever project.
const RANGE_EVENTS_MAX: i64 = 20_000;

/// An event, with the range of its deliveries.
type Old = (i64, i64, i64);

/// How far a piece gets.
struct Piece {
    found: Vec<Old>,
    place: i64,
    more: bool,
}

impl SqliteStore {
    pub(crate) async fn prune_class(
        &self,
        project: ProjectId,
        class: DataClass,
        before: UnixMs,
        limit: usize,
    ) -> Result<Pruned> {
        let name = format!("prune:{}:{}", project.0, class.name());
        let place = name.clone();
        let walk = move |connection: &Connection| {
            let from = get(connection, &place)?;
            walk(connection, (project, class), (from, before), limit)
        };
        let piece = self.read(walk).await?;
        self.write(move |writer| {
            let connection = &writer.connection;
            let mut events = 0;
            for old in piece.found {
                // Somebody may have asked for an attempt since it was looked at.
                if !is_live_now(connection, old.0)? {
                    clear(connection, class, old)?;
                    events += 1;
                }
            }
            keep_numbers(writer)?;
            put(&writer.connection, &name, piece.place)?;
            let more = piece.more;
            Ok(Pruned { events, more })
        })
        .await
    }
}

/// The project's finished events among the next ones that are old.
fn walk(
    connection: &Connection,
    (project, class): (ProjectId, DataClass),
    (from, before): (i64, UnixMs),
    limit: usize,
) -> Result<Piece> {
    let number = |sql: &str| -> Result<Option<i64>> {
        Ok(connection
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))?)
    };
    let first = number("SELECT MIN(id) FROM events")?;
    let last = number("SELECT MAX(id) FROM events")?;
    let (Some(first), Some(last)) = (first, last) else {
        let found = Vec::new();
        return Ok(Piece {
            found,
            place: from,
            more: false,
        });
    };
    let from = from.max(first);
    let end = from.saturating_add(RANGE_EVENTS_MAX).min(last + 1);
    let young: Option<i64> = connection
        .prepare_cached(
            "SELECT id FROM events WHERE id >= ?1 AND id < ?2 AND accepted_at >= ?3 ORDER BY id LIMIT 1",
        )?
        .query_row([from, end, before.0], |row| row.get(0))
        .optional()?;
    let end = young.unwrap_or(end).max(from);
    let mut select = connection.prepare_cached(concat!(
        "SELECT e.id, e.first_delivery, e.first_delivery + e.fanout FROM events e
         WHERE e.id >= ?1 AND e.id < ?2 AND e.project_id = ?3
               AND (e.payload IS NOT NULL OR ?4) AND NOT (",
        is_live!(),
        ") ORDER BY e.id LIMIT ?5"
    ))?;
    let is_any = class != DataClass::Payloads;
    let rows = select.query_map(params![from, end, project.0, is_any, limit as i64], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let found: Vec<Old> = rows.collect::<std::result::Result<_, _>>()?;
    let is_full = found.len() >= limit;
    let place = found
        .last()
        .filter(|_| is_full)
        .map_or(end, |old| old.0 + 1);
    let more = is_full || young.is_none() && end <= last;
    Ok(Piece { found, place, more })
}

/// Also true of an event that is gone.
fn is_live_now(connection: &Connection, event: i64) -> Result<bool> {
    let sql = concat!("SELECT ", is_live!(), " FROM events e WHERE e.id = ?1");
    let live = connection
        .prepare_cached(sql)?
        .query_row([event], |row| row.get(0))
        .optional()?;
    Ok(live.unwrap_or(true))
}

fn clear(connection: &Connection, class: DataClass, (event, first, end): Old) -> Result<()> {
    match class {
        DataClass::Deliveries => return remove::event(connection, (event, first, end)),
        DataClass::Payloads => {
            connection
                .prepare_cached("UPDATE events SET payload = NULL WHERE id = ?1")?
                .execute([event])?;
        }
        DataClass::Attempts => {
            clear_attempts(connection, first, end)?;
            let late: Vec<i64> = connection
                .prepare_cached("SELECT delivery_id FROM late_deliveries WHERE event_id = ?1")?
                .query_map([event], |row| row.get(0))?
                .collect::<std::result::Result<_, _>>()?;
            for id in late {
                clear_attempts(connection, id, id + 1)?;
            }
        }
    }
    Ok(())
}

fn clear_attempts(connection: &Connection, first: i64, end: i64) -> Result<()> {
    for sql in [
        "DELETE FROM attempts WHERE delivery_id >= ?1 AND delivery_id < ?2",
        "UPDATE deliveries SET first_attempt = NULL WHERE id >= ?1 AND id < ?2",
    ] {
        connection.prepare_cached(sql)?.execute([first, end])?;
    }
    Ok(())
}
