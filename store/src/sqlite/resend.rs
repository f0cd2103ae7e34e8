//! One attempt now, asked for by a person, beside the schedule.

use std::collections::HashMap;

use hookwright_core::ids::{DeliveryId, EndpointId};
use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use rusqlite::params;

use super::claim::load_event;
use super::{Result, SqliteStore};
use crate::model::{Claimed, Scope};

impl SqliteStore {
    pub(crate) async fn resend(
        &self,
        scope: Scope,
        id: DeliveryId,
        now: UnixMs,
    ) -> Result<Claimed> {
        let store = self.clone();
        self.write(move |writer| {
            store.revive();
            let lease = writer.new_lease();
            let connection = &writer.connection;
            let (endpoint, event, attempts, failed_attempts, first_failed_at, created_at) = connection.query_row(
                "SELECT d.endpoint_id, d.event_id, d.attempts, d.failed_attempts, d.first_failed_at, d.created_at
                 FROM deliveries d JOIN endpoints p ON p.id = d.endpoint_id
                 WHERE d.id = ?1 AND p.project_id = ?2 AND p.account_id = IFNULL(?3, p.account_id)",
                params![id.0, scope.project_id.0, scope.account_id.map(|account| account.0)],
                |row| {
                    let first_failed_at: Option<i64> = row.get(4)?;
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, first_failed_at.map(UnixMs), UnixMs(row.get(5)?)))
                },
            )?;
            connection.execute(
                "INSERT INTO resends (delivery_id, endpoint_id, lease, due_at) VALUES (?1, ?2, ?3, ?4)",
                params![id.0, endpoint, lease.0, now.plus_ms(LEASE_MS).0],
            )?;
            Ok(Claimed {
                id,
                lease,
                endpoint_id: EndpointId(endpoint),
                attempts,
                failed_attempts,
                first_failed_at,
                created_at,
                due_at: now,
                manual: true,
                event: load_event(connection, event, &mut HashMap::new())?,
            })
        })
        .await
    }
}
