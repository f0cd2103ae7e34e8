//! Operational events: written in the transaction of what they tell of.

use hookwright_core::ids::{AccountId, ProjectId};
use hookwright_core::time::UnixMs;

use super::lent::Transaction;
use super::{PostgresStore, Result};
use crate::model::{NewNotice, Notice, OPERATIONAL_ACCOUNT, Settlement};

/// Before the settlements themselves, in the same transaction: what will be accepted is what can be
/// now, and its row is locked. A live row with an end was given up before, and taken up again.
pub(super) const OF_SETTLEMENTS: &str = "
    INSERT INTO notices (project_id, event_type, body, made_at)
    SELECT u.project_id, u.event_type, u.body, u.at
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::boolean[],
                $6::text[], $7::text[], $8::bigint[])
         AS u (project_id, id, lease, manual, if_given_up, event_type, body, at)
    JOIN deliveries d ON d.project_id = u.project_id AND d.id = u.id
    WHERE CASE WHEN u.manual
          THEN (d.state = 11 OR d.state <= 9 AND d.finished_at IS NOT NULL)
               AND EXISTS (SELECT FROM resends r WHERE r.project_id = u.project_id
                                              AND r.delivery_id = u.id AND r.lease = u.lease)
          ELSE d.lease = u.lease AND d.state <= 9
               AND (NOT u.if_given_up OR d.finished_at IS NOT NULL) END
    FOR UPDATE OF d";

/// The columns of [`OF_SETTLEMENTS`].
#[derive(Default)]
pub(super) struct Told {
    pub(super) project_id: Vec<i64>,
    pub(super) id: Vec<i64>,
    pub(super) lease: Vec<i64>,
    pub(super) manual: Vec<bool>,
    pub(super) if_given_up: Vec<bool>,
    pub(super) event_type: Vec<String>,
    pub(super) body: Vec<String>,
    pub(super) at: Vec<i64>,
}

impl Told {
    /// What these settlements tell; nearly always nothing.
    pub(super) fn of<'a>(settlements: impl Iterator<Item = &'a Settlement>) -> Self {
        let mut told = Self::default();
        for settlement in settlements {
            let Some(it) = &settlement.notice else {
                continue;
            };
            told.project_id.push(settlement.project_id.0);
            told.id.push(settlement.id.0);
            told.lease.push(settlement.lease.0);
            told.manual.push(settlement.manual);
            told.if_given_up.push(it.if_given_up_before);
            told.event_type.push(it.notice.event_type.to_owned());
            told.body.push(it.notice.body.clone());
            told.at.push(settlement.at.0);
        }
        told
    }
}

impl PostgresStore {
    pub(crate) async fn notices(&self, limit: usize) -> Result<Vec<Notice>> {
        let sql =
            "SELECT id, project_id, event_type, body, made_at FROM notices ORDER BY id LIMIT $1";
        let rows = self.rows(sql, &[&(limit as i64)]).await?;
        let notices = rows.iter().map(|row| Notice {
            id: row.get(0),
            project_id: ProjectId(row.get(1)),
            event_type: row.get(2),
            body: row.get(3),
            made_at: UnixMs(row.get(4)),
        });
        Ok(notices.collect())
    }

    pub(crate) async fn delete_notices(&self, ids: Vec<i64>) -> Result<()> {
        let client = self.client().await?;
        let sql = "DELETE FROM notices WHERE id = ANY($1)";
        client.execute(sql, &[&ids]).await?;
        Ok(())
    }
}

/// Whether the project has an endpoint that is told of what happens in this account. The account
/// that is told is not told of itself.
pub(super) async fn wanted(
    transaction: &Transaction<'_>,
    project: ProjectId,
    account: Option<AccountId>,
) -> Result<bool> {
    let sql = "SELECT FROM accounts a JOIN endpoints p
                   ON p.project_id = a.project_id AND p.account_id = a.id
               WHERE a.project_id = $1 AND a.public_id = $2 AND a.deleted_at IS NULL
                     AND a.id IS DISTINCT FROM $3 AND p.deleted_at IS NULL LIMIT 1";
    let account = account.map(|account| account.0);
    let found = transaction
        .query_opt(sql, &[&project.0, &OPERATIONAL_ACCOUNT, &account])
        .await?;
    Ok(found.is_some())
}

/// Writes a notice into the open transaction. The caller has asked whether it is [`wanted`].
pub(super) async fn write(
    transaction: &Transaction<'_>,
    project: ProjectId,
    notice: &NewNotice,
    now: UnixMs,
) -> Result<()> {
    let sql = "INSERT INTO notices (project_id, event_type, body, made_at) VALUES ($1, $2, $3, $4)";
    transaction
        .execute(sql, &[&project.0, &notice.event_type, &notice.body, &now.0])
        .await?;
    Ok(())
}
