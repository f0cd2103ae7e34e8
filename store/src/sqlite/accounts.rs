//! Accounts: the customers of a project.

use hookwright_core::ids::{AccountId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, Row, params};

use super::{Result, SqliteStore, listed, projects};
use crate::change::Change;
use crate::error::StoreError;
use crate::model::{Account, Listed, Page, Scope};
use crate::walk::Span;

const COLUMNS: &str = "id, project_id, public_id, name, created_at";

impl SqliteStore {
    pub(crate) async fn create_account(
        &self,
        project_id: ProjectId,
        public_id: String,
        name: Option<String>,
        now: UnixMs,
    ) -> Result<Account> {
        self.change(move |writer| {
            projects::by_id(&writer.connection, project_id)?;
            let account = insert(
                &writer.connection,
                project_id,
                &public_id,
                name.as_deref(),
                now,
            )?;
            Ok((account.clone(), Change::Account(account)))
        })
        .await
    }

    pub(crate) async fn accounts(
        &self,
        project_id: ProjectId,
        page: Page,
    ) -> Result<Listed<Account>> {
        self.read(move |connection| {
            let span = Span::of(&page);
            let sql = format!(
                "SELECT {COLUMNS} FROM accounts WHERE project_id = ?1 AND deleted_at IS NULL
                     AND id > ?2 AND id < ?3 ORDER BY id {} LIMIT ?4",
                span.order()
            );
            let mut select = connection.prepare_cached(&sql)?;
            let values = params![project_id.0, span.after, span.before, page.limit as i64];
            let rows = select.query_map(values, account)?;
            listed(rows, page, |account| account.id.0)
        })
        .await
    }

    pub(crate) async fn account(&self, scope: Scope) -> Result<Account> {
        self.read(move |connection| {
            let id = scope.account_id.ok_or(StoreError::NotFound)?;
            by_id(connection, scope.project_id, id)
        })
        .await
    }

    pub(crate) async fn update_account(
        &self,
        scope: Scope,
        name: Option<String>,
    ) -> Result<Account> {
        self.change(move |writer| {
            let id = scope.account_id.ok_or(StoreError::NotFound)?;
            writer.connection.execute(
                "UPDATE accounts SET name = ?3 WHERE id = ?1 AND project_id = ?2 AND deleted_at IS NULL",
                params![id.0, scope.project_id.0, name],
            )?;
            let account = by_id(&writer.connection, scope.project_id, id)?;
            Ok((account.clone(), Change::Account(account)))
        })
        .await
    }

    pub(crate) async fn delete_account(
        &self,
        project: ProjectId,
        id: AccountId,
        now: UnixMs,
    ) -> Result<()> {
        self.change(move |writer| {
            by_id(&writer.connection, project, id)?;
            for sql in [
                "UPDATE accounts SET deleted_at = ?2 WHERE id = ?1 AND project_id = ?3",
                "UPDATE endpoints SET deleted_at = ?2
                 WHERE project_id = ?3 AND account_id = ?1 AND deleted_at IS NULL",
                "UPDATE keys SET revoked_at = ?2
                 WHERE project_id = ?3 AND account_id = ?1 AND revoked_at IS NULL",
            ] {
                writer
                    .connection
                    .execute(sql, params![id.0, now.0, project.0])?;
            }
            Ok(((), Change::AccountDeleted(project, id)))
        })
        .await
    }
}

pub(super) fn insert(
    connection: &Connection,
    project_id: ProjectId,
    public_id: &str,
    name: Option<&str>,
    now: UnixMs,
) -> Result<Account> {
    let inserted = connection.execute(
        "INSERT INTO accounts (project_id, public_id, name, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        params![project_id.0, public_id, name, now.0],
    )?;
    if inserted == 0 {
        return Err(StoreError::Exists(public_id.to_owned()));
    }
    by_id(
        connection,
        project_id,
        AccountId(connection.last_insert_rowid()),
    )
}

pub(super) fn all(connection: &Connection) -> Result<Vec<Account>> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE deleted_at IS NULL");
    let mut select = connection.prepare(&sql)?;
    let rows = select.query_map([], account)?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The account, unless it was deleted.
pub(super) fn by_id(connection: &Connection, project: ProjectId, id: AccountId) -> Result<Account> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE id = ?1 AND project_id = ?2 AND deleted_at IS NULL"
    );
    Ok(connection
        .prepare_cached(&sql)?
        .query_row([id.0, project.0], account)?)
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(row.get(0)?),
        project_id: ProjectId(row.get(1)?),
        public_id: row.get(2)?,
        name: row.get(3)?,
        created_at: UnixMs(row.get(4)?),
    })
}
