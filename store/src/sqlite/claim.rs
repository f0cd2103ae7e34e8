//! Which due deliveries a worker gets: per lane, so that none hides the others.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hookwright_core::ids::{DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, Row, params};

use super::writer::Writer;
use super::{Result, SqliteStore};
use crate::event_row::Extra;
use crate::model::{Claimed, EventToSend, Lease, Leased};

impl SqliteStore {
    pub(crate) async fn claim(
        &self,
        lanes: Vec<(EndpointId, usize)>,
        now: UnixMs,
    ) -> Result<Vec<Claimed>> {
        self.write(move |writer| {
            let lease = writer.new_lease();
            let mut events = HashMap::new();
            let mut claimed = Vec::new();
            for (endpoint, room) in lanes {
                let before = claimed.len();
                claim_resends(
                    writer,
                    (endpoint, room, now, lease),
                    &mut events,
                    &mut claimed,
                )?;
                let room = room.saturating_sub(claimed.len() - before);
                claim_due(
                    writer,
                    (endpoint, room, now, lease),
                    &mut events,
                    &mut claimed,
                )?;
            }
            Ok(claimed)
        })
        .await
    }

    pub(crate) async fn lanes_waiting(&self) -> Result<Vec<(EndpointId, UnixMs)>> {
        self.read(lanes_waiting).await
    }

    pub(crate) async fn lanes_due(
        &self,
        lanes: Vec<EndpointId>,
    ) -> Result<Vec<(EndpointId, UnixMs)>> {
        self.read(move |connection| {
            let mut due = connection.prepare_cached(
                "SELECT MIN(due_at) FROM (
                     SELECT MIN(due_at) AS due_at FROM deliveries
                     WHERE endpoint_id = ?1 AND state <= 9 AND due_at IS NOT NULL
                     UNION ALL SELECT MIN(due_at) FROM resends WHERE endpoint_id = ?1)",
            )?;
            let mut found = Vec::new();
            for lane in lanes {
                let at: Option<i64> = due.query_row([lane.0], |row| row.get(0))?;
                found.extend(at.map(|at| (lane, UnixMs(at))));
            }
            Ok(found)
        })
        .await
    }

    pub(crate) async fn hasten(
        &self,
        lane: EndpointId,
        limit: usize,
        now: UnixMs,
    ) -> Result<usize> {
        self.write(move |writer| {
            let mut hasten = writer.connection.prepare_cached(
                "UPDATE deliveries SET due_at = ?2 WHERE id IN (
                     SELECT id FROM deliveries
                     WHERE endpoint_id = ?1 AND due_at > ?2 AND lease = 0
                         AND state <= 9 AND due_at IS NOT NULL
                     ORDER BY due_at LIMIT ?3)",
            )?;
            Ok(hasten.execute(params![lane.0, now.0, limit as i64])?)
        })
        .await
    }

    pub(crate) async fn release(&self, leased: Vec<Leased>, now: UnixMs) -> Result<()> {
        self.write(move |writer| {
            let mut give = writer.connection.prepare_cached(
                "UPDATE deliveries SET lease = 0, due_at = ?3 WHERE id = ?1 AND lease = ?2 AND state <= 9",
            )?;
            let mut give_resend = writer.connection.prepare_cached(
                // One: a claim may have taken several of one delivery under its token.
                "UPDATE resends SET lease = 0, due_at = ?3 WHERE id =
                     (SELECT MIN(id) FROM resends WHERE delivery_id = ?1 AND lease = ?2)",
            )?;
            for held in leased {
                let statement = if held.manual {
                    &mut give_resend
                } else {
                    &mut give
                };
                statement.execute(params![held.id.0, held.lease.0, now.0])?;
            }
            Ok(())
        })
        .await
    }
}

pub(super) type Events = HashMap<i64, Arc<EventToSend>>;
pub(super) type Wanted = (EndpointId, usize, UnixMs, Lease);

fn claim_due(
    writer: &Writer,
    wanted: Wanted,
    events: &mut Events,
    claimed: &mut Vec<Claimed>,
) -> Result<()> {
    let (endpoint, room, now, _) = wanted;
    let mut select = writer.connection.prepare_cached(
        "SELECT id, event_id, attempts, failed_attempts, first_failed_at, due_at, created_at FROM deliveries
         WHERE endpoint_id = ?1 AND due_at <= ?2 AND state <= 9 AND due_at IS NOT NULL
         ORDER BY due_at LIMIT ?3",
    )?;
    let mut rows = select.query(params![endpoint.0, now.0, room as i64])?;
    let from = claimed.len();
    while let Some(row) = rows.next()? {
        claimed.push(self::claimed(&writer.connection, row, wanted, events)?);
    }
    drop(rows);
    mark(writer, &claimed[from..], wanted)
}

/// A due row, with its event.
pub(super) fn claimed(
    connection: &Connection,
    row: &Row<'_>,
    (endpoint_id, _, _, lease): Wanted,
    events: &mut Events,
) -> Result<Claimed> {
    Ok(Claimed {
        id: DeliveryId(row.get(0)?),
        lease,
        endpoint_id,
        attempts: row.get(2)?,
        failed_attempts: row.get(3)?,
        first_failed_at: row.get::<_, Option<i64>>(4)?.map(UnixMs),
        due_at: UnixMs(row.get(5)?),
        created_at: UnixMs(row.get(6)?),
        manual: false,
        event: load_event(connection, row.get(1)?, events)?,
    })
}

