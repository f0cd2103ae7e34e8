//! What stays of a deleted account that is purged: rows whose numbers others still name, with nothing
//! of the account in them.

use hookwright_core::ids::{AccountId, ProjectId};

use super::Result;
use super::lent::Transaction;
use crate::endpoint_row::{seal, settings_text};
use crate::model::{Credentials, EndpointSettings, FORGOTTEN_ACCOUNT};
use crate::vault::Vault;

/// Empties the account's row, its endpoints' and its keys'. Answers how many of which; nothing, if it
/// was not deleted: what a living account has is in use.
pub(super) async fn forget(
    transaction: &Transaction<'_>,
    vault: &Vault,
    (project, account): (ProjectId, AccountId),
) -> Result<Vec<(&'static str, u64)>> {
    let sql = "UPDATE accounts SET public_id = $3, name = NULL
               WHERE project_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
    let known = transaction
        .execute(sql, &[&project.0, &account.0, &FORGOTTEN_ACCOUNT])
        .await?;
    if known == 0 {
        return Ok(Vec::new());
    }
    let sql = "DELETE FROM endpoint_health WHERE project_id = $1 AND endpoint_id IN
                   (SELECT id FROM endpoints WHERE project_id = $1 AND account_id = $2)";
    transaction.execute(sql, &[&project.0, &account.0]).await?;
    let sql = "SELECT public_id FROM endpoints WHERE project_id = $1 AND account_id = $2";
    let rows = transaction.query(sql, &[&project.0, &account.0]).await?;
    let endpoints: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let sealed = |public_id: &String| seal(vault, public_id, &[], &Credentials::default());
    let secrets = endpoints.iter().map(sealed).collect::<Result<Vec<_>>>()?;
    let settings = settings_text(&EndpointSettings::default())?;
    let sql =
        "UPDATE endpoints p SET settings = $4, secrets = emptied.secrets, status_reason = NULL
               FROM unnest($2::text[], $3::bytea[]) AS emptied (public_id, secrets)
               WHERE p.project_id = $1 AND p.public_id = emptied.public_id";
    let count = endpoints.len() as u64;
    transaction
        .execute(sql, &[&project.0, &endpoints, &secrets, &settings])
        .await?;
    let sql = "UPDATE keys SET name = NULL, hint = '', portal = NULL WHERE project_id = $1 AND account_id = $2";
    let keys = transaction.execute(sql, &[&project.0, &account.0]).await?;
    Ok(vec![("endpoints", count), ("keys", keys)])
}
