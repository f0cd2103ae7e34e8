//! What is looked after every few seconds: lanes that wait, lost leases, idle connections.

use std::rc::Rc;

use super::{State, health};
use crate::inbox::Job;

const SWEEP_MS: u64 = 5_000;
/// Sweeps between two looks at how endpoints do on other nodes.
const HEALTH_EVERY: u64 = 12;
/// Deliveries whose lease ends within this are given back rather than kept waiting in memory.
const LEASE_LEFT_MS_MIN: u64 = 90_000;

/// Sweeps until the thread ends, from now on.
pub(super) fn keep_sweeping(state: &Rc<State>) {
    let state = Rc::clone(state);
    tokio::task::spawn_local(async move {
        for turn in 0_u64.. {
            if state.stopping.get() {
                break;
            }
            if turn.is_multiple_of(HEALTH_EVERY) {
                // First of all: a lane begins where it was left.
                health::read(&state).await;
            }
            look_into_the_store(&state).await;
            look_at_the_lanes(&state);
            state.wake.notify_one();
            state.shared.world.clock.sleep_ms(SWEEP_MS).await;
        }
    });
}

async fn look_into_the_store(state: &Rc<State>) {
    match state.shared.store.reclaim(state.now()).await {
        Ok(0) => {}
        Ok(deliveries) => tracing::warn!(deliveries, "lost deliveries are due again"),
        Err(error) => tracing::error!(%error, "lost deliveries not looked for"),
    }
    match state.shared.store.lanes_waiting().await {
        Ok(lanes) => {
            for (id, at) in lanes {
                if !state.is_paused(id) && !state.starved.borrow().contains(&id) {
                    state.waiting.borrow_mut().add(id, at);
                }
            }
        }
        Err(error) => tracing::error!(%error, "waiting deliveries not looked for"),
    }
}

fn look_at_the_lanes(state: &Rc<State>) {
    let (now, now_us) = (state.now(), state.now_us());
    let soon = now.plus_ms(LEASE_LEFT_MS_MIN);
    let mut expiring: Vec<Job> = Vec::new();
    let ids = state.lanes.borrow().ids();
    for id in ids {
        let mut lanes = state.lanes.borrow_mut();
        let Some(lane) = lanes.get_mut(id) else {
            continue;
        };
        let (late, kept): (Vec<Job>, Vec<Job>) =
            lane.jobs.drain(..).partition(|job| job.leased_until < soon);
        lane.jobs.extend(kept);
        expiring.extend(late);
        if let Some(target) = state.shared.routing.target(id) {
            health::note_lasting(state, lane, &target);
        }
        // What held a lane up may have been withdrawn meanwhile, or sent by another node.
        lane.order.held_until = None;
        if lane.idle.sweep(now_us) == 0 {
            lanes.remove_if_empty(id, now);
        }
    }
    state.release(expiring);
    state.connector.tokens.keep(|id| {
        let target = state.shared.routing.target(id);
        target.is_some_and(|target| target.token_source.is_some())
    });
    let metrics = &state.shared.metrics;
    metrics
        .deliveries_queued
        .set(state.lanes.borrow().queued() as u64);
    metrics.requests_in_flight.set(state.in_flight.get() as u64);
    // A lane that starved may have got room by a release.
    let starved: Vec<_> = state.starved.borrow_mut().drain().collect();
    for id in starved {
        state.waiting.borrow_mut().add(id, state.now());
    }
}
