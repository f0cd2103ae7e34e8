//! What is published, as the store takes it.

use bytes::Bytes;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::time::UnixMs;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Lease;

/// How a delivery enters the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Leased to this node, which sends it without a claim.
    Leased,
    /// Due now, for whoever claims it.
    Due,
    /// Failed at once: its endpoint is disabled.
    EndpointDisabled,
}

/// One delivery to make.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// To which endpoint.
    pub endpoint_id: EndpointId,
    /// How it enters.
    pub disposition: Disposition,
}

/// One event with all its deliveries: one transaction.
#[derive(Clone, Debug)]
pub struct Append {
    /// Its project.
    pub project_id: ProjectId,
    /// Its account.
    pub account_id: AccountId,
    /// Its type's name.
    pub event_type: Arc<str>,
    /// The id that the publisher gave, if any; unique within the project.
    pub given_id: Option<String>,
    /// The `Idempotency-Key`, if any; unique within the project.
    pub idempotency_key: Option<String>,
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
    /// When its deliveries become due, if not at once. Its routes are then not leased.
    pub deliver_at: Option<UnixMs>,
    /// Raw JSON.
    pub payload: Bytes,
    /// Its deliveries.
    pub routes: Vec<Route>,
}

/// What became of an [`Append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is on disk. Its deliveries are rows `first_delivery..first_delivery + routes.len()`, in
    /// the order of its routes; those that are leased carry `lease`.
    Fresh {
        /// Row.
        id: EventId,
        /// First delivery's row.
        first_delivery: DeliveryId,
        /// The token of the leased ones.
        lease: Lease,
    },
    /// An event with this id or key and the same content was accepted before; this is that one.
    Repeated {
        /// Row.
        id: EventId,
        /// When it was accepted.
        accepted_at: UnixMs,
        /// How many deliveries it had.
        fanout: u32,
    },
    /// The id was used for another content. Nothing was stored.
    Conflict,
    /// The `Idempotency-Key` was used for another content. Nothing was stored.
    KeyReused,
}
