//! Requests for receivers: as they are sent, and with one thing wrong.

use std::fs;
use std::path::Path;

use hookwright_wire::{
    Algorithm, Message, Profile, Proof, Received, SignatureScheme, builtin_profiles,
    new_ed25519_secret, new_secret, proofs, public_key, render, signing_key, verify, verifying_key,
};

const SENT_S: i64 = 1_705_314_680;
const ID: &str = "evt_2KWPBgLlAfxdpx2AI54pPJ85f4W";
const URL: &str = "https://receiver.example/hooks?a=b";

/// A receiver: a format and what it checks with.
pub struct Receiver {
    pub profile: Profile,
    pub proof: Proof,
}

/// A request, and what is to come of it.
#[derive(Clone)]
pub struct Case {
    pub receiver: usize,
    pub what: &'static str,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub secrets: Vec<String>,
    pub now_s: i64,
    pub good: bool,
    pub id: String,
}

/// Of the built-in formats and those of well-known senders, each way to check.
pub fn receivers() -> Vec<Receiver> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles");
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("profiles")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|it| it == "toml"))
        .collect();
    names.sort();
    let others = names.into_iter().map(|path| {
        let text = fs::read_to_string(&path).expect("a profile");
        Profile::parse("a profile", &text).expect("a profile")
    });
    let profiles = builtin_profiles().into_iter().chain(others);
    let each = |profile: Profile| {
        let all = proofs(&profile).into_iter();
        all.map(move |proof| Receiver {
            profile: profile.clone(),
            proof,
        })
        .collect::<Vec<_>>()
    };
    profiles.flat_map(each).collect()
}

/// A sender's secret and what its receiver holds.
fn secret(receiver: &Receiver, seed: u8) -> (String, String) {
    let profile = &receiver.profile;
    match receiver.proof {
        Proof::PublicKey => {
            let made = new_ed25519_secret(profile, [seed; 32]).expect("a key");
            let public = public_key(profile, &made).expect("a public key");
            (made, public)
        }
        Proof::Secret | Proof::Nothing => {
            let made = new_secret(profile, &[seed; 64]);
            (made.clone(), made)
        }
    }
}

fn message() -> Message<'static> {
    Message {
        event_id: ID,
        event_type: "user.created",
        event_time_ms: SENT_S * 1000,
        data: "{\"objectId\":1,\"userId\":\"é\",\"note\":\"a\\nb \u{2028}\"}".as_bytes(),
        subject: None,
        trace: None,
        endpoint_id: "ep_1",
        endpoint_url: URL,
        livemode: true,
        attempt_ms: SENT_S * 1000,
        nonce: [7; 16],
    }
}

fn sent(number: usize, receiver: &Receiver, secrets: &[String]) -> Case {
    let profile = &receiver.profile;
    let key = |secret: &String| signing_key(profile, secret).expect("a secret");
    let keys: Vec<_> = match receiver.proof {
        Proof::Nothing => Vec::new(),
        _ => secrets.iter().map(key).collect(),
    };
    let rendered = render(profile, None, &message(), &keys).expect("rendered");
    let headers = rendered.headers.iter();
    let body = String::from_utf8_lossy(&rendered.body).into_owned();
    let in_headers = rendered.headers.iter().any(|(_, value)| value == ID);
    Case {
        receiver: number,
        what: "as it is sent",
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: rendered.body,
        secrets: Vec::new(),
        now_s: SENT_S,
        good: true,
        // A format without an id: the body's hash, of which only the length is looked at.
        id: if in_headers || body.contains(ID) {
            ID.to_owned()
        } else {
            String::new()
        },
    }
}

