//! What this and other nodes do, told to whoever listens here, as it happens.
//!
//! Nobody is waited for: who reads slowly misses some, and is told how many. While nobody listens,
//! here or on another node, nothing is made.

mod elsewhere;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::limits::{STREAM_WAITING_MAX, STREAMS_MAX};
use hookwright_core::time::UnixMs;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, Receiver, Sender};

pub(crate) use elsewhere::{Elsewhere, Missed, Outbox};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DoingKind {
    /// An event was accepted.
    Accepted = 1,
    /// A request was made.
    Attempted = 2,
    /// A delivery was acknowledged.
    Delivered = 4,
    /// A delivery was given up.
    Failed = 8,
}

impl DoingKind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Accepted,
        Self::Attempted,
        Self::Delivered,
        Self::Failed,
    ];

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Attempted => "attempted",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// One thing done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doing {
    /// What.
    pub kind: DoingKind,
    /// When.
    pub at: UnixMs,
    /// The event's row.
    pub event_id: EventId,
    /// The id that its publisher gave it, if any.
    pub event_given_id: Option<String>,
    /// When it was accepted (part of its public id).
    pub event_accepted_at: UnixMs,
    /// Its type.
    pub event_type: Arc<str>,
    /// The delivery, if it is about one.
    pub delivery: Option<DeliveryDone>,
}

/// What was done for a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryDone {
    /// Its row.
    pub id: DeliveryId,
    /// When it was made (part of its public id); not known of one that failed as it was made.
    pub created_at: UnixMs,
    /// Its endpoint's public id, where that is not gone.
    pub endpoint: Option<String>,
    /// The attempt's number, if one was made.
    pub attempt: Option<u32>,
    /// What the endpoint answered, if it did.
    pub status: Option<u16>,
    /// Why it failed, if it did.
    pub error: Option<ErrorClass>,
}

/// Whose doings they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whose {
    pub(crate) project_id: ProjectId,
    /// `None` where the endpoint is gone.
    pub(crate) account_id: Option<AccountId>,
    /// `None` for what is no delivery's.
    pub(crate) endpoint_id: Option<EndpointId>,
}

/// What somebody wants to be told.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of this project.
    pub project_id: ProjectId,
    /// Of this account only.
    pub account_id: Option<AccountId>,
    /// Of this endpoint only; then no event as such.
    pub endpoint_id: Option<EndpointId>,
    /// Of these kinds.
    pub kinds: Vec<DoingKind>,
}

impl Wanted {
    fn fits(&self, whose: &Whose, kind: DoingKind) -> bool {
        self.project_id == whose.project_id
            && self.kinds.contains(&kind)
            && (self.account_id.is_none() || self.account_id == whose.account_id)
            && (self.endpoint_id.is_none() || self.endpoint_id == whose.endpoint_id)
    }
}

/// Why nobody more may listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotListening {
    /// As many listen as may.
    Full,
    /// The server is stopping.
    Stopping,
}

/// Those who listen.
#[derive(Default)]
pub(crate) struct Live {
    /// How many; read before anything else is done.
    count: AtomicUsize,
    state: RwLock<State>,
    /// Those who listen on other nodes.
    pub(crate) elsewhere: Elsewhere,
    /// Somebody began or ended to listen, here or elsewhere.
    pub(crate) changed: Notify,
}

#[derive(Default)]
struct State {
    listeners: Vec<Ear>,
    next_id: u64,
    closed: bool,
}

struct Ear {
    id: u64,
    wanted: Wanted,
    sender: Sender<Arc<Doing>>,
    missed: Arc<AtomicU64>,
}

/// What a listener is told.
#[derive(Debug)]
pub enum Told {
    /// Something was done.
    Doing(Arc<Doing>),
    /// So many things were done that it was too slow to be told.
    Missed(u64),
}

/// Somebody who listens, until dropped.
pub struct Listener {
    id: u64,
    receiver: Receiver<Arc<Doing>>,
    missed: Arc<AtomicU64>,
    live: Arc<Live>,
}

impl Live {
    /// Whether anybody listens, here or elsewhere.
    pub(crate) fn is_heard(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0 || self.elsewhere.is_wanted()
    }

    /// Tells those who want to know what this node did.
    pub(crate) fn tell(&self, whose: Whose, doing: Doing) {
        let doing = Arc::new(doing);
        if self.elsewhere.is_wanted() {
            self.elsewhere.put(&whose, &doing);
        }
        self.tell_here(&whose, &doing);
    }

    /// Tells those who listen here.
    pub(crate) fn tell_here(&self, whose: &Whose, doing: &Arc<Doing>) {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        for ear in &state.listeners {
            if ear.wanted.fits(whose, doing.kind) && ear.sender.try_send(Arc::clone(doing)).is_err()
            {
                ear.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Tells those who listen here that another node could not tell so many.
    pub(crate) fn missed_elsewhere(&self, missed: &Missed) {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        for ear in &state.listeners {
            let of = &ear.wanted;
            let theirs = of.account_id.is_none() || of.account_id == missed.account_id;
            if of.project_id == missed.project_id && theirs {
                ear.missed.fetch_add(missed.count, Ordering::Relaxed);
            }
        }
    }

    /// The projects that are listened to here, in order.
    pub(crate) fn projects(&self) -> Vec<ProjectId> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let listened = state.listeners.iter().map(|ear| ear.wanted.project_id);
        let mut projects: Vec<_> = listened.collect();
        projects.sort_unstable();
        projects.dedup();
        projects
    }

    pub(crate) fn listen(self: &Arc<Self>, wanted: Wanted) -> Result<Listener, NotListening> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(NotListening::Stopping);
        }
        if state.listeners.len() >= STREAMS_MAX {
            return Err(NotListening::Full);
        }
        let (sender, receiver) = mpsc::channel(STREAM_WAITING_MAX);
        let missed = Arc::<AtomicU64>::default();
        state.next_id += 1;
        let id = state.next_id;
        state.listeners.push(Ear {
            id,
            wanted,
            sender,
            missed: Arc::clone(&missed),
        });
        self.count.store(state.listeners.len(), Ordering::Relaxed);
        self.changed.notify_one();
        let live = Arc::clone(self);
        Ok(Listener {
            id,
            receiver,
            missed,
            live,
        })
    }

    /// Ends all listening, for good.
    pub(crate) fn close(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.listeners.clear();
        self.count.store(0, Ordering::Relaxed);
    }
}

impl Listener {
    /// The next thing; `None` at the end.
    pub async fn next(&mut self) -> Option<Told> {
        match self.missed.swap(0, Ordering::Relaxed) {
            0 => self.receiver.recv().await.map(Told::Doing),
            missed => Some(Told::Missed(missed)),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = (self.live.state.write()).unwrap_or_else(PoisonError::into_inner);
        state.listeners.retain(|ear| ear.id != self.id);
        let count = state.listeners.len();
        self.live.count.store(count, Ordering::Relaxed);
        self.live.changed.notify_one();
    }
}