/// Leases what was found due.
pub(super) fn mark(writer: &Writer, found: &[Claimed], (_, _, now, lease): Wanted) -> Result<()> {
    let mut mark = writer
        .connection
        .prepare_cached("UPDATE deliveries SET lease = ?2, due_at = ?3 WHERE id = ?1")?;
    for claim in found {
        mark.execute(params![claim.id.0, lease.0, now.plus_ms(LEASE_MS).0])?;
    }
    Ok(())
}

pub(super) fn claim_resends(
    writer: &Writer,
    (endpoint, room, now, lease): Wanted,
    events: &mut Events,
    claimed: &mut Vec<Claimed>,
) -> Result<()> {
    let mut select = writer.connection.prepare_cached(
        "SELECT r.id, d.id, d.event_id, d.attempts, d.failed_attempts, d.first_failed_at, r.due_at, d.created_at
         FROM resends r JOIN deliveries d ON d.id = r.delivery_id
         WHERE r.endpoint_id = ?1 AND r.due_at <= ?2 ORDER BY r.due_at LIMIT ?3",
    )?;
    let mut mark = writer
        .connection
        .prepare_cached("UPDATE resends SET lease = ?2, due_at = ?3 WHERE id = ?1")?;
    let mut rows = select.query(params![endpoint.0, now.0, room as i64])?;
    let mut resends = Vec::new();
    while let Some(row) = rows.next()? {
        resends.push(row.get::<_, i64>(0)?);
        claimed.push(Claimed {
            id: DeliveryId(row.get(1)?),
            lease,
            endpoint_id: endpoint,
            attempts: row.get(3)?,
            failed_attempts: row.get(4)?,
            first_failed_at: row.get::<_, Option<i64>>(5)?.map(UnixMs),
            due_at: UnixMs(row.get(6)?),
            created_at: UnixMs(row.get(7)?),
            manual: true,
            event: load_event(&writer.connection, row.get(2)?, events)?,
        });
    }
    drop(rows);
    for id in resends {
        mark.execute(params![id, lease.0, now.plus_ms(LEASE_MS).0])?;
    }
    Ok(())
}

/// The parts of an event that the wire needs, read once for all its deliveries.
pub(super) fn load_event(
    connection: &Connection,
    id: i64,
    known: &mut Events,
) -> Result<Arc<EventToSend>> {
    if let Some(event) = known.get(&id) {
        return Ok(Arc::clone(event));
    }
    let mut select = connection.prepare_cached(
        "SELECT e.given_id, e.accepted_at, e.time, t.name, e.extra, e.payload, e.project_id
         FROM events e JOIN event_types t ON t.id = e.type_id WHERE e.id = ?1",
    )?;
    let event = select.query_row([id], |row| {
        let accepted_at = UnixMs(row.get(1)?);
        let extra: Option<String> = row.get(4)?;
        let extra: Extra = extra
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default();
        Ok(EventToSend {
            id: EventId(id),
            project_id: ProjectId(row.get(6)?),
            given_id: row.get(0)?,
            accepted_at,
            time: row.get::<_, Option<i64>>(2)?.map_or(accepted_at, UnixMs),
            event_type: row.get::<_, String>(3)?.into(),
            subject: extra.subject,
            trace: extra.trace,
            payload: row.get::<_, Option<Vec<u8>>>(5)?.map(Bytes::from),
        })
    })?;
    let event = Arc::new(event);
    known.insert(id, Arc::clone(&event));
    Ok(event)
}

/// Hops from endpoint to endpoint through the index of due rows: its cost is the number of lanes
/// that wait, not of the deliveries that do.
fn lanes_waiting(connection: &Connection) -> Result<Vec<(EndpointId, UnixMs)>> {
    let mut lanes: HashMap<i64, i64> = HashMap::new();
    let mut due = connection.prepare_cached(
        "SELECT endpoint_id, due_at FROM deliveries
         WHERE endpoint_id > ?1 AND state <= 9 AND due_at IS NOT NULL
         ORDER BY endpoint_id, due_at LIMIT 1",
    )?;
    let mut after = i64::MIN;
    loop {
        let mut rows = due.query([after])?;
        let Some(row) = rows.next()? else { break };
        after = row.get(0)?;
        lanes.insert(after, row.get(1)?);
    }
    let mut resends = connection
        .prepare_cached("SELECT endpoint_id, MIN(due_at) FROM resends GROUP BY endpoint_id")?;
    let mut rows = resends.query([])?;
    while let Some(row) = rows.next()? {
        let at: i64 = row.get(1)?;
        lanes
            .entry(row.get(0)?)
            .and_modify(|known| *known = at.min(*known))
            .or_insert(at);
    }
    Ok(lanes
        .into_iter()
        .map(|(endpoint, at)| (EndpointId(endpoint), UnixMs(at)))
        .collect())
}
