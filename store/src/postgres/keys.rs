//! API keys: stored as a hash, revoked and never forgotten.

use hookwright_core::ids::{AccountId, KeyId, ProjectId};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::change_log::Moved;
use super::lent::Transaction;
use super::within::{execute, row_of};
use super::{Parameters, PostgresStore, Result, accounts, projects};
use crate::error::StoreError;
use crate::key_row::{portal, sign_on_rule};
use crate::model::{
    Key, KeyOwner, KeyUse, KeysOf, Listed, NewKey, Page, ParentKey, Rotation, Scope,
};
use crate::walk::{Span, page_in_order};

/// A key's columns. A session ends with the key that it was opened with.
const COLUMNS: &str =
    "k.id, k.public_id, k.project_id, k.account_id, k.name, k.hint, k.scopes, k.created_at,
     LEAST(k.expires_at, p.expires_at), COALESCE(k.revoked_at, p.revoked_at), k.kind, k.rate_limit,
     k.last_used_at, p.id, p.public_id, p.hint, k.portal";
const WITH_PARENT: &str = "LEFT JOIN keys p ON p.project_id = k.project_id AND p.id = k.parent_id";
/// Where a root key's project would be.
pub(super) const ROOT: i64 = 0;

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
        let sql = "SELECT EXISTS (SELECT FROM keys WHERE project_id = $1 AND revoked_at IS NULL AND kind <> 4)";
        Ok(self.row(sql, &[&ROOT]).await?.get(0))
    }

    pub(crate) async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<Key>> {
        let sql = format!("{} WHERE k.hash = $1", select());
        let rows = self.rows(&sql, &[&hash.as_slice()]).await?;
        Ok(rows.first().map(key))
    }

    pub(crate) async fn keys(&self, of: KeysOf, page: Page) -> Result<Listed<Key>> {
        let (owned, project, account) = owned(of);
        let select = select();
        let span = Span::of(&page);
        let sql = format!(
            "{select} WHERE {owned} AND k.id > $3 AND k.id < $4 ORDER BY k.id {} LIMIT $5",
            span.order()
        );
        let limit = page.limit as i64;
        let parameters: Parameters<'_> = &[&project, &account, &span.after, &span.before, &limit];
        let rows = self.rows(&sql, parameters).await?;
        let found = rows.iter().map(key).collect();
        Ok(page_in_order(found, &page, |key| key.id.0))
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
        let key = found(&change, of, &public_id).await?;
        let id = key.id;
        if of == KeysOf::Root && !has_other_root_key(&change, id).await? {
            return Err(StoreError::Last("root key without an end"));
        }
        let sql = "UPDATE keys SET revoked_at = COALESCE(revoked_at, $3)
                   WHERE project_id = $1 AND id = $2";
        let project = project_of(key.owner);
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

    pub(crate) async fn touch_keys(&self, used: Vec<(KeyId, UnixMs)>) -> Result<()> {
        let sql = "UPDATE keys k SET last_used_at = GREATEST(COALESCE(k.last_used_at, u.at), u.at)
                   FROM unnest($1::bigint[], $2::bigint[]) AS u (id, at) WHERE k.id = u.id";
        let ids: Vec<i64> = used.iter().map(|(id, _)| id.0).collect();
        let times: Vec<i64> = used.iter().map(|(_, at)| at.0).collect();
        self.client().await?.execute(sql, &[&ids, &times]).await?;
        Ok(())
    }
}

/// What reads keys: an alias `k`, and conditions behind it.
pub(super) fn select() -> String {
    format!("SELECT {COLUMNS} FROM keys k {WITH_PARENT}")
}

/// The condition on $1 and $2 that keys are of an owner, and what to put there. An index serves an
/// equality, and not "is not distinct from".
fn owned(of: KeysOf) -> (&'static str, i64, Option<i64>) {
    const NO_ACCOUNT: &str = "k.project_id = $1 AND k.account_id IS NULL AND $2::bigint IS NULL
                              AND k.kind <> 2 AND k.kind <> 4";
    match of {
        KeysOf::Root => (NO_ACCOUNT, ROOT, None),
        KeysOf::Owner(Scope {
            project_id,
            account_id: Some(account),
        }) => (
            "k.project_id = $1 AND k.account_id = $2 AND k.kind <> 2 AND k.kind <> 4",
            project_id.0,
            Some(account.0),
        ),
        KeysOf::Owner(scope) => (NO_ACCOUNT, scope.project_id.0, None),
        KeysOf::Portal(scope) => (
            "k.project_id = $1 AND k.account_id = $2 AND k.kind = 2",
            scope.project_id.0,
            scope.account_id.map(|account| account.0),
        ),
        KeysOf::Sessions => (
            "k.kind = 4 AND $1::bigint IS NOT NULL AND $2::bigint IS NULL",
            ROOT,
            None,
        ),
        KeysOf::SessionsOf(scope) => (
            "k.kind = 4 AND k.project_id = $1 AND ($2::bigint IS NULL OR k.account_id = $2)",
            scope.project_id.0,
            scope.account_id.map(|account| account.0),
        ),
    }
}

fn one(of: KeysOf) -> (String, i64, Option<i64>) {
    let (owned, project, account) = owned(of);
    let sql = format!("{} WHERE {owned} AND k.public_id = $3", select());
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

/// Where a key's row is.
pub(super) const fn project_of(owner: KeyOwner) -> i64 {
    match owner {
        KeyOwner::Root => ROOT,
        KeyOwner::Project(project) | KeyOwner::Account(project, _) => project.0,
    }
}

pub(super) async fn insert(change: &Transaction<'_>, new: &NewKey) -> Result<Key> {
    let project = project_of(new.owner);
    let account = match new.owner {
        KeyOwner::Root | KeyOwner::Project(_) => None,
        KeyOwner::Account(_, account) => Some(account.0),
    };
    let sql = format!(
        "WITH k AS (
             INSERT INTO keys (public_id, project_id, account_id, name, hash, hint, scopes,
                               created_at, expires_at, kind, rate_limit)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
             RETURNING *)
         SELECT {COLUMNS} FROM k {WITH_PARENT}"
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

pub(super) fn key(row: &Row) -> Key {
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
        parent: row.get::<_, Option<i64>>(13).map(|id| ParentKey {
            id: KeyId(id),
            public_id: row.get(14),
            hint: row.get(15),
        }),
        portal: portal(row.get(16)),
        sign_on_rule: sign_on_rule(row.get(16)),
    }
}
