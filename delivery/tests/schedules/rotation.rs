//! Which secret verifies an attempt after a rotation? Both until the overlap ends where the format
//! has a list; else the old one until then and the new one from then on, to the millisecond.

use hookwright_core::time::UnixMs;
use hookwright_store::{Credentials, EndpointUpdate, PreviousSecret};
use hookwright_wire::{Profile, Received, builtin_profiles, public_key, verify, verifying_key};

use super::promises::{AUTHEPY, MINUTE, Promise, SECOND, STANDARD_WEBHOOKS};
use super::receiver::{Arrival, status};
use super::sim::{Sim, simulate};

const NEW: &str = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3";
const NEW_ED25519: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

/// Replaces the endpoint's secret; the old one counts until then. Answers the old one.
async fn rotate(sim: &Sim, new: &str, until: UnixMs) -> String {
    let old = sim.endpoint.secrets[0].clone();
    let previous = Some(PreviousSecret {
        secret: old.clone(),
        until,
    });
    let credentials = Credentials {
        previous,
        ..Credentials::default()
    };
    let update = EndpointUpdate {
        secrets: Some((vec![new.to_owned()], credentials)),
        ..EndpointUpdate::default()
    };
    let (store, name) = (sim.engine.store(), sim.endpoint.public_id.clone());
    let changed = store.update_endpoint(sim.scope, name, update, sim.now());
    changed.await.unwrap();
    old
}

fn profile(name: &str) -> Profile {
    let mut profiles = builtin_profiles().into_iter();
    profiles.find(|profile| profile.name == name).unwrap()
}

/// Whether a receiver that holds this secret takes the request.
fn verifies(name: &str, arrival: &Arrival, secret: &str) -> bool {
    let profile = profile(name);
    let key = public_key(&profile, secret).unwrap_or_else(|| secret.to_owned());
    let key = verifying_key(&profile, &key).unwrap();
    let headers: Vec<(&str, &[u8])> = arrival
        .head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    let received = Received {
        headers: &headers,
        body: &arrival.body,
        url: None,
        method: "POST",
    };
    verify(&profile, &received, &[key], arrival.at.seconds()).is_ok()
}

/// Which of old and new secret verify the first attempt and the second, `after_ms` later, where
/// the old one counts for `overlap_ms`.
async fn who_verifies(
    promise: &Promise,
    new: &str,
    after_ms: u64,
    overlap_ms: u64,
) -> [(bool, bool); 2] {
    let mut sim = Sim::of(promise.profile).await;
    sim.receiver.answers([], status(500));
    let old = rotate(&sim, new, sim.now().plus_ms(overlap_ms)).await;
    sim.publish().await;
    let first = sim.arrival().await;
    sim.next_is_at(first.plus_ms(after_ms), 0).await;
    assert_eq!(sim.arrival().await, first.plus_ms(after_ms));
    let seen = sim.seen();
    [0, 1].map(|attempt| {
        let verified = |secret| verifies(promise.profile, &seen[attempt], secret);
        (verified(&old), verified(new))
    })
}

#[test]
fn both_secrets_verify_until_the_overlap_ends_where_there_is_a_list() {
    simulate(async {
        let wait = 5 * SECOND;
        for new in [NEW, NEW_ED25519] {
            let who = who_verifies(&STANDARD_WEBHOOKS, new, wait, wait + 1).await;
            assert_eq!(who, [(true, true); 2]);
            let who = who_verifies(&STANDARD_WEBHOOKS, new, wait, wait).await;
            assert_eq!(who, [(true, true), (false, true)]);
        }
    });
}

#[test]
fn a_format_of_one_signature_changes_over_at_the_stated_moment() {
    simulate(async {
        let wait = 5 * MINUTE;
        let who = who_verifies(&AUTHEPY, NEW, wait, wait + 1).await;
        assert_eq!(who, [(true, false); 2]);
        let who = who_verifies(&AUTHEPY, NEW, wait, wait).await;
        assert_eq!(who, [(true, false), (false, true)]);
    });
}
