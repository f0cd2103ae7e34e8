//! Which deliveries a worker gets of a lane that is sent to in order: the first ones.

use std::collections::HashMap;

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;
use rusqlite::params;

use super::claim::{self, Events, Wanted};
use super::writer::Writer;
use super::{Result, SqliteStore};
use crate::model::{Claimed, ClaimedInOrder, longest_run};

/// One published for later is not looked at before its time.
const FIRST: &str = "
    SELECT id, event_id, attempts, failed_attempts, first_failed_at, due_at, created_at
    FROM deliveries
    WHERE endpoint_id = ?1 AND state <= 9 AND due_at IS NOT NULL
          AND NOT (state = 2 AND lease = 0 AND due_at > ?2)
    ORDER BY id LIMIT ?3";

impl SqliteStore {
    pub(crate) async fn claim_in_order(
        &self,
        lanes: Vec<(EndpointId, usize)>,
        now: UnixMs,
    ) -> Result<ClaimedInOrder> {
        self.write(move |writer| {
            let lease = writer.new_lease();
            let mut events = HashMap::new();
            let mut all = ClaimedInOrder::default();
            for (endpoint, room) in lanes {
                let before = all.claimed.len();
                let wanted = (endpoint, room, now, lease);
                claim::claim_resends(writer, wanted, &mut events, &mut all.claimed)?;
                let room = room.saturating_sub(all.claimed.len() - before);
                let wanted = (endpoint, room, now, lease);
                let next_at = claim_first(writer, wanted, &mut events, &mut all.claimed)?;
                all.next_at.extend(next_at.map(|at| (endpoint, at)));
            }
            Ok(all)
        })
        .await
    }
}

fn claim_first(
    writer: &Writer,
    wanted: Wanted,
    events: &mut Events,
    claimed: &mut Vec<Claimed>,
) -> Result<Option<UnixMs>> {
    let (endpoint, room, now, _) = wanted;
    let mut select = writer.connection.prepare_cached(FIRST)?;
    let due_at = select
        .query_map(params![endpoint.0, now.0, room as i64 + 1], |row| {
            row.get(5).map(UnixMs)
        })?
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let (count, next_at) = longest_run(due_at, room, now);
    let from = claimed.len();
    let mut rows = select.query(params![endpoint.0, now.0, count as i64])?;
    while let Some(row) = rows.next()? {
        claimed.push(claim::claimed(&writer.connection, row, wanted, events)?);
    }
    drop(rows);
    claim::mark(writer, &claimed[from..], wanted)?;
    Ok(next_at)
}
