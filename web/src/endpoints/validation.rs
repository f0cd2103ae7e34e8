//! Whether an endpoint must wait for its receiver's consent.

use hookwright_store::{Endpoint, EndpointSettings, EndpointStatus, WAITING_FOR_VALIDATION};

use crate::app::App;

/// The status, with its reason, that an endpoint of these settings gets where `asked` is asked for.
pub(crate) fn status(
    settings: &EndpointSettings,
    asked: EndpointStatus,
    reason: Option<String>,
) -> (EndpointStatus, Option<String>) {
    if asked == EndpointStatus::Active && settings.awaits_validation() {
        let waiting = Some(WAITING_FOR_VALIDATION.to_owned());
        (EndpointStatus::Paused, waiting)
    } else {
        (asked, reason)
    }
}

/// The status that a change of settings gives an endpoint where none is asked for.
pub(super) fn after_change(
    old: &Endpoint,
    settings: &EndpointSettings,
) -> Option<(EndpointStatus, Option<String>)> {
    if old.is_waiting_for_validation() && !settings.awaits_validation() {
        Some((EndpointStatus::Active, None))
    } else if old.status == EndpointStatus::Active && settings.awaits_validation() {
        Some(status(settings, EndpointStatus::Active, None))
    } else {
        None
    }
}

/// Has the receiver asked, if the endpoint waits for it.
pub(crate) fn ask_if_waiting(app: &App, endpoint: &Endpoint) {
    if endpoint.is_waiting_for_validation() && endpoint.settings.awaits_validation() {
        app.engine.validate_soon(endpoint.id);
    }
}
