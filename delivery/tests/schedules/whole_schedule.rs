//! When does each attempt come? To the millisecond, until the last one, and then none.

use hookwright_core::state::DeliveryState;

use super::follow::Followed;
use super::promises::{
    AUTHENTO, AUTHEPY, AUTHPI, CLOUDEVENTS, ENVOYOU, Promise, REACHSCORE, STANDARD_WEBHOOKS,
};
use super::receiver::{Answer, status};
use super::sim::{Sim, simulate};

/// Follows a delivery whose every attempt is answered like this and so fails after `lasts_ms`.
fn whole_schedule(promise: &Promise, answer: Answer, lasts_ms: u64) {
    simulate(async {
        let mut sim = Sim::of(promise.profile).await;
        sim.receiver.answers([], answer);
        let mut followed = Followed::publish(&sim).await;
        while followed.fails(&mut sim, promise.retries, lasts_ms).await {}
        assert_eq!(followed.failed, promise.attempts);
        followed.rests(&mut sim, DeliveryState::Failed).await;
    });
}

fn refused(promise: &Promise) {
    whole_schedule(promise, status(500), 0);
    whole_schedule(promise, Answer::HangUp, 0);
}

fn unanswered(promise: &Promise) {
    whole_schedule(promise, Answer::Silence, promise.timeout_ms);
}

#[test]
fn authepy_gives_up_on_the_fourth_failure() {
    refused(&AUTHEPY);
}

#[test]
fn authpi_retries_as_standard_webhooks_does() {
    refused(&AUTHPI);
}

#[test]
fn authento_never_retries_by_itself() {
    refused(&AUTHENTO);
}

#[test]
fn envoyous_fifth_attempt_is_the_last() {
    refused(&ENVOYOU);
}

#[test]
fn reachscores_sixth_attempt_is_the_last() {
    refused(&REACHSCORE);
}

#[test]
fn standard_webhooks_keeps_its_example_schedule() {
    refused(&STANDARD_WEBHOOKS);
}

#[test]
fn cloudevents_keeps_the_standard_webhooks_schedule() {
    refused(&CLOUDEVENTS);
}

#[test]
fn authepy_counts_from_the_first_time_out() {
    unanswered(&AUTHEPY);
}

#[test]
fn authpi_counts_from_the_last_time_out() {
    unanswered(&AUTHPI);
}

#[test]
fn authento_fails_by_one_time_out() {
    unanswered(&AUTHENTO);
}

#[test]
fn envoyou_counts_from_the_last_time_out() {
    unanswered(&ENVOYOU);
}

#[test]
fn reachscore_counts_from_the_last_time_out() {
    unanswered(&REACHSCORE);
}

#[test]
fn standard_webhooks_counts_from_the_last_time_out() {
    unanswered(&STANDARD_WEBHOOKS);
}

#[test]
fn cloudevents_counts_from_the_last_time_out() {
    unanswered(&CLOUDEVENTS);
}
