//! What a delivery's row says of it, whatever the engine: how it is shown, whether a list takes it,
//! and where a list's rows are looked for.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{DeliveryId, EndpointId, EventId};
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;

use crate::blob::Head;
use crate::error::StoreError;
use crate::model::{Delivery, DeliveryFilter, Scope};

/// A delivery's row.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: DeliveryId,
    pub(crate) event_id: EventId,
    pub(crate) endpoint_id: EndpointId,
    pub(crate) state: DeliveryState,
    pub(crate) attempts: u32,
    pub(crate) due_at: Option<UnixMs>,
    pub(crate) is_leased: bool,
    pub(crate) created_at: UnixMs,
    pub(crate) finished_at: Option<UnixMs>,
    pub(crate) class: Option<ErrorClass>,
    pub(crate) status: Option<u16>,
    pub(crate) first: Option<Head>,
    pub(crate) failed_attempts: u32,
    pub(crate) first_failed_at: Option<UnixMs>,
}

/// What is shown of the endpoint that a delivery goes to.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    pub(crate) public_id: String,
    pub(crate) account_public_id: String,
    pub(crate) scope: Scope,
    pub(crate) is_paused: bool,
}

/// What is shown of a delivery's event.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) given_id: Option<String>,
    pub(crate) accepted_at: UnixMs,
    pub(crate) event_type: String,
}

/// Whether a row is one of a list's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    No,
    Yes,
    /// If its last attempt was answered with a status that is asked for: the row does not say.
    IfLastAnswer,
}

impl Stored {
    /// The state that a stored code means.
    pub(crate) fn state_of(code: i64) -> Result<DeliveryState, StoreError> {
        let state = u8::try_from(code).ok().and_then(DeliveryState::from_code);
        state.ok_or_else(|| StoreError::Unreadable {
            what: "delivery",
            detail: format!("unknown state {code}"),
        })
    }

    /// A live delivery of a paused endpoint is shown as held.
    pub(crate) const fn shown_state(&self, is_paused: bool) -> DeliveryState {
        if self.state.is_live() && is_paused {
            DeliveryState::Held
        } else {
            self.state
        }
    }

    /// Whether the filter takes it, as far as its row says. Its event's type is not in it.
    pub(crate) fn fits(&self, filter: &DeliveryFilter, is_paused: bool) -> Fits {
        let fits = filter.takes_state(self.shown_state(is_paused))
            && filter.endpoint_id.is_none_or(|id| id == self.endpoint_id)
            && filter.event_id.is_none_or(|id| id == self.event_id)
            && filter.created.holds(self.created_at)
            && filter.error.is_none_or(|class| Some(class) == self.class)
            && (!filter.failed_once || self.class.is_some());
        match (fits, filter.status) {
            (false, _) => Fits::No,
            (true, None) => Fits::Yes,
            (true, Some(_)) if self.state != DeliveryState::Delivered => {
                self.if_status(filter, self.status)
            }
            (true, Some(_)) => match self.first {
                Some(first) if self.attempts == 1 => self.if_status(filter, first.status),
                _ => Fits::IfLastAnswer,
            },
        }
    }

    fn if_status(&self, filter: &DeliveryFilter, status: Option<u16>) -> Fits {
        if filter.takes_status(status) {
            Fits::Yes
        } else {
            Fits::No
        }
    }

    pub(crate) fn shown(self, receiver: &Receiver, about: About) -> Delivery {
        let state = self.shown_state(receiver.is_paused);
        // Delivered at the first attempt: the time rests in the attempt.
        let first = self
            .first
            .filter(|_| self.state == DeliveryState::Delivered);
        let is_scheduled = self.state.is_live() && !self.is_leased && !receiver.is_paused;
        // What is live and has such a time was given up before, and is not now.
        let finished_at = self.finished_at.filter(|_| !self.state.is_live());
        let finished_at = finished_at.or(first.map(|head| head.finished_at));
        Delivery {
            id: self.id,
            event_id: self.event_id,
            event_given_id: about.given_id,
            event_accepted_at: about.accepted_at,
            event_type: about.event_type,
            endpoint_id: self.endpoint_id,
            endpoint_public_id: receiver.public_id.clone(),
            account_public_id: receiver.account_public_id.clone(),
            state,
            attempts: self.attempts,
            next_attempt_at: self.due_at.filter(|_| is_scheduled),
            created_at: self.created_at,
            finished_at,
            last_error: self.class.map(|class| (class, self.status)),
            failed_attempts: self.failed_attempts,
            first_failed_at: self.first_failed_at,
        }
    }
}

/// Whether what belongs to `of` is seen within `scope`.
pub(crate) fn is_seen(scope: Scope, of: Scope) -> bool {
    of.project_id == scope.project_id
        && scope
            .account_id
            .is_none_or(|account| of.account_id == Some(account))
}

/// A part of the deliveries that has an index, in the order of their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// All of them, or of an endpoint's.
    All,
    /// Live ones that wait in the store or were claimed from it.
    Waiting,
    /// First attempts that were leased when they were made: among the newest rows.
    InFlight,
    /// Failed ones.
    Failed,
    /// Cancelled ones.
    Cancelled,
}

/// Where the rows that a filter takes are: few places, if it leaves out what was delivered.
pub(crate) fn sources(filter: &DeliveryFilter) -> Vec<Source> {
    use DeliveryState::{Cancelled, Delivered, Failed, Held, Pending, Retrying};
    if filter.takes_state(Delivered) {
        return vec![Source::All];
    }
    let takes = |states: &[DeliveryState]| states.iter().any(|state| filter.takes_state(*state));
    let mut sources = Vec::new();
    if takes(&[Pending, Retrying, Held]) {
        sources.push(Source::Waiting);
    }
    // What failed once waits in the store.
    if takes(&[Pending, Held]) {
        sources.push(Source::InFlight);
    }
    if takes(&[Failed]) {
        sources.push(Source::Failed);
    }
    if takes(&[Cancelled]) {
        sources.push(Source::Cancelled);
    }
    sources
}
