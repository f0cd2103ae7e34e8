//! When does a request that does not end come to its end? At the deadline, whatever trickles in.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use hookwright_store::EndpointSettings;

use super::follow::Followed;
use super::promises::{ALL, AUTHEPY, REACHSCORE};
use super::receiver::{Answer, status};
use super::sim::{Sim, simulate};

/// How long a body is waited for once the status line has decided.
const BODY_GRACE_MS: u64 = 2_000;
/// Sleeps while a dripping answer is waited for: the deadline's and the receiver's.
const DRIPPING: usize = 2;
/// The same once the head is there: the body's grace as well.
const DRIPPING_BODY: usize = 3;

fn drip(after_ms: u64, beginning: &'static str, piece: &'static str) -> Answer {
    Answer::Drip {
        after_ms,
        beginning,
        piece,
        every_ms: 701,
    }
}

#[test]
fn an_answer_that_never_completes_its_head_fails_at_the_deadline() {
    let answers = [
        drip(0, "HTT", ""),
        drip(0, "HTTP/1.1 200 OK\r\nx-slow: ", "x"),
        drip(0, "HTTP/1.1 200 OK\r\n", "x"),
        drip(0, "", "HTTP/1.1 103 Early Hints\r\n\r\n"),
    ];
    for promise in &ALL {
        for answer in answers.clone() {
            simulate(async {
                let mut sim = Sim::of(promise.profile).await;
                sim.receiver.answers([answer], status(200));
                let delivery = sim.publish().await;
                let started_at = sim.arrival().await;
                let deadline = started_at.plus_ms(promise.timeout_ms);
                sim.next_is_at(deadline, DRIPPING).await;
                let (now, attempts) = sim.settled(delivery, 1).await;
                assert_eq!(now.last_error, Some((ErrorClass::Timeout, None)));
                assert_eq!(attempts[0].status, None);
                let total_us = u64::from(attempts[0].timing.total_us);
                assert_eq!(total_us, promise.timeout_ms * 1_000);
                let next_at = promise.retries.next_at(1, deadline, deadline);
                assert_eq!(now.next_attempt_at, next_at);
            });
        }
    }
}

/// A head after so long, then a body for ever: when the attempt ends, and how.
fn endless_body(promise: &super::promises::Promise, code: &'static str, head_after_ms: u64) {
    let ends_after_ms = (head_after_ms + BODY_GRACE_MS).min(promise.timeout_ms);
    simulate(async {
        let mut sim = Sim::of(promise.profile).await;
        sim.receiver
            .answers([drip(head_after_ms, code, "1\r\nx\r\n")], status(200));
        let delivery = sim.publish().await;
        let started_at = sim.arrival().await;
        if head_after_ms > 0 {
            let head_at = started_at.plus_ms(head_after_ms);
            sim.next_is_at(head_at, DRIPPING).await;
        }
        let ended_at = started_at.plus_ms(ends_after_ms);
        sim.next_is_at(ended_at, DRIPPING_BODY).await;
        let (now, attempts) = sim.settled(delivery, 1).await;
        let total_us = u64::from(attempts[0].timing.total_us);
        assert_eq!(total_us, ends_after_ms * 1_000);
        if code.contains("200") {
            assert_eq!(now.state, DeliveryState::Delivered);
            assert_eq!(attempts[0].error, None);
        } else {
            assert_eq!(attempts[0].error, Some(ErrorClass::ServerError));
            let next_at = promise.retries.next_at(1, ended_at, ended_at);
            assert_eq!(now.next_attempt_at, next_at);
        }
    });
}

const OK: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const BAD: &str = "HTTP/1.1 500 Bad\r\ntransfer-encoding: chunked\r\n\r\n";

#[test]
fn an_endless_body_does_not_undo_what_the_status_decided() {
    for promise in &ALL {
        endless_body(promise, OK, 0);
        endless_body(promise, BAD, 0);
    }
}

#[test]
fn an_endless_body_is_cut_off_by_the_deadline_too() {
    for promise in &ALL {
        endless_body(promise, OK, promise.timeout_ms - 1_000);
        endless_body(promise, BAD, promise.timeout_ms - 1_000);
    }
}

#[test]
fn an_answer_in_the_last_millisecond_is_in_time() {
    for promise in &ALL {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            let in_time = promise.timeout_ms - 1;
            sim.receiver.answers([drip(in_time, head, "")], status(500));
            let delivery = sim.publish().await;
            let answered_at = sim.arrival().await.plus_ms(in_time);
            sim.next_is_at(answered_at, DRIPPING).await;
            let (now, _) = sim.settled(delivery, 1).await;
            assert_eq!(now.state, DeliveryState::Delivered);
            assert_eq!(now.finished_at, Some(answered_at));
        });
    }
}

fn own_timeout(profile: &str, own_ms: u32, holds_ms: u64) {
    simulate(async {
        let settings = EndpointSettings {
            timeout_ms: Some(own_ms),
            ..EndpointSettings::default()
        };
        let mut sim = Sim::with(profile, settings, 0).await;
        sim.receiver.answers([], Answer::Silence);
        let mut followed = Followed::publish(&sim).await;
        let (delivery, _) = followed.attempt(&mut sim, holds_ms).await;
        assert_eq!(delivery.last_error, Some((ErrorClass::Timeout, None)));
    });
}

#[test]
fn an_endpoints_own_time_out_overrides_the_profiles() {
    own_timeout(AUTHEPY.profile, 1_501, 1_501);
    own_timeout(AUTHEPY.profile, 45_000, 45_000);
    own_timeout(REACHSCORE.profile, 7, 7);
}

#[test]
fn no_time_out_is_longer_than_a_minute() {
    own_timeout(REACHSCORE.profile, 600_000, 60_000);
}
