//! Does a receiver stand what attackers, old clocks and newer senders send?

use hookwright_wire::{
    Profile, Received, SigningKey, VerifyError, VerifyingKey, builtin_profiles, render, verify,
};

use crate::documents::Maker;
use crate::vector::{Request, Vector, folder, load, signing_keys};

const HOSTILE_REQUESTS: usize = 20_000;

fn profile(name: &str) -> Profile {
    let mut all = builtin_profiles().into_iter();
    all.find(|profile| profile.name == name).expect("built in")
}

fn vectors(name: &str) -> Vec<Vector> {
    load(&folder("vectors").join(format!("{name}.json"))).messages
}

/// A request of the format with its receiver's keys.
fn request(name: &str) -> (Profile, Request, Vec<VerifyingKey>) {
    let profile = profile(name);
    let vector = &vectors(name)[0];
    let keys = vector.verifying_keys(&profile);
    (profile, vector.request(), keys)
}

#[test]
fn no_bytes_of_any_kind_make_a_receiver_panic() {
    let mut maker = Maker::new(7);
    let targets: Vec<_> = builtin_profiles()
        .into_iter()
        .map(|profile| {
            let (_, request, keys) = request(&profile.name);
            (profile, request, keys)
        })
        .collect();
    for _ in 0..HOSTILE_REQUESTS {
        let (profile, good, keys) = &targets[maker.below(targets.len() as u64) as usize];
        let mut request = good.clone();
        for (_, value) in &mut request.headers {
            if maker.below(2) == 0 {
                *value = noise(&mut maker, value);
            }
        }
        request.body = noise(&mut maker, &good.body);
        request.url = None;
        request.now_s = [good.now_s, 0, -1, i64::MAX, i64::MIN][maker.below(5) as usize];
        assert!(request.verify(profile, keys).is_err(), "{}", profile.name);
    }
}

/// Something like `good`, or like nothing.
fn noise(maker: &mut Maker, good: &[u8]) -> Vec<u8> {
    let mut value = if maker.below(2) == 0 {
        good.to_vec()
    } else {
        Vec::new()
    };
    for _ in 0..maker.below(12) {
        let place = maker.below(value.len() as u64 + 1) as usize;
        match maker.below(4) {
            0 => value.truncate(place),
            1 => value.insert(place, maker.below(256) as u8),
            2 => value.extend_from_slice(
                maker
                    .pick(&["v1,", "=", ",", " ", "t=", "ž", "-1", "9999999999999999999"])
                    .as_bytes(),
            ),
            _ => value
                .splice(place..place, good.iter().copied().take(9))
                .for_each(drop),
        }
    }
    // Never the good one itself: every request made here must be refused.
    value.push(0);
    value
}

#[test]
fn only_ascii_digits_in_the_right_range_are_a_timestamp() {
    for name in ["standard-webhooks", "envoyou", "reachscore", "slack"] {
        let (profile, good, keys) = request(name);
        let rule = profile.timestamp.as_ref().expect("stamped");
        let header = rule.header.clone().expect("a header");
        for bad in [
            "",
            " ",
            "-1",
            "+1705314680",
            " 1705314680",
            "1705314680 ",
            "1705314680.0",
            "1e9",
            "0x65a50b38",
            "١٧٠٥٣١٤٦٨٠",
            "１７０５３１４６８０",
            "99999999999999999999999",
            "1705314680,1",
        ] {
            let mut request = good.clone();
            *request.header(header.as_str()) = bad.as_bytes().to_vec();
            let found = request.verify(&profile, &keys);
            assert_eq!(found, Err(VerifyError::Timestamp), "{name}: {bad:?}");
        }
        let mut request = good.clone();
        *request.header(header.as_str()) = i64::MAX.to_string().into_bytes();
        let found = request.verify(&profile, &keys);
        assert!(matches!(found, Err(VerifyError::TooNew(_))), "{found:?}");
        *request.header(header.as_str()) = b"\xff\xfe".to_vec();
        let found = request.verify(&profile, &keys);
        assert_eq!(found, Err(VerifyError::Header(header.to_string())));
    }
}

