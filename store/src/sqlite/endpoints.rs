//! Endpoints: settings as one document, secrets sealed.

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use hookwright_core::limits::ENDPOINTS_PER_ACCOUNT_MAX;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, Row, params};

use super::{Result, SqliteStore, accounts, notices};
use crate::change::Change;
use crate::endpoint_row::{Kept, seal, settings_text};
use crate::error::StoreError;
use crate::model::{Endpoint, EndpointStatus, EndpointUpdate, Listed, NewEndpoint, Page, Scope};
use crate::notice;
use crate::vault::Vault;
use crate::walk::{Span, page_in_order};

const COLUMNS: &str = "id, project_id, account_id, public_id, settings, secrets, status, \
                       status_reason, created_at, updated_at, status_since";

impl SqliteStore {
    pub(crate) async fn create_endpoint(&self, new: NewEndpoint) -> Result<Endpoint> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.change(move |writer| {
            let connection = &writer.connection;
            // An endpoint made while its account is being deleted must not outlive it.
            let account = accounts::by_id(connection, new.project_id, new.account_id)?;
            within_limit(connection, new.project_id, new.account_id)?;
            let inserted = connection.execute(
                "INSERT INTO endpoints (project_id, account_id, public_id, settings, secrets, status, status_reason, created_at, updated_at, status_since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?7, ?7, ?7) ON CONFLICT DO NOTHING",
                params![
                    new.project_id.0,
                    new.account_id.0,
                    new.public_id,
                    settings_text(&new.settings)?,
                    seal(&vault, &new.public_id, &new.secrets, &new.credentials)?,
                    new.status as u8,
                    new.now.0,
                    new.status_reason,
                ],
            )?;
            if inserted == 0 {
                return Err(StoreError::Exists(new.public_id));
            }
            let id = EndpointId(connection.last_insert_rowid());
            let endpoint = by_id(connection, &vault, id)?;
            if notices::wanted(connection, new.project_id, Some(new.account_id))? {
                let notice = notice::of_created(&endpoint, &account.public_id)?;
                notices::write(connection, new.project_id, &notice, new.now)?;
            }
            Ok((endpoint.clone(), Change::Endpoint(Box::new(endpoint))))
        })
        .await
    }

    pub(crate) async fn endpoint(&self, scope: Scope, public_id: String) -> Result<Endpoint> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.read(move |connection| find(connection, &vault, scope, &public_id))
            .await
    }

    pub(crate) async fn endpoints(&self, scope: Scope, page: Page) -> Result<Listed<Endpoint>> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.read(move |connection| {
            // Two statements, each with an index that has the order: a page is not sorted.
            let owned = match scope.account_id {
                Some(_) => "project_id = ?1 AND account_id = ?2",
                None => "project_id = ?1 AND ?2 IS NULL",
            };
            let span = Span::of(&page);
            let sql = format!(
                "SELECT {COLUMNS} FROM endpoints WHERE {owned} AND deleted_at IS NULL
                     AND id > ?3 AND id < ?4 ORDER BY id {} LIMIT ?5",
                span.order()
            );
            let mut select = connection.prepare_cached(&sql)?;
            let (project, account) = ids(scope);
            let limit = page.limit as i64;
            let values = params![project, account, span.after, span.before, limit];
            let mut rows = select.query(values)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(endpoint(row, &vault)?);
            }
            Ok(page_in_order(found, &page, |endpoint| endpoint.id.0))
        })
        .await
    }

    pub(crate) async fn update_endpoint(
        &self,
        scope: Scope,
        public_id: String,
        update: EndpointUpdate,
        now: UnixMs,
    ) -> Result<Endpoint> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.change(move |writer| {
            let connection = &writer.connection;
            let old = find(connection, &vault, scope, &public_id)?;
            if !update.fits(&old) {
                return Err(StoreError::Changed);
            }
            let id = old.id;
            change(connection, &vault, (id, &public_id), &update, now)?;
            let endpoint = by_id(connection, &vault, id)?;
            tell(connection, &old, &endpoint, now)?;
            Ok((endpoint.clone(), Change::Endpoint(Box::new(endpoint))))
        })
        .await
    }

    pub(crate) async fn disable_endpoint(
        &self,
        id: EndpointId,
        reason: String,
        now: UnixMs,
    ) -> Result<bool> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.change(move |writer| {
            let connection = &writer.connection;
            let old = by_id(connection, &vault, id)?;
            let is_first = old.status == EndpointStatus::Active;
            if is_first {
                set_status(connection, id, EndpointStatus::Disabled, Some(&reason), now)?;
            }
            let endpoint = by_id(connection, &vault, id)?;
            tell(connection, &old, &endpoint, now)?;
            Ok((is_first, Change::Endpoint(Box::new(endpoint))))
        })
        .await
    }

    pub(crate) async fn delete_endpoint(
        &self,
        scope: Scope,
        public_id: String,
        now: UnixMs,
    ) -> Result<()> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.change(move |writer| {
            let endpoint = find(&writer.connection, &vault, scope, &public_id)?;
            writer.connection.execute(
                "UPDATE endpoints SET deleted_at = ?2 WHERE id = ?1",
                params![endpoint.id.0, now.0],
            )?;
            Ok((
                (),
                Change::EndpointDeleted(endpoint.account_id, endpoint.id),
            ))
        })
        .await
    }
}

