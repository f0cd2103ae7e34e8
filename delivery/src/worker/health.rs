//! How endpoints do: what follows from each attempt for its lane's breaker and for the endpoint
//! itself, and how it gets into the store and out of it.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hookwright_core::breaker::{BreakerChange, BreakerState, Turn, tells_of_receiver};
use hookwright_core::error_class::ErrorClass;
use hookwright_core::failing::must_disable;
use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::time::UnixMs;
use hookwright_store::{EndpointHealth, EndpointStatus, StoreError};
use hookwright_wire::utc;

use super::State;
use crate::inbox::Job;
use crate::lane::Lane;
use crate::target::Target;
use crate::unwell::Name;

/// An attempt, as far as it tells how its endpoint does.
pub(super) struct Went<'a> {
    pub(super) target: &'a Arc<Target>,
    pub(super) turn: Option<Turn>,
    /// The class of its failure, if it failed.
    pub(super) failed: Option<ErrorClass>,
    pub(super) at: UnixMs,
}

impl Went<'_> {
    fn name(&self) -> Name {
        name(self.target)
    }
}

fn name(target: &Target) -> Name {
    (target.endpoint.project_id, target.endpoint.id)
}

/// Learns from an attempt. Returns what its lane held and must not send now.
pub(super) fn learn(state: &Rc<State>, lane: &mut Lane, went: &Went<'_>) -> Vec<Job> {
    match went.failed {
        None => succeeded(state, lane, went),
        Some(class) if tells_of_receiver(class) => failed(state, lane, went),
        Some(_) => {}
    }
    let breaker = lane.health.breaker_mut();
    let change = breaker
        .zip(went.turn)
        .and_then(|(breaker, turn)| breaker.learn(turn, went.failed, went.at));
    match change {
        Some(change) => moved(state, lane, went.target, change),
        None if lane.health.breaker().is_some() => lane.fit(),
        None => {}
    }
    match lane.health.open_until() {
        Some(_) => lane.jobs.drain(..).collect(),
        None => Vec::new(),
    }
}

fn succeeded(state: &State, lane: &mut Lane, went: &Went<'_>) {
    let was_written = lane.health.succeeded(went.at);
    if was_written || !state.unwell.borrow().is_fine(went.target.endpoint.id) {
        state.unwell.borrow_mut().note_failing(went.name(), None);
    }
}

fn failed(state: &Rc<State>, lane: &mut Lane, went: &Went<'_>) {
    let target = went.target;
    let written = state.unwell.borrow().failing_since(target.endpoint.id);
    let since = lane.health.failed(went.at, written);
    note_lasting(state, lane, target);
    if must_disable(since, went.at, target.disable_after_days, &target.schedule) {
        disable(
            state,
            target,
            format!("every attempt failed since {}", utc(since.0)),
        );
    }
}

/// Writes down since when all fails, once that has lasted.
pub(super) fn note_lasting(state: &State, lane: &mut Lane, target: &Target) {
    if let Some(since) = lane.health.take_unwritten(state.now()) {
        state
            .unwell
            .borrow_mut()
            .note_failing(name(target), Some(since));
    }
}

/// A breaker has come into another state.
fn moved(state: &State, lane: &Lane, target: &Target, change: BreakerChange) {
    let endpoint = target.endpoint.public_id.as_str();
    let (breaker, reason) = (change.state.as_str(), change.reason.as_str());
    lane.fit();
    if let Some(until) = change.until {
        tracing::warn!(endpoint, breaker, reason, "endpoint left alone");
        state.shared.metrics.breakers_opened_total.add(1);
        state.waiting.borrow_mut().add(target.endpoint.id, until);
    } else {
        tracing::info!(endpoint, breaker, reason, "endpoint sent to again");
    }
    let now = state.now();
    let mut unwell = state.unwell.borrow_mut();
    unwell.note_breaker(name(target), change, now);
}

/// Until when nothing may be sent to this endpoint, if so. When that is over, it is half-open.
pub(super) fn left_alone_until(state: &State, target: &Target) -> Option<UnixMs> {
    // Without a breaker, and when none was removed, there is nothing to look at.
    let mut lanes = state.lanes.borrow_mut();
    let id = target.endpoint.id;
    let lane = match target.breaker {
        None => lanes
            .get_mut(id)
            .filter(|lane| lane.health.breaker().is_some())?,
        Some(_) => lanes.lane(id, &target.gauge),
    };
    keep_breaker(state, lane, target);
    let now = state.now();
    let breaker = lane.health.breaker_mut()?;
    if let Some(change) = breaker.half_open(now) {
        moved(state, lane, target, change);
    }
    lane.health.open_until()
}

/// Sees to it that the lane has the breaker that is set now.
fn keep_breaker(state: &State, lane: &mut Lane, target: &Target) {
    let open = state.unwell.borrow().open(target.endpoint.id);
    if lane.health.set_breaker(target.breaker, open) {
        let change = BreakerChange {
            state: BreakerState::Closed,
            reason: "its settings were changed".to_owned(),
            until: None,
        };
        let now = state.now();
        state
            .unwell
            .borrow_mut()
            .note_breaker(name(target), change, now);
    }
    lane.fit();
}

