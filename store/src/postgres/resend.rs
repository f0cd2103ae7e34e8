//! One attempt now, asked for by a person, beside the schedule.

use hookwright_core::ids::DeliveryId;
use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;

use super::claim::{claimed, events_of};
use super::{PLAIN_PLANS, PostgresStore, Result};
use crate::error::StoreError;
use crate::model::{Claimed, Scope};

const ADD: &str = "
    WITH delivery AS (
        SELECT d.project_id, d.id, d.event_id, d.endpoint_id, d.attempts, d.failed_attempts, d.first_failed_at, d.created_at
        FROM deliveries d JOIN endpoints p ON p.project_id = d.project_id AND p.id = d.endpoint_id
        WHERE d.project_id = $1 AND d.id = $2 AND p.account_id = COALESCE($3, p.account_id)
    ), added AS (
        INSERT INTO resends (project_id, delivery_id, endpoint_id, lease, due_at)
        SELECT project_id, id, endpoint_id, $4, $5 FROM delivery
    )
    SELECT project_id, id, event_id, endpoint_id, attempts, failed_attempts, first_failed_at, $6::bigint, created_at
    FROM delivery";

impl PostgresStore {
    pub(crate) async fn resend(
        &self,
        scope: Scope,
        id: DeliveryId,
        now: UnixMs,
    ) -> Result<Claimed> {
        let lease = self.shared.node.new_lease();
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        self.hold_own_place(&transaction).await?;
        let account = scope.account_id.map(|account| account.0);
        let until = now.plus_ms(LEASE_MS).0;
        let row = transaction
            .query_opt(
                ADD,
                &[
                    &scope.project_id.0,
                    &id.0,
                    &account,
                    &lease.0,
                    &until,
                    &now.0,
                ],
            )
            .await?
            .ok_or(StoreError::NotFound)?;
        let events = events_of(&transaction, std::iter::once(&row)).await?;
        let claimed = claimed(&row, lease, true, &events).ok_or(StoreError::NotFound)?;
        transaction.commit().await?;
        Ok(claimed)
    }
}
