//! What if a kept connection turns out to be closed? It is replaced, once, within the same attempt.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use hookwright_store::Attempt;

use super::promises::REACHSCORE;
use super::receiver::{Answer, status};
use super::sim::{Sim, simulate};

/// Leaves a connection idle, then makes an attempt that meets `answers`: the first on that one.
async fn attempt_on_a_kept_connection(sim: &mut Sim, answers: [Answer; 2]) -> Attempt {
    sim.receiver.answers([status(200)], status(500));
    let delivery = sim.publish().await;
    sim.arrival().await;
    sim.settled(delivery, 1).await;
    sim.receiver.answers(answers, status(500));
    let delivery = sim.publish().await;
    sim.arrival().await;
    sim.arrival().await;
    let (now, mut attempts) = sim.settled(delivery, 1).await;
    sim.nothing_arrived();
    let attempt = attempts.remove(0);
    let delivered = now.state == DeliveryState::Delivered;
    assert_eq!(delivered, attempt.error.is_none());
    attempt
}

#[test]
fn a_kept_connection_that_closes_is_replaced_within_the_attempt() {
    simulate(async {
        let mut sim = Sim::of(REACHSCORE.profile).await;
        let answers = [Answer::HangUp, status(200)];
        let attempt = attempt_on_a_kept_connection(&mut sim, answers).await;
        assert_eq!((attempt.status, attempt.error), (Some(200), None));
    });
}

#[test]
fn it_is_replaced_no_more_than_once() {
    simulate(async {
        let mut sim = Sim::of(REACHSCORE.profile).await;
        let answers = [Answer::HangUp, Answer::HangUp];
        let attempt = attempt_on_a_kept_connection(&mut sim, answers).await;
        assert_eq!(attempt.error, Some(ErrorClass::Disconnected));
    });
}
