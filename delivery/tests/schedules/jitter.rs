//! What may chance add? Nothing to a schedule that was promised, a tenth at most to the others.

use super::follow::Followed;
use super::promises::{ALL, AUTHENTO, AUTHEPY, ENVOYOU, REACHSCORE, Retries};
use super::receiver::status;
use super::sim::{Sim, simulate};
use hookwright_store::EndpointSettings;

/// All bits set: chance at its most.
const MOST: u8 = 0xff;

#[test]
fn chance_adds_nothing_where_the_vendor_stated_the_times() {
    for promise in [AUTHEPY, AUTHENTO, ENVOYOU, REACHSCORE] {
        simulate(async {
            let mut sim = Sim::with(promise.profile, EndpointSettings::default(), MOST).await;
            sim.receiver.answers([], status(500));
            let mut followed = Followed::publish(&sim).await;
            while followed.fails(&mut sim, promise.retries, 0).await {}
            assert_eq!(followed.failed, promise.attempts);
        });
    }
}

#[test]
fn chance_adds_up_to_a_tenth_elsewhere_and_never_takes_away() {
    for promise in &ALL[1..] {
        let Retries::Gaps(gaps) = promise.retries else {
            continue;
        };
        if promise.attempts < 10 {
            continue;
        }
        simulate(async {
            let mut sim = Sim::with(promise.profile, EndpointSettings::default(), MOST).await;
            sim.receiver.answers([], status(500));
            let mut followed = Followed::publish(&sim).await;
            for gap_ms in gaps {
                let (delivery, _) = followed.attempt(&mut sim, 0).await;
                let next_at = delivery.next_attempt_at.unwrap();
                let added_ms = next_at.since(sim.now()) - gap_ms;
                assert!(
                    (gap_ms / 10 - 1..=gap_ms / 10).contains(&added_ms),
                    "{added_ms}"
                );
                followed.failed += 1;
                followed.wait(&mut sim, next_at).await;
            }
            let (delivery, _) = followed.attempt(&mut sim, 0).await;
            assert_eq!(delivery.next_attempt_at, None);
        });
    }
}
