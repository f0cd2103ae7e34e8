//! Operational events: written in the transaction of what they tell of.

use hookwright_core::ids::{AccountId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, params};

use super::{Result, SqliteStore};
use crate::model::{NewNotice, Notice, OPERATIONAL_ACCOUNT};

impl SqliteStore {
    pub(crate) async fn notices(&self, limit: usize) -> Result<Vec<Notice>> {
        self.read(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, project_id, event_type, body, made_at FROM notices
                 WHERE id > 0 ORDER BY id LIMIT ?1",
            )?;
            let rows = select.query_map([limit as i64], |row| {
                Ok(Notice {
                    id: row.get(0)?,
                    project_id: ProjectId(row.get(1)?),
                    event_type: row.get(2)?,
                    body: row.get(3)?,
                    made_at: UnixMs(row.get(4)?),
                })
            })?;
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn delete_notices(&self, ids: Vec<i64>) -> Result<()> {
        self.write(move |writer| {
            let mut delete = writer
                .connection
                .prepare_cached("DELETE FROM notices WHERE id = ?1")?;
            for id in ids {
                delete.execute([id])?;
            }
            Ok(())
        })
        .await
    }
}

/// Whether the project has an endpoint that is told of what happens in this account. The account
/// that is told is not told of itself.
pub(super) fn wanted(
    connection: &Connection,
    project: ProjectId,
    account: Option<AccountId>,
) -> Result<bool> {
    let mut select = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM accounts a JOIN endpoints p
                            ON p.project_id = a.project_id AND p.account_id = a.id
                        WHERE a.project_id = ?1 AND a.public_id = ?2 AND a.deleted_at IS NULL
                              AND a.id IS NOT ?3 AND p.deleted_at IS NULL)",
    )?;
    let account = account.map(|account| account.0);
    Ok(
        select.query_row(params![project.0, OPERATIONAL_ACCOUNT, account], |row| {
            row.get(0)
        })?,
    )
}

/// Writes a notice into the open transaction. The caller has asked whether it is [`wanted`].
pub(super) fn write(
    connection: &Connection,
    project: ProjectId,
    notice: &NewNotice,
    now: UnixMs,
) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO notices (project_id, event_type, body, made_at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    insert.execute(params![project.0, notice.event_type, notice.body, now.0])?;
    Ok(())
}
