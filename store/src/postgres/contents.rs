//! What lists leave out: payloads of events, attempts of deliveries.

use std::collections::BTreeMap;

use bytes::Bytes;
use hookwright_core::ids::{DeliveryId, EventId};

use super::by_index::{begin_look, tried_again};
use super::delivery_rows::rows_of;
use super::{PostgresStore, Result};
use crate::blob;
use crate::model::{Attempt, Scope};

pub(super) const PAYLOADS: &str = "
    SELECT e.id, e.payload FROM unnest($2::bigint[]) AS asked (id), LATERAL (
        SELECT id, payload FROM events
        WHERE project_id = $1 AND id = asked.id AND id >= $3 AND id <= $4 OFFSET 0) e
    WHERE e.payload IS NOT NULL";
pub(super) const FIRST_ATTEMPTS: &str = "
    SELECT d.id, d.first_attempt FROM unnest($2::bigint[]) AS asked (id), LATERAL (
        SELECT id, first_attempt FROM deliveries
        WHERE project_id = $1 AND id = asked.id AND id >= $3 AND id <= $4 OFFSET 0) d
    WHERE d.first_attempt IS NOT NULL";
pub(super) const LATER_ATTEMPTS: &str = "
    SELECT a.delivery_id, a.number, a.body FROM unnest($2::bigint[]) AS asked (id), LATERAL (
        SELECT delivery_id, number, body FROM attempts
        WHERE project_id = $1 AND delivery_id = asked.id AND delivery_id >= $3 AND delivery_id <= $4
        OFFSET 0) a";

impl PostgresStore {
    pub(crate) async fn payloads(
        &self,
        scope: Scope,
        ids: Vec<EventId>,
    ) -> Result<Vec<(EventId, Bytes)>> {
        let ids: Vec<i64> = ids.into_iter().map(|id| id.0).collect();
        let ids = &ids;
        tried_again(|| async move {
            let mut client = self.client().await?;
            let transaction = begin_look(&mut client).await?;
            let rows = rows_of(&transaction, PAYLOADS, scope.project_id, ids.clone()).await?;
            let payloads = rows.iter().map(|row| {
                let payload: Vec<u8> = row.get(1);
                (EventId(row.get(0)), Bytes::from(payload))
            });
            Ok(payloads.collect())
        })
        .await
    }

    pub(crate) async fn attempts_of(
        &self,
        scope: Scope,
        ids: Vec<DeliveryId>,
    ) -> Result<Vec<(DeliveryId, Vec<Attempt>)>> {
        let ids: Vec<i64> = ids.into_iter().map(|id| id.0).collect();
        let ids = &ids;
        tried_again(|| self.attempts_once(scope, ids)).await
    }

    async fn attempts_once(
        &self,
        scope: Scope,
        ids: &[i64],
    ) -> Result<Vec<(DeliveryId, Vec<Attempt>)>> {
        let project = scope.project_id;
        let mut client = self.client().await?;
        let transaction = begin_look(&mut client).await?;
        let mut all: BTreeMap<i64, Vec<Attempt>> = BTreeMap::new();
        for row in rows_of(&transaction, FIRST_ATTEMPTS, project, ids.to_vec()).await? {
            let first = blob::decode(row.get::<_, &[u8]>(1))?;
            all.entry(row.get(0)).or_default().extend(first);
        }
        for row in rows_of(&transaction, LATER_ATTEMPTS, project, ids.to_vec()).await? {
            let number = row.get::<_, i32>(1).unsigned_abs();
            let later = blob::decode(row.get::<_, &[u8]>(2))?;
            // The number was given when the row was written; the one inside is from before.
            let later = later.map(|attempt| Attempt { number, ..attempt });
            all.entry(row.get(0)).or_default().extend(later);
        }
        let of = |id: &i64| {
            let mut attempts = all.remove(id).unwrap_or_default();
            attempts.sort_by_key(|attempt| attempt.number);
            (DeliveryId(*id), attempts)
        };
        Ok(ids.iter().map(of).collect())
    }
}