/// Tells the product of a change, where it wants to be told.
pub(super) fn tell(
    connection: &Connection,
    old: &Endpoint,
    new: &Endpoint,
    now: UnixMs,
) -> Result<()> {
    if !notices::wanted(connection, new.project_id, Some(new.account_id))? {
        return Ok(());
    }
    let account = accounts::by_id(connection, new.project_id, new.account_id)?;
    for notice in notice::of_changed(old, new, &account.public_id)? {
        notices::write(connection, new.project_id, &notice, now)?;
    }
    Ok(())
}

pub(super) fn all(connection: &Connection, vault: &Vault) -> Result<Vec<Endpoint>> {
    let sql = format!("SELECT {COLUMNS} FROM endpoints WHERE deleted_at IS NULL");
    let mut select = connection.prepare(&sql)?;
    let mut rows = select.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(endpoint(row, vault)?);
    }
    Ok(found)
}

fn within_limit(connection: &Connection, project: ProjectId, account: AccountId) -> Result<()> {
    let count: i64 = connection.query_row(
        "SELECT COUNT(*) FROM endpoints
         WHERE project_id = ?1 AND account_id = ?2 AND deleted_at IS NULL",
        [project.0, account.0],
        |row| row.get(0),
    )?;
    if count >= ENDPOINTS_PER_ACCOUNT_MAX as i64 {
        return Err(StoreError::LimitReached {
            what: "endpoints",
            limit: ENDPOINTS_PER_ACCOUNT_MAX,
        });
    }
    Ok(())
}

/// Writes what an update says.
pub(super) fn change(
    connection: &Connection,
    vault: &Vault,
    (id, public_id): (EndpointId, &str),
    update: &EndpointUpdate,
    now: UnixMs,
) -> Result<()> {
    let settings = update.settings.as_ref().map(settings_text).transpose()?;
    let secrets = update.secrets.as_ref();
    let secrets =
        secrets.map(|(secrets, credentials)| seal(vault, public_id, secrets, credentials));
    connection.execute(
        "UPDATE endpoints SET settings = IFNULL(?2, settings), secrets = IFNULL(?3, secrets),
                updated_at = ?4 WHERE id = ?1",
        params![id.0, settings, secrets.transpose()?, now.0],
    )?;
    if let Some((status, reason)) = &update.status {
        set_status(connection, id, *status, reason.as_deref(), now)?;
    }
    Ok(())
}

fn set_status(
    connection: &Connection,
    id: EndpointId,
    status: EndpointStatus,
    reason: Option<&str>,
    now: UnixMs,
) -> Result<()> {
    connection.execute(
        "UPDATE endpoints SET status = ?2, status_reason = ?3, updated_at = ?4,
                status_since = CASE WHEN status = ?2 THEN status_since ELSE ?4 END WHERE id = ?1",
        params![id.0, status as u8, reason, now.0],
    )?;
    Ok(())
}

fn ids(scope: Scope) -> (i64, Option<i64>) {
    (
        scope.project_id.0,
        scope.account_id.map(|account| account.0),
    )
}

pub(super) fn find(
    connection: &Connection,
    vault: &Vault,
    scope: Scope,
    public_id: &str,
) -> Result<Endpoint> {
    let sql = format!(
        "SELECT {COLUMNS} FROM endpoints
         WHERE public_id = ?1 AND project_id = ?2 AND account_id = IFNULL(?3, account_id)
               AND deleted_at IS NULL"
    );
    let (project, account) = ids(scope);
    one(
        connection,
        vault,
        &sql,
        params![public_id, project, account],
    )
}

pub(super) fn by_id(connection: &Connection, vault: &Vault, id: EndpointId) -> Result<Endpoint> {
    let sql = format!("SELECT {COLUMNS} FROM endpoints WHERE id = ?1 AND deleted_at IS NULL");
    one(connection, vault, &sql, params![id.0])
}

fn one(
    connection: &Connection,
    vault: &Vault,
    sql: &str,
    params: &[&dyn rusqlite::ToSql],
) -> Result<Endpoint> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params)?;
    let row = rows.next()?.ok_or(StoreError::NotFound)?;
    endpoint(row, vault)
}

fn endpoint(row: &Row<'_>, vault: &Vault) -> Result<Endpoint> {
    let public_id: String = row.get(3)?;
    let kept = Kept {
        settings: row.get(4)?,
        secrets: row.get(5)?,
        status: row.get(6)?,
    };
    let opened = kept.open(vault, &public_id)?;
    Ok(Endpoint {
        id: EndpointId(row.get(0)?),
        project_id: ProjectId(row.get(1)?),
        account_id: AccountId(row.get(2)?),
        public_id,
        settings: opened.settings,
        secrets: opened.secrets,
        credentials: opened.credentials,
        status: opened.status,
        status_reason: row.get(7)?,
        created_at: UnixMs(row.get(8)?),
        updated_at: UnixMs(row.get(9)?),
        status_since: UnixMs(row.get(10)?),
    })
}
