//! Accounts: the customers of a project.

use hookwright_core::ids::{AccountId, ProjectId};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::change_log::{Kind, Moved};
use super::lent::Transaction;
use super::within::{execute, row_of};
use super::{PostgresStore, Result, projects};
use crate::error::StoreError;
use crate::model::{Account, Listed, Page, Scope};
use crate::walk::{Span, page_in_order};

pub(super) const COLUMNS: &str = "id, project_id, public_id, name, created_at";

impl PostgresStore {
    pub(crate) async fn create_account(
        &self,
        project_id: ProjectId,
        public_id: String,
        name: Option<String>,
        now: UnixMs,
    ) -> Result<Account> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        projects::must_be_there(&change, project_id).await?;
        let account = insert(&change, project_id, &public_id, name.as_deref(), now).await?;
        let moved = Moved::account(Kind::Account, project_id, account.id);
        self.commit(change, &[moved]).await?;
        Ok(account)
    }

    pub(crate) async fn accounts(
        &self,
        project_id: ProjectId,
        page: Page,
    ) -> Result<Listed<Account>> {
        let span = Span::of(&page);
        let sql = format!(
            "SELECT {COLUMNS} FROM accounts WHERE project_id = $1 AND deleted_at IS NULL
                 AND id > $2 AND id < $3 ORDER BY id {} LIMIT $4",
            span.order()
        );
        let limit = page.limit as i64;
        let rows = self
            .rows(&sql, &[&project_id.0, &span.after, &span.before, &limit])
            .await?;
        let found = rows.iter().map(account).collect();
        Ok(page_in_order(found, &page, |account| account.id.0))
    }

    pub(crate) async fn account(&self, scope: Scope) -> Result<Account> {
        let id = scope.account_id.ok_or(StoreError::NotFound)?;
        let sql = format!(
            "SELECT {COLUMNS} FROM accounts
             WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL"
        );
        let found = self.row(&sql, &[&scope.project_id.0, &id.0]).await?;
        Ok(account(&found))
    }

    pub(crate) async fn update_account(
        &self,
        scope: Scope,
        name: Option<String>,
    ) -> Result<Account> {
        let id = scope.account_id.ok_or(StoreError::NotFound)?;
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let sql = format!(
            "UPDATE accounts SET name = $3
             WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {COLUMNS}"
        );
        let changed = row_of(&change, &sql, &[&scope.project_id.0, &id.0, &name]).await?;
        let account = account(&changed.ok_or(StoreError::NotFound)?);
        let moved = Moved::account(Kind::Account, scope.project_id, id);
        self.commit(change, &[moved]).await?;
        Ok(account)
    }

    pub(crate) async fn delete_account(
        &self,
        project: ProjectId,
        id: AccountId,
        now: UnixMs,
    ) -> Result<()> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        must_be_there(&change, project, id).await?;
        for sql in [
            "UPDATE accounts SET deleted_at = $3 WHERE project_id = $1 AND id = $2",
            "UPDATE endpoints SET deleted_at = $3
             WHERE project_id = $1 AND account_id = $2 AND deleted_at IS NULL",
            "UPDATE keys SET revoked_at = $3
             WHERE project_id = $1 AND account_id = $2 AND revoked_at IS NULL",
        ] {
            execute(&change, sql, &[&project.0, &id.0, &now.0]).await?;
        }
        let moved = Moved::account(Kind::AccountDeleted, project, id);
        self.commit(change, &[moved]).await
    }
}

pub(super) async fn insert(
    change: &Transaction<'_>,
    project_id: ProjectId,
    public_id: &str,
    name: Option<&str>,
    now: UnixMs,
) -> Result<Account> {
    let sql = format!(
        "INSERT INTO accounts (project_id, public_id, name, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
    );
    let made = row_of(change, &sql, &[&project_id.0, &public_id, &name, &now.0]).await?;
    made.map(|row| account(&row))
        .ok_or_else(|| StoreError::Exists(public_id.to_owned()))
}

/// Every account that is not deleted.
pub(super) fn all() -> String {
    format!("SELECT {COLUMNS} FROM accounts WHERE deleted_at IS NULL")
}

/// [`StoreError::NotFound`] when there is none, or it was deleted.
pub(super) async fn must_be_there(
    change: &Transaction<'_>,
    project: ProjectId,
    id: AccountId,
) -> Result<()> {
    let sql = "SELECT FROM accounts WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL";
    let found = row_of(change, sql, &[&project.0, &id.0]).await?;
    found.map(|_| ()).ok_or(StoreError::NotFound)
}

/// The id that the project gave it.
pub(super) async fn public_id(
    change: &Transaction<'_>,
    project: ProjectId,
    id: AccountId,
) -> Result<String> {
    let sql = "SELECT public_id FROM accounts WHERE project_id = $1 AND id = $2";
    let found = row_of(change, sql, &[&project.0, &id.0]).await?;
    found.map(|row| row.get(0)).ok_or(StoreError::NotFound)
}

pub(super) fn account(row: &Row) -> Account {
    Account {
        id: AccountId(row.get(0)),
        project_id: ProjectId(row.get(1)),
        public_id: row.get(2),
        name: row.get(3),
        created_at: UnixMs(row.get(4)),
    }
}
