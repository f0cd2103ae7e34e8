//! Running validation handshakes: beside the lanes, a bounded number at once.

use std::rc::Rc;

use hookwright_core::ids::EndpointId;
use hookwright_store::ValidationOutcome;
use tokio::sync::oneshot;

use super::State;
use crate::handshake::handshake;

/// Asks the endpoint's receiver, keeps what came of it, and then tells whoever waits for it.
pub(super) fn validate(
    state: &Rc<State>,
    id: EndpointId,
    told: Option<oneshot::Sender<ValidationOutcome>>,
) {
    let state = Rc::clone(state);
    tokio::task::spawn_local(async move {
        let Ok(_turn) = state.handshakes.acquire().await else {
            return;
        };
        // Gone meanwhile, or without a wish for it.
        let target = state.shared.routing.target(id);
        let Some(target) = target.filter(|it| it.endpoint.settings.validation.is_some()) else {
            return;
        };
        let origin = &state.shared.routing.equipment.origin;
        let outcome = handshake(&state.connector, &target, origin).await;
        let store = &state.shared.store;
        match store
            .settle_validation(id, outcome.clone(), state.now())
            .await
        {
            Ok(_) => {
                tracing::info!(
                    endpoint = target.endpoint.public_id,
                    consents = outcome.error.is_none(),
                    "receiver asked"
                );
                if let Some(told) = told {
                    let _ = told.send(outcome);
                }
            }
            Err(error) => tracing::error!(%error, "a receiver's consent was not stored"),
        }
    });
}