#[test]
fn a_request_is_good_for_five_minutes_either_way() {
    for name in [
        "standard-webhooks",
        "envoyou",
        "reachscore",
        "slack",
        "stripe",
    ] {
        let (profile, mut request, keys) = request(name);
        let sent_s = request.now_s;
        let mut at = |drift_s: i64| {
            request.now_s = sent_s + drift_s;
            request.verify(&profile, &keys)
        };
        for drift_s in [-300, -1, 0, 1, 300] {
            assert!(at(drift_s).is_ok(), "{name}: {drift_s}");
        }
        assert_eq!(at(301), Err(VerifyError::TooOld(301)), "{name}");
        assert_eq!(at(-301), Err(VerifyError::TooNew(301)), "{name}");
        assert_eq!(at(86_400), Err(VerifyError::TooOld(86_400)), "{name}");
        request.now_s = i64::MIN;
        let found = request.verify(&profile, &keys);
        assert!(matches!(found, Err(VerifyError::TooNew(_))), "{found:?}");
    }
}

#[test]
fn any_match_in_a_list_wins_and_unknown_versions_are_passed_over() {
    for (name, unknown) in [
        (
            "standard-webhooks",
            ["v2,AAAA", "v1a,AAAA", "v1,AAAA", "", "v1", "v1,", ",", "v9"],
        ),
        (
            "stripe",
            ["v0=00", "v2=00", "v1=00", "", "v1", "v1=", "=", "s=1"],
        ),
    ] {
        let (profile, good, keys) = request(name);
        let header = profile.signatures[0].header.as_str();
        let separator = profile.signatures[0].separator.clone().expect("a list");
        let value = String::from_utf8(good.clone().header(header).clone()).expect("UTF-8");
        for other in unknown {
            for list in [[other, &value], [&value, other]] {
                let mut request = good.clone();
                *request.header(header) = list.join(&separator).into_bytes();
                assert!(request.verify(&profile, &keys).is_ok(), "{list:?}");
            }
        }
    }
    let (profile, good, keys) = request("standard-webhooks");
    let mut request = good;
    *request.header("webhook-signature") = b"v2,AAAA v3,BBBB v1a,CCCC".to_vec();
    assert_eq!(
        request.verify(&profile, &keys),
        Err(VerifyError::NoSignature)
    );
    *request.header("webhook-signature") = b"v2,AAAA v1,BBBB".to_vec();
    assert_eq!(request.verify(&profile, &keys), Err(VerifyError::Mismatch));
}

/// A v1 signature under the name v1a, and the other way round, is of a kind that it is not.
#[test]
fn a_signature_under_another_versions_name_does_not_count() {
    let (profile, good, keys) = request("standard-webhooks");
    let value = String::from_utf8(good.clone().header("webhook-signature").clone());
    let value = value.expect("UTF-8");
    let mut request = good;
    *request.header("webhook-signature") = value.replacen("v1,", "v1a,", 1).into_bytes();
    assert_eq!(
        request.verify(&profile, &keys),
        Err(VerifyError::NoSignature)
    );
}

#[test]
fn both_sides_of_a_rotation_verify_what_the_other_side_sends() {
    let profile = profile("standard-webhooks");
    let vector = &vectors("standard-webhooks")[1];
    assert_eq!(vector.secrets.len(), 2);
    let request = vector.request();
    for key in vector.verifying_keys(&profile) {
        assert!(request.verify(&profile, &[key]).is_ok());
    }
    let old = signing_keys(&profile, &vector.secrets[1..]);
    let rendered = render(&profile, None, &vector.message(), &old).expect("rendered");
    let headers: Vec<(&str, &[u8])> = rendered
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let received = Received {
        headers: &headers,
        body: &rendered.body,
        url: None,
        method: "POST",
    };
    let keys = vector.verifying_keys(&profile);
    assert!(verify(&profile, &received, &keys, request.now_s).is_ok());
}

#[test]
fn without_a_key_nothing_is_good_but_a_digest_that_the_format_allows() {
    for profile in builtin_profiles() {
        let vector = &vectors(&profile.name)[0];
        let found = vector.request().verify(&profile, &[]);
        assert!(found.is_err(), "{}: {found:?}", profile.name);
        let none: &[SigningKey] = &[];
        let made = render(&profile, None, &vector.message(), none).expect("rendered");
        let header = &profile.signatures[0].header;
        let signed = made.headers.iter().any(|(name, _)| name == header);
        assert_eq!(signed, profile.name == "authento", "{}", profile.name);
    }
    // A digest anybody can compute does not pass where a secret is held.
    let profile = profile("authento");
    let all = vectors("authento");
    let open = all.iter().find(|vector| vector.secrets.is_empty());
    let request = open.expect("one without a secret").request();
    assert!(request.verify(&profile, &[]).is_ok());
    let keys = all[0].verifying_keys(&profile);
    assert_eq!(request.verify(&profile, &keys), Err(VerifyError::Mismatch));
}
