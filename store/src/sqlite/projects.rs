//! Projects: made with a default account and a first key, deleted with all that is theirs.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, Row, params};

use super::{Result, SqliteStore, accounts, keys, listed};
use crate::change::Change;
use crate::error::StoreError;
use crate::model::{
    Account, DEFAULT_ACCOUNT, Endpoint, KeyOwner, Listed, NewKey, NewProject, Page, Project,
    ProjectUpdate,
};
use crate::project_row::{settings, settings_text};
use crate::walk::Span;

const COLUMNS: &str = "id, public_id, name, profile, livemode, created_at, settings";

impl SqliteStore {
    pub(crate) async fn create_project(&self, new: NewProject) -> Result<Project> {
        self.changes(move |writer| {
                let connection = &writer.connection;
                let inserted = connection.execute(
                    "INSERT INTO projects (public_id, name, profile, livemode, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO NOTHING",
                    params![new.public_id, new.name, new.profile, new.livemode, new.now.0],
                )?;
                if inserted == 0 {
                    return Err(StoreError::Exists(new.public_id));
                }
                let project = by_id(connection, ProjectId(connection.last_insert_rowid()))?;
                let account = accounts::insert(connection, project.id, DEFAULT_ACCOUNT, None, new.now)?;
                keys::insert(connection, &NewKey { owner: KeyOwner::Project(project.id), ..new.key })?;
                let changes = vec![Change::Project(Box::new(project.clone())), Change::Account(account)];
                Ok((project, changes))
            })
            .await
    }

    pub(crate) async fn projects(&self, page: Page) -> Result<Listed<Project>> {
        self.read(move |connection| {
            let span = Span::of(&page);
            let sql = format!(
                "SELECT {COLUMNS} FROM projects
                 WHERE deleted_at IS NULL AND id > ?1 AND id < ?2 ORDER BY id {} LIMIT ?3",
                span.order()
            );
            let mut select = connection.prepare_cached(&sql)?;
            let values = params![span.after, span.before, page.limit as i64];
            let rows = select.query_map(values, project)?;
            listed(rows, page, |project| project.id.0)
        })
        .await
    }

    pub(crate) async fn update_project(
        &self,
        id: ProjectId,
        update: ProjectUpdate,
    ) -> Result<Project> {
        let settings = update.settings.as_ref().map(settings_text).transpose()?;
        self.change(move |writer| {
            writer.connection.execute(
                "UPDATE projects SET name = IFNULL(?2, name), livemode = IFNULL(?3, livemode),
                        settings = IFNULL(?4, settings)
                 WHERE id = ?1 AND deleted_at IS NULL",
                params![id.0, update.name, update.livemode, settings],
            )?;
            let project = by_id(&writer.connection, id)?;
            Ok((project.clone(), Change::Project(Box::new(project))))
        })
        .await
    }

    pub(crate) async fn delete_project(&self, id: ProjectId, now: UnixMs) -> Result<()> {
        self.change(move |writer| {
            by_id(&writer.connection, id)?;
            for sql in [
                "UPDATE projects SET deleted_at = ?2 WHERE id = ?1",
                "UPDATE accounts SET deleted_at = ?2 WHERE project_id = ?1 AND deleted_at IS NULL",
                "UPDATE endpoints SET deleted_at = ?2 WHERE project_id = ?1 AND deleted_at IS NULL",
                "UPDATE keys SET revoked_at = ?2 WHERE project_id = ?1 AND revoked_at IS NULL",
            ] {
                writer.connection.execute(sql, params![id.0, now.0])?;
            }
            let described = "DELETE FROM catalogue WHERE project_id = ?1";
            writer.connection.execute(described, [id.0])?;
            Ok(((), Change::ProjectDeleted(id)))
        })
        .await
    }

    pub(crate) async fn routing(&self) -> Result<(Vec<Project>, Vec<Account>, Vec<Endpoint>)> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.read(move |connection| {
            let mut select = connection.prepare(&format!(
                "SELECT {COLUMNS} FROM projects WHERE deleted_at IS NULL"
            ))?;
            let projects = select
                .query_map([], project)?
                .collect::<std::result::Result<_, _>>()?;
            let accounts = accounts::all(connection)?;
            let endpoints = super::endpoints::all(connection, &vault)?;
            Ok((projects, accounts, endpoints))
        })
        .await
    }
}

/// The project, unless it was deleted.
pub(super) fn by_id(connection: &Connection, id: ProjectId) -> Result<Project> {
    let sql = format!("SELECT {COLUMNS} FROM projects WHERE id = ?1 AND deleted_at IS NULL");
    Ok(connection
        .prepare_cached(&sql)?
        .query_row([id.0], project)?)
}

fn project(row: &Row<'_>) -> rusqlite::Result<Project> {
    Ok(Project {
        id: ProjectId(row.get(0)?),
        public_id: row.get(1)?,
        name: row.get(2)?,
        profile: row.get(3)?,
        livemode: row.get(4)?,
        created_at: UnixMs(row.get(5)?),
        settings: settings(&row.get::<_, String>(6)?),
    })
}
