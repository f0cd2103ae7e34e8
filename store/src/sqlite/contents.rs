//! What lists leave out: payloads of events, attempts of deliveries.

use bytes::Bytes;
use hookwright_core::ids::{DeliveryId, EventId};
use rusqlite::{OptionalExtension, params};

use super::deliveries::attempts;
use super::{Result, SqliteStore};
use crate::model::{Attempt, Scope};

impl SqliteStore {
    pub(crate) async fn payloads(
        &self,
        scope: Scope,
        ids: Vec<EventId>,
    ) -> Result<Vec<(EventId, Bytes)>> {
        self.read(move |connection| {
            let mut select = connection
                .prepare_cached("SELECT payload FROM events WHERE id = ?1 AND project_id = ?2")?;
            let mut payloads = Vec::new();
            for id in ids {
                let payload: Option<Option<Vec<u8>>> = select
                    .query_row(params![id.0, scope.project_id.0], |row| row.get(0))
                    .optional()?;
                payloads.extend(payload.flatten().map(|payload| (id, Bytes::from(payload))));
            }
            Ok(payloads)
        })
        .await
    }

    pub(crate) async fn attempts_of(
        &self,
        _: Scope,
        ids: Vec<DeliveryId>,
    ) -> Result<Vec<(DeliveryId, Vec<Attempt>)>> {
        self.read(move |connection| {
            let of = |id| Ok((id, attempts(connection, id)?));
            ids.into_iter().map(of).collect()
        })
        .await
    }
}
