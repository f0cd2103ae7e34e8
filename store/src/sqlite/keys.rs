//! API keys: stored as a hash, revoked and never forgotten.

use hookwright_core::ids::{AccountId, KeyId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, SqliteStore, accounts, listed, projects};
use crate::change::Change;
use crate::error::StoreError;
use crate::model::{Key, KeyOwner, Listed, NewKey, Page, Scope};

const COLUMNS: &str =
    "id, public_id, project_id, account_id, name, hint, scopes, created_at, expires_at, revoked_at";

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
                     WHERE project_id IS NULL AND revoked_at IS NULL AND hash <> ?1",
                    params![new.hash, new.now.0],
                )?;
            }
            let known = writer.connection.execute(
                "UPDATE keys SET revoked_at = NULL WHERE hash = ?1 AND project_id IS NULL",
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
            let sql = "SELECT EXISTS (SELECT 1 FROM keys WHERE project_id IS NULL AND revoked_at IS NULL)";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        })
        .await
    }

    pub(crate) async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<Key>> {
        self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM keys WHERE hash = ?1");
            Ok(connection
                .prepare_cached(&sql)?
                .query_row([hash], key)
                .optional()?)
        })
        .await
    }

    pub(crate) async fn keys(&self, scope: Scope, page: Page) -> Result<Listed<Key>> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM keys
                 WHERE project_id = ?1 AND account_id IS ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4"
            );
            let mut select = connection.prepare_cached(&sql)?;
            let from = page.before.unwrap_or(i64::MAX);
            let account = scope.account_id.map(|account| account.0);
            let rows = select.query_map(
                params![scope.project_id.0, account, from, page.limit as i64],
                key,
            )?;
            listed(rows, page, |key| key.id.0)
        })
        .await
    }

    pub(crate) async fn revoke_key(
        &self,
        scope: Scope,
        public_id: String,
        now: UnixMs,
    ) -> Result<KeyId> {
        self.change(move |writer| {
            let id = writer.connection.query_row(
                "UPDATE keys SET revoked_at = IFNULL(revoked_at, ?4)
                 WHERE public_id = ?1 AND project_id = ?2 AND account_id IS ?3 RETURNING id",
                params![
                    public_id,
                    scope.project_id.0,
                    scope.account_id.map(|account| account.0),
                    now.0
                ],
                |row| row.get(0),
            )?;
            Ok((KeyId(id), Change::Keys))
        })
        .await
    }
}

/// A key made while its owner is being deleted must not outlive it.
fn owner_is_there(connection: &Connection, owner: KeyOwner) -> Result<()> {
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
        "INSERT INTO keys (public_id, project_id, account_id, name, hash, hint, scopes, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
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
        ],
    )?;
    if inserted == 0 {
        return Err(StoreError::Exists(new.public_id.clone()));
    }
    let sql = format!("SELECT {COLUMNS} FROM keys WHERE id = ?1");
    Ok(connection.query_row(&sql, [connection.last_insert_rowid()], key)?)
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    let project: Option<i64> = row.get(2)?;
    let account: Option<i64> = row.get(3)?;
    let owner = match (project, account) {
        (Some(project), Some(account)) => KeyOwner::Account(ProjectId(project), AccountId(account)),
        (Some(project), None) => KeyOwner::Project(ProjectId(project)),
        (None, _) => KeyOwner::Root,
    };
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
    })
}
