//! What does an endpoint ask for, as it is saved, and which of an event's endpoints want its payload?

use std::sync::Arc;

use hookwright_core::filter::{Filter, Steps};
use hookwright_core::subscription::Subscriptions;
use hookwright_core::wants::Wants;
use hookwright_store::EndpointSettings;
use serde_json::Value;

use crate::target::Target;

/// What an endpoint asks for. What cannot be read is said in words for the operator.
pub(crate) fn wants(settings: &EndpointSettings) -> Result<Wants, String> {
    let filter = settings.filter.as_ref().map(Filter::parse).transpose();
    Ok(Wants {
        subscriptions: Subscriptions::parse(&settings.events).map_err(|error| error.to_string())?,
        channels: settings.channels.clone(),
        filter: filter.map_err(|error| format!("filter{}: {error}", error.pointer))?,
    })
}

/// Leaves those whose filter the payload matches. It is parsed once, and only if there is a filter.
pub(crate) fn keep_wanting(targets: &mut Vec<Arc<Target>>, payload: &[u8]) {
    if targets.iter().all(|target| target.wants.filter.is_none()) {
        return;
    }
    // Raw JSON may still be none that can be looked into: a number that is out of range, or half of
    // a surrogate pair. No filter asks for such a payload.
    let payload: Option<Value> = serde_json::from_slice(payload).ok();
    let mut steps = Steps::of_event();
    targets.retain(|target| target.wants.asks_for_payload(payload.as_ref(), &mut steps));
}
