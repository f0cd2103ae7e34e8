//! The audit log: one row for each call that manages something.

use hookwright_core::limits::AUDIT_ROWS_LOOKED_AT_MAX;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::{PostgresStore, Result};
use crate::error::StoreError;
use crate::model::{AuditEntry, AuditFilter, Listed, NewAuditEntry, Page, first_row};

/// Rows of one millisecond and one number are moved on so often.
const MOVED_ON_MAX: i64 = 16;
/// With a key to look for, rows are read so many at a time.
const READ_AT_ONCE: usize = 1_000;

impl PostgresStore {
    pub(crate) async fn audit(&self, entry: NewAuditEntry) -> Result<()> {
        let document = entry.document()?;
        let client = self.client().await?;
        let sql = "INSERT INTO audit (id, project_id, account_id, document) VALUES ($1, $2, $3, $4)
                   ON CONFLICT DO NOTHING";
        let project = entry.project_id.map(|id| id.0);
        let account = entry.account_id.map(|id| id.0);
        for moved in 0..MOVED_ON_MAX {
            let row = entry.row() + moved;
            let values: super::Parameters<'_> = &[&row, &project, &account, &document];
            if client.execute(sql, values).await? > 0 {
                return Ok(());
            }
        }
        Err(StoreError::Exists("audit row".to_owned()))
    }

    pub(crate) async fn audit_log(
        &self,
        filter: AuditFilter,
        page: Page,
    ) -> Result<Listed<AuditEntry>> {
        let about = match (filter.project_id, filter.account_id) {
            (None, _) => "$1::bigint IS NULL AND $2::bigint IS NULL",
            (Some(_), None) => "project_id = $1 AND $2::bigint IS NULL",
            (Some(_), Some(_)) => "project_id = $1 AND account_id = $2",
        };
        let sql = format!(
            "SELECT id, project_id, account_id, document FROM audit
             WHERE {about} AND id >= $3 AND id < $4 ORDER BY id DESC LIMIT $5"
        );
        let project = filter.project_id.map(|id| id.0);
        let account = filter.account_id.map(|id| id.0);
        let (since, mut until) = filter.rows(page.before);
        let at_once = match filter.key_id {
            None => page.limit,
            Some(_) => READ_AT_ONCE,
        };
        let mut found = Vec::new();
        let mut looked_at = 0;
        loop {
            let limit = at_once as i64;
            let parameters: super::Parameters<'_> = &[&project, &account, &since, &until, &limit];
            let rows = self.rows(&sql, parameters).await?;
            looked_at += rows.len();
            let is_last = rows.len() < at_once || looked_at >= AUDIT_ROWS_LOOKED_AT_MAX;
            let left = page.limit - found.len();
            let part = filter.listed(rows.iter().map(entry), (left, at_once))?;
            found.extend(part.rows);
            match part.next {
                Some(next) if !is_last && found.len() < page.limit => until = next,
                next => {
                    return Ok(Listed {
                        rows: found,
                        next,
                        prev: None,
                    });
                }
            }
        }
    }

    pub(crate) async fn prune_audit(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let sql = "DELETE FROM audit a USING (
                       SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2) old
                   WHERE a.id = old.id";
        let client = self.client().await?;
        let (before, at_most) = (first_row(before), limit as i64);
        let gone = client.execute(sql, &[&before, &at_most]).await?;
        Ok(usize::try_from(gone).unwrap_or(limit))
    }
}

fn entry(row: &Row) -> Result<AuditEntry> {
    AuditEntry::read(row.get(0), (row.get(1), row.get(2)), row.get(3))
}
