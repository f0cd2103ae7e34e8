//! Is what people are told of a request what a receiver does with it?

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookwright_wire::{
    About, Explanation, Profile, Received, builtin_profiles, explain, is_signed_with, verify,
    verifying_key,
};

use ring::hmac;

use crate::documents::Maker;
use crate::vector::{Request, Vector, folder, load};

const DAMAGED_REQUESTS: usize = 4_000;

/// The built-in formats and those of well-known senders, each with its vectors.
fn all() -> Vec<(Profile, Vec<Vector>)> {
    let vectors = |name: &str| {
        let own = folder("vectors").join(format!("{name}.json"));
        let path = match own.exists() {
            true => own,
            false => folder("tests/profiles").join(format!("{name}.json")),
        };
        load(&path).messages
    };
    let others = [
        "discord",
        "hubspot",
        "paddle",
        "pagerduty",
        "square",
        "twitch",
        "zoom",
    ];
    let others = others.map(|name| {
        let path = folder("tests/profiles").join(format!("{name}.toml"));
        let text = fs::read_to_string(path).expect("a profile");
        Profile::parse(name, &text).expect("a profile")
    });
    let profiles = builtin_profiles().into_iter().chain(others);
    profiles
        .map(|profile| {
            let own = vectors(&profile.name);
            (profile, own)
        })
        .collect()
}

fn told(profile: &Profile, request: &Request, secrets: &[String], aged: bool) -> Explanation {
    let headers: Vec<(&str, &[u8])> = request
        .headers
        .iter()
        .map(|pair| (pair.0.as_str(), pair.1.as_slice()))
        .collect();
    let received = Received {
        headers: &headers,
        body: &request.body,
        url: request.url.as_deref(),
        method: request.method,
    };
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    explain(profile, &received, &secrets, aged.then_some(request.now_s))
}

fn of(name: &str) -> (Profile, Vector) {
    let mut all = all().into_iter();
    let (profile, vectors) = all
        .find(|(profile, _)| profile.name == name)
        .expect("known");
    let vector = vectors
        .into_iter()
        .find(|vector| !vector.secrets.is_empty());
    (profile, vector.expect("a vector with a secret"))
}

/// Verified exactly where a receiver accepts, and then every step but that of a spare secret passed;
/// and the other way round.
#[test]
fn what_is_told_is_what_a_receiver_does() {
    let mut maker = Maker::new(11);
    let targets = all();
    let mut accepted = 0;
    for _ in 0..DAMAGED_REQUESTS {
        let (profile, vectors) = &targets[maker.below(targets.len() as u64) as usize];
        let vector = &vectors[maker.below(vectors.len() as u64) as usize];
        let mut request = vector.request();
        let mut secrets = vector.secrets.clone();
        damage(&mut maker, &mut request, &mut secrets);
        let keys: Vec<_> = secrets
            .iter()
            .filter_map(|secret| verifying_key(profile, secret).ok())
            .collect();
        let unusable = keys.is_empty() && !secrets.is_empty();
        let is_good = !unusable && request.verify(profile, &keys).is_ok();
        let told = told(profile, &request, &secrets, true);
        assert_eq!(told.verified, is_good, "{}: {told:?}", profile.name);
        let mut deciding = told.steps.iter().filter(|step| step.about != About::Secret);
        let passed = deciding.all(|step| step.passed == Some(true));
        assert_eq!(passed, is_good, "{}: {told:?}", profile.name);
        accepted += usize::from(is_good);
    }
    let share = accepted * 100 / DAMAGED_REQUESTS;
    assert!(
        (10..90).contains(&share),
        "{share} % were accepted: too one-sided to tell anything"
    );
}

fn damage(maker: &mut Maker, request: &mut Request, secrets: &mut Vec<String>) {
    for _ in 0..maker.below(3) {
        let header = maker.below(request.headers.len() as u64) as usize;
        match maker.below(8) {
            0 => drop(request.headers.remove(header)),
            1 => request.headers.push(request.headers[header].clone()),
            2 => request.headers[header].1.push(b'x'),
            3 => request.body.push(b'\n'),
            4 => request.now_s += 100 * maker.below(7) as i64 - 300,
            5 => request.url = None,
            6 => secrets.insert(0, "whsec_bm90IHRoaXMgb25lLCBidXQgYW5vdGhlcg==".to_owned()),
            _ => secrets.clear(),
        }
        if request.headers.is_empty() {
            return;
        }
    }
}

#[track_caller]
fn hint(name: &str, change: impl FnOnce(&mut Request, &mut Vec<String>), expected: &str) {
    let (profile, vector) = of(name);
    let mut request = vector.request();
    let mut secrets = vector.secrets.clone();
    change(&mut request, &mut secrets);
    let told = told(&profile, &request, &secrets, true);
    assert!(!told.verified);
    let found = told.hints.iter().any(|hint| hint.contains(expected));
    assert!(found, "{name}: {:?}", told.hints);
}

