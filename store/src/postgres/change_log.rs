//! What the nodes tell one another: routing facts that moved, in the order of their commits.

use std::sync::Arc;
use std::time::Duration;

use hookwright_core::ids::{AccountId, ProjectId};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio_postgres::Row;

use super::asides::Ear;
use super::connect::Connector;
use super::follow::Follower;
use super::lent::Transaction;
use super::{Feed, PostgresStore, Result};
use crate::error::StoreError;
use crate::vault::Vault;

/// One fact that moved: which row to read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) kind: Kind,
    pub(super) project_id: i64,
    pub(super) account_id: i64,
    pub(super) endpoint_id: i64,
}

/// What kind of fact; the numbers are what the table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
pub(super) enum Kind {
    Project = 1,
    ProjectDeleted = 2,
    Account = 3,
    AccountDeleted = 4,
    Endpoint = 5,
    EndpointDeleted = 6,
    Keys = 7,
    EventTypes = 8,
}

/// This node's place in the log.
pub(super) struct ChangeLog {
    told_to: watch::Receiver<i64>,
    wake: Arc<Notify>,
}

impl Kind {
    fn from_code(code: i16) -> Option<Self> {
        [
            Self::Project,
            Self::ProjectDeleted,
            Self::Account,
            Self::AccountDeleted,
            Self::Endpoint,
            Self::EndpointDeleted,
            Self::Keys,
            Self::EventTypes,
        ]
        .into_iter()
        .find(|kind| *kind as i16 == code)
    }
}

impl Moved {
    pub(super) const fn project(kind: Kind, id: ProjectId) -> Self {
        Self {
            kind,
            project_id: id.0,
            account_id: 0,
            endpoint_id: 0,
        }
    }

    pub(super) const fn account(kind: Kind, project: ProjectId, id: AccountId) -> Self {
        Self {
            kind,
            project_id: project.0,
            account_id: id.0,
            endpoint_id: 0,
        }
    }

    pub(super) const fn keys() -> Self {
        Self {
            kind: Kind::Keys,
            project_id: 0,
            account_id: 0,
            endpoint_id: 0,
        }
    }

    /// A row of the log, if this version knows its kind.
    pub(super) fn of_row(row: &Row) -> Option<Self> {
        Some(Self {
            kind: Kind::from_code(row.get("kind"))?,
            project_id: row.get("project_id"),
            account_id: row.get("account_id"),
            endpoint_id: row.get("endpoint_id"),
        })
    }
}

/// One change at a time in the whole database.
pub(super) const LOCK: i64 = 0x686f_6f6b_6368_616e;
pub(super) const CHANNEL: &str = "hookwright_changes";
/// A change is committed even when this node cannot read it back: nobody waits longer for that.
const TELL_WITHIN: Duration = Duration::from_secs(5);

/// Waits until no other change is being made.
pub(super) async fn lock(transaction: &Transaction<'_>) -> Result<()> {
    // A node that stops in the middle must not keep the others from their changes.
    transaction
        .batch_execute(&format!(
            "SET LOCAL idle_in_transaction_session_timeout = '10s'; SELECT pg_advisory_xact_lock({LOCK})"
        ))
        .await?;
    Ok(())
}

/// Adds to the log, and wakes the nodes at the commit. Answers the last row's id.
pub(super) async fn write(transaction: &Transaction<'_>, moved: &[Moved]) -> Result<i64> {
    let kinds: Vec<i16> = moved.iter().map(|it| it.kind as i16).collect();
    let ids = |of: fn(&Moved) -> i64| moved.iter().map(of).collect::<Vec<i64>>();
    let sql = "WITH made AS (
                 INSERT INTO changes (kind, project_id, account_id, endpoint_id)
                 SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[])
                 RETURNING id)
             SELECT MAX(id), (SELECT pg_notify($5, '')) IS NULL FROM made";
    let row = transaction
        .query_opt(
            sql,
            &[
                &kinds,
                &ids(|it| it.project_id),
                &ids(|it| it.account_id),
                &ids(|it| it.endpoint_id),
                &CHANNEL,
            ],
        )
        .await?;
    Ok(row.ok_or(StoreError::NotFound)?.get(0))
}

impl ChangeLog {
    /// Follows the log from its present end, telling `feed`, until the store's thread ends.
    pub(super) async fn follow(
        runtime: &Handle,
        connector: &Connector,
        feed: &Feed,
        ear: &Ear,
        vault: &Arc<Vault>,
    ) -> Result<Self> {
        let wake = Arc::new(Notify::new());
        let follower = Follower {
            connector: connector.clone(),
            runtime: runtime.clone(),
            feed: Arc::clone(feed),
            vault: Arc::clone(vault),
            wake: Arc::clone(&wake),
            ear: Arc::clone(ear),
        };
        let told_to = follower.start().await?;
        Ok(Self { told_to, wake })
    }

    /// Returns once this node's feed was told of the log's row `id`, or after a while.
    pub(super) async fn told(&self, id: i64) {
        self.wake.notify_one();
        let mut told_to = self.told_to.clone();
        let told = told_to.wait_for(|to| *to >= id);
        if tokio::time::timeout(TELL_WITHIN, told).await.is_err() {
            tracing::warn!("a change was committed and not read back yet");
        }
    }
}

impl PostgresStore {
    /// Removes what the log has held for longer than a day, but for the newest of it: the mark of
    /// every node that was awake within the day. One that was not is told everything anew.
    pub(super) async fn trim_changes(&self) -> Result<()> {
        let sql = "DELETE FROM changes WHERE id < (
                       SELECT MAX(id) FROM changes WHERE made_at < now() - interval '1 day')";
        super::rows_once(&self.shared.pool, sql, &[]).await?;
        Ok(())
    }
}
