//! What does a replay do with a past delivery, and with an event that an endpoint has not got?

use hookwright_core::state::DeliveryState;
use hookwright_core::subscription::Subscriptions;
use hookwright_core::time::UnixMs;
use hookwright_store::{DeliveryFilter, EndpointStatus, PastDelivery, ReplaySpec, ReplayWhat};

/// What a replay does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It begins anew, with a whole schedule.
    Reopen,
    /// It stays delivered, and is sent once more.
    Resend,
    /// It gets a delivery.
    Add,
    /// Nothing can be done for it: why.
    Skip(&'static str),
    /// It was not asked for.
    Pass,
}

/// Which events a replay asks for.
pub(crate) struct Asked {
    types: Subscriptions,
    since: UnixMs,
    until: UnixMs,
    what: ReplayWhat,
    /// Which deliveries, but for what their events must be.
    pub(crate) deliveries: DeliveryFilter,
}

impl Asked {
    /// Says in words what cannot be read.
    pub(crate) fn by(spec: &ReplaySpec) -> Result<Self, String> {
        Ok(Self {
            types: Subscriptions::parse(&spec.event_types).map_err(|error| error.to_string())?,
            since: spec.since,
            until: spec.until,
            what: spec.what,
            deliveries: spec
                .deliveries()
                .ok_or("it names a state or an error class that this version does not know")?,
        })
    }

    pub(crate) fn event(&self, event_type: &str, accepted_at: UnixMs) -> bool {
        accepted_at >= self.since && accepted_at < self.until && self.types.matches(event_type)
    }

    /// Of a delivery to an endpoint of this status; `None` is one that is gone.
    pub(crate) fn choose(&self, past: &PastDelivery, status: Option<EndpointStatus>) -> Choice {
        if !self.event(&past.event_type, past.accepted_at) {
            return Choice::Pass;
        }
        let choice = match (DeliveryState::from_code(past.state), self.what) {
            (Some(DeliveryState::Failed | DeliveryState::Cancelled), _) => Choice::Reopen,
            (_, ReplayWhat::Failed | ReplayWhat::Missing) => return Choice::Pass,
            (Some(DeliveryState::Delivered), ReplayWhat::All) => Choice::Resend,
            _ => return Choice::Skip("already_waiting"),
        };
        possible(choice, past.has_payload, status)
    }
}

/// The choice, unless nothing could come of it.
pub(crate) const fn possible(
    choice: Choice,
    has_payload: bool,
    status: Option<EndpointStatus>,
) -> Choice {
    match status {
        None => Choice::Skip("endpoint_deleted"),
        Some(EndpointStatus::Disabled) => Choice::Skip("endpoint_disabled"),
        _ if !has_payload => Choice::Skip("payload_gone"),
        _ => choice,
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::ids::{DeliveryId, EndpointId};

    use super::*;

    fn past(state: DeliveryState) -> PastDelivery {
        PastDelivery {
            id: DeliveryId(1),
            state: state.code(),
            endpoint_id: EndpointId(1),
            event_type: "user.created".to_owned(),
            accepted_at: UnixMs(50),
            has_payload: true,
        }
    }

    fn asked(what: ReplayWhat, types: &[&str]) -> Asked {
        let spec = ReplaySpec {
            what,
            event_types: types.iter().map(|it| (*it).to_owned()).collect(),
            since: UnixMs(50),
            until: UnixMs(60),
            ..ReplaySpec::default()
        };
        Asked::by(&spec).expect("readable")
    }

    const ACTIVE: Option<EndpointStatus> = Some(EndpointStatus::Active);

    #[test]
    fn each_state_has_its_choice() {
        use DeliveryState::{Cancelled, Delivered, Failed, Pending, Retrying};
        let waiting = Choice::Skip("already_waiting");
        for (state, failed, all) in [
            (Failed, Choice::Reopen, Choice::Reopen),
            (Cancelled, Choice::Reopen, Choice::Reopen),
            (Delivered, Choice::Pass, Choice::Resend),
            (Pending, Choice::Pass, waiting),
            (Retrying, Choice::Pass, waiting),
        ] {
            let choose = |what| asked(what, &[]).choose(&past(state), ACTIVE);
            assert_eq!(choose(ReplayWhat::Failed), failed, "{state:?}");
            assert_eq!(choose(ReplayWhat::All), all, "{state:?}");
        }
    }

    #[test]
    fn only_what_is_asked_for_is_chosen() {
        let choose = |asked: &Asked, at: i64| {
            let accepted_at = UnixMs(at);
            let past = PastDelivery {
                accepted_at,
                ..past(DeliveryState::Failed)
            };
            asked.choose(&past, ACTIVE)
        };
        let of_users = asked(ReplayWhat::Failed, &["user.*"]);
        assert_eq!(
            [50, 59].map(|at| choose(&of_users, at)),
            [Choice::Reopen; 2]
        );
        assert_eq!([49, 60].map(|at| choose(&of_users, at)), [Choice::Pass; 2]);
        assert_eq!(
            choose(&asked(ReplayWhat::Failed, &["order.*"]), 50),
            Choice::Pass
        );
    }

    #[test]
    fn what_nothing_could_come_of_is_skipped_with_its_reason() {
        let all = asked(ReplayWhat::All, &[]);
        let failed = past(DeliveryState::Failed);
        let choose = |past: &PastDelivery, status| all.choose(past, status);
        assert_eq!(choose(&failed, None), Choice::Skip("endpoint_deleted"));
        let disabled = Some(EndpointStatus::Disabled);
        assert_eq!(choose(&failed, disabled), Choice::Skip("endpoint_disabled"));
        assert_eq!(
            choose(&failed, Some(EndpointStatus::Paused)),
            Choice::Reopen,
            "it is held"
        );
        let bare = PastDelivery {
            has_payload: false,
            ..failed
        };
        assert_eq!(choose(&bare, ACTIVE), Choice::Skip("payload_gone"));
    }
}
