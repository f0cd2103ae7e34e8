//! Event types as projects describe them: read whole, changed only from what was seen.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::change_log::{Kind, Moved};
use super::lent::Transaction;
use super::within::{execute, row_of};
use super::{PostgresStore, Result, projects};
use crate::error::StoreError;
use crate::event_type_row::{check_size, document, document_text};
use crate::model::{EventType, EventTypeSwap};

const COLUMNS: &str = "project_id, name, document, created_at, updated_at";

impl PostgresStore {
    pub(crate) async fn event_types(&self, project_id: ProjectId) -> Result<Vec<EventType>> {
        let sql = format!(
            "{} WHERE project_id = $1 ORDER BY name COLLATE \"C\"",
            all()
        );
        let rows = self.rows(&sql, &[&project_id.0]).await?;
        Ok(rows.iter().map(event_type).collect())
    }

    pub(crate) async fn event_type(
        &self,
        project_id: ProjectId,
        name: String,
    ) -> Result<EventType> {
        let sql = format!("{} WHERE project_id = $1 AND name = $2", all());
        let row = self.row(&sql, &[&project_id.0, &name]).await?;
        Ok(event_type(&row))
    }

    pub(crate) async fn every_event_type(&self) -> Result<Vec<EventType>> {
        let sql = format!("{} ORDER BY project_id, name COLLATE \"C\"", all());
        let rows = self.rows(&sql, &[]).await?;
        Ok(rows.iter().map(event_type).collect())
    }

    pub(crate) async fn swap_event_types(
        &self,
        project_id: ProjectId,
        swaps: Vec<EventTypeSwap>,
        now: UnixMs,
    ) -> Result<bool> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        projects::must_be_there(&change, project_id).await?;
        let names: Vec<&str> = swaps.iter().map(|swap| swap.name.as_str()).collect();
        let sql = "SELECT name, document FROM catalogue WHERE project_id = $1 AND name = ANY($2)";
        let rows = change.query(sql, &[&project_id.0, &names]).await?;
        for swap in &swaps {
            let row = rows.iter().find(|row| row.get::<_, &str>(0) == swap.name);
            if row.map(|row| document(row.get(1))) != swap.before {
                return Ok(false);
            }
        }
        make(&change, project_id, &swaps, now).await?;
        let sql = "SELECT COUNT(*), COALESCE(SUM(octet_length(document)), 0)::bigint
                   FROM catalogue WHERE project_id = $1";
        let size = row_of(&change, sql, &[&project_id.0]).await?;
        let size = size.ok_or(StoreError::NotFound)?;
        check_size(size.get(0), size.get(1))?;
        let moved = Moved::project(Kind::EventTypes, project_id);
        self.commit(change, &[moved]).await?;
        Ok(true)
    }
}

async fn make(
    change: &Transaction<'_>,
    project_id: ProjectId,
    swaps: &[EventTypeSwap],
    now: UnixMs,
) -> Result<()> {
    let gone = swaps.iter().filter(|swap| swap.after.is_none());
    let gone: Vec<&str> = gone.map(|swap| swap.name.as_str()).collect();
    if !gone.is_empty() {
        let sql = "DELETE FROM catalogue WHERE project_id = $1 AND name = ANY($2)";
        execute(change, sql, &[&project_id.0, &gone]).await?;
    }
    let (mut names, mut documents) = (Vec::new(), Vec::new());
    for swap in swaps {
        if let Some(after) = &swap.after {
            names.push(swap.name.as_str());
            documents.push(document_text(after)?);
        }
    }
    if !names.is_empty() {
        let sql = "INSERT INTO catalogue (project_id, name, document, created_at, updated_at)
                   SELECT $1, name, document, $4, $4 FROM unnest($2::text[], $3::text[]) AS new (name, document)
                   ON CONFLICT (project_id, name)
                   DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at";
        execute(change, sql, &[&project_id.0, &names, &documents, &now.0]).await?;
    }
    Ok(())
}

/// What is selected, but for which.
pub(super) fn all() -> String {
    format!("SELECT {COLUMNS} FROM catalogue")
}

pub(super) fn event_type(row: &Row) -> EventType {
    EventType {
        project_id: ProjectId(row.get(0)),
        name: row.get(1),
        document: document(row.get(2)),
        created_at: UnixMs(row.get(3)),
        updated_at: UnixMs(row.get(4)),
    }
}
