//! One delivery's turn: send it, judge it, settle it, let the next one go.

use std::rc::Rc;
use std::sync::Arc;

use hookwright_core::breaker::Turn;
use hookwright_store::{EndpointStatus, Settled, Settlement};

use super::health::{self, Went};
use super::{State, in_order, own};
use crate::inbox::Job;
use crate::lane::IdleConnections;
use crate::outcome::{Verdict, judge, undeliverable};
use crate::send::send;
use crate::target::Target;
use crate::{observed, told};

/// Runs a delivery whose place in its lane is taken.
pub(super) async fn deliver(state: Rc<State>, mut job: Job) {
    let endpoint = job.claimed.endpoint_id;
    if job.counted {
        job.counted = false;
        state.shared.gate.remove(1);
    }
    match state.shared.routing.target(endpoint) {
        None => fail(&state, None, job),
        Some(target) => match target.status() {
            EndpointStatus::Disabled => fail(&state, Some(&target), job),
            // It waits in the store until the endpoint is resumed.
            EndpointStatus::Paused => put_back(&state, &target, job),
            EndpointStatus::Active if !state.shared.may_work_on(&target) => {
                put_back_lane(&state, job);
            }
            EndpointStatus::Active if !may_send(&state, &target, &job) => {
                put_back(&state, &target, job);
            }
            EndpointStatus::Active => attempt(&state, &target, job).await,
        },
    }
    state.in_flight.set(state.in_flight.get() - 1);
    state.pump();
    state.wake.notify_one();
}

/// An attempt must end before its lease does, and a node that may have been declared lost makes
/// none: another worker may have the delivery then.
fn may_send(state: &State, target: &Target, job: &Job) -> bool {
    job.leased_until >= state.now().plus_ms(target.timeout_ms)
        && state.shared.store.holds(job.claimed.lease)
}

fn fail(state: &Rc<State>, target: Option<&Target>, job: Job) {
    let settlement = undeliverable(&job.claimed, state.now());
    leave(state, &job, None);
    settle(state, target, &job, settlement);
}

fn put_back(state: &Rc<State>, target: &Target, job: Job) {
    if target.is_ordered() {
        // What comes after it must not go before it.
        return put_back_lane(state, job);
    }
    leave_keeping_gauge(state, &job);
    state.release(vec![job]);
}

/// As the lane is another node's: so is all that waits in it.
fn put_back_lane(state: &Rc<State>, job: Job) {
    leave_keeping_gauge(state, &job);
    let mut jobs = own::take_out(state, job.claimed.endpoint_id);
    jobs.push(job);
    state.release(jobs);
}

async fn attempt(state: &Rc<State>, target: &Arc<Target>, job: Job) {
    let (idle, turn) = begin(state, target, &job);
    let wait_us = state.now_us().saturating_sub(job.queued_at_us);
    state.shared.metrics.attempts_total.add(1);
    let sent = send(&state.connector, target, &idle, &job.claimed, wait_us).await;
    if sent.attempt.timing.connect_us > 0 {
        state.shared.metrics.connections_opened_total.add(1);
    }
    let mut verdict = judge(target, &job.claimed, sent, state.connector.world.unit());
    let went = Went {
        target,
        turn,
        failed: verdict.settlement.error.map(|(class, _)| class),
        at: verdict.settlement.at,
    };
    leave(state, &job, Some((&went, &verdict)));
    if verdict.disable_endpoint {
        let reason = "the endpoint answered 410 Gone".to_owned();
        health::disable(state, target, reason);
    }
    if target.is_ordered() {
        in_order::settling(state, target.endpoint.id);
    }
    verdict.settlement.notice =
        told::of_settlement(&state.shared, target, &job.claimed, &verdict.settlement);
    settle(state, Some(target), &job, verdict.settlement);
}

/// The lane's pool of connections, and what its breaker is to learn by.
fn begin(state: &State, target: &Target, job: &Job) -> (Rc<IdleConnections>, Option<Turn>) {
    let mut lanes = state.lanes.borrow_mut();
    let lane = lanes.lane(job.claimed.endpoint_id, &target.gauge);
    (Rc::clone(&lane.idle), lane.health.turn())
}

/// Frees the delivery's place and lets the lane learn from how it went.
fn leave(state: &Rc<State>, job: &Job, went: Option<(&Went<'_>, &Verdict)>) {
    let id = job.claimed.endpoint_id;
    let mut lanes = state.lanes.borrow_mut();
    let Some(lane) = lanes.get_mut(id) else {
        return;
    };
    lane.in_flight -= 1;
    lane.gauge.give(1);
    let mut unfit = Vec::new();
    if let Some((went, verdict)) = went {
        unfit = lane.learn(went.failed.is_none(), verdict.slow_down);
        unfit.extend(health::learn(state, lane, went));
        if went.target.is_ordered() {
            unfit.extend(in_order::held_up(state, lane, job, &verdict.settlement));
        }
    }
    let room = lane.gauge.room();
    lanes.refresh(id, state.now_us());
    drop(lanes);
    if room > 0 && state.starved.borrow_mut().remove(&id) {
        state.waiting.borrow_mut().add(id, state.now());
    }
    state.release(unfit);
}

/// As [`leave`], for a delivery that is released, which frees its place by itself.
fn leave_keeping_gauge(state: &Rc<State>, job: &Job) {
    let id = job.claimed.endpoint_id;
    let mut lanes = state.lanes.borrow_mut();
    if let Some(lane) = lanes.get_mut(id) {
        lane.in_flight -= 1;
    }
    lanes.refresh(id, state.now_us());
}

fn settle(state: &State, target: Option<&Target>, job: &Job, settlement: Settlement) {
    tracing::debug!(
        delivery = job.claimed.id.0,
        event = job.claimed.event.id.0,
        attempt = settlement
            .attempt
            .as_ref()
            .map_or(0, |attempt| attempt.number),
        delivered = settlement.becomes == Settled::Delivered,
        "delivery attempted"
    );
    state.note(job.claimed.endpoint_id, &settlement);
    observed::settled(&state.shared, target, &job.claimed, &settlement);
    state.outbox.borrow_mut().push(settlement);
}
