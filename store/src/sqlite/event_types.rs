//! Event types as projects describe them: read whole, changed only from what was seen.

use std::sync::Arc;

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, SqliteStore, projects};
use crate::change::Change;
use crate::event_type_row::{check_size, document, document_text};
use crate::model::{EventType, EventTypeSwap};

const COLUMNS: &str = "project_id, name, document, created_at, updated_at";

impl SqliteStore {
    pub(crate) async fn event_types(&self, project_id: ProjectId) -> Result<Vec<EventType>> {
        self.read(move |connection| of_project(connection, project_id))
            .await
    }

    pub(crate) async fn event_type(
        &self,
        project_id: ProjectId,
        name: String,
    ) -> Result<EventType> {
        self.read(move |connection| {
            let sql =
                format!("SELECT {COLUMNS} FROM catalogue WHERE project_id = ?1 AND name = ?2");
            let mut select = connection.prepare_cached(&sql)?;
            Ok(select.query_row(params![project_id.0, name], event_type)?)
        })
        .await
    }

    pub(crate) async fn every_event_type(&self) -> Result<Vec<EventType>> {
        self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM catalogue ORDER BY project_id, name");
            let mut select = connection.prepare(&sql)?;
            let rows = select.query_map([], event_type)?;
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn swap_event_types(
        &self,
        project_id: ProjectId,
        swaps: Vec<EventTypeSwap>,
        now: UnixMs,
    ) -> Result<bool> {
        self.changes(move |writer| {
            let connection = &writer.connection;
            projects::by_id(connection, project_id)?;
            for swap in &swaps {
                if !is_as_seen(connection, project_id, swap)? {
                    return Ok((false, Vec::new()));
                }
            }
            for swap in &swaps {
                make(connection, project_id, swap, now)?;
            }
            let sql = "SELECT COUNT(*), IFNULL(SUM(LENGTH(CAST(document AS BLOB))), 0)
                           FROM catalogue WHERE project_id = ?1";
            let (types, bytes) = connection
                .prepare_cached(sql)?
                .query_row([project_id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            check_size(types, bytes)?;
            let types = Arc::new(of_project(connection, project_id)?);
            Ok((true, vec![Change::EventTypes(project_id, types)]))
        })
        .await
    }
}

fn of_project(connection: &Connection, project_id: ProjectId) -> Result<Vec<EventType>> {
    let sql = format!("SELECT {COLUMNS} FROM catalogue WHERE project_id = ?1 ORDER BY name");
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map([project_id.0], event_type)?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

fn is_as_seen(
    connection: &Connection,
    project_id: ProjectId,
    swap: &EventTypeSwap,
) -> Result<bool> {
    let there: Option<String> = connection
        .prepare_cached("SELECT document FROM catalogue WHERE project_id = ?1 AND name = ?2")?
        .query_row(params![project_id.0, swap.name], |row| row.get(0))
        .optional()?;
    Ok(there.as_deref().map(document) == swap.before)
}

fn make(
    connection: &Connection,
    project_id: ProjectId,
    swap: &EventTypeSwap,
    now: UnixMs,
) -> Result<()> {
    let Some(after) = &swap.after else {
        connection.execute(
            "DELETE FROM catalogue WHERE project_id = ?1 AND name = ?2",
            params![project_id.0, swap.name],
        )?;
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO catalogue (project_id, name, document, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (project_id, name) DO UPDATE SET document = ?3, updated_at = ?4",
        )?
        .execute(params![
            project_id.0,
            swap.name,
            document_text(after)?,
            now.0
        ])?;
    Ok(())
}

fn event_type(row: &Row<'_>) -> rusqlite::Result<EventType> {
    Ok(EventType {
        project_id: ProjectId(row.get(0)?),
        name: row.get(1)?,
        document: document(&row.get::<_, String>(2)?),
        created_at: UnixMs(row.get(3)?),
        updated_at: UnixMs(row.get(4)?),
    })
}
