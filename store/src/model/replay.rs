//! Which past deliveries and events a replay is about.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{EndpointId, EventId};
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use serde::{Deserialize, Serialize};

use super::DeliveryFilter;

/// Which deliveries a replay is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayWhat {
    /// Those that failed or were cancelled.
    #[default]
    Failed,
    /// Every one.
    All,
    /// Those that an endpoint would get if its events were published now, and has not got.
    Missing,
}

/// What a replay does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplaySpec {
    /// Which deliveries.
    pub what: ReplayWhat,
    /// To this endpoint only: its row and its public id.
    pub endpoint: Option<(i64, String)>,
    /// The account's public id, where it is about one alone.
    pub account: Option<String>,
    /// Of events of these types only, `*` allowed; empty means all.
    pub event_types: Vec<String>,
    /// Of events accepted then or later.
    pub since: UnixMs,
    /// Of events accepted before.
    pub until: UnixMs,
    /// Deliveries each second at most.
    pub rows_per_second: u32,
    /// The row before which it ends.
    pub end_row: i64,
    /// Of this event only: its row and the id that it is shown with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<(i64, String)>,
    /// The codes of the states that it takes up; empty means all that `what` means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<u8>,
    /// Last answered with a status from the first to the second, both included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<(u16, u16)>,
    /// The code of the class of the last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u8>,
}

impl ReplaySpec {
    /// The past deliveries that it looks at, as a list's filter: all but what their events must be.
    /// `None` if it names what this version does not know.
    #[must_use]
    pub fn deliveries(&self) -> Option<DeliveryFilter> {
        use DeliveryState::{Cancelled, Delivered, Failed};
        let error = match self.error {
            Some(code) => Some(ErrorClass::from_code(code)?),
            None => None,
        };
        let mut states = match self.what {
            ReplayWhat::Failed => vec![Failed, Cancelled],
            _ if self.states.is_empty() => Vec::new(),
            _ => vec![Delivered, Failed, Cancelled],
        };
        states.retain(|state| self.states.is_empty() || self.states.contains(&state.code()));
        if states.is_empty() && !self.states.is_empty() {
            return None;
        }
        let filter = DeliveryFilter {
            endpoint_id: self.endpoint.as_ref().map(|(row, _)| EndpointId(*row)),
            event_id: self.event.as_ref().map(|(row, _)| EventId(*row)),
            states,
            status: self.status,
            error,
            ..DeliveryFilter::default()
        };
        Some(filter.without_what_went_well())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_there_were_filters_is_read() {
        let text = r#"{"what":"failed","endpoint":null,"account":null,"event_types":[],
                       "since":1,"until":2,"rows_per_second":500,"end_row":9}"#;
        let spec: ReplaySpec = serde_json::from_str(text).expect("read");
        assert_eq!((spec.end_row, spec.event, spec.error), (9, None, None));
    }

    #[test]
    fn states_are_those_that_are_asked_for() {
        use DeliveryState::{Cancelled, Delivered, Failed};
        let states = |what, states: &[DeliveryState], error| {
            let spec = ReplaySpec {
                what,
                states: states.iter().map(|state| state.code()).collect(),
                error,
                ..ReplaySpec::default()
            };
            spec.deliveries().map(|filter| filter.states)
        };
        let timeout = Some(ErrorClass::Timeout.code());
        let (failed, all) = (ReplayWhat::Failed, ReplayWhat::All);
        assert_eq!(states(failed, &[], None), Some(vec![Failed, Cancelled]));
        assert_eq!(states(failed, &[Failed], timeout), Some(vec![Failed]));
        assert_eq!(states(failed, &[Delivered], None), None, "not everything");
        assert_eq!(states(failed, &[], Some(250)), None);
        assert_eq!(states(all, &[], None), Some(vec![]));
        assert_eq!(states(all, &[Delivered], None), Some(vec![Delivered]));
        let not_delivered = states(all, &[], timeout).expect("known");
        assert!(not_delivered.contains(&Failed) && !not_delivered.contains(&Delivered));
    }
}
