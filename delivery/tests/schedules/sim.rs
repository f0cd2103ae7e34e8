//! How is the walk driven? One project, one account, one endpoint, and time moved by the test.
//!
//! A test waits for signals (an arrival, a sleep that begins) and for the store's answers, never
//! for time: a guard of real time only ends a test that would wait for ever.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use hookwright_core::ids::DeliveryId;
use hookwright_core::time::UnixMs;
use hookwright_delivery::{Clock, Engine, Publish};
use hookwright_store::{
    Attempt, Delivery, DeliveryFilter, Endpoint, EndpointSettings, EndpointUpdate, Page, Scope,
    Store,
};
use tokio::sync::mpsc::{UnboundedReceiver, error::TryRecvError};
use tokio::task::LocalSet;

use super::arrange::{open, populate, start};
use super::clock::SimClock;
use super::receiver::{Arrival, Receiver};

/// Sleeps of a worker that has nothing to do: its loop's and its sweeper's.
const IDLE_SLEEPS: usize = 2;
/// Looks into the store before a test gives up on it.
const LOOKS_MAX: usize = 20_000;
/// Real time after which a signal will not come any more.
const GUARD: Duration = Duration::from_secs(30);
/// Near either end of a wait every turn and sweep of the worker is let run; between them is one leap.
const STEPPED_MS: u64 = 12_000;

