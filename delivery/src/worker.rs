//! The delivery thread: takes messages, keeps the lanes going, settles in batches.
//!
//! Everything here runs on one thread (a `LocalSet`), so that lanes need no locks. The loop turns
//! when something was told, finished or fell due; what finished in one turn is settled at once.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use hookwright_core::address::AddressRule;
use hookwright_core::ids::EndpointId;
use hookwright_core::limits::{HANDSHAKES_MAX, NODE_CONCURRENCY_MAX};
use hookwright_core::time::UnixMs;
use hookwright_store::{EndpointStatus, Leased, Settled, Settlement, StoreError};
use rustls::ClientConfig;
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::connect::Connector;
use crate::engine::Shared;
use crate::inbox::{Job, Message};
use crate::lanes::Lanes;
use crate::owned::Owned;
use crate::target::Target;
use crate::tokens::Tokens;
use crate::unwell::Unwell;
use crate::waiting::Waiting;

mod cancel;
mod claim;
mod deliver;
mod health;
mod in_order;
mod own;
mod stop;
mod sweep;
mod validate;

/// The longest time between two turns of the loop.
const TURN_MS_MAX: u64 = 1_000;
/// A release is tried for as long as a lease lasts.
const RELEASE_RETRY_MS: u64 = 1_000;
const RELEASE_TRIES_MAX: u64 = hookwright_core::limits::LEASE_MS / RELEASE_RETRY_MS;

/// The delivery thread's work, to be run on a `LocalSet`.
pub struct Worker {
    shared: Arc<Shared>,
    rule: AddressRule,
    tls: Arc<ClientConfig>,
}

/// What the tasks of the delivery thread share.
struct State {
    shared: Arc<Shared>,
    connector: Connector,
    lanes: RefCell<Lanes>,
    waiting: RefCell<Waiting>,
    /// Lanes with something in the store and no place in memory for it.
    starved: RefCell<HashSet<EndpointId>>,
    /// Lanes that one node at a time may work on.
    owned: RefCell<Owned>,
    outbox: RefCell<Vec<Settlement>>,
    /// The lanes, sent to in order, that outcomes in the outbox are of.
    settling_in_order: RefCell<Vec<EndpointId>>,
    unwell: RefCell<Unwell>,
    in_flight: Cell<usize>,
    claiming: Cell<bool>,
    owning: Cell<bool>,
    /// Places for validation handshakes.
    handshakes: Semaphore,
    stopping: Cell<bool>,
    wake: Arc<Notify>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, rule: AddressRule, tls: Arc<ClientConfig>) -> Self {
        Self { shared, rule, tls }
    }

    /// Runs until stopped.
    pub async fn run(self) {
        let wake = Arc::clone(&self.shared.inbox.wake);
        let connector = Connector {
            world: self.shared.world.clone(),
            rule: self.rule,
            tls: self.tls,
            tokens: Tokens::default(),
        };
        let state = Rc::new(State {
            connector,
            lanes: RefCell::new(Lanes::new(Arc::clone(&self.shared.gate))),
            waiting: RefCell::default(),
            starved: RefCell::default(),
            owned: RefCell::default(),
            outbox: RefCell::default(),
            settling_in_order: RefCell::default(),
            unwell: RefCell::default(),
            in_flight: Cell::new(0),
            claiming: Cell::new(false),
            owning: Cell::new(false),
            handshakes: Semaphore::new(HANDSHAKES_MAX),
            stopping: Cell::new(false),
            wake,
            shared: self.shared,
        });
        sweep::keep_sweeping(&state);
        loop {
            for message in state.shared.inbox.take() {
                if let Some((limit_ms, done)) = state.handle(message) {
                    state.finish(limit_ms).await;
                    let _ = done.send(());
                    return;
                }
            }
            state.lanes.borrow_mut().take_tokens(state.now_us());
            state.pump();
            state.flush();
            claim::claim_if_due(&state);
            own::own_if_due(&state);
            health::write_if_any(&state);
            let nap = state.nap_ms();
            tokio::select! {
                biased;
                () = state.wake.notified() => {}
                () = state.shared.world.clock.sleep_ms(nap) => {}
            }
        }
    }
}

impl State {
    fn now(&self) -> UnixMs {
        self.shared.world.clock.now()
    }

    fn now_us(&self) -> u64 {
        self.shared.world.clock.monotonic_us()
    }

    fn handle(self: &Rc<Self>, message: Message) -> Option<(u64, oneshot::Sender<()>)> {
        match message {
            Message::Jobs(jobs) => jobs.into_iter().for_each(|job| self.enqueue(job)),
            Message::Waiting(id, at) => self.waiting.borrow_mut().add(id, at),
            Message::Changed(id) => {
                // It may have been resumed: what waits is due. It may have been disabled: what
                // waits in memory is looked at anew as its turn comes.
                self.waiting.borrow_mut().add(id, self.now());
                self.lanes.borrow_mut().refresh(id, self.now_us());
                own::put_back_if_not_owned(self, id);
                health::changed(self, id);
            }
            Message::Cancelled(ids) => cancel::cancelled(self, &ids),
            Message::Settled(lanes) => in_order::settled(self, lanes),
            Message::Validate(id, told) => validate::validate(self, id, told),
            Message::Stop(limit_ms, done) => return Some((limit_ms, done)),
        }
        None
    }

