//! A delivery as it is looked at, with its attempts.

use hookwright_core::ids::DeliveryId;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension};

use super::delivery_rows::{COLUMNS, about, receiver, stored};
use super::{Result, SqliteStore};
use crate::blob;
use crate::error::StoreError;
use crate::model::{Attempt, Delivery, Scope};
use crate::stored_delivery::{Stored, is_seen};

impl SqliteStore {
    pub(crate) async fn delivery(
        &self,
        scope: Scope,
        id: DeliveryId,
        created_at: UnixMs,
    ) -> Result<(Delivery, Vec<Attempt>)> {
        self.read(move |connection| {
            let found = by_id(connection, id)?;
            let receiver = receiver(connection, found.endpoint_id)?;
            let receiver = receiver.filter(|receiver| is_seen(scope, receiver.scope));
            let receiver = receiver.filter(|_| found.created_at == created_at);
            let receiver = receiver.ok_or(StoreError::NotFound)?;
            let about = about(connection, found.event_id)?.ok_or(StoreError::NotFound)?;
            Ok((found.shown(&receiver, about), attempts(connection, id)?))
        })
        .await
    }
}

pub(super) fn by_id(connection: &Connection, id: DeliveryId) -> Result<Stored> {
    let sql = format!("SELECT {COLUMNS} FROM deliveries WHERE id = ?1");
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = select.query([id.0])?;
    stored(rows.next()?.ok_or(StoreError::NotFound)?)
}

/// Oldest first.
pub(super) fn attempts(connection: &Connection, id: DeliveryId) -> Result<Vec<Attempt>> {
    let first: Option<Vec<u8>> = connection
        .prepare_cached("SELECT first_attempt FROM deliveries WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?
        .flatten();
    let mut attempts = Vec::from_iter(blob::decode(first.as_deref().unwrap_or_default())?);
    let mut select = connection
        .prepare_cached("SELECT body FROM attempts WHERE delivery_id = ?1 ORDER BY id")?;
    let mut rows = select.query([id.0])?;
    while let Some(row) = rows.next()? {
        attempts.extend(blob::decode(&row.get::<_, Vec<u8>>(0)?)?);
    }
    attempts.sort_by_key(|attempt| attempt.number);
    Ok(attempts)
}
