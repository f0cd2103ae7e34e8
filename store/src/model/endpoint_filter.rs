//! Which endpoints does a list show?

use std::collections::BTreeMap;

use hookwright_core::subscription::Subscriptions;

use super::{Endpoint, EndpointStatus};

/// Which endpoints a list shows: those that all of this is true of.
#[derive(Clone, Debug, Default)]
pub struct EndpointFilter {
    /// Of this status.
    pub status: Option<EndpointStatus>,
    /// That events of this type are for.
    pub event_type: Option<String>,
    /// Whose URL has this in it.
    pub url: Option<String>,
    /// Whose metadata has these entries.
    pub metadata: BTreeMap<String, String>,
}

impl EndpointFilter {
    /// Whether it shows every endpoint.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.status.is_none()
            && self.event_type.is_none()
            && self.url.is_none()
            && self.metadata.is_empty()
    }

    /// Whether it shows this one.
    #[must_use]
    pub fn fits(&self, endpoint: &Endpoint) -> bool {
        let settings = &endpoint.settings;
        let subscribed = |event_type: &String| {
            Subscriptions::parse(&settings.events)
                .is_ok_and(|subscriptions| subscriptions.matches(event_type))
        };
        let mut metadata = self.metadata.iter();
        self.status.is_none_or(|status| endpoint.status == status)
            && self
                .url
                .as_ref()
                .is_none_or(|url| settings.url.contains(url))
            && metadata.all(|(name, value)| settings.metadata.get(name) == Some(value))
            && self.event_type.as_ref().is_none_or(subscribed)
    }
}
