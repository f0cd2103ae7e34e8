//! An event with all its deliveries: rows of one commit.

use hookwright_core::ids::{DeliveryId, EventId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::blob::ZeroBlob;
use rusqlite::{OptionalExtension, ToSql, params};

use super::Result;
use super::writer::Writer;
use crate::append::{Append, Appended};
use crate::event_row::{DeliveryRow, conflict_of, extra_json, fingerprint, names_of};
use crate::model::Lease;

/// Adds an event to the open transaction.
pub(super) fn append(writer: &mut Writer, append: &Append, lease: Lease) -> Result<Appended> {
    let names = names_of(append);
    let fingerprint = if names.is_empty() {
        Vec::new()
    } else {
        fingerprint(append)
    };
    for name in &names {
        if let Some(answer) = already(writer, append.project_id, name, &fingerprint)? {
            return Ok(answer);
        }
    }
    let type_id = type_id(writer, append)?;
    let id = writer.next_event;
    let first_delivery = writer.next_delivery;
    insert_event(writer, append, (id, type_id, first_delivery))?;
    for name in &names {
        writer
            .connection
            .prepare_cached("INSERT INTO event_names (project_id, name, event_id, fingerprint) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![append.project_id.0, name, id, fingerprint])?;
    }
    insert_deliveries(writer, append, (id, first_delivery), lease)?;
    writer.next_event += 1;
    writer.next_delivery += append.routes.len() as i64;
    Ok(Appended::Fresh {
        id: EventId(id),
        first_delivery: DeliveryId(first_delivery),
        lease,
    })
}

fn insert_event(
    writer: &Writer,
    append: &Append,
    (id, type_id, first): (i64, i64, i64),
) -> Result<()> {
    let extra = extra_json(append)?;
    writer
        .connection
        .prepare_cached(
            "INSERT INTO events (id, project_id, account_id, type_id, accepted_at, time, given_id, extra, first_delivery, fanout, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            id,
            append.project_id.0,
            append.account_id.0,
            type_id,
            append.accepted_at.0,
            (append.time != append.accepted_at).then_some(append.time.0),
            append.given_id,
            extra,
            first,
            append.routes.len() as i64,
            &append.payload[..],
        ])?;
    Ok(())
}

fn insert_deliveries(
    writer: &Writer,
    append: &Append,
    (event, first): (i64, i64),
    lease: Lease,
) -> Result<()> {
    let mut insert = writer.connection.prepare_cached(
        "INSERT INTO deliveries (id, event_id, endpoint_id, state, created_at, lease, due_at, attempts, failed_attempts, finished_at, last_class, first_attempt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, ?9, ?10)",
    )?;
    let room = i32::try_from(writer.attempt_bytes)
        .ok()
        .filter(|bytes| *bytes > 0)
        .map(ZeroBlob);
    for (id, route) in (first..).zip(&append.routes) {
        let row = DeliveryRow::of(route, append, lease);
        let room = room.filter(|_| row.state.is_live());
        insert.execute(params![
            id,
            event,
            route.endpoint_id.0,
            row.state.code(),
            append.accepted_at.0,
            row.lease,
            row.due_at,
            row.finished_at,
            row.class,
            room.as_ref().map(|room| room as &dyn ToSql),
        ])?;
    }
    Ok(())
}

fn already(
    writer: &Writer,
    project: ProjectId,
    name: &str,
    fingerprint: &[u8],
) -> Result<Option<Appended>> {
    let known = writer
        .connection
        .prepare_cached(
            "SELECT event_id, fingerprint FROM event_names WHERE project_id = ?1 AND name = ?2",
        )?
        .query_row(params![project.0, name], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()?;
    let Some((id, known)) = known else {
        return Ok(None);
    };
    if known != fingerprint {
        return Ok(Some(conflict_of(name)));
    }
    let (accepted_at, fanout) = writer
        .connection
        .prepare_cached("SELECT accepted_at, fanout FROM events WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Some(Appended::Repeated {
        id: EventId(id),
        accepted_at: UnixMs(accepted_at),
        fanout,
    }))
}

fn type_id(writer: &mut Writer, append: &Append) -> Result<i64> {
    let key = (append.project_id, append.event_type.clone());
    if let Some(id) = writer.event_types.get(&key) {
        return Ok(*id);
    }
    let name = &*append.event_type;
    writer.connection.execute(
        "INSERT INTO event_types (project_id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![append.project_id.0, name],
    )?;
    let id = writer.connection.query_row(
        "SELECT id FROM event_types WHERE project_id = ?1 AND name = ?2",
        params![append.project_id.0, name],
        |row| row.get(0),
    )?;
    // Bounded: a publisher that makes up types must not fill the memory.
    if writer.event_types.len() >= 10_000 {
        writer.event_types.clear();
    }
    writer.event_types.insert(key, id);
    Ok(id)
}
