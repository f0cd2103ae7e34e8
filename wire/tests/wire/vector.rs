//! How a vector file is read, rendered and given to a receiver.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hookwright_wire::{
    Message, Profile, Received, Rendered, SigningKey, Verified, VerifyError, VerifyingKey, render,
    signing_key, verify, verifying_key,
};
use serde::Deserialize;

/// A file of vectors.
#[derive(Deserialize)]
pub struct File {
    pub profile: String,
    pub messages: Vec<Vector>,
    #[serde(default)]
    pub published: Vec<Published>,
}

/// One attempt, and the bytes that it must be.
#[derive(Clone, Deserialize)]
pub struct Vector {
    pub name: String,
    pub secrets: Vec<String>,
    event_id: String,
    event_type: String,
    event_time_ms: i64,
    data: String,
    subject: Option<String>,
    trace: Option<String>,
    endpoint_id: String,
    pub endpoint_url: String,
    livemode: bool,
    pub attempt_ms: i64,
    nonce: String,
    pub body: String,
    pub headers: BTreeMap<String, String>,
    /// What a receiver may hold instead of the secret.
    pub public_key: Option<String>,
}

/// A signature that a standard publishes.
#[derive(Deserialize)]
pub struct Published {
    pub secrets: Vec<String>,
    pub event_id: String,
    pub attempt_ms: i64,
    pub body: String,
    pub signature: String,
}

/// A request on its way to a receiver; tests damage it.
#[derive(Clone)]
pub struct Request {
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub url: Option<String>,
    pub method: &'static str,
    pub now_s: i64,
}

/// Where this crate is.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A vector file, by the name of its profile.
pub fn load(path: &Path) -> File {
    let text = fs::read_to_string(path).expect("a vector file");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Vector {
    pub fn message(&self) -> Message<'_> {
        let mut nonce = [0; 16];
        hex::decode_to_slice(&self.nonce, &mut nonce).expect("a nonce");
        Message {
            event_id: &self.event_id,
            event_type: &self.event_type,
            event_time_ms: self.event_time_ms,
            data: self.data.as_bytes(),
            subject: self.subject.as_deref().map(str::as_bytes),
            trace: self.trace.as_deref(),
            endpoint_id: &self.endpoint_id,
            endpoint_url: &self.endpoint_url,
            livemode: self.livemode,
            attempt_ms: self.attempt_ms,
            nonce,
        }
    }

    pub fn rendered(&self, profile: &Profile) -> Rendered {
        let keys = signing_keys(profile, &self.secrets);
        render(profile, None, &self.message(), &keys).expect("rendered")
    }

    pub fn verifying_keys(&self, profile: &Profile) -> Vec<VerifyingKey> {
        let key = |secret: &String| verifying_key(profile, secret).expect("a secret");
        self.secrets.iter().map(key).collect()
    }

    /// The request as the vector has it, at the moment that it was sent.
    pub fn request(&self) -> Request {
        let header = |(name, value): (&String, &String)| (name.clone(), value.clone().into_bytes());
        Request {
            headers: self.headers.iter().map(header).collect(),
            body: self.body.clone().into_bytes(),
            url: Some(self.endpoint_url.clone()),
            method: "POST",
            now_s: self.attempt_ms / 1000,
        }
    }
}

pub fn signing_keys(profile: &Profile, secrets: &[String]) -> Vec<SigningKey> {
    let key = |secret: &String| signing_key(profile, secret).expect("a secret");
    secrets.iter().map(key).collect()
}

impl Request {
    pub fn verify(
        &self,
        profile: &Profile,
        keys: &[VerifyingKey],
    ) -> Result<Verified, VerifyError> {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|pair| (pair.0.as_str(), pair.1.as_slice()))
            .collect();
        let received = Received {
            headers: &headers,
            body: &self.body,
            url: self.url.as_deref(),
            method: self.method,
        };
        verify(profile, &received, keys, self.now_s)
    }

    /// The value of a header, to be damaged.
    pub fn header(&mut self, name: &str) -> &mut Vec<u8> {
        let found = self
            .headers
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        &mut found.expect("a header").1
    }
}

/// Renders, compares every byte, and verifies what was rendered.
pub fn check(profile: &Profile, vector: &Vector) {
    let name = format!("{}: {}", profile.name, vector.name);
    let rendered = vector.rendered(profile);
    let body = String::from_utf8(rendered.body).expect("UTF-8");
    assert_eq!(body, vector.body, "{name}");
    let mut headers: Vec<(String, String)> = Vec::new();
    for (header, value) in &rendered.headers {
        let spelling = profile.spelling(header.as_str()).unwrap_or("Content-Type");
        let value = String::from_utf8(value.as_bytes().to_vec()).expect("UTF-8");
        headers.push((spelling.to_owned(), value));
    }
    headers.sort();
    let expected: Vec<(String, String)> = vector.headers.clone().into_iter().collect();
    assert_eq!(headers, expected, "{name}");
    let request = vector.request();
    let keys = vector.verifying_keys(profile);
    let verified = request.verify(profile, &keys);
    let verified = verified.unwrap_or_else(|error| panic!("{name}: {error}"));
    let stamped = profile.timestamp.is_some();
    let sent_s = stamped.then_some(vector.attempt_ms / 1000);
    assert_eq!(verified.timestamp_s, sent_s, "{name}");
    for key in keys {
        let one = request.verify(profile, &[key]);
        assert!(
            one.is_ok() || !profile.accepts_list(),
            "{name}: each secret verifies a list"
        );
    }
}
