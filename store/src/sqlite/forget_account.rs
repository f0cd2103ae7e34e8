//! What stays of a deleted account that is purged: rows whose numbers others still name, with nothing
//! of the account in them.

use hookwright_core::ids::{AccountId, ProjectId};
use rusqlite::{Connection, params};

use super::Result;
use crate::endpoint_row::{seal, settings_text};
use crate::model::{Credentials, EndpointSettings, FORGOTTEN_ACCOUNT};
use crate::vault::Vault;

/// Empties the account's row, its endpoints' and its keys'. Answers how many of which; nothing, if it
/// was not deleted: what a living account has is in use.
pub(super) fn forget(
    connection: &Connection,
    vault: &Vault,
    (project, account): (ProjectId, AccountId),
) -> Result<Vec<(&'static str, u64)>> {
    let of = params![project.0, account.0];
    let known = connection.execute(
        "UPDATE accounts SET public_id = ?3, name = NULL
         WHERE project_id = ?1 AND id = ?2 AND deleted_at IS NOT NULL",
        params![project.0, account.0, FORGOTTEN_ACCOUNT],
    )?;
    if known == 0 {
        return Ok(Vec::new());
    }
    connection.execute(
        "DELETE FROM endpoint_health WHERE endpoint_id IN
             (SELECT id FROM endpoints WHERE project_id = ?1 AND account_id = ?2)",
        of,
    )?;
    let mut select = connection
        .prepare("SELECT public_id FROM endpoints WHERE project_id = ?1 AND account_id = ?2")?;
    let endpoints = select
        .query_map(of, |row| row.get(0))?
        .collect::<std::result::Result<Vec<String>, _>>()?;
    let settings = settings_text(&EndpointSettings::default())?;
    let mut empty = connection.prepare(
        "UPDATE endpoints SET settings = ?2, secrets = ?3, status_reason = NULL WHERE public_id = ?1",
    )?;
    for public_id in &endpoints {
        let sealed = seal(vault, public_id, &[], &Credentials::default())?;
        empty.execute(params![public_id, settings, sealed])?;
    }
    let keys = connection.execute(
        "UPDATE keys SET name = NULL, hint = '', portal = NULL WHERE project_id = ?1 AND account_id = ?2",
        of,
    )?;
    Ok(vec![
        ("endpoints", endpoints.len() as u64),
        ("keys", keys as u64),
    ])
}
