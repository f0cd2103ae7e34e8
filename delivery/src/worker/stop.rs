//! How the delivery thread ends in good order.

use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::State;
use crate::inbox::Message;

/// Outcomes may wait so long for a store that cannot be reached; then their leases end, and others
/// send again.
const SETTLED_WITHIN_MS: u64 = 5_000;

impl State {
    /// Stops: waits for what is in flight, settles it, gives back the rest.
    pub(super) async fn finish(self: &Rc<Self>, limit_ms: u64) {
        self.stopping.set(true);
        let clock = Arc::clone(&self.shared.world.clock);
        let mut limit = clock.sleep_ms(limit_ms);
        while self.in_flight.get() > 0 {
            tokio::select! {
                () = self.wake.notified() => {}
                () = &mut limit => break,
            }
        }
        let mut left = Vec::new();
        for message in self.shared.inbox.take() {
            if let Message::Jobs(jobs) = message {
                left.extend(jobs);
            }
        }
        let ids = self.lanes.borrow().ids();
        for id in ids {
            if let Some(lane) = self.lanes.borrow_mut().get_mut(id) {
                left.extend(lane.jobs.drain(..));
            }
        }
        let settlements = std::mem::take(&mut *self.outbox.borrow_mut());
        let changes = self.unwell.borrow_mut().take(self.now());
        if let Some(changes) = changes
            && let Err(error) = self.shared.store.put_health(changes).await
        {
            tracing::error!(%error, "health of endpoints not written");
        }
        let (done, settled) = oneshot::channel();
        self.shared.store.settle(settlements, move |_| {
            let _ = done.send(());
        });
        tokio::select! {
            _ = settled => {}
            () = clock.sleep_ms(SETTLED_WITHIN_MS) => {
                tracing::error!("outcomes not stored: the store cannot be reached");
            }
        }
        let leased = self.forget(&left);
        tracing::info!(
            released = leased.len(),
            in_flight = self.in_flight.get(),
            "delivery stopped"
        );
        if let Err(error) = self.shared.store.release(leased, self.now()).await {
            tracing::error!(%error, "deliveries not released");
        }
    }
}
