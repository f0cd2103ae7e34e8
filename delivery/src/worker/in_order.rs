//! Lanes whose deliveries go one after another, in the order of their rows.
//!
//! **Invariant:** of such a lane this node holds the first that wait, without a gap, and asks for more
//! only when it holds none, and all that it had is stored: no outcome or release is under way. Whatever is not sent in its
//! turn takes all after it along, back into the store.

use std::collections::HashSet;
use std::rc::Rc;

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;
use hookwright_store::{Settled, Settlement};

use super::State;
use crate::inbox::Job;
use crate::lane::Lane;

/// Whether this lane's deliveries go in order.
pub(super) fn is_ordered(state: &State, id: EndpointId) -> bool {
    let target = state.shared.routing.target(id);
    target.is_some_and(|target| target.is_ordered())
}

/// Whether more of the lane may be asked for now. If not, it is asked for in time.
pub(super) fn may_claim(state: &State, id: EndpointId) -> bool {
    let mut lanes = state.lanes.borrow_mut();
    let Some(lane) = lanes.get_mut(id) else {
        return true;
    };
    if !is_idle(lane) {
        state.starved.borrow_mut().insert(id);
        return false;
    }
    match lane.order.held_until.filter(|at| *at > state.now()) {
        None => true,
        Some(at) => {
            state.waiting.borrow_mut().add(id, at);
            false
        }
    }
}

fn is_idle(lane: &Lane) -> bool {
    let in_order = |job: &Job| !job.claimed.manual;
    lane.in_flight == 0 && lane.order.settling == 0 && !lane.jobs.iter().any(in_order)
}

/// Takes what must not be sent before the delivery that an outcome is of out of its lane's memory.
pub(super) fn held_up(state: &State, lane: &mut Lane, job: &Job, outcome: &Settlement) -> Vec<Job> {
    match outcome.becomes {
        Settled::RetryAt(at) if !outcome.manual => {
            lane.order.held_until = Some(at);
            lane.jobs.drain(..).collect()
        }
        Settled::Delivered if outcome.manual => {
            // It may be the one that all wait for. They are looked for once this is stored.
            lane.order.held_until = None;
            state.starved.borrow_mut().insert(job.claimed.endpoint_id);
            Vec::new()
        }
        Settled::RetryAt(_) | Settled::Delivered | Settled::Failed => Vec::new(),
    }
}

/// An outcome in such a lane is on its way to the store.
pub(super) fn settling(state: &State, id: EndpointId) {
    if let Some(lane) = state.lanes.borrow_mut().get_mut(id) {
        lane.order.settling += 1;
        state.settling_in_order.borrow_mut().push(id);
    }
}

/// Deliveries of these lanes are on their way back into the store. Answers which lanes wait for that.
pub(super) fn releasing(state: &State, lanes: &HashSet<EndpointId>) -> Vec<EndpointId> {
    let ordered = lanes.iter().filter(|id| is_ordered(state, **id));
    let ordered: Vec<EndpointId> = ordered.copied().collect();
    let mut lanes = state.lanes.borrow_mut();
    for id in &ordered {
        if let Some(lane) = lanes.get_mut(*id) {
            lane.order.settling += 1;
        }
    }
    ordered
}

/// What of such lanes was on its way to the store is there.
pub(super) fn settled(state: &State, lanes: Vec<EndpointId>) {
    for id in lanes {
        let mut all = state.lanes.borrow_mut();
        let Some(lane) = all.get_mut(id) else {
            continue;
        };
        lane.order.settling = lane.order.settling.saturating_sub(1);
        if is_idle(lane) && state.starved.borrow_mut().remove(&id) {
            state.waiting.borrow_mut().add(id, state.now());
        }
    }
}

/// Claims for lanes that have room, and sees to it that they are asked again in time where more
/// waits. Answers which these are.
pub(super) async fn claim(
    state: &Rc<State>,
    lanes: Vec<(EndpointId, usize)>,
    now: UnixMs,
) -> HashSet<EndpointId> {
    if lanes.is_empty() {
        return HashSet::new();
    }
    let asked: Vec<EndpointId> = lanes.iter().map(|(id, _)| *id).collect();
    match state.shared.store.claim_in_order(lanes, now).await {
        Ok(found) => {
            super::claim::take_in(state, found.claimed, now);
            asked.iter().for_each(|id| hold(state, *id, None));
            for (id, at) in &found.next_at {
                hold(state, *id, Some(*at).filter(|at| *at > now));
                state.waiting.borrow_mut().add(*id, *at);
            }
            found.next_at.into_iter().map(|(id, _)| id).collect()
        }
        Err(error) => {
            tracing::error!(%error, "nothing claimed in order");
            HashSet::new()
        }
    }
}

fn hold(state: &State, id: EndpointId, until: Option<UnixMs>) {
    if let Some(lane) = state.lanes.borrow_mut().get_mut(id) {
        lane.order.held_until = until;
    }
}
