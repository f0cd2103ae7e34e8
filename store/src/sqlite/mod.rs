//! The embedded engine: one file, one writer thread with group commit, pooled readers.

mod accounts;
mod append;
mod audit;
mod backlog;
mod browser_keys;
mod buckets;
mod cancel;
mod checkpoint;
mod claim;
mod contents;
mod deliveries;
mod delivery_list;
mod delivery_rows;
mod endpoints;
mod event_list;
mod event_types;
mod events;
mod export;
mod failing;
mod forget_account;
mod health;
mod in_order;
mod jobs;
mod keys;
mod migrate;
mod notices;
mod open;
mod owners;
#[cfg(test)]
mod plans;
mod projects;
mod prune;
mod prune_class;
mod purge;
mod queue;
mod readers;
mod reclaim;
mod remove;
mod replay;
mod replay_apply;
mod resend;
mod rollups;
mod settle;
mod time_span;
mod validation;
mod writer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{oneshot, watch};

pub(crate) use export::Export;
pub use open::SqliteOptions;

use crate::append::{Append, Appended};
use crate::change::Change;
use crate::error::StoreError;
use crate::model::{Lease, Listed, Page, Settlement};
use crate::vault::Vault;
use crate::walk::page_in_order;
use queue::{AppendDone, Queue, SettleDone};
use readers::Readers;
use writer::Writer;

pub(crate) type Result<T> = std::result::Result<T, StoreError>;
type Feed = OnceLock<Arc<dyn Fn(&Change) + Send + Sync>>;

/// A handle on the embedded engine; clones share it.
#[derive(Clone)]
pub struct SqliteStore {
    queue: Arc<Queue>,
    readers: Arc<Readers>,
    feed: Arc<Feed>,
    vault: Arc<Vault>,
    stopped: watch::Receiver<Option<String>>,
    revived: Arc<AtomicU64>,
}

impl SqliteStore {
    pub(crate) fn set_feed(&self, feed: Arc<dyn Fn(&Change) + Send + Sync>) {
        // A second feed is a mistake in the wiring; the first stays.
        let _ = self.feed.set(feed);
    }

    pub(crate) async fn stopped(&self) -> StoreError {
        let mut stopped = self.stopped.clone();
        let reason = stopped
            .wait_for(Option::is_some)
            .await
            .map(|reason| reason.clone());
        match reason {
            Ok(reason) => StoreError::Stopped(reason.unwrap_or_default()),
            // The writer closed without a fault: nothing will ever stop it.
            Err(_) => std::future::pending().await,
        }
    }

    pub(crate) async fn close(&self) -> Result<()> {
        let (done, closed) = oneshot::channel();
        self.queue.close(done);
        closed.await.map_err(|_| gone())
    }

    /// Always: nobody else has the file.
    #[expect(clippy::unused_self, reason = "as the other engine")]
    pub(crate) const fn holds(&self, _lease: Lease) -> bool {
        true
    }

    pub(crate) fn append(&self, append: Append, done: AppendDone) {
        self.queue.append(append, done);
    }

    pub(crate) fn settle(&self, settlements: Vec<Settlement>, done: SettleDone) {
        self.queue.settle(settlements, done);
    }

    /// Says that something may happen again to a delivery that was finished: what was read of it
    /// before is not to be relied on.
    fn revive(&self) {
        self.revived.fetch_add(1, Ordering::SeqCst);
    }

    /// How often that was said.
    fn revived(&self) -> u64 {
        self.revived.load(Ordering::SeqCst)
    }

    /// Runs `work` in the next commit, undone alone if it fails, and returns after the commit.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.changes(move |writer| Ok((work(writer)?, Vec::new())))
            .await
    }

    /// As [`Self::write`], and tells the feed before returning.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<(T, Change)> + Send + 'static,
    ) -> Result<T> {
        let told = |(value, change)| (value, vec![change]);
        self.changes(move |writer| work(writer).map(told)).await
    }

    /// As [`Self::write`], and tells the feed before returning: on the writer's thread, in the order
    /// of the commits, and also when whoever asked for the change has gone meanwhile.
    async fn changes<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<(T, Vec<Change>)> + Send + 'static,
    ) -> Result<T> {
        let (done, result) = oneshot::channel();
        let feed = Arc::clone(&self.feed);
        self.queue.job(Box::new(move |writer| {
            let outcome = writer.nested(work);
            Box::new(move |committed| {
                let told = |(value, changes): (T, Vec<Change>)| {
                    if let Some(feed) = feed.get() {
                        changes.iter().for_each(|change| feed(change));
                    }
                    value
                };
                let _ = done.send(match committed {
                    Ok(()) => outcome.map(told),
                    Err(reason) => Err(StoreError::Stopped(reason.to_owned())),
                });
            })
        }));
        result.await.map_err(|_| gone())?
    }

    /// Runs `work` on a pooled reader, off the async threads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let readers = Arc::clone(&self.readers);
        let permit = readers.permit().await;
        tokio::task::spawn_blocking(move || {
            let result = readers.with(work);
            drop(permit);
            result
        })
        .await
        .map_err(|error| StoreError::Engine(error.to_string()))?
    }
}

/// Collects a page's rows; a full page has a next one.
fn listed<T>(
    rows: impl Iterator<Item = rusqlite::Result<T>>,
    page: Page,
    row_of: impl Fn(&T) -> i64,
) -> Result<Listed<T>> {
    let rows: Vec<T> = rows.collect::<std::result::Result<_, _>>()?;
    Ok(page_in_order(rows, &page, row_of))
}

fn gone() -> StoreError {
    StoreError::Stopped("the store is closed".to_owned())
}

/// What became of one queued append, before it is told.
type AppendOutcome = (Append, AppendDone, Result<Appended>);
