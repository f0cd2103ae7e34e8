//! A delivery as it is looked at, with its attempts.

use hookwright_core::ids::DeliveryId;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::by_index::{begin_look, tried_again};
use super::delivery_rows::{COLUMNS, about, receivers, stored};
use super::lent::Transaction;
use super::{PostgresStore, Result};
use crate::blob;
use crate::error::StoreError;
use crate::model::{Attempt, Delivery, Scope};

pub(super) const FIRST_ATTEMPT: &str =
    "SELECT first_attempt FROM deliveries WHERE project_id = $1 AND id = $2";
pub(super) const ATTEMPTS: &str = "SELECT number, body FROM attempts
    WHERE project_id = $1 AND delivery_id = $2 ORDER BY number";

pub(super) fn by_id() -> String {
    format!("SELECT {COLUMNS} FROM deliveries d WHERE d.project_id = $1 AND d.id = $2")
}

impl PostgresStore {
    pub(crate) async fn delivery(
        &self,
        scope: Scope,
        id: DeliveryId,
        created_at: UnixMs,
    ) -> Result<(Delivery, Vec<Attempt>)> {
        tried_again(|| self.delivery_once(scope, id, created_at)).await
    }

    async fn delivery_once(
        &self,
        scope: Scope,
        id: DeliveryId,
        created_at: UnixMs,
    ) -> Result<(Delivery, Vec<Attempt>)> {
        let mut client = self.client().await?;
        let transaction = begin_look(&mut client).await?;
        let row = transaction
            .query_opt(&by_id(), &[&scope.project_id.0, &id.0])
            .await?
            .ok_or(StoreError::NotFound)?;
        let found = stored(&row)?;
        if found.created_at != created_at {
            return Err(StoreError::NotFound);
        }
        let lane = found.endpoint_id.0;
        let receivers = receivers(&transaction, scope, std::iter::once(lane)).await?;
        let receiver = receivers.get(&lane).ok_or(StoreError::NotFound)?;
        let event = found.event_id.0;
        let mut about = about(&transaction, scope.project_id, vec![event]).await?;
        let about = about.remove(&event).ok_or(StoreError::NotFound)?;
        let attempts = attempts(&transaction, scope, id).await?;
        Ok((found.shown(receiver, about), attempts))
    }
}

/// Oldest first.
pub(super) async fn attempts(
    transaction: &Transaction<'_>,
    scope: Scope,
    id: DeliveryId,
) -> Result<Vec<Attempt>> {
    let project = scope.project_id.0;
    let mut attempts = Vec::new();
    let first = transaction
        .query_opt(FIRST_ATTEMPT, &[&project, &id.0])
        .await?;
    let first = first
        .as_ref()
        .and_then(|row| row.get::<_, Option<&[u8]>>(0));
    attempts.extend(blob::decode(first.unwrap_or_default())?);
    for row in transaction.query(ATTEMPTS, &[&project, &id.0]).await? {
        attempts.extend(later_attempt(&row)?);
    }
    attempts.sort_by_key(|attempt: &Attempt| attempt.number);
    Ok(attempts)
}

/// The number was given when the row was written; the one inside is from before.
fn later_attempt(row: &Row) -> Result<Option<Attempt>> {
    let number = row.get::<_, i32>(0).unsigned_abs();
    let attempt = blob::decode(row.get::<_, &[u8]>(1))?;
    Ok(attempt.map(|attempt| Attempt { number, ..attempt }))
}
