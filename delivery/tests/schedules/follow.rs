//! Where does a delivery stand after each attempt? Followed from publish to its end.

use hookwright_core::ids::DeliveryId;
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{Attempt, Delivery};

use super::promises::{DAY, Retries};
use super::sim::Sim;

/// A delivery and what is expected of it.
pub struct Followed {
    pub delivery: (DeliveryId, UnixMs),
    /// Automatic attempts that have failed.
    pub failed: usize,
    /// Attempts asked for by a person.
    pub resent: usize,
    first_failed_at: Option<UnixMs>,
    due_at: UnixMs,
}

impl Followed {
    /// Publishes an event and follows its delivery.
    pub async fn publish(sim: &Sim) -> Self {
        Self {
            delivery: sim.publish().await,
            failed: 0,
            resent: 0,
            first_failed_at: None,
            due_at: sim.now(),
        }
    }

    /// The attempt that is due now arrives, at its time, and is settled once `lasts_ms` are over.
    pub async fn attempt(&mut self, sim: &mut Sim, lasts_ms: u64) -> (Delivery, Attempt) {
        assert_eq!(sim.arrival().await, self.due_at);
        let ended_at = self.due_at.plus_ms(lasts_ms);
        if lasts_ms > 0 {
            sim.next_is_at(ended_at, 1).await;
        }
        let number = self.failed + self.resent + 1;
        let (delivery, mut attempts) = sim.settled(self.delivery, number).await;
        let attempt = attempts.remove(number - 1);
        assert_eq!(attempt.number as usize, number);
        assert_eq!(attempt.started_at, self.due_at);
        assert_eq!(u64::from(attempt.timing.total_us), lasts_ms * 1_000);
        (delivery, attempt)
    }

    /// The attempt that is due now fails after `lasts_ms`, and the delivery is due again as
    /// promised. Time goes on until then; says whether it is.
    pub async fn fails(&mut self, sim: &mut Sim, retries: Retries, lasts_ms: u64) -> bool {
        let next_at = self.fails_after(sim, retries, lasts_ms).await;
        if let Some(at) = next_at {
            self.wait(sim, at).await;
        }
        next_at.is_some()
    }

    /// As [`Self::fails`], at once and without time going on: says when it is due again.
    pub async fn fails_unmoved(&mut self, sim: &mut Sim, retries: Retries) -> Option<UnixMs> {
        self.fails_after(sim, retries, 0).await
    }

    async fn fails_after(
        &mut self,
        sim: &mut Sim,
        retries: Retries,
        lasts_ms: u64,
    ) -> Option<UnixMs> {
        let (delivery, attempt) = self.attempt(sim, lasts_ms).await;
        assert!(attempt.error.is_some());
        assert!(!attempt.manual);
        self.failed += 1;
        let first = *self.first_failed_at.get_or_insert(sim.now());
        let next_at = retries.next_at(self.failed, first, sim.now());
        assert_eq!(delivery.next_attempt_at, next_at, "failed {}", self.failed);
        let (state, finished_at) = match next_at {
            Some(_) => (DeliveryState::Retrying, None),
            None => (DeliveryState::Failed, Some(sim.now())),
        };
        assert_eq!((delivery.state, delivery.finished_at), (state, finished_at));
        next_at
    }

    /// The attempt that is due now is acknowledged at once: that is the end.
    pub async fn succeeds(&mut self, sim: &mut Sim) {
        let (delivery, attempt) = self.attempt(sim, 0).await;
        assert_eq!(attempt.error, None);
        assert_eq!(delivery.state, DeliveryState::Delivered);
        assert_eq!(delivery.next_attempt_at, None);
        assert_eq!(delivery.finished_at, Some(sim.now()));
        self.failed += 1;
    }

    /// Nothing arrives until just before `at`; then it is `at`.
    pub async fn wait(&mut self, sim: &mut Sim, at: UnixMs) {
        self.wait_beside(sim, at, 0).await;
    }

    /// As [`Self::wait`], while so many requests are under way.
    pub async fn wait_beside(&mut self, sim: &mut Sim, at: UnixMs, in_flight: usize) {
        sim.next_is_at(at, in_flight).await;
        self.due_at = at;
    }

    /// For a month nothing more happens.
    pub async fn rests(&self, sim: &mut Sim, state: DeliveryState) {
        sim.quiet_until(sim.now().plus_ms(30 * DAY), 0).await;
        let attempts = self.failed + self.resent;
        let (delivery, _) = sim.settled(self.delivery, attempts).await;
        assert_eq!(delivery.state, state);
        assert_eq!(delivery.attempts as usize, attempts);
        assert_eq!(delivery.next_attempt_at, None);
    }
}