/// Everything that is tried with one receiver.
pub fn cases(number: usize, receiver: &Receiver) -> Vec<Case> {
    let ((made, held), (new, new_held)) = (secret(receiver, 3), secret(receiver, 9));
    let keyed = receiver.proof != Proof::Nothing;
    let holds = |held: &[&String]| match keyed {
        true => held.iter().map(|it| (*it).clone()).collect(),
        false => Vec::new(),
    };
    let good = Case {
        secrets: holds(&[&held]),
        ..sent(number, receiver, std::slice::from_ref(&made))
    };
    let mut all = vec![good.clone()];
    let mut add =
        |what: &'static str, good: bool, case: Case| all.push(Case { what, good, ..case });
    let with = |change: &dyn Fn(&mut Case)| {
        let mut case = good.clone();
        change(&mut case);
        case
    };
    let first = receiver.profile.signatures[0].header.as_str().to_owned();
    add("a changed body", false, with(&|case| case.body.push(b' ')));
    add(
        "a changed signature",
        false,
        with(&|case| spoil(header(case, &first))),
    );
    add(
        "no signature",
        false,
        with(&|case| case.headers.retain(|(name, _)| *name != first)),
    );
    add(
        "an empty signature",
        false,
        with(&|case| header(case, &first).clear()),
    );
    if keyed {
        add(
            "another secret",
            false,
            with(&|case| case.secrets = holds(&[&new_held])),
        );
        add("no secret", false, with(&|case| case.secrets.clear()));
        add(
            "a second secret",
            true,
            with(&|case| case.secrets = holds(&[&new_held, &held])),
        );
    }
    if keyed && receiver.profile.accepts_list() {
        let both = sent(number, receiver, &[new.clone(), made.clone()]);
        for held in [&held, &new_held] {
            let secrets = holds(&[held]);
            add(
                "two signatures",
                true,
                Case {
                    secrets,
                    ..both.clone()
                },
            );
        }
    }
    if let Some(rule) = &receiver.profile.timestamp {
        let far = rule.tolerance_s;
        add("just in time", true, with(&|case| case.now_s += far));
        add("just not too new", true, with(&|case| case.now_s -= far));
        add("too old", false, with(&|case| case.now_s += far + 1));
        add("too new", false, with(&|case| case.now_s -= far + 1));
        if let Some(name) = &rule.header {
            add(
                "no timestamp",
                false,
                with(&|case| case.headers.retain(|(own, _)| own != name.as_str())),
            );
            for bad in ["", "soon", "-1", "1e9", " 1705314680"] {
                let value = bad.as_bytes().to_vec();
                add(
                    "a bad timestamp",
                    false,
                    with(&|case| *header(case, name.as_str()) = value.clone()),
                );
            }
        }
    }
    if good.headers.iter().any(|(_, value)| value == ID.as_bytes()) && signs_id(&receiver.profile) {
        let is_id = |value: &Vec<u8>| value.as_slice() == ID.as_bytes();
        add(
            "no id",
            false,
            with(&|case| case.headers.retain(|(_, value)| !is_id(value))),
        );
    }
    for case in &all {
        assert_eq!(
            case.good,
            is_good(receiver, case),
            "{}: {}",
            receiver.profile.name,
            case.what
        );
    }
    all
}

/// What the profile itself says of the request, with the signatures of this kind alone.
fn is_good(receiver: &Receiver, case: &Case) -> bool {
    let profile = &receiver.profile;
    let headers: Vec<(&str, &[u8])> = case
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect();
    let received = Received {
        headers: &headers,
        body: &case.body,
        url: Some(URL),
        method: "POST",
    };
    let keys: Vec<_> = case
        .secrets
        .iter()
        .map(|secret| verifying_key(profile, secret).expect("a key"))
        .collect();
    // Without a secret a format may take a digest: a receiver that has none given is none of those.
    let digest = |scheme: &SignatureScheme| {
        scheme.algorithm == Algorithm::Sha256 || scheme.when_no_secret.is_some()
    };
    let unusable =
        keys.is_empty() && receiver.proof != Proof::Nothing && digest(&profile.signatures[0]);
    !unusable && verify(profile, &received, &keys, case.now_s).is_ok()
}

fn signs_id(profile: &Profile) -> bool {
    matches!(
        profile.name.as_str(),
        "standard-webhooks" | "authpi" | "cloudevents" | "cloudevents-binary" | "twitch"
    )
}

fn header<'a>(case: &'a mut Case, name: &str) -> &'a mut Vec<u8> {
    let found = case.headers.iter_mut().find(|(own, _)| own == name);
    &mut found.expect("a header").1
}

/// Another signature of the same form.
fn spoil(value: &mut [u8]) {
    let place = value.len() - 12;
    value[place] = if value[place] == b'1' { b'2' } else { b'1' };
}

pub const fn url() -> &'static str {
    URL
}
