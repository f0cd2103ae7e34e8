//! Taking, keeping and giving up the lanes that one node at a time may work on.
//!
//! **Invariant:** a node makes no request in such a lane unless the store says in the same moment
//! that the lane is surely its own. All else here only decides how soon work is done, and by whom.

use std::rc::Rc;

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use super::{State, health};
use crate::inbox::Job;
use crate::owned::{Found, LANES_AT_ONCE, LaneName, Owned};

/// Begins to ask for what is wanted and to look at what is owned, if it is time and that is not
/// under way.
pub(super) fn own_if_due(state: &Rc<State>) {
    let next_us = state.owned.borrow().next_us();
    if state.owning.get() || state.stopping.get() || next_us.is_none_or(|at| at > state.now_us()) {
        return;
    }
    state.owning.set(true);
    let state = Rc::clone(state);
    tokio::task::spawn_local(async move {
        ask(&state).await;
        look(&state).await;
        let owned = state.owned.borrow().count();
        state.shared.metrics.lanes_owned.set(owned as u64);
        state.owning.set(false);
        state.wake.notify_one();
    });
}

/// Something is due in a lane that this node does not own.
pub(super) fn want(state: &State, lane: LaneName) {
    state.owned.borrow_mut().want(lane);
}

/// The endpoint changed: what is held of a lane that needs an owner now belongs to that owner.
pub(super) fn put_back_if_not_owned(state: &Rc<State>, id: EndpointId) {
    let target = state.shared.routing.target(id);
    if target.is_some_and(|target| !state.shared.may_work_on(&target)) {
        state.release(take_out(state, id));
    }
}

/// What waits in a lane's memory.
pub(super) fn take_out(state: &State, id: EndpointId) -> Vec<Job> {
    let mut lanes = state.lanes.borrow_mut();
    let lane = lanes.get_mut(id);
    lane.map_or_else(Vec::new, |lane| lane.jobs.drain(..).collect())
}

async fn ask(state: &Rc<State>) {
    let asked = state.owned.borrow_mut().take_wanted(state.now_us());
    if asked.is_empty() {
        return;
    }
    // Whoever had them last may have opened their breakers: known before the first is owned.
    let begun = health::begin_where_left(state, &asked).await;
    let owned = match begun {
        Ok(()) => state.shared.store.own_lanes(asked.clone()).await,
        Err(error) => Err(error),
    };
    match owned {
        Ok(owned) => {
            let now_us = state.now_us();
            state.owned.borrow_mut().learn(&asked, &owned, now_us);
            wait_for(state, owned.into_iter().map(|id| (id, state.now())));
        }
        Err(error) => {
            tracing::warn!(%error, lanes = asked.len(), "lanes not asked for");
            asked.into_iter().for_each(|lane| want(state, lane));
        }
    }
}

async fn look(state: &Rc<State>) {
    let looked = {
        let owned: &mut Owned = &mut state.owned.borrow_mut();
        owned.look(state.now_us(), |id| find(state, id))
    };
    for id in looked.lost {
        state.release(take_out(state, id));
    }
    let mut lanes = looked.kept;
    if !looked.given_up.is_empty() {
        lanes.extend(looked.given_up.iter().map(|(_, id)| *id));
        // It forgets them before it first waits, and nothing else ran here since the look: no
        // request of theirs is under way.
        if let Err(error) = state.shared.store.disown_lanes(looked.given_up).await {
            // The next sweep that finds something due there takes them again.
            tracing::warn!(%error, "idle lanes not given up");
        }
    }
    // What others have accepted for these lanes; for those given up, what came meanwhile.
    for lanes in lanes.chunks(LANES_AT_ONCE) {
        match state.shared.store.lanes_due(lanes.to_vec()).await {
            Ok(due) => wait_for(state, due.into_iter()),
            Err(error) => return tracing::warn!(%error, "owned lanes not looked at"),
        }
    }
}

fn find(state: &State, id: EndpointId) -> Found {
    let target = state.shared.routing.target(id);
    if target.is_none_or(|target| !target.needs_owner()) {
        return Found::Free;
    }
    if !state.shared.store.owns(id) {
        return Found::Lost;
    }
    let mut lanes = state.lanes.borrow_mut();
    let lane = lanes.get_mut(id);
    match lane.is_some_and(|lane| lane.in_flight > 0 || !lane.jobs.is_empty()) {
        true => Found::Busy,
        false => Found::Quiet,
    }
}

fn wait_for(state: &State, lanes: impl Iterator<Item = (EndpointId, UnixMs)>) {
    for (id, at) in lanes {
        if !state.is_paused(id) && !state.starved.borrow().contains(&id) {
            state.waiting.borrow_mut().add(id, at);
        }
    }
}
