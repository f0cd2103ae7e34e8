//! Does an endpoint's own retry policy override its profile's schedule? Exactly, on any profile.

use hookwright_core::state::DeliveryState;
use hookwright_store::{EndpointSettings, RetryPolicy};

use super::follow::Followed;
use super::promises::{ALL, AUTHEPY, ENVOYOU, HOUR, REACHSCORE, Retries};
use super::receiver::status;
use super::sim::{Sim, simulate};

/// All bits set: jitter, were there any, would add the most.
const MOST: u8 = 0xff;

const fn policy(max_attempts: u32, backoff_multiplier: f64, initial_delay: u64) -> RetryPolicy {
    RetryPolicy {
        max_attempts,
        backoff_multiplier,
        initial_delay,
    }
}

fn keeps_to(profile: &str, own: RetryPolicy, gaps_ms: &'static [u64]) {
    simulate(async {
        let settings = EndpointSettings {
            retry_policy: Some(own),
            ..EndpointSettings::default()
        };
        let mut sim = Sim::with(profile, settings, MOST).await;
        sim.receiver.answers([], status(500));
        let mut followed = Followed::publish(&sim).await;
        while followed.fails(&mut sim, Retries::Gaps(gaps_ms), 0).await {}
        assert_eq!(followed.failed, gaps_ms.len() + 1);
        followed.rests(&mut sim, DeliveryState::Failed).await;
    });
}

#[test]
fn envoyous_documented_policy_gives_five_attempts() {
    for promise in &ALL {
        let documented = policy(5, 2.0, 1_000);
        keeps_to(promise.profile, documented, &[1_000, 2_000, 4_000, 8_000]);
    }
}

#[test]
fn each_number_of_the_policy_is_the_customers() {
    keeps_to(ENVOYOU.profile, policy(3, 3.0, 500), &[500, 1_500]);
    keeps_to(ENVOYOU.profile, policy(4, 1.0, 250), &[250, 250, 250]);
    keeps_to(
        REACHSCORE.profile,
        policy(4, 1.5, 1_001),
        &[1_001, 1_501, 2_252],
    );
    keeps_to(AUTHEPY.profile, policy(2, 2.0, 24 * HOUR), &[24 * HOUR]);
}

#[test]
fn a_policy_of_one_attempt_never_retries() {
    for promise in &ALL {
        keeps_to(promise.profile, policy(1, 2.0, 1_000), &[]);
    }
}

#[test]
fn a_policy_set_between_two_attempts_holds_from_the_next_failure() {
    simulate(async {
        let mut sim = Sim::of(REACHSCORE.profile).await;
        sim.receiver.answers([], status(500));
        let mut followed = Followed::publish(&sim).await;
        let due_at = followed.fails_unmoved(&mut sim, REACHSCORE.retries).await;
        sim.change(|settings| settings.retry_policy = Some(policy(3, 10.0, 700)))
            .await;
        followed.wait(&mut sim, due_at.unwrap()).await;
        // The first failure was judged by the profile; the second is the policy's second.
        let own = Retries::Gaps(&[700, 7_000]);
        assert!(followed.fails(&mut sim, own, 0).await);
        assert!(!followed.fails(&mut sim, own, 0).await);
        followed.rests(&mut sim, DeliveryState::Failed).await;
    });
}
