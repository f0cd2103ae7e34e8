//! Endpoints: settings as one document, secrets sealed.

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use hookwright_core::limits::ENDPOINTS_PER_ACCOUNT_MAX;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::change_log::{Kind, Moved};
use super::lent::Transaction;
use super::within::row_of;
use super::{Parameters, PostgresStore, Result, accounts, notices};
use crate::endpoint_row::{Kept, seal, settings_text};
use crate::error::StoreError;
use crate::model::{Endpoint, EndpointStatus, EndpointUpdate, Listed, NewEndpoint, Page, Scope};
use crate::notice;
use crate::vault::Vault;
use crate::walk::{Span, page_in_order};

pub(super) const COLUMNS: &str = "id, project_id, account_id, public_id, settings, secrets, status, \
                                  status_reason, created_at, updated_at, COALESCE(status_since, updated_at)";
pub(super) const IN_SCOPE: &str = "project_id = $1 AND account_id = COALESCE($2, account_id) AND public_id = $3 AND deleted_at IS NULL";

impl PostgresStore {
    pub(crate) async fn create_endpoint(&self, new: NewEndpoint) -> Result<Endpoint> {
        let vault = &self.shared.vault;
        let settings = settings_text(&new.settings)?;
        let secrets = seal(vault, &new.public_id, &new.secrets, &new.credentials)?;
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        // An endpoint made while its account is being deleted must not outlive it.
        accounts::must_be_there(&change, new.project_id, new.account_id).await?;
        within_limit(&change, new.project_id, new.account_id).await?;
        let sql = format!(
            "INSERT INTO endpoints (project_id, account_id, public_id, settings, secrets, status, status_reason, created_at, updated_at, status_since)
             VALUES ($1, $2, $3, $4, $5, $6, $8, $7, $7, $7) ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
        );
        let made = row_of(
            &change,
            &sql,
            &[
                &new.project_id.0,
                &new.account_id.0,
                &new.public_id,
                &settings,
                &secrets,
                &(new.status as i16),
                &new.now.0,
                &new.status_reason,
            ],
        )
        .await?;
        let endpoint = endpoint(&made.ok_or(StoreError::Exists(new.public_id))?, vault)?;
        if notices::wanted(&change, new.project_id, Some(new.account_id)).await? {
            let account = accounts::public_id(&change, new.project_id, new.account_id).await?;
            let notice = notice::of_created(&endpoint, &account)?;
            notices::write(&change, new.project_id, &notice, new.now).await?;
        }
        self.commit(change, &[moved(Kind::Endpoint, &endpoint)])
            .await?;
        Ok(endpoint)
    }

    pub(crate) async fn endpoint(&self, scope: Scope, public_id: String) -> Result<Endpoint> {
        let sql = format!("SELECT {COLUMNS} FROM endpoints WHERE {IN_SCOPE}");
        let (project, account) = ids(scope);
        let found = self.row(&sql, &[&project, &account, &public_id]).await?;
        endpoint(&found, &self.shared.vault)
    }

    pub(crate) async fn endpoints(&self, scope: Scope, page: Page) -> Result<Listed<Endpoint>> {
        // Two statements, each with an index that has the order: a page is not sorted.
        let owned = match scope.account_id {
            Some(_) => "project_id = $1 AND account_id = $2",
            None => "project_id = $1 AND $2::bigint IS NULL",
        };
        let span = Span::of(&page);
        let sql = format!(
            "SELECT {COLUMNS} FROM endpoints WHERE {owned} AND deleted_at IS NULL
                 AND id > $3 AND id < $4 ORDER BY id {} LIMIT $5",
            span.order()
        );
        let (project, account) = ids(scope);
        let limit = page.limit as i64;
        let parameters: Parameters<'_> = &[&project, &account, &span.after, &span.before, &limit];
        let rows = self.rows(&sql, parameters).await?;
        let vault = &self.shared.vault;
        let found: Result<Vec<_>> = rows.iter().map(|row| endpoint(row, vault)).collect();
        Ok(page_in_order(found?, &page, |endpoint| endpoint.id.0))
    }

    pub(crate) async fn update_endpoint(
        &self,
        scope: Scope,
        public_id: String,
        update: EndpointUpdate,
        now: UnixMs,
    ) -> Result<Endpoint> {
        let vault = &self.shared.vault;
        let settings = update.settings.as_ref().map(settings_text).transpose()?;
        let secrets = update.secrets.as_ref();
        let secrets = secrets
            .map(|(secrets, credentials)| seal(vault, &public_id, secrets, credentials))
            .transpose()?;
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let (project, account) = ids(scope);
        let sql = format!("SELECT {COLUMNS} FROM endpoints WHERE {IN_SCOPE}");
        let old = row_of(&change, &sql, &[&project, &account, &public_id]).await?;
        let old = self::endpoint(&old.ok_or(StoreError::NotFound)?, vault)?;
        if !update.fits(&old) {
            return Err(StoreError::Changed);
        }
        let (status, reason) = update.status.unzip();
        let sql = format!(
            "UPDATE endpoints SET settings = COALESCE($4, settings), secrets = COALESCE($5, secrets),
                    status = COALESCE($6, status),
                    status_reason = CASE WHEN $6 IS NULL THEN status_reason ELSE $7 END,
                    status_since = CASE WHEN $6 <> status THEN $8 ELSE COALESCE(status_since, updated_at) END,
                    updated_at = $8
             WHERE {IN_SCOPE} RETURNING {COLUMNS}"
        );
        let changed = row_of(
            &change,
            &sql,
            &[
                &project,
                &account,
                &public_id,
                &settings,
                &secrets,
                &status.map(|status| status as i16),
                &reason.flatten(),
                &now.0,
            ],
        )
        .await?;
        let endpoint = endpoint(&changed.ok_or(StoreError::NotFound)?, vault)?;
        tell(&change, &old, &endpoint, now).await?;
        self.commit(change, &[moved(Kind::Endpoint, &endpoint)])
            .await?;
        Ok(endpoint)
    }

