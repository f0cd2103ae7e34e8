//! How work reaches the delivery thread: one lock, swapped out whole, one wake for many.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hookwright_core::ids::{DeliveryId, EndpointId};
use hookwright_core::time::UnixMs;
use hookwright_store::{Claimed, ValidationOutcome};
use tokio::sync::{Notify, oneshot};

use crate::node::Held;

/// A delivery to be sent.
pub(crate) struct Job {
    pub(crate) claimed: Claimed,
    /// The lease ends then.
    pub(crate) leased_until: UnixMs,
    /// Monotonic time at which it became ours.
    pub(crate) queued_at_us: u64,
    /// Whether it counts at the gate.
    pub(crate) counted: bool,
    /// Its share of what the node may hold.
    pub(crate) _held: Held,
}

/// What the delivery thread is told.
pub(crate) enum Message {
    /// Send these.
    Jobs(Vec<Job>),
    /// Something of this endpoint's waits in the store, due then.
    Waiting(EndpointId, UnixMs),
    /// Outcomes in these lanes, which are sent to in order, are stored.
    Settled(Vec<EndpointId>),
    /// The endpoint changed.
    Changed(EndpointId),
    /// These were cancelled in the store: what waits in memory is not sent.
    Cancelled(Vec<(DeliveryId, EndpointId)>),
    /// Ask its receiver whether it wants to be sent to.
    Validate(EndpointId, Option<oneshot::Sender<ValidationOutcome>>),
    /// Finish what is in flight within so many milliseconds, release the rest.
    Stop(u64, oneshot::Sender<()>),
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

#[cfg(test)]
pub(crate) mod tests {
    use hookwright_core::ids::{EventId, ProjectId};
    use hookwright_store::{EventToSend, Lease};

    use super::*;
    use crate::node::NodeGauge;

    /// A delivery as a claim would hand it over.
    pub(crate) fn job(endpoint_id: EndpointId) -> Job {
        let event = EventToSend {
            id: EventId(1),
            project_id: ProjectId(1),
            given_id: None,
            accepted_at: UnixMs(0),
            time: UnixMs(0),
            event_type: "user.created".into(),
            subject: None,
            trace: None,
            payload: None,
        };
        Job {
            claimed: Claimed {
                id: DeliveryId(1),
                lease: Lease(1),
                endpoint_id,
                attempts: 0,
                failed_attempts: 0,
                first_failed_at: None,
                created_at: UnixMs(0),
                due_at: UnixMs(0),
                manual: false,
                event: Arc::new(event),
            },
            leased_until: UnixMs(i64::MAX),
            queued_at_us: 0,
            counted: false,
            _held: Arc::new(NodeGauge::default()).hold(0),
        }
    }
}
