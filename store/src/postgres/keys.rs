//! API keys: stored as a hash, revoked and never forgotten.

use hookwright_core::ids::{AccountId, KeyId, ProjectId};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::change_log::Moved;
use super::lent::Transaction;
use super::within::{execute, listed, row_of};
use super::{PostgresStore, Result, accounts, projects};
use crate::error::StoreError;
use crate::model::{Key, KeyOwner, Listed, NewKey, Page, Scope};

const COLUMNS: &str =
    "id, public_id, project_id, account_id, name, hint, scopes, created_at, expires_at, revoked_at";
/// Where a root key's project would be.
const ROOT: i64 = 0;

impl PostgresStore {
    pub(crate) async fn create_key(&self, new: NewKey) -> Result<Key> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        owner_is_there(&change, new.owner).await?;
        let key = insert(&change, &new).await?;
        self.commit(change, &[Moved::keys()]).await?;
        Ok(key)
    }

    pub(crate) async fn put_root_key(&self, new: NewKey, only: bool) -> Result<()> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let hash = new.hash.as_slice();
        if only {
            let sql = "UPDATE keys SET revoked_at = $3
                       WHERE project_id = $1 AND revoked_at IS NULL AND hash <> $2";
            execute(&change, sql, &[&ROOT, &hash, &new.now.0]).await?;
        }
        let sql = "UPDATE keys SET revoked_at = NULL WHERE project_id = $1 AND hash = $2";
        if execute(&change, sql, &[&ROOT, &hash]).await? == 0 {
            insert(&change, &new).await?;
        }
        self.commit(change, &[Moved::keys()]).await
    }

    pub(crate) async fn has_root_key(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT FROM keys WHERE project_id = $1 AND revoked_at IS NULL)";
        Ok(self.row(sql, &[&ROOT]).await?.get(0))
    }

    pub(crate) async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<Key>> {
        let sql = format!("SELECT {COLUMNS} FROM keys WHERE hash = $1");
        let rows = self.rows(&sql, &[&hash.as_slice()]).await?;
        Ok(rows.first().map(key))
    }

    pub(crate) async fn keys(&self, scope: Scope, page: Page) -> Result<Listed<Key>> {
        // Two statements: an index serves an equality, and not "is not distinct from".
        let owned = match scope.account_id {
            Some(_) => "account_id = $2",
            None => "account_id IS NULL AND $2::bigint IS NULL",
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM keys
             WHERE project_id = $1 AND {owned} AND id < $3 ORDER BY id DESC LIMIT $4"
        );
        let account = scope.account_id.map(|account| account.0);
        let before = page.before.unwrap_or(i64::MAX);
        let rows = self
            .rows(
                &sql,
                &[&scope.project_id.0, &account, &before, &(page.limit as i64)],
            )
            .await?;
        let found = rows.iter().map(key).collect();
        Ok(listed(found, page, |key| key.id.0))
    }

    pub(crate) async fn revoke_key(
        &self,
        scope: Scope,
        public_id: String,
        now: UnixMs,
    ) -> Result<KeyId> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let sql = "UPDATE keys SET revoked_at = COALESCE(revoked_at, $4)
                   WHERE project_id = $1 AND account_id IS NOT DISTINCT FROM $2 AND public_id = $3
                   RETURNING id";
        let account = scope.account_id.map(|account| account.0);
        let revoked = row_of(
            &change,
            sql,
            &[&scope.project_id.0, &account, &public_id, &now.0],
        )
        .await?;
        let id = KeyId(revoked.ok_or(StoreError::NotFound)?.get(0));
        self.commit(change, &[Moved::keys()]).await?;
        Ok(id)
    }
}

/// A key made while its owner is being deleted must not outlive it.
async fn owner_is_there(change: &Transaction<'_>, owner: KeyOwner) -> Result<()> {
    match owner {
        KeyOwner::Root => Ok(()),
        KeyOwner::Project(project) => projects::must_be_there(change, project).await,
        KeyOwner::Account(project, account) => {
            accounts::must_be_there(change, project, account).await
        }
    }
}

pub(super) async fn insert(change: &Transaction<'_>, new: &NewKey) -> Result<Key> {
    let (project, account) = match new.owner {
        KeyOwner::Root => (ROOT, None),
        KeyOwner::Project(project) => (project.0, None),
        KeyOwner::Account(project, account) => (project.0, Some(account.0)),
    };
    let sql = format!(
        "INSERT INTO keys (public_id, project_id, account_id, name, hash, hint, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
    );
    let made = row_of(
        change,
        &sql,
        &[
            &new.public_id,
            &project,
            &account,
            &new.name,
            &new.hash.as_slice(),
            &new.hint,
            &i64::from(new.scopes),
            &new.now.0,
            &new.expires_at.map(|at| at.0),
        ],
    )
    .await?;
    made.map(|row| key(&row))
        .ok_or_else(|| StoreError::Exists(new.public_id.clone()))
}

fn key(row: &Row) -> Key {
    let project = ProjectId(row.get(2));
    let owner = match row.get::<_, Option<i64>>(3) {
        Some(account) => KeyOwner::Account(project, AccountId(account)),
        None if project.0 == ROOT => KeyOwner::Root,
        None => KeyOwner::Project(project),
    };
    Key {
        id: KeyId(row.get(0)),
        public_id: row.get(1),
        owner,
        name: row.get(4),
        hint: row.get(5),
        // Stored from as many bits.
        scopes: row.get::<_, i64>(6) as u32,
        created_at: UnixMs(row.get(7)),
        expires_at: row.get::<_, Option<i64>>(8).map(UnixMs),
        revoked_at: row.get::<_, Option<i64>>(9).map(UnixMs),
    }
}
