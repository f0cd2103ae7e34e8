//! What is the same in each attempt, and what is renewed? The id and body stay; the time does not.

use std::collections::HashSet;

use super::follow::Followed;
use super::promises::{AUTHPI, CLOUDEVENTS, ENVOYOU, Promise, REACHSCORE, STANDARD_WEBHOOKS};
use super::receiver::{header, status};
use super::sim::{Sim, simulate};

/// A profile with the headers that carry its time and, where it has one, its event's id.
const TIMED: [(Promise, &str, Option<&str>); 5] = [
    (AUTHPI, "webhook-timestamp", Some("webhook-id")),
    (STANDARD_WEBHOOKS, "webhook-timestamp", Some("webhook-id")),
    (CLOUDEVENTS, "webhook-timestamp", Some("webhook-id")),
    (ENVOYOU, "x-envoyou-timestamp", None),
    (
        REACHSCORE,
        "x-reachscore-timestamp",
        Some("x-reachscore-event-id"),
    ),
];

#[test]
fn a_retry_carries_the_same_id_and_body_and_its_own_time() {
    for (promise, timestamp, id) in TIMED {
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            sim.receiver.answers([], status(500));
            let mut followed = Followed::publish(&sim).await;
            while followed.fails(&mut sim, promise.retries, 0).await {}
            let (mut ids, mut bodies) = (HashSet::new(), HashSet::new());
            for seen in sim.seen() {
                let seconds: i64 = header(&seen.head, timestamp).unwrap().parse().unwrap();
                assert_eq!(seconds, seen.at.seconds());
                ids.insert(id.map(|id| header(&seen.head, id).unwrap()));
                bodies.insert(&seen.body);
            }
            assert_eq!((ids.len(), bodies.len()), (1, 1));
            assert_eq!(sim.seen().len(), promise.attempts);
        });
    }
}