    /// Puts a delivery into its lane. Its place there was taken before.
    fn enqueue(self: &Rc<Self>, job: Job) {
        let id = job.claimed.endpoint_id;
        let target = self.shared.routing.target(id);
        let must_wait = target.as_ref().is_some_and(|it| self.must_wait(it, &job));
        let gauge = target.map(|target| Arc::clone(&target.gauge));
        let mut lanes = self.lanes.borrow_mut();
        let lane = lanes.lane(id, &gauge.unwrap_or_default());
        if must_wait {
            drop(lanes);
            return self.release(vec![job]);
        }
        lane.jobs.push_back(job);
        lanes.refresh(id, self.now_us());
    }

    /// Whether this delivery belongs into the store: its endpoint is left alone, or it was leased out
    /// of its turn, by a publisher that did not know yet that the endpoint is sent to in order.
    fn must_wait(&self, target: &Target, job: &Job) -> bool {
        let is_out_of_turn = target.is_ordered() && job.counted;
        let may_be_open = target.breaker.is_some();
        is_out_of_turn || (may_be_open && health::left_alone_until(self, target).is_some())
    }

    /// Starts as many requests as there is room for.
    fn pump(self: &Rc<Self>) {
        while !self.stopping.get() && self.in_flight.get() < NODE_CONCURRENCY_MAX {
            let now_us = self.now_us();
            let Some(job) = self.lanes.borrow_mut().next(now_us) else {
                break;
            };
            self.in_flight.set(self.in_flight.get() + 1);
            tokio::task::spawn_local(deliver::deliver(Rc::clone(self), job));
        }
    }

    /// Hands what was settled in this turn to the store.
    fn flush(&self) {
        let settlements = std::mem::take(&mut *self.outbox.borrow_mut());
        if settlements.is_empty() {
            return;
        }
        let in_order = std::mem::take(&mut *self.settling_in_order.borrow_mut());
        let shared = Arc::clone(&self.shared);
        self.shared.store.settle(settlements, move |result| {
            match result {
                Ok(accepted) => {
                    let refused = accepted.iter().filter(|accepted| !**accepted).count();
                    shared.metrics.settlements_refused_total.add(refused as u64);
                }
                // Their leases end, and they are sent again: at least once.
                Err(error) => tracing::error!(%error, "outcomes not stored"),
            }
            if !in_order.is_empty() {
                shared.inbox.push(Message::Settled(in_order));
            }
        });
    }

    /// Gives deliveries back to the store, due now.
    fn release(self: &Rc<Self>, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let now = self.now();
        let leased = self.forget(&jobs);
        let state = Rc::clone(self);
        let lanes: HashSet<EndpointId> = jobs.iter().map(|job| job.claimed.endpoint_id).collect();
        let in_order = in_order::releasing(self, &lanes);
        tokio::task::spawn_local(async move {
            state.give_back(leased, now).await;
            in_order::settled(&state, in_order);
            for id in lanes {
                state.waiting.borrow_mut().add(id, now);
            }
            state.wake.notify_one();
        });
    }

    /// Releases, however long the store cannot be reached: what is not released waits for its lease
    /// to end.
    async fn give_back(&self, leased: Vec<Leased>, now: UnixMs) {
        for _ in 0..RELEASE_TRIES_MAX {
            match self.shared.store.release(leased.clone(), now).await {
                Ok(()) => return,
                Err(StoreError::Unavailable(_)) if !self.stopping.get() => {
                    self.shared.world.clock.sleep_ms(RELEASE_RETRY_MS).await;
                }
                Err(error) => return tracing::error!(%error, "deliveries not released"),
            }
        }
    }

    /// Frees the places that these deliveries had in their lanes and at the gate.
    fn forget(&self, jobs: &[Job]) -> Vec<Leased> {
        let mut lanes = self.lanes.borrow_mut();
        for job in jobs {
            if job.counted {
                self.shared.gate.remove(1);
            }
            if let Some(lane) = lanes.get_mut(job.claimed.endpoint_id) {
                lane.gauge.give(1);
            }
        }
        jobs.iter().map(|job| job.claimed.leased()).collect()
    }

    fn nap_ms(&self) -> u64 {
        let due = self.waiting.borrow().next_at();
        // While a claim is under way, its end turns the loop.
        let due_ms = due
            .filter(|_| !self.claiming.get())
            .map(|at| at.since(self.now()));
        let token = self.lanes.borrow().next_token_us();
        let own = self.owned.borrow().next_us();
        let own = own.filter(|_| !self.owning.get());
        let next_us = token.into_iter().chain(own).min();
        let next_ms = next_us.map(|at| at.saturating_sub(self.now_us()).div_ceil(1_000));
        due_ms
            .unwrap_or(u64::MAX)
            .min(next_ms.unwrap_or(u64::MAX))
            .min(TURN_MS_MAX)
    }

    /// What a settlement means for the lane's future and for the counters.
    fn note(&self, endpoint: EndpointId, settlement: &Settlement) {
        let metrics = &self.shared.metrics;
        match settlement.becomes {
            Settled::Delivered => metrics.deliveries_delivered_total.add(1),
            _ if settlement.manual => {}
            Settled::Failed => metrics.deliveries_failed_total.add(1),
            Settled::RetryAt(at) => {
                metrics.deliveries_retried_total.add(1);
                let active = self.shared.routing.target(endpoint);
                let active = active.is_some_and(|it| it.status() == EndpointStatus::Active);
                // One that was disabled meanwhile has no future to wait for.
                let at = if active { at } else { self.now() };
                self.waiting.borrow_mut().add(endpoint, at);
            }
        }
    }

    fn is_paused(&self, id: EndpointId) -> bool {
        let target = self.shared.routing.target(id);
        target.is_some_and(|target| target.status() == EndpointStatus::Paused)
    }
}
