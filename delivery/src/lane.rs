//! An endpoint's own queue, its pool of connections, and how it is doing.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use hookwright_core::limits::{
    LANE_CONCURRENCY_MAX, LANE_DELIVERIES_MAX, LANE_IDLE_CONNECTIONS_MAX,
    LANE_SICK_CONCURRENCY_MAX, LANE_SICK_DELIVERIES_MAX,
};
use hookwright_core::time::UnixMs;

use crate::connection::Connection;
use crate::inbox::Job;
use crate::lane_gauge::LaneGauge;
use crate::lane_health::LaneHealth;
use crate::place::Place;

/// Connections idle for longer are not used again.
const IDLE_US_MAX: u64 = 30_000_000;
/// Failures in a row after which a lane is sick: it gets few places until it succeeds.
const SICK_FAILURES_MIN: u32 = 3;

/// A lane.
pub(crate) struct Lane {
    pub(crate) jobs: VecDeque<Job>,
    pub(crate) in_flight: usize,
    /// Whether it stands in the round.
    pub(crate) in_round: bool,
    /// What it may still send in this round, in units of cost.
    pub(crate) deficit: u64,
    pub(crate) idle: Rc<IdleConnections>,
    pub(crate) gauge: Arc<LaneGauge>,
    failures: u32,
    /// Told to slow down by 429, 502 or 504: one request at a time until it succeeds.
    slowed: bool,
    /// Monotonic time before which a rate-limited lane sends nothing.
    pub(crate) next_token_us: u64,
    pub(crate) health: LaneHealth,
    pub(crate) order: Order,
}

/// What a lane that is sent to in order waits for.
#[derive(Default)]
pub(crate) struct Order {
    /// Outcomes and releases on their way to the store.
    pub(crate) settling: usize,
    /// The first that waits is not due before.
    pub(crate) held_until: Option<UnixMs>,
}

impl Lane {
    pub(crate) fn new(gauge: Arc<LaneGauge>) -> Self {
        Self {
            jobs: VecDeque::new(),
            in_flight: 0,
            in_round: false,
            deficit: 0,
            idle: Rc::default(),
            gauge,
            failures: 0,
            slowed: false,
            next_token_us: 0,
            health: LaneHealth::default(),
            order: Order::default(),
        }
    }

    /// Requests that it may have under way.
    pub(crate) fn concurrency(&self) -> usize {
        let most = if self.slowed {
            1
        } else if self.is_sick() {
            LANE_SICK_CONCURRENCY_MAX
        } else {
            LANE_CONCURRENCY_MAX
        };
        let breaker = self.health.concurrency_max().unwrap_or(usize::MAX);
        most.min(self.gauge.concurrency()).min(breaker)
    }

    pub(crate) fn is_sick(&self) -> bool {
        self.failures >= SICK_FAILURES_MIN
    }

    /// Whether it could send now, were it its turn.
    pub(crate) fn is_ready(&self, now_us: u64) -> bool {
        !self.jobs.is_empty() && self.in_flight < self.concurrency() && self.next_token_us <= now_us
    }

    /// Learns from an attempt. Returns jobs that no longer fit and belong back into the store.
    pub(crate) fn learn(&mut self, succeeded: bool, slow_down: bool) -> Vec<Job> {
        if succeeded {
            if self.is_sick() {
                self.failures = 0;
                self.fit();
            }
            (self.failures, self.slowed) = (0, false);
            return Vec::new();
        }
        self.failures = self.failures.saturating_add(1);
        self.slowed |= slow_down;
        if !self.is_sick() {
            return Vec::new();
        }
        self.fit();
        self.jobs
            .split_off(self.jobs.len().min(LANE_SICK_DELIVERIES_MAX))
            .into()
    }

    /// Sets how many deliveries it takes into memory: none while it is left alone, few while it is
    /// sick or comes back.
    pub(crate) fn fit(&self) {
        self.gauge.set_limit(match self.health.concurrency_max() {
            Some(0) => 0,
            Some(_) => LANE_SICK_DELIVERIES_MAX,
            None if self.is_sick() => LANE_SICK_DELIVERIES_MAX,
            None => LANE_DELIVERIES_MAX,
        });
    }

    /// Whether nothing of it would be missed.
    pub(crate) fn is_forgettable(&self, now: UnixMs) -> bool {
        let is_empty = self.jobs.is_empty() && self.in_flight == 0 && self.order.settling == 0;
        is_empty && self.health.is_forgettable(now)
    }

    /// Spends a token of the endpoint's rate limit, if it has one.
    pub(crate) fn spend(&mut self, now_us: u64) {
        if let Some(gap_us) = self.gauge.token_gap_us() {
            // A turn that came a little late is made up for; an idle time is not.
            let late_us = now_us.saturating_sub(self.next_token_us);
            let from_us = if late_us > gap_us {
                now_us
            } else {
                self.next_token_us
            };
            self.next_token_us = from_us + gap_us;
        }
    }
}

/// The lane's idle connections, the last used first.
#[derive(Default)]
pub(crate) struct IdleConnections {
    connections: RefCell<Vec<Connection>>,
    /// Where they lead: a changed endpoint has no use for the old ones.
    place: RefCell<Option<Arc<Place>>>,
    closed: Cell<bool>,
}

impl IdleConnections {
    pub(crate) fn take(&self, place: &Arc<Place>, now_us: u64) -> Option<Connection> {
        if !self.lead_to(place) {
            self.connections.borrow_mut().clear();
            *self.place.borrow_mut() = Some(Arc::clone(place));
            return None;
        }
        let mut connections = self.connections.borrow_mut();
        while let Some(mut connection) = connections.pop() {
            let fresh = now_us.saturating_sub(connection.idle_since_us) <= IDLE_US_MAX;
            if fresh && connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    pub(crate) fn give(&self, place: &Arc<Place>, connection: Connection) {
        let mut connections = self.connections.borrow_mut();
        if !self.closed.get()
            && connections.len() < LANE_IDLE_CONNECTIONS_MAX
            && self.lead_to(place)
        {
            connections.push(connection);
        }
    }

    fn lead_to(&self, place: &Arc<Place>) -> bool {
        let known = self.place.borrow();
        let same = |known: &Arc<Place>| Arc::ptr_eq(known, place) || known.is(place);
        known.as_ref().is_some_and(same)
    }

    /// Closes connections that have been idle for too long, or that the peer has
    /// closed. Returns how many stay.
    pub(crate) fn sweep(&self, now_us: u64) -> usize {
        let mut connections = self.connections.borrow_mut();
        connections.retain_mut(|connection| {
            now_us.saturating_sub(connection.idle_since_us) <= IDLE_US_MAX && connection.is_quiet()
        });
        connections.len()
    }

    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.connections.borrow_mut().clear();
    }
}
