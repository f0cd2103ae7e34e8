//! Events as they are looked at.

use bytes::Bytes;
use hookwright_core::ids::{AccountId, EventId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, Row, params};

use super::{Result, SqliteStore};
use crate::error::StoreError;
use crate::event_row::Extra;
use crate::model::{Event, Listed, Page, Scope};

/// Rows looked at for one page: a list of a rare account in a busy project ends early and goes on
/// at its cursor.
const SCANNED_ROWS_MAX: usize = 50_000;

const FROM: &str = "FROM events e JOIN event_types t ON t.id = e.type_id
                    JOIN accounts a ON a.id = e.account_id";
const COLUMNS: &str = "e.id, e.project_id, e.account_id, a.public_id, t.name, e.given_id, \
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

    pub(crate) async fn events(&self, scope: Scope, page: Page) -> Result<Listed<Event>> {
        self.read(move |connection| match scope.account_id {
            Some(account) => of_account(connection, scope.project_id, account, page),
            None => of_project(connection, scope.project_id, page),
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

/// Walks the buckets of the account's index, newest first.
fn of_account(
    connection: &Connection,
    project: ProjectId,
    account: AccountId,
    page: Page,
) -> Result<Listed<Event>> {
    let sql = format!(
        "SELECT {COLUMNS} {FROM}
         WHERE e.id >> 16 = ?1 AND e.account_id = ?2 AND e.id < ?3 AND e.project_id = ?5
         ORDER BY e.id DESC LIMIT ?4"
    );
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = Vec::new();
    let newest: i64 = connection.query_row("SELECT IFNULL(MAX(id), 0) FROM events", [], |row| {
        row.get(0)
    })?;
    let before = page.before.unwrap_or(i64::MAX).min(newest + 1);
    let mut bucket = before >> 16;
    while bucket >= 0 && rows.len() < page.limit {
        let room = (page.limit - rows.len()) as i64;
        for found in select.query_map(params![bucket, account.0, before, room, project.0], event)? {
            rows.push(found?);
        }
        bucket -= 1;
    }
    let next = rows
        .last()
        .filter(|_| rows.len() >= page.limit)
        .map(|last: &Event| last.id.0);
    Ok(Listed {
        rows,
        next,
        prev: None,
    })
}

fn of_project(connection: &Connection, project: ProjectId, page: Page) -> Result<Listed<Event>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE e.id < ?1 ORDER BY e.id DESC LIMIT ?2");
    let mut select = connection.prepare_cached(&sql)?;
    let mut found = select.query(params![
        page.before.unwrap_or(i64::MAX),
        SCANNED_ROWS_MAX as i64
    ])?;
    let mut rows = Vec::new();
    let mut last = None;
    let mut scanned = 0;
    while rows.len() < page.limit {
        let Some(row) = found.next()? else { break };
        scanned += 1;
        last = Some(row.get(0)?);
        if row.get::<_, i64>(1)? == project.0 {
            rows.push(event(row)?);
        }
    }
    let more = rows.len() >= page.limit || scanned == SCANNED_ROWS_MAX;
    Ok(Listed {
        rows,
        next: last.filter(|_| more),
        prev: None,
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
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