    pub(crate) async fn disable_endpoint(
        &self,
        id: EndpointId,
        reason: String,
        now: UnixMs,
    ) -> Result<bool> {
        // Many attempts of many nodes may find the same at once: only the first makes a change.
        let sql = "SELECT status, (SELECT COALESCE(MAX(id), 0) FROM changes) FROM endpoints
                   WHERE id = $1 AND deleted_at IS NULL";
        let found = self.row(sql, &[&id.0]).await?;
        if found.get::<_, i16>(0) != EndpointStatus::Active as i16 {
            self.shared.log.told(found.get(1)).await;
            return Ok(false);
        }
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let sql = format!(
            "UPDATE endpoints SET status = $2, status_reason = $3, updated_at = $4, status_since = $4
                   WHERE id = $1 AND status = $5 AND deleted_at IS NULL
                   RETURNING {COLUMNS}"
        );
        let (disabled, active) = (EndpointStatus::Disabled, EndpointStatus::Active);
        let changed = row_of(
            &change,
            &sql,
            &[&id.0, &(disabled as i16), &reason, &now.0, &(active as i16)],
        )
        .await?;
        // Somebody was faster.
        let Some(changed) = changed else {
            return Ok(false);
        };
        let new = endpoint(&changed, &self.shared.vault)?;
        let old = Endpoint {
            status: active,
            status_reason: None,
            ..new.clone()
        };
        tell(&change, &old, &new, now).await?;
        let moved = moved(Kind::Endpoint, &new);
        self.commit(change, &[moved]).await?;
        Ok(true)
    }

    pub(crate) async fn delete_endpoint(
        &self,
        scope: Scope,
        public_id: String,
        now: UnixMs,
    ) -> Result<()> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let sql = format!(
            "UPDATE endpoints SET deleted_at = $4 WHERE {IN_SCOPE} RETURNING account_id, id"
        );
        let (project, account) = ids(scope);
        let deleted = row_of(&change, &sql, &[&project, &account, &public_id, &now.0]).await?;
        let deleted = deleted.ok_or(StoreError::NotFound)?;
        let moved = Moved {
            kind: Kind::EndpointDeleted,
            project_id: project,
            account_id: deleted.get(0),
            endpoint_id: deleted.get(1),
        };
        self.commit(change, &[moved]).await
    }
}

/// Tells the product of a change, where it wants to be told.
pub(super) async fn tell(
    change: &Transaction<'_>,
    old: &Endpoint,
    new: &Endpoint,
    now: UnixMs,
) -> Result<()> {
    let (project, account) = (new.project_id, new.account_id);
    if !notices::wanted(change, project, Some(account)).await? {
        return Ok(());
    }
    let account = accounts::public_id(change, project, account).await?;
    for notice in notice::of_changed(old, new, &account)? {
        notices::write(change, project, &notice, now).await?;
    }
    Ok(())
}

/// Holds under concurrency as well: changes of routing facts are made one after another.
async fn within_limit(
    change: &Transaction<'_>,
    project: ProjectId,
    account: AccountId,
) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM endpoints
               WHERE project_id = $1 AND account_id = $2 AND deleted_at IS NULL";
    let count = row_of(change, sql, &[&project.0, &account.0]).await?;
    if count.map_or(0, |row| row.get::<_, i64>(0)) >= ENDPOINTS_PER_ACCOUNT_MAX as i64 {
        return Err(StoreError::LimitReached {
            what: "endpoints",
            limit: ENDPOINTS_PER_ACCOUNT_MAX,
        });
    }
    Ok(())
}

pub(super) const fn moved(kind: Kind, endpoint: &Endpoint) -> Moved {
    Moved {
        kind,
        project_id: endpoint.project_id.0,
        account_id: endpoint.account_id.0,
        endpoint_id: endpoint.id.0,
    }
}

fn ids(scope: Scope) -> (i64, Option<i64>) {
    (
        scope.project_id.0,
        scope.account_id.map(|account| account.0),
    )
}

/// Every endpoint that is not deleted.
pub(super) fn all() -> String {
    format!("SELECT {COLUMNS} FROM endpoints WHERE deleted_at IS NULL")
}

pub(super) fn endpoint(row: &Row, vault: &Vault) -> Result<Endpoint> {
    let public_id: String = row.get(3);
    let kept = Kept {
        settings: row.get(4),
        secrets: row.get(5),
        status: u8::try_from(row.get::<_, i16>(6)).unwrap_or_default(),
    };
    let opened = kept.open(vault, &public_id)?;
    Ok(Endpoint {
        id: EndpointId(row.get(0)),
        project_id: ProjectId(row.get(1)),
        account_id: AccountId(row.get(2)),
        public_id,
        settings: opened.settings,
        secrets: opened.secrets,
        credentials: opened.credentials,
        status: opened.status,
        status_reason: row.get(7),
        created_at: UnixMs(row.get(8)),
        updated_at: UnixMs(row.get(9)),
        status_since: UnixMs(row.get(10)),
    })
}
