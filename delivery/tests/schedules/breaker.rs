//! Does a breaker leave an endpoint alone for exactly its time, and lose nothing by it?

use hookwright_core::breaker::{BreakerSettings, BreakerState};
use hookwright_core::ids::DeliveryId;
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{EndpointHealth, EndpointSettings, Store};

use super::promises::{SECOND, STANDARD_WEBHOOKS};
use super::receiver::status;
use super::sim::{Sim, simulate};

const OPEN_MS: u64 = 30 * SECOND;

fn settings() -> EndpointSettings {
    EndpointSettings {
        circuit_breaker: Some(BreakerSettings {
            min_attempts: 2,
            half_open_attempts: 2,
            ..BreakerSettings::default()
        }),
        ..EndpointSettings::default()
    }
}

async fn sim() -> Sim {
    Sim::with(STANDARD_WEBHOOKS.profile, settings(), 0).await
}

/// Two deliveries that fail and open the breaker.
async fn opened(sim: &mut Sim) -> Vec<(DeliveryId, UnixMs)> {
    let mut failed = Vec::new();
    for _ in 0..2 {
        let delivery = sim.publish().await;
        sim.arrival().await;
        sim.settled(delivery, 1).await;
        failed.push(delivery);
    }
    failed
}

/// What is written down, once it says that the breaker is in this state.
async fn health(sim: &Sim, state: BreakerState) -> EndpointHealth {
    health_where(sim, |it| it.breaker == state).await
}

async fn health_where(sim: &Sim, fits: impl Fn(&EndpointHealth) -> bool) -> EndpointHealth {
    let endpoint = &sim.endpoint;
    let look = async |store: &Store| {
        let found = store.endpoint_health(endpoint.project_id, vec![endpoint.id]);
        found.await.unwrap().pop().filter(&fits)
    };
    sim.until_stored("such health", look).await
}

#[test]
fn while_it_is_open_nothing_is_sent_and_no_attempt_is_charged() {
    simulate(async {
        let mut sim = sim().await;
        let failed = opened(&mut sim).await;
        let opened_at = sim.now();
        let open = health(&sim, BreakerState::Open).await;
        let until = opened_at.plus_ms(OPEN_MS);
        assert_eq!(
            (open.breaker_at, open.breaker_until),
            (Some(opened_at), Some(until))
        );
        let reason = "2 of 2 attempts failed within 60 s, the last by server_error";
        assert_eq!(open.breaker_reason.as_deref(), Some(reason));
        let waiting = sim.publish().await;
        sim.receiver.answers([], status(200));
        // The failed ones are due after five seconds, and wait as well.
        sim.quiet_until(until, 0).await;
        for delivery in &failed {
            let (delivery, _) = sim.settled(*delivery, 1).await;
            assert_eq!(
                (delivery.state, delivery.attempts),
                (DeliveryState::Retrying, 1)
            );
        }
        sim.next_is_at(until, 0).await;
        for _ in 0..3 {
            assert_eq!(sim.arrival().await, until);
        }
        let (delivery, _) = sim.settled(waiting, 1).await;
        assert_eq!(delivery.state, DeliveryState::Delivered);
        for delivery in failed {
            let (delivery, _) = sim.settled(delivery, 2).await;
            assert_eq!(
                (delivery.state, delivery.attempts),
                (DeliveryState::Delivered, 2)
            );
        }
        let closed = health(&sim, BreakerState::Closed).await;
        assert_eq!(
            closed.breaker_reason.as_deref(),
            Some("2 attempts in a row succeeded")
        );
        assert_eq!(closed.breaker_until, None);
    });
}

#[test]
fn half_open_it_lets_one_at_a_time_through() {
    simulate(async {
        let mut sim = sim().await;
        opened(&mut sim).await;
        let until = sim.now().plus_ms(OPEN_MS);
        for _ in 0..5 {
            sim.publish().await;
        }
        // The first attempt takes two seconds; nothing goes beside it.
        sim.receiver
            .answers([super::receiver::Answer::Silence], status(200));
        sim.next_is_at(until, 0).await;
        assert_eq!(sim.arrival().await, until);
        health(&sim, BreakerState::HalfOpen).await;
        sim.quiet_until(until.plus_ms(2 * SECOND), 1).await;
    });
}

#[test]
fn a_failed_attempt_opens_it_again_for_twice_as_long() {
    simulate(async {
        let mut sim = sim().await;
        opened(&mut sim).await;
        let until = sim.now().plus_ms(OPEN_MS);
        sim.next_is_at(until, 0).await;
        assert_eq!(sim.arrival().await, until);
        let again = until.plus_ms(2 * OPEN_MS);
        health_where(&sim, |it| it.breaker_until == Some(again)).await;
        sim.next_is_at(again, 0).await;
        assert_eq!(sim.arrival().await, again);
    });
}

#[test]
fn closed_by_hand_it_goes_on_at_once() {
    simulate(async {
        let mut sim = sim().await;
        opened(&mut sim).await;
        let waiting = sim.publish().await;
        health(&sim, BreakerState::Open).await;
        sim.receiver.answers([], status(200));
        sim.quiet_until(sim.now().plus_ms(SECOND), 0).await;
        let (store, name) = (sim.engine.store(), sim.endpoint.public_id.clone());
        store
            .close_breaker(sim.scope, name, sim.now())
            .await
            .unwrap();
        let at = sim.now();
        assert_eq!(sim.arrival().await, at);
        let (delivery, _) = sim.settled(waiting, 1).await;
        assert_eq!(delivery.state, DeliveryState::Delivered);
    });
}

#[test]
fn without_its_breaker_it_goes_on_at_once() {
    simulate(async {
        let mut sim = sim().await;
        opened(&mut sim).await;
        sim.publish().await;
        health(&sim, BreakerState::Open).await;
        sim.receiver.answers([], status(200));
        sim.quiet_until(sim.now().plus_ms(SECOND), 0).await;
        sim.change(|settings| settings.circuit_breaker = None).await;
        let at = sim.now();
        assert_eq!(sim.arrival().await, at);
        health(&sim, BreakerState::Closed).await;
    });
}

#[test]
fn where_times_are_promised_no_breaker_opens() {
    simulate(async {
        let mut sim = Sim::with("reachscore", settings(), 0).await;
        for _ in 0..5 {
            let delivery = sim.publish().await;
            sim.arrival().await;
            sim.settled(delivery, 1).await;
        }
        assert_eq!(sim.engine.store().unwell().await.unwrap(), []);
    });
}
