//! What the nodes tell one another: routing facts that moved, in the order of their commits.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Pool, Transaction};
use hookwright_core::ids::{AccountId, ProjectId};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::connect::Connector;
use super::{Feed, Result};
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
}

/// This node's place in the log.
pub(super) struct ChangeLog {
    told_to: watch::Receiver<i64>,
    wake: Arc<Notify>,
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
}

/// One change at a time in the whole database.
const LOCK: i64 = 0x686f_6f6b_6368_616e;
const CHANNEL: &str = "hookwright_changes";
/// Beneath the notifications, which a pooler between swallows: how often the log is read anyway.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// A change is committed even when this node cannot read it back: nobody waits longer for that.
const TELL_WITHIN: Duration = Duration::from_secs(5);
const READ_AT_ONCE: i64 = 1_000;

/// Waits until no other change is being made.
pub(super) async fn lock(transaction: &Transaction<'_>) -> Result<()> {
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    Ok(())
}

/// Adds to the log, and wakes the nodes at the commit. Answers the last row's id.
pub(super) async fn write(transaction: &Transaction<'_>, moved: &[Moved]) -> Result<i64> {
    let mut last = 0;
    for it in moved {
        last = transaction
            .query_one(
                "INSERT INTO changes (kind, project_id, account_id, endpoint_id)
                 VALUES ($1, $2, $3, $4) RETURNING id",
                &[
                    &(it.kind as i16),
                    &it.project_id,
                    &it.account_id,
                    &it.endpoint_id,
                ],
            )
            .await?
            .get(0);
    }
    transaction
        .batch_execute(&format!("NOTIFY {CHANNEL}"))
        .await?;
    Ok(last)
}

impl ChangeLog {
    /// Follows the log from its present end, telling `feed`, until the store's thread ends.
    pub(super) async fn follow(
        runtime: &Handle,
        connector: &Connector,
        pool: &Pool,
        feed: &Feed,
        vault: &Arc<Vault>,
    ) -> Result<Self> {
        let rows = super::rows_once(pool, "SELECT COALESCE(MAX(id), 0) FROM changes", &[]).await?;
        let end: i64 = rows.first().map_or(0, |row| row.get(0));
        let (told, told_to) = watch::channel(end);
        let wake = Arc::new(Notify::new());
        let _ = (
            connector,
            feed,
            vault,
            runtime,
            told,
            POLL_EVERY,
            READ_AT_ONCE,
        );
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
