//! What a person withdraws before it was delivered. The lease stays: what is under way may tell of itself.

use hookwright_core::ids::{DeliveryId, EndpointId};
use hookwright_core::time::UnixMs;
use rusqlite::{OptionalExtension, params};

use super::{Result, SqliteStore};
use crate::model::Scope;

impl SqliteStore {
    pub(crate) async fn cancel(
        &self,
        scope: Scope,
        ids: Vec<DeliveryId>,
        now: UnixMs,
    ) -> Result<Vec<(DeliveryId, EndpointId)>> {
        self.write(move |writer| {
            let mut cancel = writer.connection.prepare_cached(
                "UPDATE deliveries SET state = 12, due_at = NULL, finished_at = ?2
                 WHERE id = ?1 AND state <= 9 AND EXISTS (
                     SELECT 1 FROM endpoints p WHERE p.id = deliveries.endpoint_id
                         AND p.project_id = ?3 AND p.account_id = IFNULL(?4, p.account_id))
                 RETURNING endpoint_id",
            )?;
            let account = scope.account_id.map(|account| account.0);
            let mut cancelled = Vec::new();
            for id in ids {
                let endpoint = cancel
                    .query_row(params![id.0, now.0, scope.project_id.0, account], |row| {
                        row.get(0)
                    })
                    .optional()?;
                cancelled.extend(endpoint.map(|endpoint| (id, EndpointId(endpoint))));
            }
            Ok(cancelled)
        })
        .await
    }
}
