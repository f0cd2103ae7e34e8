//! What does a resend change? Nothing of the schedule, unless it is acknowledged.

use hookwright_core::state::DeliveryState;

use super::follow::Followed;
use super::promises::{ALL, ENVOYOU, REACHSCORE, SECOND};
use super::receiver::{Answer, status};
use super::sim::{Sim, simulate};

/// A person asks for an attempt now, and it fails at once: where the delivery stands stays.
async fn resend_fails(followed: &mut Followed, sim: &mut Sim) {
    let attempts = followed.failed + followed.resent;
    let (before, _) = sim.settled(followed.delivery, attempts).await;
    sim.resend(followed.delivery).await;
    assert_eq!(sim.arrival().await, sim.now());
    followed.resent += 1;
    let (after, made) = sim.settled(followed.delivery, attempts + 1).await;
    assert!(made[attempts].manual);
    assert!(made[attempts].error.is_some());
    assert_eq!(after.state, before.state);
    assert_eq!(after.next_attempt_at, before.next_attempt_at);
    assert_eq!(after.finished_at, before.finished_at);
}

#[test]
fn a_failed_resend_between_any_two_attempts_leaves_the_schedule_alone() {
    for promise in &ALL {
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            sim.receiver.answers([], status(500));
            let mut followed = Followed::publish(&sim).await;
            while let Some(next_at) = followed.fails_unmoved(&mut sim, promise.retries).await {
                let half_ms = next_at.since(sim.now()) / 2;
                sim.quiet_until(sim.now().plus_ms(half_ms), 0).await;
                resend_fails(&mut followed, &mut sim).await;
                followed.wait(&mut sim, next_at).await;
            }
            assert_eq!(followed.failed, promise.attempts);
            resend_fails(&mut followed, &mut sim).await;
            followed.rests(&mut sim, DeliveryState::Failed).await;
        });
    }
}

#[test]
fn a_resend_that_is_acknowledged_ends_the_retries() {
    for promise in &ALL {
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            sim.receiver.answers([status(500)], status(200));
            let mut followed = Followed::publish(&sim).await;
            followed.fails_unmoved(&mut sim, promise.retries).await;
            sim.resend(followed.delivery).await;
            assert_eq!(sim.arrival().await, sim.now());
            followed.resent += 1;
            let (now, _) = sim.settled(followed.delivery, 2).await;
            assert_eq!(now.state, DeliveryState::Delivered);
            assert_eq!(now.finished_at, Some(sim.now()));
            followed.rests(&mut sim, DeliveryState::Delivered).await;
        });
    }
}

#[test]
fn resends_take_no_place_from_the_events_that_follow() {
    simulate(async {
        let mut sim = Sim::of(ENVOYOU.profile).await;
        sim.receiver.answers([], status(200));
        let mut followed = Followed::publish(&sim).await;
        followed.succeeds(&mut sim).await;
        for resent in 1..=3 {
            sim.resend(followed.delivery).await;
            assert_eq!(sim.arrival().await, sim.now());
            sim.settled(followed.delivery, 1 + resent).await;
            let mut next = Followed::publish(&sim).await;
            next.succeeds(&mut sim).await;
        }
    });
}

#[test]
fn a_resend_that_hangs_holds_no_retry_up() {
    simulate(async {
        let mut sim = Sim::of(ENVOYOU.profile).await;
        sim.receiver
            .answers([status(500), Answer::Silence], status(500));
        let mut followed = Followed::publish(&sim).await;
        let next_at = followed.fails_unmoved(&mut sim, ENVOYOU.retries).await;
        sim.resend(followed.delivery).await;
        let resent_at = sim.arrival().await;
        let mut next_at = next_at;
        while let Some(at) = next_at {
            followed.wait_beside(&mut sim, at, 1).await;
            next_at = followed.fails_unmoved(&mut sim, ENVOYOU.retries).await;
        }
        assert_eq!(followed.failed, ENVOYOU.attempts);
        sim.next_is_at(resent_at.plus_ms(30 * SECOND), 1).await;
        followed.resent += 1;
        followed.rests(&mut sim, DeliveryState::Failed).await;
    });
}

#[test]
fn a_resend_beside_a_hanging_attempt_does_not_move_the_next_one() {
    simulate(async {
        let mut sim = Sim::of(REACHSCORE.profile).await;
        sim.receiver
            .answers([Answer::Silence, status(500)], status(200));
        let delivery = sim.publish().await;
        let fails_at = sim.arrival().await.plus_ms(30 * SECOND);
        sim.quiet_until(sim.now().plus_ms(SECOND), 1).await;
        sim.resend(delivery).await;
        sim.arrival().await;
        let (now, _) = sim.settled(delivery, 1).await;
        assert!(now.state.is_live());
        sim.next_is_at(fails_at, 1).await;
        let (now, _) = sim.settled(delivery, 2).await;
        let next_at = fails_at.plus_ms(60 * SECOND);
        assert_eq!(now.next_attempt_at, Some(next_at));
        sim.next_is_at(next_at, 0).await;
        assert_eq!(sim.arrival().await, next_at);
        let (now, _) = sim.settled(delivery, 3).await;
        assert_eq!(now.state, DeliveryState::Delivered);
    });
}
