//! Looking at events, deliveries and attempts.

use bytes::Bytes;
use hookwright_core::ids::{DeliveryId, EndpointId, EventId};
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::*;

impl Store {
    /// An event by row within the scope; `accepted_at` must match (the id's own check).
    pub async fn event(&self, scope: Scope, id: EventId, accepted_at: UnixMs) -> Result<Event> {
        on_engine!(self, s => s.event(scope, id, accepted_at).await)
    }

    /// An event by the id that its publisher gave.
    pub async fn event_by_given_id(&self, scope: Scope, given_id: String) -> Result<Event> {
        on_engine!(self, s => s.event_by_given_id(scope, given_id).await)
    }

    /// Events within the scope that fit the filter, newest first, without payloads. A page may be
    /// short, even empty, before the list's end: it looks at a bounded number of rows.
    pub async fn events(
        &self,
        scope: Scope,
        filter: EventFilter,
        page: Page,
    ) -> Result<Listed<Event>> {
        on_engine!(self, s => s.events(scope, filter, page).await)
    }

    /// A delivery with its attempts, oldest first; `created_at` must match (the id's own check).
    pub async fn delivery(
        &self,
        scope: Scope,
        id: DeliveryId,
        created_at: UnixMs,
    ) -> Result<(Delivery, Vec<Attempt>)> {
        on_engine!(self, s => s.delivery(scope, id, created_at).await)
    }

    /// Deliveries within the scope that fit the filter, newest first; pages as of [`Self::events`].
    pub async fn deliveries(
        &self,
        scope: Scope,
        filter: DeliveryFilter,
        page: Page,
    ) -> Result<Listed<Delivery>> {
        on_engine!(self, s => s.deliveries(scope, filter, page).await)
    }

    /// The payloads of these events of the project, of those that still have one.
    pub async fn payloads(&self, scope: Scope, ids: Vec<EventId>) -> Result<Vec<(EventId, Bytes)>> {
        on_engine!(self, s => s.payloads(scope, ids).await)
    }

    /// The attempts of each of these deliveries, oldest first, in the order in which they are given.
    /// The deliveries must have been found within the scope.
    pub async fn attempts_of(
        &self,
        scope: Scope,
        ids: Vec<DeliveryId>,
    ) -> Result<Vec<(DeliveryId, Vec<Attempt>)>> {
        on_engine!(self, s => s.attempts_of(scope, ids).await)
    }

    /// Cancels those of these deliveries within the scope that are live. Answers which, and to where
    /// they were. What is under way is refused when it is settled.
    pub async fn cancel(
        &self,
        scope: Scope,
        ids: Vec<DeliveryId>,
        now: UnixMs,
    ) -> Result<Vec<(DeliveryId, EndpointId)>> {
        on_engine!(self, s => s.cancel(scope, ids, now).await)
    }
}
