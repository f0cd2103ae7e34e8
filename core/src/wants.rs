//! Does an endpoint want an event, and if not, why?
//!
//! One rule for the publish path, which needs the answer, and for people, who need the reasons.

use serde_json::Value;

use crate::filter::{Filter, Steps};
use crate::subscription::Subscriptions;

/// What an endpoint asks for.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    /// Event types.
    pub subscriptions: Subscriptions,
    /// Channels; none means all.
    pub channels: Vec<String>,
    /// A condition on the payload.
    pub filter: Option<Filter>,
}

/// An event, as far as it is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Offered<'a> {
    /// Its type.
    pub event_type: &'a str,
    /// Its channels.
    pub channels: &'a [String],
    /// Its payload; `None` when it cannot be looked into.
    pub payload: Option<&'a Value>,
}

/// What a reason is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The event's type.
    EventType,
    /// Its channels.
    Channels,
    /// Its payload.
    Filter,
}

/// Why an endpoint wants an event, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is about.
    pub concern: Concern,
    /// Whether it speaks for the event; `None` when it cannot be known.
    pub speaks_for: Option<bool>,
    /// The reason in words.
    pub detail: String,
    /// Which part of the filter, as a JSON pointer into it.
    pub pointer: Option<String>,
}

impl Wants {
    /// Whether an event of this type on these channels is asked for, whatever its payload.
    #[must_use]
    pub fn asks_for(&self, event_type: &str, channels: &[String]) -> bool {
        self.subscriptions.matches(event_type)
            && (self.channels.is_empty() || channels.iter().any(|it| self.channels.contains(it)))
    }

    /// Whether the payload is asked for. One that cannot be looked into is none that a filter
    /// asks for.
    #[must_use]
    pub fn asks_for_payload(&self, payload: Option<&Value>, event: &mut Steps) -> bool {
        match &self.filter {
            None => true,
            Some(filter) => payload.is_some_and(|payload| filter.matches(payload, event)),
        }
    }

    /// One reason for each thing that the endpoint asks for.
    #[must_use]
    pub fn why(&self, event: Offered<'_>) -> Vec<Reason> {
        let mut reasons = vec![
            self.about_type(event.event_type),
            self.about_channels(event),
        ];
        reasons.extend(
            self.filter
                .as_ref()
                .map(|filter| about_filter(filter, event.payload)),
        );
        reasons
    }

    fn about_type(&self, event_type: &str) -> Reason {
        let patterns = self.subscriptions.patterns();
        let including = patterns.iter().find(|it| it.matches(event_type));
        let (speaks_for, detail) = match including {
            _ if patterns.is_empty() => (true, "it takes every event type".to_owned()),
            Some(pattern) => (
                true,
                format!("its subscription \"{pattern}\" includes \"{event_type}\""),
            ),
            None => (
                false,
                format!("none of its subscriptions includes \"{event_type}\""),
            ),
        };
        Reason {
            concern: Concern::EventType,
            speaks_for: Some(speaks_for),
            detail,
            pointer: None,
        }
    }

    fn about_channels(&self, event: Offered<'_>) -> Reason {
        let shared = event.channels.iter().find(|it| self.channels.contains(it));
        let (speaks_for, detail) = match shared {
            _ if self.channels.is_empty() => (true, "it takes every channel".to_owned()),
            Some(channel) => (true, format!("both have the channel \"{channel}\"")),
            None => (
                false,
                format!(
                    "the event is on none of its channels: {}",
                    self.channels.join(", ")
                ),
            ),
        };
        Reason {
            concern: Concern::Channels,
            speaks_for: Some(speaks_for),
            detail,
            pointer: None,
        }
    }
}

fn about_filter(filter: &Filter, payload: Option<&Value>) -> Reason {
    let unmet = payload.map(|payload| filter.unmet(payload));
    let (speaks_for, detail, pointer) = match unmet {
        None => (
            None,
            "the payload is not there, or no JSON that can be looked into".to_owned(),
            None,
        ),
        Some(None) => (
            Some(true),
            "the payload matches its filter".to_owned(),
            None,
        ),
        Some(Some(unmet)) => (Some(false), unmet.detail, Some(unmet.pointer)),
    };
    Reason {
        concern: Concern::Filter,
        speaks_for,
        detail,
        pointer,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn wants(events: &[&str], channels: &[&str], filter: Option<Value>) -> Wants {
        Wants {
            subscriptions: Subscriptions::parse(events).unwrap(),
            channels: channels.iter().map(|it| (*it).to_owned()).collect(),
            filter: filter.map(|filter| Filter::parse(&filter).unwrap()),
        }
    }

    #[test]
    fn each_reason_says_what_it_is_about() {
        let wants = wants(&["user.*"], &["eu"], Some(json!({"age": {"$gte": 18}})));
        let payload = json!({"age": 17});
        let channels = ["us".to_owned()];
        let reasons = wants.why(Offered {
            event_type: "user.created",
            channels: &channels,
            payload: Some(&payload),
        });
        let told: Vec<_> = reasons
            .iter()
            .map(|reason| (reason.concern, reason.speaks_for, reason.detail.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    Concern::EventType,
                    Some(true),
                    "its subscription \"user.*\" includes \"user.created\""
                ),
                (
                    Concern::Channels,
                    Some(false),
                    "the event is on none of its channels: eu"
                ),
                (
                    Concern::Filter,
                    Some(false),
                    "\"age\" is 17 and must be at least 18"
                ),
            ]
        );
        assert_eq!(reasons[2].pointer.as_deref(), Some("/age/$gte"));
    }

    #[test]
    fn a_payload_that_cannot_be_seen_is_not_asked_for() {
        let filtered = wants(&[], &[], Some(json!({})));
        assert!(!filtered.asks_for_payload(None, &mut Steps::of_event()));
        assert!(wants(&[], &[], None).asks_for_payload(None, &mut Steps::of_event()));
        let offered = Offered {
            event_type: "a",
            channels: &[],
            payload: None,
        };
        assert_eq!(filtered.why(offered)[2].speaks_for, None);
    }

    proptest! {
        #[test]
        fn the_reasons_and_the_answer_agree(
            events in proptest::sample::subsequence(vec!["a", "b.*", "c"], 0..3),
            own in proptest::sample::subsequence(vec!["x", "y"], 0..=2),
            channels in proptest::sample::subsequence(vec!["x".to_owned(), "z".to_owned()], 0..=2),
            event_type in proptest::sample::select(vec!["a", "b.c", "d"]),
            n in 0..4,
        ) {
            let wants = wants(&events, &own, Some(json!({"n": {"$gt": 1}})));
            let payload = json!({"n": n});
            let asked = wants.asks_for(event_type, &channels)
                && wants.asks_for_payload(Some(&payload), &mut Steps::of_event());
            let offered = Offered { event_type, channels: &channels, payload: Some(&payload) };
            let all = wants.why(offered).iter().all(|reason| reason.speaks_for == Some(true));
            prop_assert_eq!(all, asked);
        }
    }
}
