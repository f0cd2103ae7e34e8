//! What the engine is asked of one endpoint's receiver: its consent, and whether it can be shown a
//! certificate.

use hookwright_core::ids::EndpointId;
use hookwright_store::{ClientCertificate, ValidationOutcome};
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::inbox::Message;
use crate::tls::{ClientCertificateError, presenting};

impl Engine {
    /// Checks that an endpoint's client certificate and its key can be used.
    pub fn check_client_certificate(
        &self,
        own: &ClientCertificate,
    ) -> Result<(), ClientCertificateError> {
        presenting(own, &self.shared.routing.equipment.tls).map(drop)
    }

    /// Asks the endpoint's receiver whether it wants to be sent to, and keeps what comes of it.
    /// Nothing comes of it where the endpoint wants no validation any more, or nothing could be kept.
    pub async fn validate(&self, id: EndpointId) -> Option<ValidationOutcome> {
        let (told, outcome) = oneshot::channel();
        self.shared.inbox.push(Message::Validate(id, Some(told)));
        outcome.await.ok()
    }

    /// As [`Self::validate`], without waiting.
    pub fn validate_soon(&self, id: EndpointId) {
        self.shared.inbox.push(Message::Validate(id, None));
    }
}
