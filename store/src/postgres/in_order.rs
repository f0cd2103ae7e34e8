//! Which deliveries a worker gets of a lane that is sent to in order: the first ones.

use std::collections::HashMap;

use hookwright_core::ids::EndpointId;
use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::by_index::IN_ORDER;
use super::claim::{RESENDS, Wanted, claimed, events_of};
use super::lent::Transaction;
use super::{PLAIN_PLANS, PostgresStore, Result};
use crate::model::{Claimed, ClaimedInOrder, longest_run};

/// One published for later is not looked at before its time. Row ids of several nodes sort by time to
/// a second only: the time at which its event was accepted comes first.
pub(super) const FIRST: &str = "
    SELECT d.project_id, d.id, d.event_id, wanted.endpoint_id, d.attempts, d.failed_attempts,
           d.first_failed_at, d.due_at, d.created_at
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted (endpoint_id, count), LATERAL (
        SELECT project_id, id, event_id, attempts, failed_attempts, first_failed_at, due_at, created_at
        FROM deliveries
        WHERE endpoint_id = wanted.endpoint_id AND due_at IS NOT NULL
              AND NOT (state = 2 AND lease = 0 AND due_at > $3)
        ORDER BY created_at, id LIMIT wanted.count) d";
/// Not one that was retried or taken meanwhile.
const MARK: &str = "
    UPDATE deliveries d SET lease = $3, due_at = $4
    FROM unnest($1::bigint[], $2::bigint[]) AS taken (project_id, id)
    WHERE d.project_id = taken.project_id AND d.id = taken.id AND d.due_at <= $5";

impl PostgresStore {
    pub(crate) async fn claim_in_order(
        &self,
        lanes: Vec<(EndpointId, usize)>,
        now: UnixMs,
    ) -> Result<ClaimedInOrder> {
        let lease = self.shared.node.new_lease();
        let mut rooms: HashMap<i64, usize> =
            lanes.iter().map(|(lane, room)| (lane.0, *room)).collect();
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let settings = format!("{PLAIN_PLANS}; {IN_ORDER}");
        transaction.batch_execute(&settings).await?;
        self.hold_own_place(&transaction).await?;
        let wanted = Wanted { now, lease };
        let resends = wanted.take(&transaction, RESENDS, &rooms).await?;
        for row in &resends {
            let room = rooms.entry(row.get(3));
            room.and_modify(|room| *room = room.saturating_sub(1));
        }
        let mut next_at = Vec::new();
        let first = first(&transaction, &rooms, now, &mut next_at).await?;
        if !mark(&transaction, &first, &wanted).await? {
            // One of them has just been settled. All of it is undone and found anew.
            let next_at = lanes.into_iter().map(|(lane, _)| (lane, now)).collect();
            let claimed = Vec::new();
            return Ok(ClaimedInOrder { claimed, next_at });
        }
        let rows = resends.iter().map(|row| (row, true));
        let rows: Vec<(&Row, bool)> = rows.chain(first.iter().map(|row| (row, false))).collect();
        let events = events_of(&transaction, rows.iter().map(|(row, _)| *row)).await?;
        if let Err(error) = transaction.commit().await {
            self.shared.node.hold(|held| held.doubt_claim(lease.0, now));
            return Err(error.into());
        }
        let mut claimed: Vec<Claimed> = rows
            .into_iter()
            .filter_map(|(row, manual)| claimed(row, lease, manual, &events))
            .collect();
        claimed.sort_by_key(|claim| (!claim.manual, claim.created_at, claim.id));
        Ok(ClaimedInOrder { claimed, next_at })
    }
}

/// The first deliveries of each lane that are due without a gap.
async fn first(
    transaction: &Transaction<'_>,
    rooms: &HashMap<i64, usize>,
    now: UnixMs,
    next_at: &mut Vec<(EndpointId, UnixMs)>,
) -> Result<Vec<Row>> {
    let counts = rooms.iter().map(|(lane, room)| (*lane, *room as i64 + 1));
    let (lanes, counts): (Vec<i64>, Vec<i64>) = counts.unzip();
    let rows = transaction.query(FIRST, &[&lanes, &counts, &now.0]).await?;
    let mut by_lane: HashMap<i64, Vec<Row>> = HashMap::new();
    for row in rows {
        by_lane.entry(row.get(3)).or_default().push(row);
    }
    let mut taken = Vec::new();
    for (lane, mut rows) in by_lane {
        rows.sort_by_key(|row| (row.get::<_, i64>(8), row.get::<_, i64>(1)));
        let room = rooms.get(&lane).copied().unwrap_or_default();
        let (count, at) = longest_run(rows.iter().map(|row| UnixMs(row.get(7))), room, now);
        next_at.extend(at.map(|at| (EndpointId(lane), at)));
        taken.extend(rows.into_iter().take(count));
    }
    Ok(taken)
}

/// Leases them all; says no if one of them has moved since it was found.
async fn mark(transaction: &Transaction<'_>, rows: &[Row], wanted: &Wanted) -> Result<bool> {
    if rows.is_empty() {
        return Ok(true);
    }
    let projects: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let ids: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
    let until = wanted.now.plus_ms(LEASE_MS).0;
    let marked = transaction
        .execute(
            MARK,
            &[&projects, &ids, &wanted.lease.0, &until, &wanted.now.0],
        )
        .await?;
    Ok(marked as usize == rows.len())
}
