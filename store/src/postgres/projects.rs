//! Projects: made with a default account and a first key, deleted with all that is theirs.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::change_log::{Kind, Moved};
use super::lent::Transaction;
use super::within::{execute, row_of};
use super::{PostgresStore, Result, accounts, endpoints, keys};
use crate::error::StoreError;
use crate::model::{
    Account, DEFAULT_ACCOUNT, Endpoint, KeyOwner, Listed, NewKey, NewProject, Page, Project,
    ProjectUpdate,
};
use crate::project_row::{settings, settings_text};
use crate::walk::{Span, page_in_order};

pub(super) const COLUMNS: &str = "id, public_id, name, profile, livemode, created_at, settings";

impl PostgresStore {
    pub(crate) async fn create_project(&self, new: NewProject) -> Result<Project> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let sql = format!(
            "INSERT INTO projects (public_id, name, profile, livemode, created_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
        );
        let made = row_of(
            &change,
            &sql,
            &[
                &new.public_id,
                &new.name,
                &new.profile,
                &new.livemode,
                &new.now.0,
            ],
        )
        .await?;
        let project = project(&made.ok_or(StoreError::Exists(new.public_id))?);
        let account = accounts::insert(&change, project.id, DEFAULT_ACCOUNT, None, new.now).await?;
        let owner = KeyOwner::Project(project.id);
        keys::insert(&change, &NewKey { owner, ..new.key }).await?;
        let moved = [
            Moved::project(Kind::Project, project.id),
            Moved::account(Kind::Account, project.id, account.id),
        ];
        self.commit(change, &moved).await?;
        Ok(project)
    }

    pub(crate) async fn projects(&self, page: Page) -> Result<Listed<Project>> {
        let span = Span::of(&page);
        let sql = format!(
            "SELECT {COLUMNS} FROM projects
             WHERE deleted_at IS NULL AND id > $1 AND id < $2 ORDER BY id {} LIMIT $3",
            span.order()
        );
        let limit = page.limit as i64;
        let rows = self
            .rows(&sql, &[&span.after, &span.before, &limit])
            .await?;
        let found = rows.iter().map(project).collect();
        Ok(page_in_order(found, &page, |project| project.id.0))
    }

    pub(crate) async fn update_project(
        &self,
        id: ProjectId,
        update: ProjectUpdate,
    ) -> Result<Project> {
        let settings = update.settings.as_ref().map(settings_text).transpose()?;
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let sql = format!(
            "UPDATE projects SET name = COALESCE($2, name), livemode = COALESCE($3, livemode),
                    settings = COALESCE($4, settings)
             WHERE id = $1 AND deleted_at IS NULL RETURNING {COLUMNS}"
        );
        let changed = row_of(
            &change,
            &sql,
            &[&id.0, &update.name, &update.livemode, &settings],
        )
        .await?;
        let project = project(&changed.ok_or(StoreError::NotFound)?);
        self.commit(change, &[Moved::project(Kind::Project, id)])
            .await?;
        Ok(project)
    }

    pub(crate) async fn delete_project(&self, id: ProjectId, now: UnixMs) -> Result<()> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        must_be_there(&change, id).await?;
        for sql in [
            "UPDATE projects SET deleted_at = $2 WHERE id = $1",
            "UPDATE accounts SET deleted_at = $2 WHERE project_id = $1 AND deleted_at IS NULL",
            "UPDATE endpoints SET deleted_at = $2 WHERE project_id = $1 AND deleted_at IS NULL",
            "UPDATE keys SET revoked_at = $2 WHERE project_id = $1 AND revoked_at IS NULL",
        ] {
            execute(&change, sql, &[&id.0, &now.0]).await?;
        }
        let described = "DELETE FROM catalogue WHERE project_id = $1";
        execute(&change, described, &[&id.0]).await?;
        self.commit(change, &[Moved::project(Kind::ProjectDeleted, id)])
            .await
    }

    pub(crate) async fn routing(&self) -> Result<(Vec<Project>, Vec<Account>, Vec<Endpoint>)> {
        let projects = self.rows(&all(), &[]).await?;
        let accounts = self.rows(&accounts::all(), &[]).await?;
        let endpoints = self.rows(&endpoints::all(), &[]).await?;
        let vault = &self.shared.vault;
        Ok((
            projects.iter().map(project).collect(),
            accounts.iter().map(accounts::account).collect(),
            endpoints
                .iter()
                .map(|row| endpoints::endpoint(row, vault))
                .collect::<Result<_>>()?,
        ))
    }
}

/// Every project that is not deleted.
pub(super) fn all() -> String {
    format!("SELECT {COLUMNS} FROM projects WHERE deleted_at IS NULL")
}

/// [`StoreError::NotFound`] when there is none, or it was deleted.
pub(super) async fn must_be_there(change: &Transaction<'_>, id: ProjectId) -> Result<()> {
    let sql = "SELECT FROM projects WHERE id = $1 AND deleted_at IS NULL";
    let found = row_of(change, sql, &[&id.0]).await?;
    found.map(|_| ()).ok_or(StoreError::NotFound)
}

pub(super) fn project(row: &Row) -> Project {
    Project {
        id: ProjectId(row.get(0)),
        public_id: row.get(1),
        name: row.get(2),
        profile: row.get(3),
        livemode: row.get(4),
        created_at: UnixMs(row.get(5)),
        settings: settings(row.get(6)),
    }
}
