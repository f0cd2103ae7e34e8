//! What a person withdraws before it was delivered. The lease stays: what is under way may tell of itself.

use hookwright_core::ids::{DeliveryId, EndpointId};
use hookwright_core::time::UnixMs;

use super::{PLAIN_PLANS, PostgresStore, Result};
use crate::model::Scope;

/// The range that the rows are in is named as well: of most days nothing is opened then.
pub(super) const CANCEL: &str = "
    UPDATE deliveries d SET state = 12, due_at = NULL, finished_at = $6
    WHERE d.project_id = $1 AND d.id = ANY($2) AND d.id >= $3 AND d.id <= $4 AND d.state <= 9
          AND EXISTS (SELECT FROM endpoints p WHERE p.project_id = $1 AND p.id = d.endpoint_id
                          AND p.account_id = COALESCE($5::bigint, p.account_id))
    RETURNING d.id, d.endpoint_id";

impl PostgresStore {
    pub(crate) async fn cancel(
        &self,
        scope: Scope,
        ids: Vec<DeliveryId>,
        now: UnixMs,
    ) -> Result<Vec<(DeliveryId, EndpointId)>> {
        let mut ids: Vec<i64> = ids.into_iter().map(|id| id.0).collect();
        // Everybody locks rows in their order.
        ids.sort_unstable();
        let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else {
            return Ok(Vec::new());
        };
        let account = scope.account_id.map(|account| account.0);
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        let rows = transaction
            .query(
                CANCEL,
                &[&scope.project_id.0, &ids, &first, &last, &account, &now.0],
            )
            .await?;
        transaction.commit().await?;
        let cancelled = rows
            .iter()
            .map(|row| (DeliveryId(row.get(0)), EndpointId(row.get(1))));
        Ok(cancelled.collect())
    }
}
