//! What does a receiver's `Retry-After` change? It moves a retry later, within a day, and no more.

use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;

use super::follow::Followed;
use super::promises::{
    ALL, AUTHEPY, AUTHPI, DAY, ENVOYOU, HOUR, MINUTE, Promise, REACHSCORE, SECOND,
};
use super::receiver::{Answer, status};
use super::sim::{Sim, simulate};

/// The first attempt fails like this: when is the second due, counted from then?
fn second_due_after_ms(promise: &Promise, code: u16, lines: &'static str, expected_ms: u64) {
    simulate(async {
        let mut sim = Sim::of(promise.profile).await;
        sim.receiver
            .answers([Answer::Status(code, lines)], status(200));
        let mut followed = Followed::publish(&sim).await;
        let (delivery, _) = followed.attempt(&mut sim, 0).await;
        let expected_at = sim.now().plus_ms(expected_ms);
        assert_eq!(
            delivery.next_attempt_at,
            Some(expected_at),
            "{code} {lines}"
        );
        followed.failed += 1;
        followed.wait(&mut sim, expected_at).await;
        followed.succeeds(&mut sim).await;
        followed.rests(&mut sim, DeliveryState::Delivered).await;
    });
}

#[test]
fn a_retry_is_never_earlier_than_asked() {
    for code in [301, 400, 404, 429, 500, 502, 503, 504] {
        second_due_after_ms(&ENVOYOU, code, "retry-after: 30\r\n", 30 * SECOND);
    }
    second_due_after_ms(&AUTHEPY, 503, "retry-after: 301\r\n", 301 * SECOND);
    second_due_after_ms(&REACHSCORE, 503, "Retry-After: 61\r\n", 61 * SECOND);
}

#[test]
fn authpi_hears_it_on_a_202_that_it_does_not_take() {
    second_due_after_ms(&AUTHPI, 202, "retry-after: 77\r\n", 77 * SECOND);
}

#[test]
fn a_retry_is_never_earlier_than_scheduled() {
    for lines in [
        "retry-after: 0\r\n",
        "retry-after: 59\r\n",
        "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        "retry-after: soon\r\n",
        "retry-after: -5\r\n",
        "retry-after:\r\n",
    ] {
        second_due_after_ms(&REACHSCORE, 503, lines, MINUTE);
    }
}

#[test]
fn without_it_a_busy_receiver_keeps_to_the_schedule() {
    for code in [429, 502, 504] {
        second_due_after_ms(&ENVOYOU, code, "", SECOND);
    }
}

#[test]
fn each_form_of_a_date_is_understood() {
    // One hour after the simulation's start, which lies 123 ms after a whole second.
    let after_ms = HOUR - 123;
    for lines in [
        "retry-after: Fri, 21 Nov 2025 05:40:00 GMT\r\n",
        "retry-after: Friday, 21-Nov-25 05:40:00 GMT\r\n",
        "retry-after: Fri Nov 21 05:40:00 2025\r\n",
    ] {
        second_due_after_ms(&ENVOYOU, 503, lines, after_ms);
    }
}

#[test]
fn nobody_is_waited_for_longer_than_a_day() {
    for lines in [
        "retry-after: 86401\r\n",
        "retry-after: 99999999999999999999999\r\n",
        "retry-after: Fri, 21 Nov 2098 05:40:00 GMT\r\n",
    ] {
        second_due_after_ms(&ENVOYOU, 503, lines, DAY);
    }
}

#[test]
fn it_adds_no_attempt() {
    for promise in &ALL {
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            let later = Answer::Status(503, "retry-after: 1\r\n");
            sim.receiver.answers([], later);
            let mut followed = Followed::publish(&sim).await;
            while followed.fails(&mut sim, promise.retries, 0).await {}
            assert_eq!(followed.failed, promise.attempts);
            followed.rests(&mut sim, DeliveryState::Failed).await;
        });
    }
}

#[test]
fn an_offset_that_it_ran_past_is_due_at_once_and_the_next_one_is_kept() {
    simulate(async {
        let mut sim = Sim::of(AUTHEPY.profile).await;
        let later = Answer::Status(503, "retry-after: 3600\r\n");
        sim.receiver.answers([later], status(500));
        let delivery = sim.publish().await;
        let start = sim.arrival().await;
        let expect = async |sim: &Sim, attempts, at: UnixMs| {
            let (now, _) = sim.settled(delivery, attempts).await;
            assert_eq!(now.next_attempt_at, Some(at));
        };
        let hour = start.plus_ms(HOUR);
        expect(&sim, 1, hour).await;
        sim.next_is_at(hour, 0).await;
        assert_eq!(sim.arrival().await, hour);
        // Thirty minutes after the first failure are over.
        assert_eq!(sim.arrival().await, hour);
        expect(&sim, 3, start.plus_ms(2 * HOUR)).await;
        sim.next_is_at(start.plus_ms(2 * HOUR), 0).await;
        assert_eq!(sim.arrival().await, start.plus_ms(2 * HOUR));
        let (end, _) = sim.settled(delivery, 4).await;
        assert_eq!(end.state, DeliveryState::Failed);
    });
}

#[test]
fn it_is_heard_even_where_the_deadline_cuts_the_body_off() {
    simulate(async {
        let mut sim = Sim::of(AUTHEPY.profile).await;
        let beginning =
            "HTTP/1.1 503 Busy\r\nretry-after: 3600\r\ntransfer-encoding: chunked\r\n\r\n";
        let drip = Answer::Drip {
            after_ms: 4 * SECOND,
            beginning,
            piece: "1\r\nx\r\n",
            every_ms: 701,
        };
        sim.receiver.answers([drip], status(200));
        let delivery = sim.publish().await;
        let headed_at = sim.arrival().await.plus_ms(4 * SECOND);
        sim.next_is_at(headed_at, 2).await;
        sim.next_is_at(headed_at.plus_ms(SECOND), 3).await;
        let (now, _) = sim.settled(delivery, 1).await;
        assert_eq!(now.next_attempt_at, Some(headed_at.plus_ms(HOUR)));
    });
}