#[test]
fn common_mistakes_are_named() {
    hint(
        "stripe",
        |request, _| request.body.push(b'\n'),
        "line end was added",
    );
    hint(
        "envoyou",
        |request, _| {
            let value: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
            request.body = serde_json::to_vec_pretty(&value).expect("JSON");
        },
        "parsed and written anew",
    );
    hint(
        "stripe",
        |request, _| request.now_s += 301,
        "older than a receiver allows",
    );
    hint(
        "stripe",
        |request, _| request.now_s += 301,
        "signature itself is right",
    );
    hint(
        "slack",
        |request, _| request.now_s -= 301,
        "from the future",
    );
    hint(
        "stripe",
        |_, secrets| secrets[0] = secrets[0].trim_start_matches("whsec_").to_owned(),
        "must not be cut off",
    );
    hint(
        "stripe",
        |_, secrets| secrets[0].push(' '),
        "quotes or white space",
    );
    hint(
        "github",
        |_, secrets| secrets[0] = "another secret".to_owned(),
        "another endpoint or environment",
    );
    hint(
        "slack",
        |request, _| {
            request
                .header("x-slack-request-timestamp")
                .extend_from_slice(b"000")
        },
        "milliseconds",
    );
    hint(
        "github",
        |request, _| {
            let value = request.header("x-hub-signature-256");
            *value = String::from_utf8(value.clone())
                .expect("ASCII")
                .to_uppercase()
                .replace("SHA256", "sha256")
                .into_bytes();
        },
        "upper-case hexadecimal",
    );
    hint(
        "github",
        |request, _| {
            let value = request.header("x-hub-signature-256");
            *value = value.split_off("sha256=".len());
        },
        "not written as the format says",
    );
}

#[test]
fn a_body_that_stands_for_the_one_that_was_signed_is_recognised() {
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).expect("UTF-8");
    hint(
        "stripe",
        |request, _| request.body = STANDARD.encode(&request.body).into_bytes(),
        "in base64: a gateway",
    );
    hint(
        "stripe",
        |request, _| request.body = serde_json::to_vec(&text(&request.body)).expect("JSON"),
        "within this JSON string",
    );
    hint(
        "stripe",
        |request, _| request.body = ["\u{feff}".as_bytes(), &request.body].concat(),
        "byte order mark",
    );
    hint(
        "stripe",
        |request, _| request.body.clear(),
        "something read it before",
    );
}

#[test]
fn a_body_that_was_read_as_latin_1_is_recognised() {
    let (profile, _) = of("github");
    let body = r#"{"name": "Žofie ß"}"#;
    let secret = "It's a Secret to Everybody";
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = format!("sha256={}", hex::encode(hmac::sign(&key, body.as_bytes())));
    let garbled: String = body.bytes().map(char::from).collect();
    let headers: [(&str, &[u8]); 2] = [
        ("x-hub-signature-256", signature.as_bytes()),
        ("x-github-delivery", b"1"),
    ];
    let received = |body| Received {
        headers: &headers,
        body,
        url: None,
        method: "POST",
    };
    let told = explain(&profile, &received(garbled.as_bytes()), &[secret], None);
    assert!(
        !told.verified && told.hints[0].contains("Latin-1"),
        "{told:?}"
    );
    assert!(is_signed_with(&profile, &received(body.as_bytes()), secret));
    assert!(!is_signed_with(
        &profile,
        &received(garbled.as_bytes()),
        secret
    ));
    assert!(!is_signed_with(
        &profile,
        &received(body.as_bytes()),
        "another"
    ));
}

#[test]
fn what_is_signed_is_shown_byte_for_byte() {
    let (profile, vector) = of("stripe");
    let told = told(&profile, &vector.request(), &vector.secrets, true);
    let content = told.signed_content.expect("known");
    assert_eq!(content.template, "{timestamp}.{body}");
    let expected = format!("{}.{}", vector.attempt_ms / 1000, vector.body);
    assert_eq!(String::from_utf8_lossy(&content.bytes), expected);
    assert_eq!(content.sha256.len(), 64);
}

#[test]
fn an_old_request_out_of_a_log_can_be_looked_at_as_of_its_own_time() {
    let (profile, vector) = of("standard-webhooks");
    let mut request = vector.request();
    request.now_s += 90 * 86_400;
    assert!(!told(&profile, &request, &vector.secrets, true).verified);
    assert!(told(&profile, &request, &vector.secrets, false).verified);
}

#[test]
fn a_digest_without_a_key_does_not_pass_for_secrets_that_are_none() {
    let (profile, vectors) = all()
        .into_iter()
        .find(|(profile, _)| profile.name == "authento")
        .expect("built in");
    let open = vectors.iter().find(|vector| vector.secrets.is_empty());
    let request = open.expect("one without a secret").request();
    assert!(told(&profile, &request, &[], true).verified);
    assert!(!told(&profile, &request, &["short".to_owned()], true).verified);
    let headers: Vec<(&str, &[u8])> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect();
    let received = Received {
        headers: &headers,
        body: &request.body,
        url: None,
        method: "POST",
    };
    assert!(verify(&profile, &received, &[], request.now_s).is_ok());
}
