//! How much may be accepted and not yet sent: the time from publish to arrival is that queue.
//!
//! Only work that could be sent at once counts: what waits for a slow or dead endpoint never holds
//! a publisher back. The wait is bounded, so that a fault here costs time and nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::world::Clock;

/// More work than this that is accepted and unsent makes publishers wait.
const UNSENT_MAX: usize = 128;
/// Publishers go on when it has sunk to this.
const UNSENT_LOW: usize = 64;
/// No publisher waits longer.
const WAIT_MS_MAX: u64 = 100;

/// The gate.
#[derive(Default)]
pub(crate) struct Gate {
    unsent: AtomicUsize,
    waiting: AtomicUsize,
    open: Notify,
}

impl Gate {
    /// Waits while too much is unsent.
    pub(crate) async fn pass(&self, clock: &dyn Clock) {
        if self.unsent.load(Ordering::Relaxed) <= UNSENT_MAX {
            return;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let open = self.open.notified();
        if self.unsent.load(Ordering::SeqCst) > UNSENT_MAX {
            tokio::select! {
                () = open => {}
                () = clock.sleep_ms(WAIT_MS_MAX) => {}
            }
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether so much is unsent that what can wait should.
    pub(crate) fn is_busy(&self) -> bool {
        self.unsent.load(Ordering::Relaxed) > UNSENT_LOW
    }

    pub(crate) fn add(&self, count: usize) {
        self.unsent.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn remove(&self, count: usize) {
        let before = self.unsent.fetch_sub(count, Ordering::SeqCst);
        let low = before.saturating_sub(count) <= UNSENT_LOW;
        if low && self.waiting.load(Ordering::SeqCst) > 0 {
            self.open.notify_waiters();
        }
    }
}
