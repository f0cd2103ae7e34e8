//! What an endpoint may choose beside its format: another canonical form, a second signature.

use hookwright_wire::{
    CanonicalJson, Profile, Rendered, builtin_profiles, canonicalise, render, sign_headers,
};

use crate::vector::{Request, Vector, folder, load, signing_keys};

fn first(name: &str) -> (Profile, Vec<Vector>) {
    let mut all = builtin_profiles().into_iter();
    let profile = all.find(|profile| profile.name == name).expect("built in");
    let file = load(&folder("vectors").join(format!("{name}.json")));
    (profile, file.messages)
}

fn request(vector: &Vector, made: Rendered) -> Request {
    let headers = made.headers.iter();
    Request {
        headers: headers
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect(),
        body: made.body,
        ..vector.request()
    }
}

#[test]
fn a_chosen_canonical_form_takes_the_place_of_the_formats_own() {
    for name in ["envoyou", "reachscore", "authepy"] {
        let (profile, vectors) = first(name);
        for vector in &vectors {
            let keys = signing_keys(&profile, &vector.secrets);
            let made = |form| render(&profile, Some(form), &vector.message(), &keys);
            let plain = made(CanonicalJson::None).expect("rendered").body;
            for form in [
                CanonicalJson::Js,
                CanonicalJson::JsSorted,
                CanonicalJson::Jcs,
                CanonicalJson::Python,
                CanonicalJson::PythonSpaced,
            ] {
                let made = made(form).expect("rendered");
                let expected = canonicalise(form, &plain).expect("canonical");
                assert_eq!(made.body, expected, "{name}: {}", vector.name);
                let verified =
                    request(vector, made).verify(&profile, &vector.verifying_keys(&profile));
                assert!(verified.is_ok(), "{name}: {}: {verified:?}", form.as_str());
            }
        }
    }
}

#[test]
fn the_words_of_the_forms_are_read_back_and_no_others() {
    for word in ["none", "js", "js-sorted", "jcs", "python", "python-spaced"] {
        assert_eq!(
            CanonicalJson::parse(word).map(CanonicalJson::as_str),
            Some(word)
        );
    }
    for word in ["", "JS", "js_sorted", "rfc8785", " js"] {
        assert_eq!(CanonicalJson::parse(word), None, "{word}");
    }
}

/// A migration without a cut-over: both receivers verify one request.
#[test]
fn a_second_formats_headers_sign_the_first_ones_body() {
    let (old, vectors) = first("envoyou");
    let (new, others) = first("standard-webhooks");
    for (vector, other) in vectors.iter().zip(&others) {
        let mut made = vector.rendered(&old);
        let keys = signing_keys(&new, &other.secrets);
        let beside = sign_headers(&new, &vector.message(), &made.body, &keys).expect("signed");
        made.headers.extend(beside);
        let request = request(vector, made);
        let name = &vector.name;
        assert!(
            request.verify(&old, &vector.verifying_keys(&old)).is_ok(),
            "{name}"
        );
        let verified = request
            .verify(&new, &other.verifying_keys(&new))
            .expect("verified");
        assert!(verified.message_id.is_some(), "{name}");
    }
}