/// Runs a test on one thread.
pub fn simulate(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// The walk of one endpoint's deliveries.
pub struct Sim {
    pub clock: SimClock,
    pub receiver: Receiver,
    pub engine: Engine,
    pub scope: Scope,
    pub endpoint: Endpoint,
    arrivals: UnboundedReceiver<Arrival>,
    seen: Vec<Arrival>,
    _folder: tempfile::TempDir,
}

impl Sim {
    /// An endpoint as the profile has it; chance adds nothing.
    pub async fn of(profile: &str) -> Self {
        Self::with(profile, EndpointSettings::default(), 0).await
    }

    /// An endpoint with settings of its own, and chance as given.
    pub async fn with(profile: &str, settings: EndpointSettings, chance: u8) -> Self {
        let clock = SimClock::new();
        let (receiver, arrivals) = Receiver::new(clock.clone());
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let (scope, endpoint) = populate(&store, profile, settings).await;
        let engine = start(store, &clock, &receiver, chance).await;
        let sim = Self {
            clock,
            receiver,
            engine,
            scope,
            endpoint,
            arrivals,
            seen: Vec::new(),
            _folder: folder,
        };
        // Until its sweeper sleeps for the first time, a request under way would be taken for it.
        sim.rest(0).await;
        sim
    }

    pub fn now(&self) -> UnixMs {
        self.clock.now()
    }

    /// Publishes an event; returns its delivery.
    pub async fn publish(&self) -> (DeliveryId, UnixMs) {
        let publish = Publish {
            project_id: self.scope.project_id,
            account_id: self.endpoint.account_id,
            event_type: "user.created".into(),
            given_id: None,
            idempotency_key: None,
            time: None,
            subject: None,
            trace: None,
            channels: Vec::new(),
            metadata: Default::default(),
            deliver_at: None,
            only: None,
            payload: Bytes::from_static(b"{\"userId\":\"u1\"}"),
        };
        let published = self.engine.publish(publish).await.unwrap();
        assert_eq!(published.deliveries, 1);
        let page = Page::newest(1);
        let filter = DeliveryFilter::default();
        let store = self.engine.store();
        let newest = store.deliveries(self.scope, filter, page).await.unwrap();
        let newest = newest.rows.first().unwrap();
        (newest.id, newest.created_at)
    }

    /// Asks for one more attempt now, as a person does.
    pub async fn resend(&self, (id, _): (DeliveryId, UnixMs)) {
        let store = self.engine.store();
        let claimed = store.resend(self.scope, id, self.now()).await.unwrap();
        self.engine.send_now(claimed);
    }

    /// Changes the endpoint's settings.
    pub async fn change(&self, change: impl FnOnce(&mut EndpointSettings)) {
        let mut settings = self.endpoint.settings.clone();
        change(&mut settings);
        let update = EndpointUpdate {
            settings: Some(settings),
            ..EndpointUpdate::default()
        };
        let (store, name) = (self.engine.store(), self.endpoint.public_id.clone());
        let changed = store.update_endpoint(self.scope, name, update, self.now());
        changed.await.unwrap();
    }

    /// When the next request arrives, time standing still.
    pub async fn arrival(&mut self) -> UnixMs {
        let arrival = tokio::time::timeout(GUARD, self.arrivals.recv()).await;
        let arrival = arrival.expect("a request arrives").unwrap();
        let at = arrival.at;
        self.seen.push(arrival);
        at
    }

    /// What has arrived.
    pub fn seen(&self) -> &[Arrival] {
        &self.seen
    }

    /// Nothing has arrived that was not looked at.
    pub fn nothing_arrived(&mut self) {
        match self.arrivals.try_recv() {
            Err(TryRecvError::Empty) => {}
            Ok(arrival) => panic!("a request arrived at {:?}", arrival.at),
            Err(TryRecvError::Disconnected) => panic!("the receiver is gone"),
        }
    }

    /// The delivery once the store has so many attempts of it.
    pub async fn settled(
        &self,
        (id, created_at): (DeliveryId, UnixMs),
        attempts: usize,
    ) -> (Delivery, Vec<Attempt>) {
        let store = self.engine.store();
        for _ in 0..LOOKS_MAX {
            // A commit, which queued outcomes ride.
            store.release(Vec::new(), self.now()).await.unwrap();
            let (delivery, made) = store.delivery(self.scope, id, created_at).await.unwrap();
            if made.len() >= attempts {
                assert_eq!(made.len(), attempts);
                return (delivery, made);
            }
        }
        panic!("attempt {attempts} was not settled");
    }

    /// What the store says, once it says what is looked for.
    pub async fn until_stored<T>(&self, what: &str, look: impl AsyncFn(&Store) -> Option<T>) -> T {
        let store = self.engine.store();
        for _ in 0..LOOKS_MAX {
            // A commit, which whatever is queued comes before.
            store.release(Vec::new(), self.now()).await.unwrap();
            if let Some(found) = look(store).await {
                return found;
            }
        }
        panic!("never stored: {what}");
    }

    /// Time goes on until just before `at`: so many requests are under way, and none arrives.
    pub async fn quiet_until(&mut self, at: UnixMs, in_flight: usize) {
        let before = UnixMs(at.0 - 1);
        let leap_to = UnixMs(before.0 - STEPPED_MS as i64);
        self.step_to(before.min(self.now().plus_ms(STEPPED_MS)), in_flight)
            .await;
        if leap_to > self.now() {
            self.clock.move_to(leap_to);
            self.rest(in_flight).await;
        }
        self.step_to(before, in_flight).await;
        self.rest(in_flight).await;
        self.nothing_arrived();
    }

    /// As [`Self::quiet_until`], and then it is `at`, which the worker was waiting for.
    pub async fn next_is_at(&mut self, at: UnixMs, in_flight: usize) {
        self.quiet_until(at, in_flight).await;
        self.until("a sleep until then", || {
            self.clock.next_wake_at() == Some(at)
        })
        .await;
        self.nothing_arrived();
        self.clock.move_to(at);
    }

    /// Lets every sleep end in its turn until `at`.
    async fn step_to(&mut self, at: UnixMs, in_flight: usize) {
        loop {
            self.rest(in_flight).await;
            match self.clock.next_wake_at() {
                Some(next) if next < at => self.clock.move_to(next),
                _ => return self.clock.move_to(at),
            }
        }
    }

    /// Waits until the worker has nothing to do before time goes on.
    async fn rest(&self, in_flight: usize) {
        let resting = || {
            let next = self.clock.next_wake_at();
            self.clock.sleeping() == IDLE_SLEEPS + in_flight && next > Some(self.now())
        };
        self.until("rest", resting).await;
    }

    /// Waits until the clock's sleeps are as they should be.
    async fn until(&self, what: &str, fulfilled: impl Fn() -> bool) {
        let wait = async {
            while !fulfilled() {
                self.clock.changed().await;
            }
        };
        tokio::time::timeout(GUARD, wait).await.expect(what);
    }
}
