//! Is an endpoint that only fails disabled after its days, and no other?

use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Endpoint, EndpointSettings, EndpointStatus, EndpointUpdate, RetryPolicy, Store,
};

use super::promises::{DAY, HOUR, MINUTE, STANDARD_WEBHOOKS};
use super::receiver::status;
use super::sim::{Sim, simulate};

/// A retry every twelve hours, for twenty days.
fn settings() -> EndpointSettings {
    EndpointSettings {
        retry_policy: Some(RetryPolicy {
            max_attempts: 9,
            backoff_multiplier: 1.0,
            initial_delay: 12 * HOUR,
        }),
        ..EndpointSettings::default()
    }
}

async fn sim() -> Sim {
    Sim::with(STANDARD_WEBHOOKS.profile, settings(), 0).await
}

async fn endpoint(sim: &Sim) -> Endpoint {
    let name = sim.endpoint.public_id.clone();
    sim.engine.store().endpoint(sim.scope, name).await.unwrap()
}

async fn failing_since(sim: &Sim) -> Option<UnixMs> {
    let unwell = sim.engine.store().unwell().await.unwrap();
    unwell.first().and_then(|health| health.failing_since)
}

/// Publishes one that fails at once.
async fn fails(sim: &mut Sim) {
    let delivery = sim.publish().await;
    sim.arrival().await;
    sim.settled(delivery, 1).await;
}

/// Waits until it is as it should be: what is written follows an attempt, not it alone.
async fn comes<T: PartialEq>(sim: &Sim, expected: T, look: impl AsyncFn(&Sim) -> T) {
    let look = async |_: &Store| (look(sim).await == expected).then_some(());
    sim.until_stored("what follows", look).await;
}

#[test]
fn failing_is_written_down_once_it_lasts_and_cleared_by_a_success() {
    simulate(async {
        let mut sim = sim().await;
        let since = sim.now();
        fails(&mut sim).await;
        assert_eq!(failing_since(&sim).await, None);
        sim.quiet_until(since.plus_ms(2 * MINUTE), 0).await;
        comes(&sim, Some(since), failing_since).await;
        sim.receiver.answers([], status(200));
        let delivery = sim.publish().await;
        sim.arrival().await;
        sim.settled(delivery, 1).await;
        comes(&sim, None, failing_since).await;
    });
}

#[test]
fn an_endpoint_that_failed_for_five_days_is_disabled_by_the_next_failure() {
    simulate(async {
        let mut sim = sim().await;
        let since = sim.now();
        fails(&mut sim).await;
        for retry in 1..=8 {
            let at = since.plus_ms(retry * 12 * HOUR);
            sim.next_is_at(at, 0).await;
            assert_eq!(sim.arrival().await, at);
        }
        sim.quiet_until(since.plus_ms(5 * DAY), 0).await;
        fails(&mut sim).await;
        assert_eq!(
            endpoint(&sim).await.status,
            EndpointStatus::Active,
            "to the hour"
        );
        sim.quiet_until(since.plus_ms(5 * DAY + 2), 0).await;
        fails(&mut sim).await;
        let disabled = async |sim: &Sim| endpoint(sim).await.status;
        comes(&sim, EndpointStatus::Disabled, disabled).await;
        let reason = endpoint(&sim).await.status_reason;
        assert_eq!(
            reason.as_deref(),
            Some("every attempt failed since 2025-11-21T04:40:00Z")
        );
        comes(&sim, None, failing_since).await;
    });
}

#[test]
fn one_success_in_five_days_keeps_it() {
    simulate(async {
        let mut sim = sim().await;
        let since = sim.now();
        fails(&mut sim).await;
        sim.receiver.answers([status(200)], status(500));
        let at = since.plus_ms(12 * HOUR);
        sim.next_is_at(at, 0).await;
        assert_eq!(sim.arrival().await, at);
        sim.quiet_until(since.plus_ms(5 * DAY + 9), 0).await;
        fails(&mut sim).await;
        sim.quiet_until(sim.now().plus_ms(MINUTE), 0).await;
        assert_eq!(endpoint(&sim).await.status, EndpointStatus::Active);
    });
}

#[test]
fn one_that_was_set_aside_by_a_person_begins_anew() {
    simulate(async {
        let mut sim = sim().await;
        let since = sim.now();
        let delivery = sim.publish().await;
        sim.arrival().await;
        sim.settled(delivery, 1).await;
        sim.quiet_until(since.plus_ms(2 * MINUTE), 0).await;
        comes(&sim, Some(since), failing_since).await;
        for status in [EndpointStatus::Disabled, EndpointStatus::Active] {
            let update = EndpointUpdate {
                status: Some((status, None)),
                ..EndpointUpdate::default()
            };
            let (store, name) = (sim.engine.store(), sim.endpoint.public_id.clone());
            let changed = store.update_endpoint(sim.scope, name, update, sim.now());
            changed.await.unwrap();
            comes(&sim, None, failing_since).await;
            // What waited fails with it, and is not retried when it is back.
            let state = async |sim: &Sim| sim.settled(delivery, 1).await.0.state;
            comes(&sim, DeliveryState::Failed, state).await;
        }
        sim.quiet_until(since.plus_ms(6 * DAY), 0).await;
        fails(&mut sim).await;
        sim.quiet_until(sim.now().plus_ms(MINUTE), 0).await;
        assert_eq!(endpoint(&sim).await.status, EndpointStatus::Active);
    });
}
