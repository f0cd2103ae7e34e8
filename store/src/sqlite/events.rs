//! An event as it is looked at.

use bytes::Bytes;
use hookwright_core::ids::{AccountId, EventId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, Row, params};

use super::{Result, SqliteStore};
use crate::error::StoreError;
use crate::event_row::Extra;
use crate::model::{Event, Scope};

pub(super) const FROM: &str = "FROM events e JOIN event_types t ON t.id = e.type_id
                    JOIN accounts a ON a.id = e.account_id";
pub(super) const COLUMNS: &str = "e.id, e.project_id, e.account_id, a.public_id, t.name, e.given_id, \
                       e.accepted_at, e.time, e.extra, e.fanout";

impl SqliteStore {
    pub(crate) async fn event(
        &self,
        scope: Scope,
        id: EventId,
        accepted_at: UnixMs,
    ) -> Result<Event> {
        self.read(move |connection| {
            let event = by_id(connection, scope, id)?;
            if event.accepted_at == accepted_at {
                Ok(event)
            } else {
                Err(StoreError::NotFound)
            }
        })
        .await
    }

    pub(crate) async fn event_by_given_id(&self, scope: Scope, given_id: String) -> Result<Event> {
        self.read(move |connection| {
            let id = connection.query_row(
                "SELECT event_id FROM event_names WHERE project_id = ?1 AND name = ?2",
                params![scope.project_id.0, format!("i:{given_id}")],
                |row| row.get(0),
            )?;
            by_id(connection, scope, EventId(id))
        })
        .await
    }
}

fn by_id(connection: &Connection, scope: Scope, id: EventId) -> Result<Event> {
    let sql = format!(
        "SELECT {COLUMNS}, e.payload {FROM}
         WHERE e.id = ?1 AND e.project_id = ?2 AND e.account_id = IFNULL(?3, e.account_id)"
    );
    let account = scope.account_id.map(|account| account.0);
    let mut select = connection.prepare_cached(&sql)?;
    let event = select.query_row(params![id.0, scope.project_id.0, account], |row| {
        let payload: Option<Vec<u8>> = row.get(10)?;
        Ok(Event {
            payload: payload.map(Bytes::from),
            ..event(row)?
        })
    })?;
    Ok(event)
}

pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let accepted_at = UnixMs(row.get(6)?);
    let extra: Option<String> = row.get(8)?;
    let extra: Extra = extra
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    Ok(Event {
        id: EventId(row.get(0)?),
        project_id: ProjectId(row.get(1)?),
        account_id: AccountId(row.get(2)?),
        account_public_id: row.get(3)?,
        event_type: row.get(4)?,
        given_id: row.get(5)?,
        accepted_at,
        time: row.get::<_, Option<i64>>(7)?.map_or(accepted_at, UnixMs),
        subject: extra.subject,
        trace: extra.trace,
        channels: extra.channels,
        metadata: extra.metadata,
        deliver_at: extra.deliver_at.map(UnixMs),
        payload: None,
        fanout: row.get(9)?,
    })
}
