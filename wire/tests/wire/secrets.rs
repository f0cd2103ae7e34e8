//! Which secrets are taken, by which formats, and as what?

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookwright_wire::{
    Profile, SecretError, builtin_profiles, new_secret, signing_key, verifying_key,
};

const PAIR: &str =
    "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

fn profile(name: &str) -> Profile {
    let mut all = builtin_profiles().into_iter();
    all.find(|profile| profile.name == name).expect("built in")
}

fn refusal(profile: &Profile, secret: &str) -> SecretError {
    let Err(receiver) = verifying_key(profile, secret) else {
        panic!("{}: a receiver took {secret:?}", profile.name)
    };
    match signing_key(profile, secret) {
        Ok(_) => panic!("{}: a sender took {secret:?}", profile.name),
        Err(sender) => assert_eq!(sender, receiver, "both sides say the same"),
    }
    receiver
}

#[test]
fn an_empty_or_short_secret_is_refused_by_every_format() {
    for profile in builtin_profiles() {
        for secret in ["", " ", "short", "1234567", "whsec_", "whsk_", "whsec_QUFB"] {
            let raw = profile.signatures[0].key_prefix.is_none();
            if !raw || secret.len() < 8 {
                refusal(&profile, secret);
            }
        }
    }
}

#[test]
fn a_standard_secret_has_24_to_64_bytes() {
    let profile = profile("standard-webhooks");
    let secret = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
    for bytes in [0, 1, 23, 65, 200] {
        let found = refusal(&profile, &secret(bytes));
        let (min, max) = (24, 64);
        let expected = SecretError::Length {
            found: bytes,
            min,
            max,
        };
        assert_eq!(found, expected);
    }
    for bytes in 24..=64 {
        assert!(signing_key(&profile, &secret(bytes)).is_ok(), "{bytes}");
        assert!(verifying_key(&profile, &secret(bytes)).is_ok(), "{bytes}");
    }
}

#[test]
fn one_kind_of_key_is_never_taken_for_another() {
    for name in [
        "standard-webhooks",
        "authpi",
        "cloudevents",
        "cloudevents-binary",
    ] {
        let profile = profile(name);
        let long = STANDARD.encode([7; 32]);
        for secret in [
            long.clone(),
            format!("WHSEC_{long}"),
            format!(" whsec_{long}"),
            format!("whsec{long}"),
            format!("sk_{long}"),
        ] {
            let found = refusal(&profile, &secret);
            assert!(matches!(found, SecretError::WrongKind { .. }), "{found}");
            assert!(found.to_string().contains("whsec_ or whsk_"), "{found}");
        }
        // 64 bytes are a good HMAC key, and are not used as one under the wrong name.
        assert_eq!(
            refusal(&profile, &format!("whsk_{}", STANDARD.encode([7; 64]))),
            SecretError::Ed25519
        );
        assert_eq!(
            refusal(&profile, &format!("whsk_{}", STANDARD.encode([7; 24]))),
            SecretError::Ed25519
        );
    }
}

#[test]
fn a_public_key_verifies_and_never_signs() {
    let profile = profile("standard-webhooks");
    let bytes = STANDARD.decode(PAIR).expect("base64");
    let public = format!("whpk_{}", STANDARD.encode(&bytes[32..]));
    assert!(verifying_key(&profile, &public).is_ok());
    let found = signing_key(&profile, &public).err().expect("refused");
    assert!(matches!(found, SecretError::WrongKind { .. }), "{found}");
    for bad in ["whpk_", "whpk_QUFB", "whpk_%%%%", &format!("whpk_{PAIR}")] {
        assert!(verifying_key(&profile, bad).is_err(), "{bad}");
    }
}

#[test]
fn the_halves_of_an_ed25519_key_must_match() {
    let profile = profile("standard-webhooks");
    let mut bytes = STANDARD.decode(PAIR).expect("base64");
    assert!(signing_key(&profile, &format!("whsk_{PAIR}")).is_ok());
    let seed = STANDARD.encode(&bytes[..32]);
    assert!(signing_key(&profile, &format!("whsk_{seed}")).is_ok());
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let damaged = format!("whsk_{}", STANDARD.encode(&bytes));
        assert_eq!(
            refusal(&profile, &damaged),
            SecretError::Ed25519,
            "bit {bit}"
        );
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn every_format_takes_the_secrets_that_it_makes() {
    for profile in builtin_profiles() {
        let random: Vec<u8> = (0..64).collect();
        let secret = new_secret(&profile, &random);
        assert!(secret.starts_with("whsec_"), "{secret}");
        assert!(secret.len() >= 6 + 32, "{secret}");
        assert!(signing_key(&profile, &secret).is_ok(), "{}", profile.name);
        assert!(verifying_key(&profile, &secret).is_ok(), "{}", profile.name);
        assert_ne!(secret, new_secret(&profile, &[9; 64]));
    }
}

#[test]
fn what_is_refused_is_not_repeated_in_the_message() {
    let profile = profile("standard-webhooks");
    for secret in [
        "hunter2hunter2",
        "whsec_hunter2!",
        "whsec_aHVudGVyMg==",
        "whsk_aHVudGVyMg==",
    ] {
        let said = refusal(&profile, secret).to_string();
        assert!(
            !said.contains("unter2") && !said.contains("aHVud"),
            "{said}"
        );
        assert!(said.contains("\nhint: "), "{said}");
    }
}
