//! Which events, deliveries and attempts a list shows.

use std::collections::BTreeMap;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{EndpointId, EventId};
use hookwright_core::state::DeliveryState;
use hookwright_core::subscription::Pattern;
use hookwright_core::time::UnixMs;

use super::Event;

/// A stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Created {
    /// At this time or later.
    pub from: Option<UnixMs>,
    /// Before this time.
    pub until: Option<UnixMs>,
}

impl Created {
    /// Whether a time lies in it.
    #[must_use]
    pub fn holds(&self, at: UnixMs) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

/// Which events a list shows: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of these types.
    pub event_type: Option<Pattern>,
    /// Accepted then.
    pub created: Created,
    /// Published on this channel, among others.
    pub channel: Option<String>,
    /// With these notes, among others.
    pub metadata: BTreeMap<String, String>,
    /// With this subject, as raw JSON.
    pub subject: Option<String>,
}

impl EventFilter {
    /// Whether an event is shown.
    #[must_use]
    pub fn takes(&self, event: &Event) -> bool {
        let has = |(name, value): (&String, &String)| event.metadata.get(name) == Some(value);
        self.created.holds(event.accepted_at)
            && self
                .event_type
                .as_ref()
                .is_none_or(|pattern| pattern.matches(&event.event_type))
            && self
                .channel
                .as_ref()
                .is_none_or(|channel| event.channels.contains(channel))
            && self.metadata.iter().all(has)
            && (self.subject.is_none() || self.subject == event.subject)
    }
}

/// Which deliveries a list shows: those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint_id: Option<EndpointId>,
    /// Of this event.
    pub event_id: Option<EventId>,
    /// In one of these states; in any if none is given.
    pub states: Vec<DeliveryState>,
    /// Of events of these types.
    pub event_type: Option<Pattern>,
    /// Last answered with a status from the first to the second, both included.
    pub status: Option<(u16, u16)>,
    /// Whose last failure is of this class.
    pub error: Option<ErrorClass>,
    /// Only those with a failed attempt.
    pub failed_once: bool,
    /// Made then.
    pub created: Created,
}

impl DeliveryFilter {
    /// Those in this state.
    #[must_use]
    pub fn in_state(state: DeliveryState) -> Self {
        Self {
            states: vec![state],
            ..Self::default()
        }
    }

    /// Without what was delivered in the end, where a failure is asked for and no state: what failed
    /// and was delivered later is not meant.
    #[must_use]
    pub fn without_what_went_well(self) -> Self {
        let failures = self.error.is_some() || self.status.is_some_and(|(first, _)| first >= 300);
        if !failures || !self.states.is_empty() {
            return self;
        }
        let not_delivered = |state: &DeliveryState| *state != DeliveryState::Delivered;
        Self {
            states: DeliveryState::ALL
                .into_iter()
                .filter(not_delivered)
                .collect(),
            ..self
        }
    }

    /// Whether it asks for more of a delivery's attempts than what came of all.
    #[must_use]
    pub const fn asks_of_attempts(&self) -> bool {
        self.status.is_some() || self.error.is_some()
    }

    /// Whether it takes only what failed or was cancelled.
    #[must_use]
    pub fn takes_only_failed(&self) -> bool {
        let failed = |state: &DeliveryState| {
            matches!(state, DeliveryState::Failed | DeliveryState::Cancelled)
        };
        !self.states.is_empty() && self.states.iter().all(failed)
    }

    /// Whether deliveries in this state may be shown.
    #[must_use]
    pub fn takes_state(&self, state: DeliveryState) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }

    /// Whether an answered status is asked for.
    #[must_use]
    pub fn takes_status(&self, status: Option<u16>) -> bool {
        self.status.is_none_or(|(first, last)| {
            status.is_some_and(|status| (first..=last).contains(&status))
        })
    }
}

/// Which attempts a list shows: those that fit, of the deliveries that fit.
#[derive(Clone, Debug, Default)]
pub struct AttemptFilter {
    /// Of these deliveries.
    pub deliveries: DeliveryFilter,
    /// Answered with a status from the first to the second, both included.
    pub status: Option<(u16, u16)>,
    /// Failed with this class.
    pub error: Option<ErrorClass>,
}

impl AttemptFilter {
    /// Whether an attempt with this status and class is shown.
    #[must_use]
    pub fn takes(&self, status: Option<u16>, error: Option<ErrorClass>) -> bool {
        let in_range = |(first, last): (u16, u16)| {
            status.is_some_and(|status| (first..=last).contains(&status))
        };
        self.status.is_none_or(in_range) && self.error.is_none_or(|class| error == Some(class))
    }
}
