//! How work reaches the writer thread: one lock, swapped out whole.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Result;
use super::writer::Writer;
use crate::append::{Append, Appended};
use crate::model::Settlement;

pub(super) type AppendDone = Box<dyn FnOnce(Append, Result<Appended>) + Send>;
pub(super) type SettleDone = Box<dyn FnOnce(Result<Vec<bool>>) + Send>;
/// Called after the commit, or with the reason why there was none.
pub(super) type AfterCommit = Box<dyn FnOnce(std::result::Result<(), &str>)>;
pub(super) type Job = Box<dyn FnOnce(&mut Writer) -> AfterCommit + Send>;

/// Outcomes wait at most this long for an append whose commit they can ride.
const SETTLE_DELAY: Duration = Duration::from_millis(5);

/// Everything that one commit takes.
#[derive(Default)]
pub(super) struct Work {
    pub(super) appends: Vec<(Append, AppendDone)>,
    pub(super) settles: Vec<(Vec<Settlement>, SettleDone)>,
    pub(super) jobs: Vec<Job>,
}

#[derive(Default)]
struct Inbox {
    work: Work,
    settle_since: Option<Instant>,
    closing: Option<oneshot::Sender<()>>,
    closed: bool,
    /// The writer sleeps without a time limit: somebody must wake it.
    asleep: bool,
}

/// The writer's inbox.
#[derive(Default)]
pub(super) struct Queue {
    inbox: Mutex<Inbox>,
    wake: Condvar,
}

/// What the writer gets to do next.
pub(super) enum Next {
    Work(Work),
    Close(oneshot::Sender<()>),
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(&self, append: Append, done: AppendDone) {
        let mut inbox = self.lock();
        if inbox.closed {
            drop(inbox);
            return done(append, Err(super::gone()));
        }
        let first = inbox.work.appends.is_empty();
        inbox.work.appends.push((append, done));
        drop(inbox);
        if first {
            self.wake.notify_one();
        }
    }

    pub(super) fn settle(&self, settlements: Vec<Settlement>, done: SettleDone) {
        let mut inbox = self.lock();
        if inbox.closed {
            drop(inbox);
            return done(Err(super::gone()));
        }
        inbox.work.settles.push((settlements, done));
        inbox.settle_since.get_or_insert_with(Instant::now);
        // Only a writer that sleeps without a limit needs waking: to set itself one.
        let wake = inbox.asleep;
        drop(inbox);
        if wake {
            self.wake.notify_one();
        }
    }

    pub(super) fn job(&self, job: Job) {
        let mut inbox = self.lock();
        if inbox.closed {
            return;
        }
        inbox.work.jobs.push(job);
        drop(inbox);
        self.wake.notify_one();
    }

    pub(super) fn close(&self, done: oneshot::Sender<()>) {
        let mut inbox = self.lock();
        if inbox.closed {
            drop(inbox);
            let _ = done.send(());
            return;
        }
        inbox.closing = Some(done);
        drop(inbox);
        self.wake.notify_one();
    }

    /// Refuses everything from now on, and hands out what is queued.
    pub(super) fn refuse(&self) -> Work {
        let mut inbox = self.lock();
        inbox.closed = true;
        std::mem::take(&mut inbox.work)
    }

    /// Waits for work. `not_before` paces commits under load: it is kept unless the writer closes.
    pub(super) fn next(&self, not_before: Option<Instant>) -> Next {
        let mut inbox = self.lock();
        loop {
            let now = Instant::now();
            let urgent = !inbox.work.appends.is_empty() || !inbox.work.jobs.is_empty();
            let settle_at = inbox.settle_since.map(|since| since + SETTLE_DELAY);
            let at = match (urgent, settle_at) {
                (true, _) => not_before,
                (false, Some(at)) => Some(at),
                (false, None) => {
                    if let Some(done) = inbox.closing.take() {
                        inbox.closed = true;
                        return Next::Close(done);
                    }
                    inbox.asleep = true;
                    inbox = self
                        .wake
                        .wait(inbox)
                        .unwrap_or_else(PoisonError::into_inner);
                    inbox.asleep = false;
                    continue;
                }
            };
            match at.and_then(|at| at.checked_duration_since(now)) {
                Some(wait) if !wait.is_zero() && inbox.closing.is_none() => {
                    let woken = self.wake.wait_timeout(inbox, wait);
                    inbox = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
                _ => {
                    inbox.settle_since = None;
                    return Next::Work(std::mem::take(&mut inbox.work));
                }
            }
        }
    }
}
