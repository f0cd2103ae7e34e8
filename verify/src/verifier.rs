//! How is a request checked?

use std::fmt;
use std::sync::Arc;

use hookwright_wire::{
    Profile, Received, SecretError, Verified, VerifyError, VerifyingKey, builtin_profiles, verify,
    verifying_key,
};
#[cfg(feature = "tower")]
use http::StatusCode;
use http::{HeaderMap, Method};

use crate::identity::{Identity, MessageKey};

/// Signatures in one header at most. A sender puts one there for each secret in use; every one
/// more costs a pass over the body.
const SIGNATURES_MAX: usize = 16;

/// A profile, the secrets of one endpoint and a clock. Cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    parts: Arc<Parts>,
    url: Option<Arc<str>>,
}

struct Parts {
    profile: Profile,
    keys: Vec<VerifyingKey>,
    identity: Identity,
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
}

/// Why there can be no such verifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// No profile of this name is built in.
    #[error(
        "no built-in profile is named \"{0}\"\nhint: read your own with `Profile::parse` and use `Verifier::new`"
    )]
    UnknownProfile(String),
    /// No secret was given.
    #[error(
        "no secret was given\nhint: it was shown when the endpoint was created; `Verifier::without_secret` is for senders that sign with none"
    )]
    NoSecret,
    /// The format needs a secret.
    #[error("profile \"{0}\" has no form without a secret\nhint: use `Verifier::new`")]
    SecretNeeded(String),
    /// A secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl Verifier {
    /// Verifies what any of `secrets` has signed: give the new and the old one while a secret is
    /// being rotated. `clock` tells the seconds since the epoch; hand in
    /// [`system_clock`](crate::system_clock).
    pub fn new<S: AsRef<str>>(
        profile: Profile,
        secrets: &[S],
        clock: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Result<Self, VerifierError> {
        if secrets.is_empty() {
            return Err(VerifierError::NoSecret);
        }
        let keys = secrets
            .iter()
            .map(|secret| verifying_key(&profile, secret.as_ref()))
            .collect::<Result<_, _>>()?;
        Ok(Self::of(profile, keys, clock))
    }

    /// [`Verifier::new`] with the built-in profile of that name.
    pub fn builtin<S: AsRef<str>>(
        name: &str,
        secrets: &[S],
        clock: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Result<Self, VerifierError> {
        let profile = builtin_profiles()
            .into_iter()
            .find(|profile| profile.name == name)
            .ok_or_else(|| VerifierError::UnknownProfile(name.to_owned()))?;
        Self::new(profile, secrets, clock)
    }

    /// For a format that has a form without a secret, and an endpoint that has none: a plain
    /// digest. It shows that the body is undamaged, **not** who sent it.
    pub fn without_secret(
        profile: Profile,
        clock: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Result<Self, VerifierError> {
        let has_form = |profile: &Profile| {
            let mut schemes = profile.signatures.iter();
            schemes.any(|scheme| scheme.when_no_secret.is_some())
        };
        if !has_form(&profile) {
            return Err(VerifierError::SecretNeeded(profile.name));
        }
        Ok(Self::of(profile, Vec::new(), clock))
    }

    fn of(
        profile: Profile,
        keys: Vec<VerifyingKey>,
        clock: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Self {
        let parts = Parts {
            identity: Identity::of(&profile),
            profile,
            keys,
            clock: Box::new(clock),
        };
        Self {
            parts: Arc::new(parts),
            url: None,
        }
    }

    /// The URL as it was registered at the sender, for the formats that sign it. It is not taken
    /// from the request, where a proxy or an attacker may have changed it.
    #[must_use]
    pub fn with_url(mut self, url: &str) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Checks one request: its headers and its body's bytes as they came, before any parsing.
    pub fn check(
        &self,
        method: &Method,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Verified, VerifyError> {
        self.bound_signatures(headers)?;
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let received = Received {
            headers: &headers,
            body,
            url: self.url.as_deref(),
            method: method.as_str(),
        };
        verify(
            &self.parts.profile,
            &received,
            &self.parts.keys,
            self.now_s(),
        )
    }

    /// What names this message in [`Replays`](crate::Replays): the same for every attempt.
    #[must_use]
    pub fn message_key(&self, verified: &Verified, body: &[u8]) -> MessageKey {
        self.parts.identity.key(verified, body)
    }

    /// The clock's time, in seconds since the epoch.
    #[must_use]
    pub fn now_s(&self) -> i64 {
        (self.parts.clock)()
    }

    /// The status that ends a delivery well: 200, unless the profile takes others only.
    #[cfg(feature = "tower")]
    pub(crate) fn acknowledgement(&self) -> StatusCode {
        let first = (200..300).find(|status| self.parts.profile.acknowledges(*status));
        first
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::OK)
    }

    fn bound_signatures(&self, headers: &HeaderMap) -> Result<(), VerifyError> {
        for scheme in &self.parts.profile.signatures {
            let Some(separator) = scheme.separator.as_deref() else {
                continue;
            };
            let value = headers.get(&scheme.header);
            let text = value.and_then(|value| value.to_str().ok());
            // One more than the signatures, for a lead such as `t=1614265330`.
            if text.is_some_and(|text| text.split(separator).count() > SIGNATURES_MAX + 1) {
                return Err(VerifyError::Header(scheme.header.as_str().to_owned()));
            }
        }
        Ok(())
    }
}

/// **Invariant:** shows no key.
impl fmt::Debug for Verifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Verifier")
            .field("profile", &self.parts.profile.name)
            .field("keys", &self.parts.keys.len())
            .finish_non_exhaustive()
    }
}
