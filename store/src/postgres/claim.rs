//! Which due deliveries a worker gets: per lane, so that none hides the others, and no row that
//! another node is taking at the same moment.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hookwright_core::ids::{DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::lent::Transaction;
use super::{PLAIN_PLANS, PostgresStore, Result};
use crate::event_row::Extra;
use crate::model::{Claimed, EventToSend, Lease};

const DUE: &str = "
    WITH taken AS (
        SELECT d.project_id, d.id, d.due_at
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (endpoint_id, room), LATERAL (
            SELECT project_id, id, due_at FROM deliveries
            WHERE endpoint_id = wanted.endpoint_id AND due_at IS NOT NULL AND due_at <= $3
            ORDER BY due_at LIMIT wanted.room FOR UPDATE SKIP LOCKED) d
    )
    UPDATE deliveries d SET lease = $4, due_at = $5 FROM taken
    WHERE d.project_id = taken.project_id AND d.id = taken.id
    RETURNING d.project_id, d.id, d.event_id, d.endpoint_id, d.attempts, d.failed_attempts,
              d.first_failed_at, taken.due_at, d.created_at";
pub(super) const RESENDS: &str = "
    WITH taken AS (
        SELECT r.project_id, r.id, r.due_at
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (endpoint_id, room), LATERAL (
            SELECT project_id, id, due_at FROM resends
            WHERE endpoint_id = wanted.endpoint_id AND due_at <= $3
            ORDER BY due_at LIMIT wanted.room FOR UPDATE SKIP LOCKED) r
    ), marked AS (
        UPDATE resends r SET lease = $4, due_at = $5 FROM taken
        WHERE r.project_id = taken.project_id AND r.id = taken.id
        RETURNING r.project_id, r.delivery_id, taken.due_at
    )
    SELECT d.project_id, d.id, d.event_id, d.endpoint_id, d.attempts, d.failed_attempts,
           d.first_failed_at, marked.due_at, d.created_at
    FROM marked JOIN deliveries d ON d.project_id = marked.project_id AND d.id = marked.delivery_id";
const EVENTS: &str = "
    SELECT e.project_id, e.id, e.given_id, e.accepted_at, e.time, e.event_type, e.extra, e.payload
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, id)
    JOIN events e ON e.project_id = wanted.project_id AND e.id = wanted.id";

impl PostgresStore {
    pub(crate) async fn claim(
        &self,
        lanes: Vec<(EndpointId, usize)>,
        now: UnixMs,
    ) -> Result<Vec<Claimed>> {
        let lease = self.shared.node.new_lease();
        let mut rooms: HashMap<i64, usize> =
            lanes.iter().map(|(lane, room)| (lane.0, *room)).collect();
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        self.hold_own_place(&transaction).await?;
        let wanted = Wanted { now, lease };
        let resends = wanted.take(&transaction, RESENDS, &rooms).await?;
        for row in &resends {
            let endpoint: i64 = row.get(3);
            rooms
                .entry(endpoint)
                .and_modify(|room| *room = room.saturating_sub(1));
        }
        let due = wanted.take(&transaction, DUE, &rooms).await?;
        let rows = resends.iter().map(|row| (row, true));
        let rows: Vec<(&Row, bool)> = rows.chain(due.iter().map(|row| (row, false))).collect();
        let events = events_of(&transaction, rows.iter().map(|(row, _)| *row)).await?;
        if let Err(error) = transaction.commit().await {
            self.shared.node.hold(|held| held.doubt_claim(lease.0, now));
            return Err(error.into());
        }
        let mut claimed: Vec<Claimed> = rows
            .into_iter()
            .filter_map(|(row, manual)| claimed(row, lease, manual, &events))
            .collect();
        // As they fell due: the database answers in no order.
        claimed.sort_by_key(|claim| (!claim.manual, claim.due_at, claim.id));
        Ok(claimed)
    }
}

/// What a claim leases until when.
pub(super) struct Wanted {
    pub(super) now: UnixMs,
    pub(super) lease: Lease,
}

impl Wanted {
    pub(super) async fn take(
        &self,
        transaction: &Transaction<'_>,
        sql: &str,
        rooms: &HashMap<i64, usize>,
    ) -> Result<Vec<Row>> {
        let with_room = rooms.iter().filter(|(_, room)| **room > 0);
        let (lanes, rooms): (Vec<i64>, Vec<i64>) =
            with_room.map(|(lane, room)| (*lane, *room as i64)).unzip();
        if lanes.is_empty() {
            return Ok(Vec::new());
        }
        let until = self.now.plus_ms(LEASE_MS).0;
        let rows = transaction
            .query(sql, &[&lanes, &rooms, &self.now.0, &self.lease.0, &until])
            .await?;
        Ok(rows)
    }
}

type Events = HashMap<(i64, i64), Arc<EventToSend>>;

/// The parts of the events that the wire needs, each read once for all its deliveries.
pub(super) async fn events_of(
    transaction: &Transaction<'_>,
    rows: impl Iterator<Item = &Row>,
) -> Result<Events> {
    let mut wanted: Vec<(i64, i64)> = rows.map(|row| (row.get(0), row.get(2))).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(Events::new());
    }
    let (projects, ids): (Vec<i64>, Vec<i64>) = wanted.into_iter().unzip();
    let rows = transaction.query(EVENTS, &[&projects, &ids]).await?;
    let events = rows
        .iter()
        .map(|row| ((row.get(0), row.get(1)), Arc::new(event(row))));
    Ok(events.collect())
}

fn event(row: &Row) -> EventToSend {
    let accepted_at = UnixMs(row.get(3));
    let extra: Option<&str> = row.get(6);
    let extra: Extra = extra
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    EventToSend {
        id: EventId(row.get(1)),
        project_id: ProjectId(row.get(0)),
        given_id: row.get(2),
        accepted_at,
        time: row.get::<_, Option<i64>>(4).map_or(accepted_at, UnixMs),
        event_type: row.get::<_, &str>(5).into(),
        subject: extra.subject,
        trace: extra.trace,
        payload: row.get::<_, Option<Vec<u8>>>(7).map(Bytes::from),
    }
}

/// A row of [`DUE`] or [`RESENDS`], with its event.
pub(super) fn claimed(row: &Row, lease: Lease, manual: bool, events: &Events) -> Option<Claimed> {
    let event = events.get(&(row.get(0), row.get(2)))?;
    Some(Claimed {
        id: DeliveryId(row.get(1)),
        lease,
        endpoint_id: EndpointId(row.get(3)),
        attempts: row.get::<_, i32>(4).unsigned_abs(),
        failed_attempts: row.get::<_, i32>(5).unsigned_abs(),
        first_failed_at: row.get::<_, Option<i64>>(6).map(UnixMs),
        due_at: UnixMs(row.get(7)),
        created_at: UnixMs(row.get(8)),
        manual,
        event: Arc::clone(event),
    })
}
