//! The audit log: one row for each call that manages something.

use hookwright_core::limits::AUDIT_ROWS_LOOKED_AT_MAX;
use hookwright_core::time::UnixMs;
use rusqlite::{Row, params};

use super::{Result, SqliteStore};
use crate::error::StoreError;
use crate::model::{AuditEntry, AuditFilter, Listed, NewAuditEntry, Page, first_row};

/// Rows of one millisecond and one number are moved on so often.
const MOVED_ON_MAX: i64 = 16;

impl SqliteStore {
    pub(crate) async fn audit(&self, entry: NewAuditEntry) -> Result<()> {
        let document = entry.document()?;
        self.write(move |writer| {
            let sql =
                "INSERT INTO audit (id, project_id, account_id, document) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT DO NOTHING";
            let mut insert = writer.connection.prepare_cached(sql)?;
            let (project, account) = (
                entry.project_id.map(|id| id.0),
                entry.account_id.map(|id| id.0),
            );
            for moved in 0..MOVED_ON_MAX {
                let row = entry.row() + moved;
                if insert.execute(params![row, project, account, document])? > 0 {
                    return Ok(());
                }
            }
            Err(StoreError::Exists("audit row".to_owned()))
        })
        .await
    }

    pub(crate) async fn audit_log(
        &self,
        filter: AuditFilter,
        page: Page,
    ) -> Result<Listed<AuditEntry>> {
        self.read(move |connection| {
            let about = match (filter.project_id, filter.account_id) {
                (None, _) => "?1 IS NULL AND ?2 IS NULL",
                (Some(_), None) => "project_id = ?1 AND ?2 IS NULL",
                (Some(_), Some(_)) => "project_id = ?1 AND account_id = ?2",
            };
            let sql = format!(
                "SELECT id, project_id, account_id, document FROM audit
                 WHERE {about} AND id >= ?3 AND id < ?4 ORDER BY id DESC LIMIT ?5"
            );
            let mut select = connection.prepare_cached(&sql)?;
            let (since, until) = filter.rows(page.before);
            let looked_at = AUDIT_ROWS_LOOKED_AT_MAX;
            let rows = select.query_map(
                params![
                    filter.project_id.map(|id| id.0),
                    filter.account_id.map(|id| id.0),
                    since,
                    until,
                    looked_at as i64,
                ],
                |row| Ok(entry(row)),
            )?;
            filter.listed(
                rows.map(|row| row.map_err(StoreError::from)?),
                (page.limit, looked_at),
            )
        })
        .await
    }

    pub(crate) async fn prune_audit(&self, before: UnixMs, limit: usize) -> Result<usize> {
        self.write(move |writer| {
            let sql = "DELETE FROM audit WHERE id IN (
                           SELECT id FROM audit WHERE id < ?1 ORDER BY id LIMIT ?2)";
            let mut delete = writer.connection.prepare_cached(sql)?;
            Ok(delete.execute([first_row(before), limit as i64])?)
        })
        .await
    }
}

fn entry(row: &Row<'_>) -> Result<AuditEntry> {
    let document: String = row.get(3)?;
    AuditEntry::read(row.get(0)?, (row.get(1)?, row.get(2)?), &document)
}
