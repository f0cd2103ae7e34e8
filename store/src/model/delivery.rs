//! Events, deliveries and attempts, and what workers exchange with the store about them.

use std::collections::BTreeMap;

use bytes::Bytes;
use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::outcome::Timing;
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;

use super::SettlementNotice;

/// The proof that a worker holds a delivery: a fencing token, renewed by every claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(pub i64);

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Row.
    pub id: EventId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its account.
    pub account_id: AccountId,
    /// The account's public id.
    pub account_public_id: String,
    /// Its type's name.
    pub event_type: String,
    /// The id that the publisher gave, if one was given.
    pub given_id: Option<String>,
    /// When it was accepted.
    pub accepted_at: UnixMs,
    /// When it happened.
    pub time: UnixMs,
    /// Raw JSON.
    pub subject: Option<String>,
    /// Trace id.
    pub trace: Option<String>,
    /// Channels that it was published on.
    pub channels: Vec<String>,
    /// The publisher's own notes, by name.
    pub metadata: BTreeMap<String, String>,
    /// When its deliveries became due, if not at once.
    pub deliver_at: Option<UnixMs>,
    /// Raw JSON as published; `None` once retention has removed it.
    pub payload: Option<Bytes>,
    /// How many deliveries were made when it was accepted.
    pub fanout: u32,
}

/// A delivery as lists show it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Row.
    pub id: DeliveryId,
    /// Its event.
    pub event_id: EventId,
    /// The id that the publisher gave the event, if one was given.
    pub event_given_id: Option<String>,
    /// When its event was accepted (part of the event's public id).
    pub event_accepted_at: UnixMs,
    /// The event's type.
    pub event_type: String,
    /// Its endpoint.
    pub endpoint_id: EndpointId,
    /// The endpoint's public id.
    pub endpoint_public_id: String,
    /// The account's public id.
    pub account_public_id: String,
    /// State; a live delivery of a paused endpoint is shown as held.
    pub state: DeliveryState,
    /// Attempts made, manual ones included.
    pub attempts: u32,
    /// When the next attempt is due, if one is scheduled.
    pub next_attempt_at: Option<UnixMs>,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it reached a final state.
    pub finished_at: Option<UnixMs>,
    /// Class and status of the last failure.
    pub last_error: Option<(ErrorClass, Option<u16>)>,
    /// Automatic attempts that failed since its schedule began.
    pub failed_attempts: u32,
    /// When the first of them failed.
    pub first_failed_at: Option<UnixMs>,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Attempt {
    /// Counted from 1 within the delivery.
    pub number: u32,
    /// Asked for by a person.
    pub manual: bool,
    /// When it began.
    pub started_at: UnixMs,
    /// Where its time went.
    pub timing: Timing,
    /// The answer's status, if one came.
    pub status: Option<u16>,
    /// Why it failed, if it did.
    pub error: Option<ErrorClass>,
    /// What was sent, secrets masked: `name: value` lines.
    pub request_headers: String,
    /// What came back: `name: value` lines.
    pub response_headers: String,
    /// What came back, capped.
    pub response_body: Bytes,
}

/// A delivery as its holder names it: which one, and the proof of holding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leased {
    /// Its project.
    pub project_id: ProjectId,
    /// Row.
    pub id: DeliveryId,
    /// The fencing token.
    pub lease: Lease,
    /// The attempt was asked for by a person.
    pub manual: bool,
}

/// A delivery handed to a worker, with what it needs to send it.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Row.
    pub id: DeliveryId,
    /// The fencing token.
    pub lease: Lease,
    /// Its endpoint.
    pub endpoint_id: EndpointId,
    /// Attempts already recorded, manual ones included.
    pub attempts: u32,
    /// Automatic attempts already made, all failed.
    pub failed_attempts: u32,
    /// When the first of them failed.
    pub first_failed_at: Option<UnixMs>,
    /// When it was made (part of its public id).
    pub created_at: UnixMs,
    /// When it became due.
    pub due_at: UnixMs,
    /// This attempt was asked for by a person: it leaves the schedule alone.
    pub manual: bool,
    /// The event; shared by all its deliveries in one batch.
    pub event: std::sync::Arc<EventToSend>,
}

impl Claimed {
    /// What it is settled or released by.
    #[must_use]
    pub fn leased(&self) -> Leased {
        Leased {
            project_id: self.event.project_id,
            id: self.id,
            lease: self.lease,
            manual: self.manual,
        }
    }
}

/// The parts of an event that the wire needs.
#[derive(Clone, Debug)]
pub struct EventToSend {
    /// Row.
    pub id: EventId,
    /// Its project.
    pub project_id: ProjectId,
    /// The public id: the given one, or made from row and time with the profile's prefix.
    pub given_id: Option<String>,
    /// When it was accepted.
    pub accepted_at: UnixMs,
    /// When it happened.
    pub time: UnixMs,
    /// Its type's name.
    pub event_type: std::sync::Arc<str>,
    /// Raw JSON.
    pub subject: Option<String>,
    /// Trace id.
    pub trace: Option<String>,
    /// Raw JSON as published; `None` once retention has removed it.
    pub payload: Option<Bytes>,
}

/// What a settled delivery becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Acknowledged.
    Delivered,
    /// Due again.
    RetryAt(UnixMs),
    /// Given up.
    Failed,
}

/// The outcome of one claimed delivery.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Its project.
    pub project_id: ProjectId,
    /// Which delivery.
    pub id: DeliveryId,
    /// The token it was claimed under; a settlement under any other is refused.
    pub lease: Lease,
    /// Whether the attempt was asked for by a person.
    pub manual: bool,
    /// What it becomes. For a manual attempt only `Delivered` changes the delivery.
    pub becomes: Settled,
    /// When.
    pub at: UnixMs,
    /// The attempt, unless none was made (the endpoint is disabled).
    pub attempt: Option<Attempt>,
    /// The class of failure, where it failed.
    pub error: Option<(ErrorClass, Option<u16>)>,
    /// What the product is told of it, in the same transaction.
    pub notice: Option<Box<SettlementNotice>>,
}
