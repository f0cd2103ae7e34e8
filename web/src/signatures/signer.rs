//! Whose secret signed a request, where it was not the one that was given?
//!
//! Each endpoint that the caller may read is tried: most signatures that fail were checked with the
//! secret of another endpoint, or with one that a rotation has replaced.

use std::sync::Arc;

use hookwright_core::limits::SIGNATURE_EXPLAIN_ENDPOINTS_MAX;
use hookwright_core::time::UnixMs;
use hookwright_store::{PreviousSecret, Scope};
use hookwright_wire::{Profile, Received, is_signed_with};
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::endpoints::profile_of;
use crate::times;

/// An endpoint that may have signed.
pub(super) struct Candidate {
    /// As people know it: its name or its URL, and its id.
    called: String,
    profile: Arc<Profile>,
    secrets: Vec<String>,
    previous: Option<PreviousSecret>,
}

/// The newest endpoints within the scope, as many as are tried.
pub(super) fn candidates(app: &App, scope: Scope) -> Vec<Candidate> {
    let mut ids = app.engine.endpoints_within(scope);
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids.truncate(SIGNATURE_EXPLAIN_ENDPOINTS_MAX);
    let candidate = |id| {
        let endpoint = app.engine.endpoint(id)?;
        let settings = &endpoint.settings;
        let name = settings.name.as_deref().filter(|name| !name.is_empty());
        Some(Candidate {
            called: format!(
                "“{}” ({})",
                name.unwrap_or(&settings.url),
                endpoint.public_id
            ),
            profile: profile_of(app, &endpoint)?,
            secrets: endpoint.secrets,
            previous: endpoint.credentials.previous,
        })
    };
    ids.into_iter().filter_map(candidate).collect()
}

/// What is to be said of whose secret signed, and of whose was given.
pub(super) fn hints(
    all: &[Candidate],
    received: &Received<'_>,
    given: &[String],
    now: UnixMs,
) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(signer) = all.iter().find_map(|one| one.signed(received, now)) {
        hints.push(signer);
    }
    hints.extend(
        given
            .iter()
            .find_map(|secret| all.iter().find_map(|one| one.owns(secret.trim(), now))),
    );
    hints
}

impl Candidate {
    fn signed(&self, received: &Received<'_>, now: UnixMs) -> Option<String> {
        let signed = |secret: &String| is_signed_with(&self.profile, received, secret);
        let called = &self.called;
        if self.secrets.iter().any(signed) {
            return Some(format!(
                "The signature is right with the secret of the endpoint {called}, in the format of {}: check with that secret.",
                self.profile.title
            ));
        }
        let previous = self.previous.as_ref().filter(|it| signed(&it.secret))?;
        let until = times::rfc3339(previous.until);
        Some(match now < previous.until {
            true => format!(
                "The signature is right with the secret that the endpoint {called} had before its last rotation, which counts until {until}: let the receiver know both secrets until then."
            ),
            false => format!(
                "The signature is right with the secret that the endpoint {called} had before its last rotation. It counted until {until}: what is sent again is signed with the new one."
            ),
        })
    }

    fn owns(&self, secret: &str, now: UnixMs) -> Option<String> {
        let same = |own: &str| bool::from(own.as_bytes().ct_eq(secret.as_bytes()));
        let called = &self.called;
        if self.secrets.iter().any(|own| same(own)) {
            return Some(format!(
                "The secret that was given is that of the endpoint {called}."
            ));
        }
        let previous = self.previous.as_ref().filter(|it| same(&it.secret))?;
        let until = times::rfc3339(previous.until);
        let word = match now < previous.until {
            true => "counts",
            false => "counted",
        };
        Some(format!(
            "The secret that was given is the one that the endpoint {called} had before its last rotation; it {word} until {until}."
        ))
    }
}
