//! What came of validation handshakes.

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use super::change_log::Kind;
use super::endpoints::{COLUMNS, endpoint, moved, tell};
use super::within::row_of;
use super::{PostgresStore, Result};
use crate::endpoint_row::settings_text;
use crate::error::StoreError;
use crate::model::{Endpoint, ValidationOutcome};

impl PostgresStore {
    pub(crate) async fn settle_validation(
        &self,
        id: EndpointId,
        outcome: ValidationOutcome,
        now: UnixMs,
    ) -> Result<Option<Endpoint>> {
        let vault = &self.shared.vault;
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let sql = format!("SELECT {COLUMNS} FROM endpoints WHERE id = $1 AND deleted_at IS NULL");
        let Some(found) = row_of(&change, &sql, &[&id.0]).await? else {
            return Ok(None);
        };
        let old = endpoint(&found, vault)?;
        let Some(update) = old.after_validation(outcome) else {
            return Ok(None);
        };
        let settings = update.settings.as_ref().map(settings_text).transpose()?;
        let (status, reason) = update.status.unzip();
        let sql = format!(
            "UPDATE endpoints SET settings = COALESCE($2, settings), status = COALESCE($3, status),
                    status_reason = CASE WHEN $3 IS NULL THEN status_reason ELSE $4 END,
                    status_since = CASE WHEN $3 <> status THEN $5 ELSE COALESCE(status_since, updated_at) END,
                    updated_at = $5
             WHERE id = $1 RETURNING {COLUMNS}"
        );
        let status = status.map(|status| status as i16);
        let reason = reason.flatten();
        let changed = row_of(&change, &sql, &[&id.0, &settings, &status, &reason, &now.0]).await?;
        let endpoint = endpoint(&changed.ok_or(StoreError::NotFound)?, vault)?;
        tell(&change, &old, &endpoint, now).await?;
        self.commit(change, &[moved(Kind::Endpoint, &endpoint)])
            .await?;
        Ok(Some(endpoint))
    }
}
