//! How a node keeps up with what the others changed: it reads the log on from its mark, reads each
//! thing that moved again, and tells the feed.
//!
//! **Invariant:** the mark is a row of the log that was told, and it is still there as it was.
//! Otherwise this node slept for longer than the log is kept, or the database lost its last commits
//! in a failover; then the log does not say what happened, and everything is told anew.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::asides::{Ear, WANTED_CHANNEL};
use super::change_log::{CHANNEL, Kind, LOCK, Moved};
use super::connect::Connector;
use super::known::Known;
use super::reread::{changes, everything};
use super::statement::Prepare;
use super::{Feed, Result, listen};
use crate::change::Change;
use crate::vault::Vault;

/// Beneath the notifications, which a pooler between swallows: how often the log is read anyway.
const POLL_EVERY: Duration = Duration::from_millis(500);
const READ_AT_ONCE: i64 = 1_000;

/// What following needs of the store.
pub(super) struct Follower {
    pub(super) connector: Connector,
    pub(super) runtime: Handle,
    pub(super) feed: Feed,
    pub(super) vault: Arc<Vault>,
    /// Set off when there may be something to read.
    pub(super) wake: Arc<Notify>,
    /// Told what other nodes want to hear of: this connection listens anyway.
    pub(super) ear: Ear,
}

/// Where in the log somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    id: i64,
    made_at: SystemTime,
}

impl Mark {
    fn of(row: &Row) -> Self {
        Self {
            id: row.get("id"),
            made_at: row.get("made_at"),
        }
    }
}

/// A follower with its place in the log.
struct Following {
    with: Follower,
    client: Client,
    known: Known,
    mark: Mark,
    told: watch::Sender<i64>,
}

impl Follower {
    /// Begins at the present end of the log, and goes on until the store's thread ends. Answers the
    /// last row told.
    pub(super) async fn start(self) -> Result<watch::Receiver<i64>> {
        if self.connector.prepare() == Prepare::Off {
            tracing::info!(
                "statements are not prepared, as behind a pooler: what other nodes change is looked for every {} ms",
                POLL_EVERY.as_millis()
            );
        }
        let client = self.connect().await?;
        let mark = end(&client).await?;
        let (told, told_to) = watch::channel(mark.id);
        let following = Following {
            known: known(&client).await?,
            client,
            mark,
            told,
            with: self,
        };
        let runtime = following.with.runtime.clone();
        runtime.spawn(following.run());
        Ok(told_to)
    }

    async fn connect(&self) -> Result<Client> {
        let (wake, ear) = (Arc::clone(&self.wake), Arc::clone(&self.ear));
        let heard: listen::Heard = Arc::new(move |channel, text| match ear.get() {
            Some(ear) if channel == WANTED_CHANNEL => ear(text),
            _ => wake.notify_one(),
        });
        let channels = [CHANNEL, WANTED_CHANNEL];
        listen::connect(&self.connector, &self.runtime, &channels, &heard).await
    }
}

impl Following {
    async fn run(mut self) {
        let mut failing = false;
        loop {
            // Whichever comes first.
            let _ = tokio::time::timeout(POLL_EVERY, self.with.wake.notified()).await;
            let read = self.read_on().await;
            if let (Err(error), false) = (&read, failing) {
                tracing::warn!(%error, "changes of other nodes cannot be read");
            }
            failing = read.is_err();
        }
    }

    /// Tells what was added to the log since.
    async fn read_on(&mut self) -> Result<()> {
        if self.client.is_closed() {
            self.client = self.with.connect().await?;
        }
        loop {
            let rows = self
                .client
                .query_typed(
                    "SELECT kind, project_id, account_id, endpoint_id, id, made_at FROM changes
                     WHERE id >= $1 ORDER BY id LIMIT $2",
                    &[
                        (&self.mark.id, Type::INT8),
                        (&(READ_AT_ONCE + 1), Type::INT8),
                    ],
                )
                .await?;
            let added = match rows.split_first() {
                Some((first, added)) if Mark::of(first) == self.mark => added,
                _ => return self.begin_anew().await,
            };
            let Some(last) = added.last() else {
                return Ok(());
            };
            // A kind that is not known is of a newer version: nothing here depends on it.
            let moved = added.iter().filter_map(Moved::of_row).collect();
            for change in changes(&self.client, &self.with.vault, moved).await? {
                self.tell(&change);
            }
            self.move_to(Mark::of(last));
            if added.len() < READ_AT_ONCE as usize {
                return Ok(());
            }
        }
    }

    /// Tells everything that there is, and what of the known is not there any more.
    async fn begin_anew(&mut self) -> Result<()> {
        tracing::warn!("the log of changes has a gap: all routing facts are read anew");
        let mark = end(&self.client).await?;
        let everything = everything(&self.client, &self.with.vault).await?;
        for change in self.known.until(everything) {
            self.tell(&change);
        }
        self.move_to(mark);
        Ok(())
    }

    fn tell(&mut self, change: &Change) {
        self.known.follow(change);
        if let Some(feed) = self.with.feed.get() {
            feed(change);
        }
    }

    fn move_to(&mut self, mark: Mark) {
        self.mark = mark;
        self.told.send_replace(mark.id);
    }
}

/// The newest row of the log; an empty one gets a row that says nothing new.
async fn end(client: &Client) -> Result<Mark> {
    let newest = "SELECT id, made_at FROM changes ORDER BY id DESC LIMIT 1";
    if let Some(row) = client.query_typed_opt(newest, &[]).await? {
        return Ok(Mark::of(&row));
    }
    let kind = Kind::Keys as i16;
    let first = format!(
        "SELECT pg_advisory_xact_lock({LOCK});
         INSERT INTO changes (kind, project_id, account_id, endpoint_id)
         SELECT {kind}, 0, 0, 0 WHERE NOT EXISTS (SELECT FROM changes)"
    );
    client.batch_execute(&first).await?;
    Ok(Mark::of(&client.query_typed_one(newest, &[]).await?))
}

/// What a feed that begins now knows, or will read by itself.
async fn known(client: &Client) -> Result<Known> {
    let mut known = Known::default();
    let sql = "SELECT id FROM projects WHERE deleted_at IS NULL";
    for row in client.query_typed(sql, &[]).await? {
        known.add_project(ProjectId(row.get(0)));
    }
    let sql = "SELECT project_id, id FROM accounts WHERE deleted_at IS NULL";
    for row in client.query_typed(sql, &[]).await? {
        known.add_account(ProjectId(row.get(0)), AccountId(row.get(1)));
    }
    let sql = "SELECT project_id, account_id, id FROM endpoints WHERE deleted_at IS NULL";
    for row in client.query_typed(sql, &[]).await? {
        let (project, account) = (ProjectId(row.get(0)), AccountId(row.get(1)));
        known.add_endpoint(project, account, EndpointId(row.get(2)));
    }
    Ok(known)
}
