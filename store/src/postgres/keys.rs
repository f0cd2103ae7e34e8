//! API keys: stored as a hash, revoked and never forgotten.

use hookwright_core::ids::{AccountId, KeyId, ProjectId};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::change_log::Moved;
use super::lent::Transaction;
use super::within::{execute, listed, row_of};
use super::{PostgresStore, Result, accounts, projects};
use crate::error::StoreError;
use crate::model::{Key, KeyOwner, KeyUse, KeysOf, Listed, NewKey, Page, Rotation, Scope};

const COLUMNS: &str =
    "id, public_id, project_id, account_id, name, hint, scopes, created_at, expires_at, revoked_at,
     kind, rate_limit, last_used_at";
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
                       WHERE project_id = $1 AND revoked_at IS NULL AND hash <> $2 AND kind = 1";
            execute(&change, sql, &[&ROOT, &hash, &new.now.0]).await?;
        }
        let sql = "UPDATE keys SET revoked_at = NULL, expires_at = NULL
                   WHERE project_id = $1 AND hash = $2";
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

    pub(crate) async fn keys(&self, of: KeysOf, page: Page) -> Result<Listed<Key>> {
        let (owned, project, account) = owned(of);
        let sql = format!(
            "SELECT {COLUMNS} FROM keys WHERE {owned} AND id < $3 ORDER BY id DESC LIMIT $4"
        );
        let before = page.before.unwrap_or(i64::MAX);
        let limit = page.limit as i64;
        let rows = self
            .rows(&sql, &[&project, &account, &before, &limit])
            .await?;
        let found = rows.iter().map(key).collect();
        Ok(listed(found, page, |key| key.id.0))
    }

    pub(crate) async fn key(&self, of: KeysOf, public_id: String) -> Result<Key> {
        let (sql, project, account) = one(of);
        let row = self.row(&sql, &[&project, &account, &public_id]).await?;
        Ok(key(&row))
    }

    pub(crate) async fn revoke_key(
        &self,
        of: KeysOf,
        public_id: String,
        now: UnixMs,
    ) -> Result<KeyId> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let id = found(&change, of, &public_id).await?.id;
        if of == KeysOf::Root && !has_other_root_key(&change, id).await? {
            return Err(StoreError::Last("root key without an end"));
        }
        let sql = "UPDATE keys SET revoked_at = COALESCE(revoked_at, $3)
                   WHERE project_id = $1 AND id = $2";
        let (_, project, _) = owned(of);
        execute(&change, sql, &[&project, &id.0, &now.0]).await?;
        self.commit(change, &[Moved::keys()]).await?;
        Ok(id)
    }

    pub(crate) async fn rotate_key(
        &self,
        of: KeysOf,
        public_id: String,
        rotation: Rotation,
    ) -> Result<Key> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let old = found(&change, of, &public_id).await?;
        let new = old.rotated(rotation)?;
        let sql = "UPDATE keys SET expires_at = LEAST(COALESCE(expires_at, $3), $3)
                   WHERE project_id = $1 AND id = $2";
        let (_, project, _) = owned(of);
        execute(&change, sql, &[&project, &old.id.0, &new.old_until.0]).await?;
        let key = insert(&change, &new.key).await?;
        self.commit(change, &[Moved::keys()]).await?;
        Ok(key)
    }

    /// Not a change of routing facts. The account's row is locked, so that it cannot be deleted
    /// without the token.
    pub(crate) async fn create_portal_token(&self, new: NewKey) -> Result<Key> {
        let KeyOwner::Account(project, account) = new.owner else {
            return Err(StoreError::NotFound);
        };
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let sql = "SELECT FROM accounts
                   WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE";
        let found = row_of(&transaction, sql, &[&project.0, &account.0]).await?;
        found.ok_or(StoreError::NotFound)?;
        let key = insert(&transaction, &new).await?;
        transaction.commit().await?;
        Ok(key)
    }

    pub(crate) async fn prune_portal_tokens(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let sql = "DELETE FROM keys k USING (
                       SELECT project_id, id FROM keys WHERE kind = 2 AND expires_at < $1
                       LIMIT $2) old
                   WHERE k.project_id = old.project_id AND k.id = old.id";
        let client = self.client().await?;
        let gone = client.execute(sql, &[&before.0, &(limit as i64)]).await?;
        Ok(usize::try_from(gone).unwrap_or(limit))
    }

    pub(crate) async fn touch_keys(&self, used: Vec<(KeyId, UnixMs)>) -> Result<()> {
        let sql = "UPDATE keys k SET last_used_at = GREATEST(COALESCE(k.last_used_at, u.at), u.at)
                   FROM unnest($1::bigint[], $2::bigint[]) AS u (id, at) WHERE k.id = u.id";
        let ids: Vec<i64> = used.iter().map(|(id, _)| id.0).collect();
        let times: Vec<i64> = used.iter().map(|(_, at)| at.0).collect();
        self.client().await?.execute(sql, &[&ids, &times]).await?;
        Ok(())
    }
}

/// The condition on $1 and $2 that keys are of an owner, and what to put there. An index serves an
/// equality, and not "is not distinct from".
const fn owned(of: KeysOf) -> (&'static str, i64, Option<i64>) {
    const NO_ACCOUNT: &str =
        "project_id = $1 AND account_id IS NULL AND $2::bigint IS NULL AND kind <> 2";
    match of {
        KeysOf::Root => (NO_ACCOUNT, ROOT, None),
        KeysOf::Owner(Scope {
            project_id,
            account_id: Some(account),
        }) => (
            "project_id = $1 AND account_id = $2 AND kind <> 2",
            project_id.0,
            Some(account.0),
        ),
        KeysOf::Owner(scope) => (NO_ACCOUNT, scope.project_id.0, None),
        KeysOf::Portal(scope) => (
            "project_id = $1 AND account_id = $2 AND kind = 2",
            scope.project_id.0,
            match scope.account_id {
                Some(account) => Some(account.0),
                None => None,
            },
        ),
    }
}

fn one(of: KeysOf) -> (String, i64, Option<i64>) {
    let (owned, project, account) = owned(of);
    let sql = format!("SELECT {COLUMNS} FROM keys WHERE {owned} AND public_id = $3");
    (sql, project, account)
}

async fn found(change: &Transaction<'_>, of: KeysOf, public_id: &str) -> Result<Key> {
    let (sql, project, account) = one(of);
    let found = row_of(change, &sql, &[&project, &account, &public_id]).await?;
    Ok(key(&found.ok_or(StoreError::NotFound)?))
}

async fn has_other_root_key(change: &Transaction<'_>, id: KeyId) -> Result<bool> {
    let sql = "SELECT FROM keys WHERE project_id = $1 AND id <> $2
                      AND revoked_at IS NULL AND expires_at IS NULL LIMIT 1";
    Ok(row_of(change, sql, &[&ROOT, &id.0]).await?.is_some())
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
        "INSERT INTO keys (public_id, project_id, account_id, name, hash, hint, scopes, created_at, expires_at,
                           kind, rate_limit)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
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
            &(new.used_for as i16),
            &new.rate_limit.map(|rate| rate as i32),
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
        used_for: KeyUse::from_code(row.get::<_, i16>(10) as u8),
        rate_limit: row.get::<_, Option<i32>>(11).map(i32::unsigned_abs),
        last_used_at: row.get::<_, Option<i64>>(12).map(UnixMs),
    }
}
