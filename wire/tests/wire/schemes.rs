//! Can the formats of well-known senders be said in a file, with no code?

use std::fs;

use hookwright_wire::{
    Profile, Received, SecretError, VerifyError, builtin_profiles, new_secret, signing_key, verify,
    verifying_key,
};

use crate::vector::{File, check, folder, load};

const NAMES: [&str; 7] = [
    "discord",
    "hubspot",
    "paddle",
    "pagerduty",
    "square",
    "twitch",
    "zoom",
];

fn read(name: &str) -> (Profile, File) {
    let toml = folder("tests/profiles").join(format!("{name}.toml"));
    let text = fs::read_to_string(&toml).expect("a profile file");
    let profile = Profile::parse(name, &text).unwrap_or_else(|error| panic!("{error}"));
    (profile, load(&toml.with_extension("json")))
}

#[test]
fn each_of_seven_more_formats_makes_its_vectors_bytes_and_verifies_them() {
    for name in NAMES {
        let (profile, file) = read(name);
        assert_eq!((profile.name.as_str(), file.messages.len()), (name, 4));
        for vector in &file.messages {
            check(&profile, vector);
            let keys = vector.verifying_keys(&profile);
            let mut request = vector.request();
            request.body.push(b' ');
            let found = request.verify(&profile, &keys);
            assert_eq!(found, Err(VerifyError::Mismatch), "{name}");
        }
        let secret = new_secret(&profile, &[3; 64]);
        assert!(signing_key(&profile, &secret).is_ok(), "{name}: {secret}");
    }
}

#[test]
fn where_the_url_is_signed_another_url_is_refused_and_none_is_asked_for() {
    for name in ["square", "hubspot"] {
        let (profile, file) = read(name);
        let vector = &file.messages[0];
        let keys = vector.verifying_keys(&profile);
        let mut request = vector.request();
        request.url = Some("https://example.com/hooks?a=2".to_owned());
        let found = request.verify(&profile, &keys);
        assert_eq!(found, Err(VerifyError::Mismatch), "{name}");
        request.url = None;
        let found = request.verify(&profile, &keys);
        assert_eq!(found, Err(VerifyError::UrlNeeded), "{name}");
    }
}

#[test]
fn where_the_method_is_signed_another_method_is_refused() {
    let (profile, file) = read("hubspot");
    let keys = file.messages[0].verifying_keys(&profile);
    let mut request = file.messages[0].request();
    request.method = "PUT";
    let found = request.verify(&profile, &keys);
    assert_eq!(found, Err(VerifyError::Mismatch));
}

#[test]
fn each_format_keeps_its_own_window() {
    for (name, window_s) in [
        ("hubspot", 300),
        ("zoom", 300),
        ("paddle", 5),
        ("twitch", 600),
        ("discord", 300),
    ] {
        let (profile, file) = read(name);
        for vector in &file.messages {
            let keys = vector.verifying_keys(&profile);
            let mut request = vector.request();
            let sent_s = request.now_s;
            for drift_s in [window_s, -window_s] {
                request.now_s = sent_s + drift_s;
                assert!(request.verify(&profile, &keys).is_ok(), "{name}: {drift_s}");
            }
            request.now_s = sent_s + window_s + 1;
            let found = request.verify(&profile, &keys);
            let late = VerifyError::TooOld(window_s.unsigned_abs() + 1);
            assert_eq!(found, Err(late), "{name}");
        }
    }
}

#[test]
fn a_receiver_of_discord_holds_the_bare_public_key_and_cannot_sign_with_it() {
    let (profile, file) = read("discord");
    for vector in &file.messages {
        let public = vector.public_key.as_deref().expect("a public key");
        let key = verifying_key(&profile, public).expect("a public key");
        assert!(vector.request().verify(&profile, &[key]).is_ok());
        let refused = signing_key(&profile, public).err().expect("refused");
        assert!(matches!(refused, SecretError::WrongKind { .. }));
        // The seed's own bytes, without its prefix, are the public key of somebody else.
        let seed = vector.secrets[0].strip_prefix("edsk_").expect("a prefix");
        let key = verifying_key(&profile, seed).expect("32 bytes");
        let found = vector.request().verify(&profile, &[key]);
        assert_eq!(found, Err(VerifyError::Mismatch));
    }
    for bad in ["", "00", "zz", &"00".repeat(31), &"00".repeat(64)] {
        assert!(verifying_key(&profile, bad).is_err(), "{bad}");
    }
}

/// The example of GitHub's page on validating deliveries.
#[test]
fn githubs_published_signature_is_verified() {
    let mut all = builtin_profiles().into_iter();
    let github = all.find(|profile| profile.name == "github");
    let github = github.expect("built in");
    let key = verifying_key(&github, "It's a Secret to Everybody").expect("a secret");
    let signature: &[u8] =
        b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let received = Received {
        headers: &[
            ("X-Hub-Signature-256", signature),
            ("X-GitHub-Delivery", b"72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ],
        body: b"Hello, World!",
        url: None,
        method: "POST",
    };
    assert!(verify(&github, &received, &[key], 0).is_ok());
}
