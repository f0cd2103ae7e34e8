//! Do the built-in formats make the bytes that an independent program makes, and refuse others?

use std::process::Command;

use hookwright_wire::{
    KeyEncoding, Profile, SignatureScheme, VerifyError, builtin_profiles, sign_headers,
};

use crate::vector::{Request, Vector, check, folder, load, signing_keys};

fn each_vector(mut act: impl FnMut(&Profile, &Vector)) {
    for profile in builtin_profiles() {
        let file = load(&folder("vectors").join(format!("{}.json", profile.name)));
        assert_eq!(file.profile, profile.name);
        assert!(file.messages.len() >= 7, "{}", profile.name);
        file.messages
            .iter()
            .for_each(|vector| act(&profile, vector));
    }
}

#[test]
fn every_built_in_format_makes_its_vectors_bytes_and_verifies_them() {
    each_vector(check);
}

#[test]
fn the_vector_files_are_what_the_python_program_writes() {
    for place in ["vectors", "tests/profiles"] {
        let made = Command::new("python3")
            .args(["-B", "make.py", "--check"])
            .current_dir(folder(place))
            .output()
            .expect("python3 is needed");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{place}: {said}");
    }
}

#[test]
fn the_signatures_that_standard_webhooks_publishes_are_made_and_verified() {
    let file = load(&folder("vectors/standard-webhooks.json"));
    let profile = profile("standard-webhooks");
    assert_eq!(file.published.len(), 2);
    for known in &file.published {
        let mut vector = file.messages[0].clone();
        vector.attempt_ms = known.attempt_ms;
        vector.secrets.clone_from(&known.secrets);
        let mut message = vector.message();
        message.event_id = &known.event_id;
        let keys = signing_keys(&profile, &known.secrets);
        let made = sign_headers(&profile, &message, known.body.as_bytes(), &keys).expect("signed");
        let signature = made
            .iter()
            .find(|(name, _)| name == "webhook-signature")
            .map(|(_, value)| value.as_bytes());
        assert_eq!(signature, Some(known.signature.as_bytes()));
        let text = |value: &http::HeaderValue| value.as_bytes().to_vec();
        let request = Request {
            headers: made
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: known.body.clone().into_bytes(),
            url: None,
            method: "POST",
            now_s: known.attempt_ms / 1000 + 300,
        };
        let verified = request.verify(&profile, &vector.verifying_keys(&profile));
        let verified = verified.expect("verified");
        assert_eq!(
            verified.message_id.as_deref(),
            Some(known.event_id.as_str())
        );
    }
}

fn profile(name: &str) -> Profile {
    let mut all = builtin_profiles().into_iter();
    all.find(|profile| profile.name == name).expect("built in")
}

/// Every bit of a value in turn: `act` gets each damaged copy.
fn each_flip(value: &[u8], mut act: impl FnMut(Vec<u8>, usize)) {
    for place in 0..value.len() * 8 {
        let mut damaged = value.to_vec();
        damaged[place / 8] ^= 1 << (place % 8);
        act(damaged, place);
    }
}

/// A few vectors of each format, without rotation: one signature, so that its damage counts.
fn each_short_vector(mut act: impl FnMut(&Profile, &Vector)) {
    each_vector(|profile, vector| {
        if vector.secrets.len() == 1 && vector.body.len() < 500 {
            act(profile, vector);
        }
    });
}

#[test]
fn no_bit_of_a_body_can_be_flipped() {
    each_short_vector(|profile, vector| {
        let keys = vector.verifying_keys(profile);
        let mut request = vector.request();
        each_flip(vector.body.as_bytes(), |body, bit| {
            request.body = body;
            let found = request.verify(profile, &keys);
            let name = &profile.name;
            assert_eq!(found, Err(VerifyError::Mismatch), "{name}: bit {bit}");
        });
        request.body = [vector.body.as_bytes(), b"\n"].concat();
        assert!(request.verify(profile, &keys).is_err(), "{}", profile.name);
        request.body.clear();
        assert!(request.verify(profile, &keys).is_err(), "{}", profile.name);
    });
}

#[test]
fn no_bit_of_a_signature_can_be_flipped() {
    each_short_vector(|profile, vector| {
        let keys = vector.verifying_keys(profile);
        let header = profile.signatures[0].header.as_str();
        let value = vector.request().header(header).clone();
        each_flip(&value, |damaged, bit| {
            let mut request = vector.request();
            *request.header(header) = damaged;
            let found = request.verify(profile, &keys);
            assert!(found.is_err(), "{}: bit {bit}: {found:?}", profile.name);
        });
        for length in 0..value.len() {
            let mut request = vector.request();
            request.header(header).truncate(length);
            assert!(request.verify(profile, &keys).is_err(), "{}", profile.name);
        }
    });
}

#[test]
fn no_bit_of_a_signed_timestamp_or_id_can_be_flipped() {
    let mut flipped = 0;
    each_short_vector(|profile, vector| {
        let keys = vector.verifying_keys(profile);
        let stamp = profile.timestamp.iter().filter_map(|rule| {
            let header = rule.header.as_ref()?;
            Some(header.as_str())
        });
        let signs_id = profile.secret.encoding == KeyEncoding::Base64;
        let id = ["webhook-id"].into_iter().filter(|_| signs_id);
        for header in stamp.chain(id) {
            let value = vector.request().header(header).clone();
            each_flip(&value, |damaged, bit| {
                let mut request = vector.request();
                *request.header(header) = damaged;
                let found = request.verify(profile, &keys);
                let name = &profile.name;
                assert!(found.is_err(), "{name}: {header}: bit {bit}: {found:?}");
                flipped += 1;
            });
        }
    });
    assert!(flipped > 0);
}

#[test]
fn another_secret_another_header_set_and_a_second_copy_are_refused() {
    each_short_vector(|profile, vector| {
        let header = profile.signatures[0].header.as_str();
        let keys = vector.verifying_keys(profile);
        let mut missing = vector.request();
        missing
            .headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case(header));
        let lost = Err(VerifyError::Header(header.to_owned()));
        assert_eq!(missing.verify(profile, &keys), lost, "{}", profile.name);
        let mut twice = vector.request();
        let copy = twice.header(header).clone();
        twice.headers.push((header.to_uppercase(), copy));
        assert_eq!(twice.verify(profile, &keys), lost, "{}", profile.name);

        let mut other = vector.clone();
        other.secrets = vec![strange(&profile.signatures[0])];
        let found = vector
            .request()
            .verify(profile, &other.verifying_keys(profile));
        assert!(found.is_err(), "{}: {found:?}", profile.name);
    });
}

fn strange(scheme: &SignatureScheme) -> String {
    match scheme.key_encoding {
        KeyEncoding::Base64 => format!("whsec_{}", "QUFB".repeat(10)),
        KeyEncoding::Raw | KeyEncoding::Hex => "another secret".to_owned(),
    }
}
