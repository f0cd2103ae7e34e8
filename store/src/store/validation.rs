//! What the store is told of validation handshakes.

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::{Endpoint, ValidationOutcome};

impl Store {
    /// Keeps what came of a handshake. A consent makes an endpoint active that is paused for the
    /// want of it. Answers the endpoint, or nothing if meanwhile it has another URL, wants no
    /// validation any more or is deleted.
    pub async fn settle_validation(
        &self,
        id: EndpointId,
        outcome: ValidationOutcome,
        now: UnixMs,
    ) -> Result<Option<Endpoint>> {
        on_engine!(self, s => s.settle_validation(id, outcome, now).await)
    }
}
