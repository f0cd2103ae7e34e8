//! How work reaches the writing task, and how much of it may wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::batch::{AppendDone, Outcomes, Queued, SettleDone};
use super::gone;
use crate::append::Append;
use crate::error::StoreError;
use crate::model::Settlement;

/// Events that wait while the database cannot be reached; more are refused at once.
const QUEUED_EVENTS_MAX: usize = 20_000;

/// What is asked of the writer.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are events: a box for each costs more"
)]
pub(super) enum Work {
    Append(Queued),
    Settle(Outcomes),
    Close(oneshot::Sender<()>),
}

/// The way to the writer.
#[derive(Clone)]
pub(super) struct Inbox {
    sender: mpsc::UnboundedSender<Work>,
    queued: Arc<AtomicUsize>,
}

impl Inbox {
    pub(super) fn append(&self, append: Append, done: AppendDone) {
        if self.queued.fetch_add(1, Ordering::Relaxed) >= QUEUED_EVENTS_MAX {
            self.queued.fetch_sub(1, Ordering::Relaxed);
            return done(append, Err(unreachable_for_long()));
        }
        let since = Instant::now();
        let work = Work::Append(Queued {
            append,
            done,
            since,
        });
        if let Err(mpsc::error::SendError(Work::Append(refused))) = self.sender.send(work) {
            (refused.done)(refused.append, Err(gone()));
        }
    }

    pub(super) fn settle(&self, settlements: Vec<Settlement>, done: SettleDone) {
        let work = Work::Settle(Outcomes { settlements, done });
        if let Err(mpsc::error::SendError(Work::Settle(refused))) = self.sender.send(work) {
            (refused.done)(Err(gone()));
        }
    }

    /// Resolves once everything queued before was answered.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.sender.send(Work::Close(done)).is_ok() {
            let _ = closed.await;
        }
    }
}

impl Inbox {
    /// A way in and its other end.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Work>) {
        let (sender, work) = mpsc::unbounded_channel();
        let queued = Arc::default();
        (Self { sender, queued }, work)
    }

    /// The count of events that wait, to be counted down as they are taken.
    pub(super) fn queued(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.queued)
    }
}

impl super::PostgresStore {
    pub(crate) fn append(&self, append: Append, done: AppendDone) {
        self.shared.writer.append(append, done);
    }

    pub(crate) fn settle(&self, settlements: Vec<Settlement>, done: SettleDone) {
        self.shared.writer.settle(settlements, done);
    }
}

/// Answers what comes after the end.
pub(super) fn refuse(work: Work) {
    match work {
        Work::Append(queued) => (queued.done)(queued.append, Err(gone())),
        Work::Settle(outcomes) => (outcomes.done)(Err(gone())),
        Work::Close(done) => drop(done),
    }
}

/// What a publisher is told whose event could not be stored.
pub(super) fn unreachable_for_long() -> StoreError {
    StoreError::Unavailable("not within 10 s; publish again with the same id".to_owned())
}
