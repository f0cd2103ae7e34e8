//! How an API key is made and shown: in full once, then only by its hint.

use hookwright_core::ids::random_id;
use hookwright_core::key_format::{self, KEY_RANDOM_BYTES, KeyKind};
use hookwright_core::limits::{
    KEY_OVERLAP_SECONDS_DEFAULT, KEY_OVERLAP_SECONDS_MAX, KEY_REQUESTS_PER_SECOND_MAX,
};
use hookwright_core::scope::{Scope, Scopes};
use hookwright_core::time::UnixMs;
use hookwright_store::{Key, KeyOwner, NewKey, Rotation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::auth::{Caller, hash_key};
use crate::problem::Problem;
use crate::projects::check_text;
use crate::times;

/// Characters of a key that are kept to recognise it by.
const HINT_CHARS: usize = 13;

/// A new key, and what is kept of it.
pub(crate) struct Made {
    pub(crate) key: String,
    pub(crate) new: NewKey,
}

/// Makes a key; its owner is still to be filled in.
pub(crate) fn make_key(app: &App, kind: KeyKind, scopes: Scopes) -> Made {
    let mut random = [0; KEY_RANDOM_BYTES];
    for part in random.chunks_mut(16) {
        part.copy_from_slice(&app.engine.random().to_be_bytes()[..part.len()]);
    }
    let key = key_format::make(kind, &random);
    let new = NewKey {
        public_id: random_id("key_", app.engine.random()),
        owner: KeyOwner::Root,
        name: None,
        hash: hash_key(&key),
        hint: key.chars().take(HINT_CHARS).collect(),
        scopes: u32::from(scopes.bits()),
        expires_at: None,
        used_for: Default::default(),
        rate_limit: None,
        now: app.engine.now(),
    };
    Made { key, new }
}

/// A key to be made.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyInput {
    /// What people call it: 1 to 1024 characters.
    #[schemars(length(min = 1, max = 1024))]
    pub(crate) name: Option<String>,
    /// What it may do; without them, what keys of its kind usually may. Never more than the key
    /// that makes it may.
    pub(crate) scopes: Option<Vec<String>>,
    /// When it stops working (RFC 3339, a time to come); without it, never.
    pub(crate) expires_at: Option<String>,
    /// Requests that it may make in a second, 1 to 100000; without it, what the server's
    /// `--api-rate-limit` says.
    #[schemars(range(min = 1, max = 100_000))]
    pub(crate) rate_limit: Option<u32>,
}

impl KeyInput {
    /// A key as asked for, if `caller` may hand it out.
    pub(crate) fn make(self, app: &App, caller: &Caller, kind: KeyKind) -> Result<Made, Problem> {
        let scopes = match &self.scopes {
            None => Scopes::default_of(kind),
            Some(words) => Scopes::from_words(words.iter().map(String::as_str))
                .map_err(|error| Problem::field("/scopes", error.to_string()))?,
        };
        must_cover(caller, scopes)?;
        if let Some(name) = &self.name {
            check_text("/name", name)?;
        }
        let allowed = 1..=KEY_REQUESTS_PER_SECOND_MAX;
        if self.rate_limit.is_some_and(|rate| !allowed.contains(&rate)) {
            let detail = format!("must be 1 to {KEY_REQUESTS_PER_SECOND_MAX} requests per second");
            return Err(Problem::field("/rate_limit", detail));
        }
        let expires_at = self.expires_at.as_deref().map(|text| {
            let at = times::parse(text).filter(|at| *at > app.engine.now());
            at.ok_or_else(|| Problem::field("/expires_at", "must be a time to come, as RFC 3339"))
        });
        let made = make_key(app, kind, scopes);
        let new = NewKey {
            name: self.name,
            expires_at: expires_at.transpose()?,
            rate_limit: self.rate_limit,
            ..made.new
        };
        Ok(Made { new, ..made })
    }
}

/// Nobody hands out more than they may do themselves.
pub(crate) fn must_cover(caller: &Caller, scopes: Scopes) -> Result<(), Problem> {
    if caller.scopes.covers(scopes) {
        return Ok(());
    }
    Err(Problem::forbidden(
        "a key cannot be given scopes that the key which makes it lacks",
    ))
}

/// How a key is replaced.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateInput {
    /// How long the old key goes on working, in seconds: 0 to 2592000 (30 days), 86400 (a day) if
    /// not given.
    #[schemars(range(max = 2_592_000))]
    overlap_seconds: Option<u32>,
}

impl RotateInput {
    /// The key that takes over from `old`: it lives as long as the old one was given at first.
    pub(crate) fn make(
        self,
        app: &App,
        caller: &Caller,
        old: &Key,
    ) -> Result<(String, Rotation), Problem> {
        must_cover(caller, scopes_of(old))?;
        let seconds = self.overlap_seconds.unwrap_or(KEY_OVERLAP_SECONDS_DEFAULT);
        if seconds > KEY_OVERLAP_SECONDS_MAX {
            let detail = format!("must be 0 to {KEY_OVERLAP_SECONDS_MAX} seconds");
            return Err(Problem::field("/overlap_seconds", detail));
        }
        let kind = match old.owner {
            KeyOwner::Root => KeyKind::Root,
            KeyOwner::Project(_) => KeyKind::Project,
            KeyOwner::Account(..) => KeyKind::Account,
        };
        let Made { key, new } = make_key(app, kind, scopes_of(old));
        let life = |end: UnixMs| UnixMs(new.now.0.saturating_add(end.0 - old.created_at.0));
        let rotation = Rotation {
            public_id: new.public_id,
            hash: new.hash,
            hint: new.hint,
            expires_at: old.expires_at.map(life),
            old_until: new.now.plus_ms(u64::from(seconds) * 1000),
            now: new.now,
        };
        Ok((key, rotation))
    }
}

/// A key as it is shown: never the key itself.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Key")]
pub(crate) struct KeyShown {
    id: String,
    name: Option<String>,
    /// Its first characters, to recognise it by.
    hint: String,
    scopes: Vec<&'static str>,
    /// Requests that it may make in a second; null for what the server's `--api-rate-limit` says.
    rate_limit: Option<u32>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// To about a minute; null if never.
    last_used_at: Option<String>,
}

/// A key just made.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KeyMade {
    #[serde(flatten)]
    pub(crate) key: KeyShown,
    /// The whole key. It is shown this once.
    pub(crate) api_key: String,
}

pub(crate) fn scopes_of(key: &Key) -> Scopes {
    Scopes::from_bits(u16::try_from(key.scopes).unwrap_or(0))
}

pub(crate) fn show(key: &Key) -> KeyShown {
    KeyShown {
        id: key.public_id.clone(),
        name: key.name.clone(),
        hint: format!("{}…", key.hint),
        scopes: scopes_of(key).iter().map(Scope::as_str).collect(),
        rate_limit: key.rate_limit,
        created_at: times::rfc3339(key.created_at),
        expires_at: key.expires_at.map(times::rfc3339),
        revoked_at: key.revoked_at.map(times::rfc3339),
        last_used_at: key.last_used_at.map(times::rfc3339),
    }
}
