//! How the rows that make up a delivery are read, for one and for lists.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Row};

use super::Result;
use crate::blob;
use crate::model::{EndpointStatus, Scope};
use crate::stored_delivery::{About, Receiver, Stored};

/// What [`stored`] reads.
pub(super) const COLUMNS: &str = "id, event_id, endpoint_id, state, attempts, due_at, lease, created_at, \
     finished_at, last_class, last_status, substr(first_attempt, 1, 64), failed_attempts, \
     first_failed_at";

pub(super) fn receiver(connection: &Connection, id: EndpointId) -> Result<Option<Receiver>> {
    let found = connection
        .prepare_cached(
            "SELECT p.public_id, a.public_id, p.project_id, p.account_id, p.status
             FROM endpoints p JOIN accounts a ON a.id = p.account_id WHERE p.id = ?1",
        )?
        .query_row([id.0], |row| {
            Ok(Receiver {
                public_id: row.get(0)?,
                account_public_id: row.get(1)?,
                scope: Scope {
                    project_id: ProjectId(row.get(2)?),
                    account_id: Some(AccountId(row.get(3)?)),
                },
                is_paused: row.get::<_, u8>(4)? == EndpointStatus::Paused as u8,
            })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn about(connection: &Connection, id: EventId) -> Result<Option<About>> {
    let found = connection
        .prepare_cached(
            "SELECT e.given_id, e.accepted_at, t.name
             FROM events e JOIN event_types t ON t.id = e.type_id WHERE e.id = ?1",
        )?
        .query_row([id.0], |row| {
            Ok(About {
                given_id: row.get(0)?,
                accepted_at: UnixMs(row.get(1)?),
                event_type: row.get(2)?,
            })
        })
        .optional()?;
    Ok(found)
}

/// Reads [`COLUMNS`].
pub(super) fn stored(row: &Row<'_>) -> Result<Stored> {
    let class: Option<u8> = row.get(9)?;
    let first = row
        .get_ref(11)?
        .as_blob_or_null()
        .map_err(rusqlite::Error::from)?;
    Ok(Stored {
        id: DeliveryId(row.get(0)?),
        event_id: EventId(row.get(1)?),
        endpoint_id: EndpointId(row.get(2)?),
        state: Stored::state_of(row.get(3)?)?,
        attempts: row.get(4)?,
        due_at: row.get::<_, Option<i64>>(5)?.map(UnixMs),
        is_leased: row.get::<_, i64>(6)? > 0,
        created_at: UnixMs(row.get(7)?),
        finished_at: row.get::<_, Option<i64>>(8)?.map(UnixMs),
        class: class.and_then(ErrorClass::from_code),
        status: row.get(10)?,
        first: blob::head(first.unwrap_or_default())?,
        failed_attempts: row.get(12)?,
        first_failed_at: row.get::<_, Option<i64>>(13)?.map(UnixMs),
    })
}
