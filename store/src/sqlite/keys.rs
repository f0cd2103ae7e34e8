//! API keys: stored as a hash, revoked and never forgotten.

use hookwright_core::ids::{AccountId, KeyId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, SqliteStore, accounts, listed, projects};
use crate::change::Change;
use crate::error::StoreError;
use crate::key_row::{portal, sign_on_rule};
use crate::model::{
    Key, KeyOwner, KeyUse, KeysOf, Listed, NewKey, Page, ParentKey, Rotation, Scope,
};
use crate::walk::Span;

/// A session ends with the key that it was opened with.
pub(super) const SELECT: &str =
    "SELECT k.id, k.public_id, k.project_id, k.account_id, k.name, k.hint, k.scopes, k.created_at,
            MIN(IFNULL(k.expires_at, p.expires_at), IFNULL(p.expires_at, k.expires_at)),
            IFNULL(k.revoked_at, p.revoked_at), k.kind, k.rate_limit, k.last_used_at, p.id,
            p.public_id, p.hint, k.portal
     FROM keys k LEFT JOIN keys p ON p.id = k.parent_id";

impl SqliteStore {
    pub(crate) async fn create_key(&self, new: NewKey) -> Result<Key> {
        self.change(move |writer| {
            owner_is_there(&writer.connection, new.owner)?;
            Ok((insert(&writer.connection, &new)?, Change::Keys))
        })
        .await
    }

    pub(crate) async fn put_root_key(&self, new: NewKey, only: bool) -> Result<()> {
        self.change(move |writer| {
            if only {
                writer.connection.execute(
                    "UPDATE keys SET revoked_at = ?2
                     WHERE project_id IS NULL AND revoked_at IS NULL AND hash <> ?1 AND kind = 1",
                    params![new.hash, new.now.0],
                )?;
            }
            let known = writer.connection.execute(
                "UPDATE keys SET revoked_at = NULL, expires_at = NULL
                 WHERE hash = ?1 AND project_id IS NULL",
                params![new.hash],
            )?;
            if known == 0 {
                insert(&writer.connection, &new)?;
            }
            Ok(((), Change::Keys))
        })
        .await
    }

    pub(crate) async fn has_root_key(&self) -> Result<bool> {
        self.read(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM keys WHERE project_id IS NULL AND revoked_at IS NULL AND kind <> 4)";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        })
        .await
    }

    pub(crate) async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<Key>> {
        self.read(move |connection| {
            let sql = format!("{SELECT} WHERE k.hash = ?1");
            Ok(connection
                .prepare_cached(&sql)?
                .query_row([hash], key)
                .optional()?)
        })
        .await
    }

    pub(crate) async fn keys(&self, of: KeysOf, page: Page) -> Result<Listed<Key>> {
        self.read(move |connection| {
            let (owned, project, account) = owned(of);
            let span = Span::of(&page);
            let sql = format!(
                "{SELECT} WHERE {owned} AND k.id > ?3 AND k.id < ?4 ORDER BY k.id {} LIMIT ?5",
                span.order()
            );
            let mut select = connection.prepare_cached(&sql)?;
            let limit = page.limit as i64;
            let values = params![project, account, span.after, span.before, limit];
            let rows = select.query_map(values, key)?;
            listed(rows, page, |key| key.id.0)
        })
        .await
    }

    pub(crate) async fn key(&self, of: KeysOf, public_id: String) -> Result<Key> {
        self.read(move |connection| one(connection, of, &public_id))
            .await
    }

    pub(crate) async fn revoke_key(
        &self,
        of: KeysOf,
        public_id: String,
        now: UnixMs,
    ) -> Result<KeyId> {
        self.change(move |writer| {
            let connection = &writer.connection;
            let id = one(connection, of, &public_id)?.id;
            if of == KeysOf::Root && !has_other_root_key(connection, id)? {
                return Err(StoreError::Last("root key without an end"));
            }
            connection
                .prepare_cached(
                    "UPDATE keys SET revoked_at = IFNULL(revoked_at, ?2) WHERE id = ?1",
                )?
                .execute([id.0, now.0])?;
            Ok((id, Change::Keys))
        })
        .await
    }

    pub(crate) async fn rotate_key(
        &self,
        of: KeysOf,
        public_id: String,
        rotation: Rotation,
    ) -> Result<Key> {
        self.change(move |writer| {
            let connection = &writer.connection;
            let old = one(connection, of, &public_id)?;
            let new = old.rotated(rotation)?;
            connection
                .prepare_cached(
                    "UPDATE keys SET expires_at = MIN(IFNULL(expires_at, ?2), ?2) WHERE id = ?1",
                )?
                .execute([old.id.0, new.old_until.0])?;
            Ok((insert(connection, &new.key)?, Change::Keys))
        })
        .await
    }

