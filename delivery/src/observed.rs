//! What statistics and listeners learn of the walk of an event: each thing that happens is told here
//! once.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{DeliveryId, EventId};
use hookwright_store::{Append, Claimed, Settled, Settlement};

use crate::engine::Shared;
use crate::live::{DeliveryDone, Doing, DoingKind, Whose};
use crate::rollups::{self, Outcome};
use crate::target::Target;

/// An event is on disk.
pub(crate) fn accepted(shared: &Shared, append: &Append, id: EventId) {
    let (project_id, account_id) = (append.project_id, append.account_id);
    let at = append.accepted_at;
    shared
        .rollups
        .accepted(project_id, account_id, &append.event_type, at);
    if !shared.live.is_heard() {
        return;
    }
    let whose = Whose {
        project_id,
        account_id: Some(account_id),
        endpoint_id: None,
    };
    shared.live.tell(whose, doing_of(append, id));
}

/// One of its deliveries failed as it was made: its endpoint is disabled.
pub(crate) fn failed_at_once(
    shared: &Shared,
    append: &Append,
    (event, delivery): (EventId, DeliveryId),
    target: &Target,
) {
    let outcome = Outcome {
        project_id: append.project_id,
        account_id: Some(append.account_id),
        endpoint_id: target.endpoint.id,
        event_type: &append.event_type,
        at: append.accepted_at,
    };
    shared.rollups.outcome(&outcome, |counts| {
        counts.failed += 1;
        counts.error(ErrorClass::EndpointDisabled);
    });
    if !shared.live.is_heard() {
        return;
    }
    let whose = Whose {
        project_id: append.project_id,
        account_id: Some(append.account_id),
        endpoint_id: Some(target.endpoint.id),
    };
    let delivery = DeliveryDone {
        id: delivery,
        created_at: append.accepted_at,
        endpoint: Some(target.endpoint.public_id.clone()),
        attempt: None,
        status: None,
        error: Some(ErrorClass::EndpointDisabled),
    };
    let doing = Doing {
        kind: DoingKind::Failed,
        delivery: Some(delivery),
        ..doing_of(append, event)
    };
    shared.live.tell(whose, doing);
}

fn doing_of(append: &Append, id: EventId) -> Doing {
    Doing {
        kind: DoingKind::Accepted,
        at: append.accepted_at,
        event_id: id,
        event_given_id: append.given_id.clone(),
        event_accepted_at: append.accepted_at,
        event_type: append.event_type.clone(),
        delivery: None,
    }
}

/// Something came of a delivery. It goes to the store with what was settled in the same turn.
pub(crate) fn settled(
    shared: &Shared,
    target: Option<&Target>,
    claimed: &Claimed,
    settlement: &Settlement,
) {
    let account_id = target.map(|target| target.endpoint.account_id);
    let outcome = Outcome {
        project_id: settlement.project_id,
        account_id,
        endpoint_id: claimed.endpoint_id,
        event_type: &claimed.event.event_type,
        at: settlement.at,
    };
    shared.rollups.outcome(&outcome, |counts| {
        rollups::count(counts, settlement, claimed.event.accepted_at);
    });
    if !shared.live.is_heard() {
        return;
    }
    let attempted = settlement.attempt.as_ref().map(|_| DoingKind::Attempted);
    let ended = match settlement.becomes {
        Settled::Delivered => Some(DoingKind::Delivered),
        Settled::Failed if !settlement.manual => Some(DoingKind::Failed),
        Settled::Failed | Settled::RetryAt(_) => None,
    };
    let whose = Whose {
        project_id: settlement.project_id,
        account_id,
        endpoint_id: Some(claimed.endpoint_id),
    };
    for kind in attempted.into_iter().chain(ended) {
        shared
            .live
            .tell(whose, doing(kind, target, claimed, settlement));
    }
}

fn doing(
    kind: DoingKind,
    target: Option<&Target>,
    claimed: &Claimed,
    settlement: &Settlement,
) -> Doing {
    let attempt = settlement.attempt.as_ref();
    let event = &claimed.event;
    Doing {
        kind,
        at: settlement.at,
        event_id: event.id,
        event_given_id: event.given_id.clone(),
        event_accepted_at: event.accepted_at,
        event_type: event.event_type.clone(),
        delivery: Some(DeliveryDone {
            id: claimed.id,
            created_at: claimed.created_at,
            endpoint: target.map(|target| target.endpoint.public_id.clone()),
            attempt: attempt.map(|attempt| attempt.number),
            status: attempt.and_then(|attempt| attempt.status),
            error: settlement.error.map(|(class, _)| class),
        }),
    }
}
