//! Taking due deliveries out of the store, for lanes that have room.

use std::rc::Rc;

use hookwright_core::ids::EndpointId;
use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use hookwright_store::{Claimed, EndpointStatus};

use super::{State, health, in_order, own};
use crate::inbox::Job;

/// Lanes asked for in one claim.
const LANES_PER_CLAIM: usize = 64;
/// Deliveries taken for an endpoint that is gone, to be failed.
const ORPHANS_PER_CLAIM: usize = 64;

/// Begins a claim if something is due and none is under way.
pub(super) fn claim_if_due(state: &Rc<State>) {
    if state.claiming.get() || state.stopping.get() {
        return;
    }
    let due = state
        .waiting
        .borrow_mut()
        .take_due(state.now(), LANES_PER_CLAIM);
    let wanted: Vec<_> = due
        .into_iter()
        .filter_map(|id| Some((id, room(state, id)?)))
        .collect();
    if wanted.is_empty() {
        return;
    }
    state.claiming.set(true);
    let state = Rc::clone(state);
    tokio::task::spawn_local(async move {
        claim(&state, wanted).await;
        state.claiming.set(false);
        state.wake.notify_one();
    });
}

/// How many deliveries the lane can take; `None` if it takes none now.
fn room(state: &State, id: EndpointId) -> Option<usize> {
    let Some(target) = state.shared.routing.target(id) else {
        return Some(ORPHANS_PER_CLAIM);
    };
    if target.status() == EndpointStatus::Paused {
        // A change of the endpoint brings it back.
        return None;
    }
    if target.status() == EndpointStatus::Active && !state.shared.may_work_on(&target) {
        // Once it is this node's, it is due again.
        own::want(state, (target.endpoint.project_id, id));
        return None;
    }
    if let Some(until) = health::left_alone_until(state, &target) {
        state.waiting.borrow_mut().add(id, until);
        return None;
    }
    if target.is_ordered() && !in_order::may_claim(state, id) {
        return None;
    }
    let room = target.gauge.room().min(state.shared.node.room());
    if room == 0 {
        state.starved.borrow_mut().insert(id);
        return None;
    }
    Some(room)
}

async fn claim(state: &Rc<State>, wanted: Vec<(EndpointId, usize)>) {
    let now = state.now();
    let lanes: Vec<EndpointId> = wanted.iter().map(|(id, _)| *id).collect();
    let unfinished = hasten_what_has_no_future(state, &lanes).await;
    let ordered = |(id, _): &(EndpointId, usize)| in_order::is_ordered(state, *id);
    let (ordered, plain): (Vec<_>, Vec<_>) = wanted.into_iter().partition(ordered);
    if !plain.is_empty() {
        match state.shared.store.claim(plain, now).await {
            Ok(claimed) => take_in(state, claimed, now),
            Err(error) => tracing::error!(%error, "nothing claimed"),
        }
    }
    let held_up = in_order::claim(state, ordered, now).await;
    for id in unfinished {
        state.waiting.borrow_mut().add(id, now);
    }
    // Of a lane that is held up the earliest due is not the next to be sent.
    let lanes = lanes.into_iter().filter(|id| !held_up.contains(id));
    match state.shared.store.lanes_due(lanes.collect()).await {
        Ok(next) => {
            let mut waiting = state.waiting.borrow_mut();
            next.into_iter().for_each(|(id, at)| waiting.add(id, at));
        }
        // The next sweep finds them.
        Err(error) => tracing::error!(%error, "due times not read"),
    }
}

/// Puts what was claimed into the lanes.
pub(super) fn take_in(state: &Rc<State>, claimed: Vec<Claimed>, now: UnixMs) {
    for claimed in claimed {
        if let Some(target) = state.shared.routing.target(claimed.endpoint_id) {
            target.gauge.add(1);
        }
        let bytes = claimed.event.payload.as_ref().map_or(0, bytes::Bytes::len);
        state.enqueue(Job {
            _held: state.shared.node.hold(bytes),
            leased_until: now.plus_ms(LEASE_MS),
            queued_at_us: state.now_us(),
            counted: false,
            claimed,
        });
    }
}

/// What waits for an endpoint that was disabled or deleted fails now, not when its retry would
/// have been due: who looks sees it. Answers the lanes that may have more.
async fn hasten_what_has_no_future(state: &State, lanes: &[EndpointId]) -> Vec<EndpointId> {
    let mut unfinished = Vec::new();
    for id in lanes {
        let target = state.shared.routing.target(*id);
        if target.is_some_and(|target| target.status() != EndpointStatus::Disabled) {
            continue;
        }
        let store = &state.shared.store;
        match store.hasten(*id, ORPHANS_PER_CLAIM, state.now()).await {
            Ok(0) => {}
            Ok(_) => unfinished.push(*id),
            Err(error) => tracing::error!(%error, "waiting deliveries not hastened"),
        }
    }
    unfinished
}