    pub(crate) async fn touch_keys(&self, used: Vec<(KeyId, UnixMs)>) -> Result<()> {
        self.write(move |writer| {
            let sql =
                "UPDATE keys SET last_used_at = MAX(IFNULL(last_used_at, ?2), ?2) WHERE id = ?1";
            let mut update = writer.connection.prepare_cached(sql)?;
            for (id, at) in used {
                update.execute([id.0, at.0])?;
            }
            Ok(())
        })
        .await
    }
}

/// The condition on ?1 and ?2 that keys are of an owner, and what to put there.
fn owned(of: KeysOf) -> (&'static str, Option<i64>, Option<i64>) {
    let ids = |scope: Scope| {
        let account = scope.account_id.map(|account| account.0);
        (Some(scope.project_id.0), account)
    };
    let api = "k.project_id IS ?1 AND k.account_id IS ?2 AND k.kind <> 2 AND k.kind <> 4";
    let portal = "k.project_id IS ?1 AND k.account_id IS ?2 AND k.kind = 2";
    let session = "k.kind = 4 AND k.project_id = ?1 AND (?2 IS NULL OR k.account_id = ?2)";
    let ((project, account), sql) = match of {
        KeysOf::Root => ((None, None), api),
        KeysOf::Owner(scope) => (ids(scope), api),
        KeysOf::Portal(scope) => (ids(scope), portal),
        KeysOf::Sessions => ((None, None), "k.kind = 4"),
        KeysOf::SessionsOf(scope) => (ids(scope), session),
    };
    (sql, project, account)
}

fn one(connection: &Connection, of: KeysOf, public_id: &str) -> Result<Key> {
    let (owned, project, account) = owned(of);
    let sql = format!("{SELECT} WHERE {owned} AND k.public_id = ?3");
    Ok(connection
        .prepare_cached(&sql)?
        .query_row(params![project, account, public_id], key)?)
}

fn has_other_root_key(connection: &Connection, id: KeyId) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM keys WHERE project_id IS NULL AND id <> ?1
                                     AND revoked_at IS NULL AND expires_at IS NULL)";
    Ok(connection.query_row(sql, [id.0], |row| row.get(0))?)
}

/// A key made while its owner is being deleted must not outlive it.
pub(super) fn owner_is_there(connection: &Connection, owner: KeyOwner) -> Result<()> {
    match owner {
        KeyOwner::Root => Ok(()),
        KeyOwner::Project(project) => projects::by_id(connection, project).map(|_| ()),
        KeyOwner::Account(project, account) => {
            accounts::by_id(connection, project, account).map(|_| ())
        }
    }
}

pub(super) fn insert(connection: &Connection, new: &NewKey) -> Result<Key> {
    let (project, account) = match new.owner {
        KeyOwner::Root => (None, None),
        KeyOwner::Project(project) => (Some(project.0), None),
        KeyOwner::Account(project, account) => (Some(project.0), Some(account.0)),
    };
    let inserted = connection.execute(
        "INSERT INTO keys (public_id, project_id, account_id, name, hash, hint, scopes, created_at, expires_at,
                           kind, rate_limit)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
        params![
            new.public_id,
            project,
            account,
            new.name,
            new.hash,
            new.hint,
            new.scopes,
            new.now.0,
            new.expires_at.map(|at| at.0),
            new.used_for as u8,
            new.rate_limit,
        ],
    )?;
    if inserted == 0 {
        return Err(StoreError::Exists(new.public_id.clone()));
    }
    let sql = format!("{SELECT} WHERE k.id = ?1");
    Ok(connection.query_row(&sql, [connection.last_insert_rowid()], key)?)
}

pub(super) fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    let project: Option<i64> = row.get(2)?;
    let account: Option<i64> = row.get(3)?;
    let owner = match (project, account) {
        (Some(project), Some(account)) => KeyOwner::Account(ProjectId(project), AccountId(account)),
        (Some(project), None) => KeyOwner::Project(ProjectId(project)),
        (None, _) => KeyOwner::Root,
    };
    let facts: Option<String> = row.get(16)?;
    Ok(Key {
        id: KeyId(row.get(0)?),
        public_id: row.get(1)?,
        owner,
        name: row.get(4)?,
        hint: row.get(5)?,
        scopes: row.get(6)?,
        created_at: UnixMs(row.get(7)?),
        expires_at: row.get::<_, Option<i64>>(8)?.map(UnixMs),
        revoked_at: row.get::<_, Option<i64>>(9)?.map(UnixMs),
        used_for: KeyUse::from_code(row.get(10)?),
        rate_limit: row.get(11)?,
        last_used_at: row.get::<_, Option<i64>>(12)?.map(UnixMs),
        parent: parent(row)?,
        portal: portal(facts.as_deref()),
        sign_on_rule: sign_on_rule(facts.as_deref()),
    })
}

fn parent(row: &Row<'_>) -> rusqlite::Result<Option<ParentKey>> {
    let id: Option<i64> = row.get(13)?;
    let found = |id| {
        Ok(ParentKey {
            id: KeyId(id),
            public_id: row.get(14)?,
            hint: row.get(15)?,
        })
    };
    id.map(found).transpose()
}
