//! Are deliveries of an ordered endpoint made one at a time, in their order, whatever fails?

use hookwright_core::state::DeliveryState;
use hookwright_store::{EndpointSettings, EndpointStatus, EndpointUpdate, RetryPolicy};

use super::promises::{SECOND, STANDARD_WEBHOOKS};
use super::receiver::{Answer, header, status};
use super::sim::{Sim, simulate};

/// Not when the sweeper looks as well: a test that waits for the worker must not see the sweeper's sleep.
const RETRY_MS: u64 = 11 * SECOND;

async fn sim() -> Sim {
    let settings = EndpointSettings {
        ordered: true,
        retry_policy: Some(RetryPolicy {
            max_attempts: 3,
            backoff_multiplier: 1.0,
            initial_delay: RETRY_MS,
        }),
        ..EndpointSettings::default()
    };
    Sim::with(STANDARD_WEBHOOKS.profile, settings, 0).await
}

/// The ids of the events that have arrived, in their order.
fn arrived(sim: &Sim) -> Vec<String> {
    let id = |head| header(head, "webhook-id").unwrap().to_owned();
    sim.seen().iter().map(|it| id(&it.head)).collect()
}

/// The events that arrive next, so many of them.
async fn next(sim: &mut Sim, count: usize) -> Vec<String> {
    for _ in 0..count {
        sim.arrival().await;
    }
    let all = arrived(sim);
    all[all.len() - count..].to_vec()
}

#[test]
fn many_arrive_in_the_order_in_which_they_were_published() {
    simulate(async {
        let mut sim = sim().await;
        sim.receiver.answers([], status(200));
        let mut published = Vec::new();
        // More than a lane holds at once.
        for _ in 0..300 {
            published.push(sim.publish().await);
        }
        let arrived = next(&mut sim, 300).await;
        assert!(arrived.is_sorted(), "ids grow");
        for delivery in published {
            let (delivery, _) = sim.settled(delivery, 1).await;
            assert_eq!(delivery.state, DeliveryState::Delivered);
        }
        sim.nothing_arrived();
    });
}

#[test]
fn one_at_a_time_is_under_way() {
    simulate(async {
        let mut sim = sim().await;
        sim.receiver.answers([Answer::Silence], status(200));
        sim.publish().await;
        let at = sim.arrival().await;
        for _ in 0..3 {
            sim.publish().await;
        }
        sim.quiet_until(at.plus_ms(20 * SECOND), 1).await;
    });
}

#[test]
fn one_that_fails_holds_up_those_after_it_until_it_is_delivered() {
    simulate(async {
        let mut sim = sim().await;
        sim.receiver
            .answers([status(500), status(503)], status(200));
        let start = sim.now();
        for _ in 0..4 {
            sim.publish().await;
        }
        let first = next(&mut sim, 1).await;
        for retry in 1..=2 {
            let at = start.plus_ms(retry * RETRY_MS);
            sim.next_is_at(at, 0).await;
            let again = next(&mut sim, 1).await;
            assert_eq!(again, first);
        }
        let rest = next(&mut sim, 3).await;
        assert!(rest.is_sorted() && rest[0] > first[0]);
        assert_eq!(sim.seen().last().unwrap().at, sim.now());
    });
}

#[test]
fn one_that_is_given_up_lets_the_next_go() {
    simulate(async {
        let mut sim = sim().await;
        let start = sim.now();
        sim.receiver
            .answers([500, 500, 500].map(status), status(200));
        let given_up = sim.publish().await;
        let next_one = sim.publish().await;
        sim.arrival().await;
        for retry in 1..=2 {
            let at = start.plus_ms(retry * RETRY_MS);
            sim.next_is_at(at, 0).await;
            assert_eq!(sim.arrival().await, at);
        }
        assert_eq!(sim.arrival().await, start.plus_ms(2 * RETRY_MS));
        let (failed, _) = sim.settled(given_up, 3).await;
        assert_eq!(failed.state, DeliveryState::Failed);
        let (delivered, _) = sim.settled(next_one, 1).await;
        assert_eq!(delivered.state, DeliveryState::Delivered);
    });
}

#[test]
fn a_resend_goes_beside_the_order_and_frees_what_waits_by_success() {
    simulate(async {
        let mut sim = sim().await;
        sim.receiver.answers([status(500)], status(200));
        let head = sim.publish().await;
        sim.arrival().await;
        sim.settled(head, 1).await;
        let waiting = sim.publish().await;
        sim.quiet_until(sim.now().plus_ms(SECOND), 0).await;
        sim.resend(head).await;
        let at = sim.now();
        assert_eq!(sim.arrival().await, at);
        assert_eq!(sim.arrival().await, at, "the one that waited");
        let (delivery, _) = sim.settled(head, 2).await;
        assert_eq!(delivery.state, DeliveryState::Delivered);
        let (delivery, _) = sim.settled(waiting, 1).await;
        assert_eq!(delivery.state, DeliveryState::Delivered);
    });
}

#[test]
fn a_pause_keeps_the_order() {
    simulate(async {
        let mut sim = sim().await;
        sim.receiver.answers([], status(200));
        let set = async |sim: &Sim, status| {
            let update = EndpointUpdate {
                status: Some((status, None)),
                ..EndpointUpdate::default()
            };
            let (store, name) = (sim.engine.store(), sim.endpoint.public_id.clone());
            let changed = store.update_endpoint(sim.scope, name, update, sim.now());
            changed.await.unwrap();
        };
        set(&sim, EndpointStatus::Paused).await;
        for _ in 0..5 {
            sim.publish().await;
        }
        sim.quiet_until(sim.now().plus_ms(SECOND), 0).await;
        set(&sim, EndpointStatus::Active).await;
        assert!(next(&mut sim, 5).await.is_sorted());
    });
}

#[test]
fn what_was_sent_without_order_is_ordered_from_the_change_on() {
    simulate(async {
        let mut sim = Sim::of(STANDARD_WEBHOOKS.profile).await;
        sim.receiver.answers([], status(200));
        sim.publish().await;
        sim.arrival().await;
        sim.change(|settings| settings.ordered = true).await;
        for _ in 0..5 {
            sim.publish().await;
        }
        assert!(next(&mut sim, 5).await.is_sorted());
    });
}
