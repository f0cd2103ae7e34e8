//! How work reaches the delivery thread: one lock, swapped out whole, one wake for many.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;
use hookwright_store::Claimed;
use tokio::sync::Notify;

/// A delivery to be sent.
pub(crate) struct Job {
    pub(crate) claimed: Claimed,
    /// The lease ends then.
    pub(crate) leased_until: UnixMs,
    /// Monotonic time at which it became ours.
    pub(crate) queued_at_us: u64,
    /// Whether it counts at the gate.
    pub(crate) counted: bool,
}

/// What the delivery thread is told.
pub(crate) enum Message {
    /// Send these.
    Jobs(Vec<Job>),
    /// Something of this endpoint's waits in the store, due then.
    Waiting(EndpointId, UnixMs),
    /// The endpoint changed.
    Changed(EndpointId),
    /// Finish what is in flight within so many milliseconds, release the rest.
    Stop(u64, tokio::sync::oneshot::Sender<()>),
}

/// The inbox.
#[derive(Default)]
pub(crate) struct Inbox {
    messages: Mutex<Vec<Message>>,
    full: AtomicBool,
    pub(crate) wake: Arc<Notify>,
}

impl Inbox {
    pub(crate) fn push(&self, message: Message) {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(message);
        if !self.full.swap(true, Ordering::AcqRel) {
            self.wake.notify_one();
        }
    }

    pub(crate) fn take(&self) -> Vec<Message> {
        self.full.store(false, Ordering::Release);
        std::mem::take(&mut *self.messages.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