/// The endpoint changed: it may be new to it what it failed at, and a person may have closed its
/// breaker.
pub(super) fn changed(state: &Rc<State>, id: EndpointId) {
    let Some(target) = state.shared.routing.target(id) else {
        return;
    };
    let mut lanes = state.lanes.borrow_mut();
    let lane = lanes.get_mut(id);
    if target.status() != EndpointStatus::Active {
        // Whoever makes it active again has looked at it.
        if let Some(lane) = lane {
            lane.health.forget_failing();
        }
        if !state.unwell.borrow().is_fine(id) {
            state.unwell.borrow_mut().note_failing(name(&target), None);
        }
        return;
    }
    if let Some(lane) = lane
        && lane.health.breaker().is_some()
    {
        keep_breaker(state, lane, &target);
    }
    drop(lanes);
    if state.unwell.borrow().open(id).is_some() {
        let state = Rc::clone(state);
        tokio::task::spawn_local(async move { look_if_closed(&state, &target).await });
    }
}

/// Closes the breaker if that is written down: by a person.
async fn look_if_closed(state: &Rc<State>, target: &Target) {
    let (project, id) = name(target);
    let store = &state.shared.store;
    let found = match store.endpoint_health(project, vec![id]).await {
        Ok(found) => found,
        // It stays open for as long as it was to.
        Err(error) => return tracing::warn!(%error, "breaker not looked at"),
    };
    let opened_at = state.unwell.borrow().open(id).map(|(since, _)| since);
    let is_closed = |it: &EndpointHealth| {
        it.breaker == BreakerState::Closed && it.breaker_at >= opened_at && opened_at.is_some()
    };
    if !found.iter().any(is_closed) {
        return;
    }
    state.unwell.borrow_mut().forget_open(id);
    if let Some(lane) = state.lanes.borrow_mut().get_mut(id) {
        if let Some(breaker) = lane.health.breaker_mut() {
            breaker.close();
        }
        lane.fit();
    }
    state.waiting.borrow_mut().add(id, state.now());
    state.wake.notify_one();
}

/// Begins to write what is to be written, if that is not under way.
pub(super) fn write_if_any(state: &Rc<State>) {
    let Some(changes) = state.unwell.borrow_mut().take(state.now()) else {
        return;
    };
    let state = Rc::clone(state);
    tokio::task::spawn_local(async move {
        let failed = match state.shared.store.put_health(changes.clone()).await {
            Ok(()) => None,
            Err(StoreError::Unavailable(_)) => Some(changes),
            Err(error) => {
                tracing::error!(%error, "health of endpoints not written");
                None
            }
        };
        state.unwell.borrow_mut().done(failed, state.now());
        state.wake.notify_one();
    });
}

/// Reads what all nodes have written.
pub(super) async fn read(state: &State) {
    let version = state.unwell.borrow().version();
    match state.shared.store.unwell().await {
        Ok(all) => {
            if state.unwell.borrow_mut().take_in(version, all) {
                compare(state);
            }
        }
        Err(error) => tracing::error!(%error, "health of endpoints not read"),
    }
}

/// Learns how the breakers of lanes stand that this node asks to own.
pub(super) async fn begin_where_left(state: &State, lanes: &[Name]) -> Result<(), StoreError> {
    let mut asked: HashMap<ProjectId, Vec<EndpointId>> = HashMap::new();
    for (project, id) in lanes {
        let target = state.shared.routing.target(*id);
        let has_one = target.is_some_and(|target| target.breaker.is_some());
        if has_one && !state.shared.store.owns(*id) {
            asked.entry(*project).or_default().push(*id);
        }
    }
    for (project, ids) in asked {
        let found = state.shared.store.endpoint_health(project, ids).await?;
        let mut lanes = state.lanes.borrow_mut();
        for health in found {
            let is_news = state.unwell.borrow_mut().learn_breaker(&health);
            if is_news && let Some(lane) = lanes.get_mut(health.endpoint_id) {
                lane.health.forget_breaker();
            }
        }
    }
    Ok(())
}

/// Compares what is written with what the lanes have seen.
fn compare(state: &State) {
    let mut lanes = state.lanes.borrow_mut();
    let mut known_better = Vec::new();
    for id in lanes.ids() {
        let unwell = state.unwell.borrow();
        let Some(lane) = lanes.get_mut(id) else {
            continue;
        };
        if unwell.open(id).is_some() {
            lane.health.forget_closed_breaker();
        }
        if lane.health.compare(unwell.failing_since(id)) {
            known_better.push(id);
        }
    }
    let mut unwell = state.unwell.borrow_mut();
    for (name, _) in unwell.failing() {
        // Of one that is gone nothing need be known.
        if known_better.contains(&name.1) || state.shared.routing.target(name.1).is_none() {
            unwell.note_failing(name, None);
        }
    }
}

/// Disables an endpoint that does not take anything any more.
pub(super) fn disable(state: &Rc<State>, target: &Arc<Target>, reason: String) {
    let (state, target) = (Rc::clone(state), Arc::clone(target));
    tokio::task::spawn_local(async move {
        let store = &state.shared.store;
        let endpoint = target.endpoint.public_id.as_str();
        let disabled = store.disable_endpoint(target.endpoint.id, reason.clone(), state.now());
        match disabled.await {
            Ok(true) => tracing::warn!(endpoint, reason, "endpoint disabled"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "endpoint not disabled"),
        }
    });
}
