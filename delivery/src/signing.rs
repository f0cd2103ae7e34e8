//! Which keys sign an attempt? Decided by its time, so that a rotation needs no timer.

use std::sync::Arc;

use hookwright_core::rotation::{Mode, Signers, signers};
use hookwright_core::time::UnixMs;
use hookwright_store::Endpoint;
use hookwright_wire::{Profile, SigningKey, signing_key};

/// A profile with an endpoint's keys for it.
pub(crate) struct Format {
    pub(crate) profile: Arc<Profile>,
    keys: Vec<SigningKey>,
    overlap: Option<Overlap>,
}

/// The time after a rotation, while the secret before still counts.
struct Overlap {
    until: UnixMs,
    mode: Mode,
    /// What signs until then.
    keys: Vec<SigningKey>,
}

impl Format {
    /// Makes an endpoint's keys. What cannot be used is said in words for the operator.
    pub(crate) fn new(
        profile: &Arc<Profile>,
        endpoint: &Endpoint,
        mode: Mode,
    ) -> Result<Self, String> {
        let newest = || endpoint.secrets.iter().map(String::as_str);
        let overlap = endpoint.credentials.previous.as_ref().map(|previous| {
            let before = std::iter::once(previous.secret.as_str());
            let keys = match mode {
                Mode::Both => keys(profile, newest().chain(before)),
                Mode::CutOver => keys(profile, before),
            };
            keys.map(|keys| Overlap {
                until: previous.until,
                mode,
                keys,
            })
        });
        Ok(Self {
            profile: Arc::clone(profile),
            keys: keys(profile, newest())?,
            overlap: overlap.transpose()?,
        })
    }

    /// The keys that sign an attempt made at `at`, the newest first.
    pub(crate) fn keys_at(&self, at: UnixMs) -> &[SigningKey] {
        match &self.overlap {
            Some(overlap) if signers(Some(overlap.until), overlap.mode, at) != Signers::Newest => {
                &overlap.keys
            }
            _ => &self.keys,
        }
    }
}

fn keys<'a>(
    profile: &Profile,
    secrets: impl Iterator<Item = &'a str>,
) -> Result<Vec<SigningKey>, String> {
    secrets
        .map(|secret| signing_key(profile, secret))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}
