//! Which statuses acknowledge? AuthPI takes 200 alone, the others any 2xx, and nobody a redirect.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use hookwright_store::EndpointStatus;

use super::follow::Followed;
use super::promises::{ALL, AUTHPI};
use super::receiver::{Answer, status};
use super::sim::{Sim, simulate};

/// Every 2xx, every known 3xx, and others; 410 means something of its own.
fn statuses() -> impl Iterator<Item = u16> {
    let others = [399, 400, 401, 403, 404, 408, 409, 411, 422, 425, 429, 499];
    let servers = [500, 501, 502, 503, 504, 511, 599];
    (200..=308).chain(others).chain(servers)
}

#[test]
fn each_profile_takes_the_statuses_that_it_promises_and_no_others() {
    for promise in &ALL {
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            for code in statuses() {
                sim.receiver.answers([status(code)], status(500));
                let mut followed = Followed::publish(&sim).await;
                let (delivery, attempt) = followed.attempt(&mut sim, 0).await;
                let label = format!("{} {code}", promise.profile);
                assert_eq!(attempt.status, Some(code), "{label}");
                let taken = (promise.takes)(code);
                assert_eq!(attempt.error.is_none(), taken, "{label}");
                let state = match promise.attempts {
                    _ if taken => DeliveryState::Delivered,
                    1 => DeliveryState::Failed,
                    _ => DeliveryState::Retrying,
                };
                assert_eq!(delivery.state, state, "{label}");
            }
            sim.nothing_arrived();
        });
    }
}

#[test]
fn a_redirect_is_a_failure_and_never_followed() {
    for promise in &ALL {
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            for code in [301, 302, 303, 307, 308] {
                let elsewhere = Answer::Status(code, "location: /elsewhere\r\n");
                sim.receiver.answers([elsewhere], status(200));
                let mut followed = Followed::publish(&sim).await;
                let (delivery, attempt) = followed.attempt(&mut sim, 0).await;
                assert_eq!(attempt.error, Some(ErrorClass::Redirect));
                assert_ne!(delivery.state, DeliveryState::Delivered);
                sim.nothing_arrived();
            }
        });
    }
}

#[test]
fn authpi_retries_what_others_acknowledge_until_it_sees_200() {
    simulate(async {
        let mut sim = Sim::of(AUTHPI.profile).await;
        sim.receiver
            .answers([201, 202, 204].map(status), status(200));
        let mut followed = Followed::publish(&sim).await;
        for _ in 0..3 {
            assert!(followed.fails(&mut sim, AUTHPI.retries, 0).await);
        }
        followed.succeeds(&mut sim).await;
        followed.rests(&mut sim, DeliveryState::Delivered).await;
    });
}

#[test]
fn the_attempt_that_succeeds_is_the_last_whichever_it_is() {
    for promise in &ALL {
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            for failures in 0..promise.attempts {
                let failing = std::iter::repeat_n(status(503), failures);
                sim.receiver.answers(failing, status(200));
                let mut followed = Followed::publish(&sim).await;
                for _ in 0..failures {
                    assert!(followed.fails(&mut sim, promise.retries, 0).await);
                }
                followed.succeeds(&mut sim).await;
                followed.rests(&mut sim, DeliveryState::Delivered).await;
            }
        });
    }
}

#[test]
fn gone_ends_the_delivery_and_disables_the_endpoint() {
    for promise in &ALL {
        simulate(async {
            let mut sim = Sim::of(promise.profile).await;
            sim.receiver.answers([], status(410));
            let mut followed = Followed::publish(&sim).await;
            let (delivery, _) = followed.attempt(&mut sim, 0).await;
            assert_eq!(delivery.state, DeliveryState::Failed);
            assert_eq!(delivery.last_error, Some((ErrorClass::Gone, Some(410))));
            followed.failed += 1;
            followed.rests(&mut sim, DeliveryState::Failed).await;
            let name = sim.endpoint.public_id.clone();
            let endpoint = sim.engine.store().endpoint(sim.scope, name).await.unwrap();
            assert_eq!(endpoint.status, EndpointStatus::Disabled);
        });
    }
}
