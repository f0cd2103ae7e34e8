//! Projects, accounts and keys.

use hookwright_core::breaker::BreakerSettings;
use hookwright_core::ids::{AccountId, KeyId, ProjectId};
use hookwright_core::time::UnixMs;
use serde::{Deserialize, Serialize};

use super::{ParentKey, PortalFacts, PortalTheme, Scope};
use crate::error::StoreError;

/// One sending product.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Row.
    pub id: ProjectId,
    /// Public id (`prj_...`).
    pub public_id: String,
    /// Display name.
    pub name: String,
    /// Name of its wire profile.
    pub profile: String,
    /// The `livemode` of envelopes that carry one.
    pub livemode: bool,
    /// What it chose for all that is in it.
    pub settings: ProjectSettings,
    /// When it was made.
    pub created_at: UnixMs,
}

/// What a project chooses for all that is in it; kept as one JSON document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectSettings {
    /// Events of types that are not in its catalogue are refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refuse_unknown_event_types: bool,
    /// Anybody may read its catalogue.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub public_catalogue: bool,
    /// How long data is kept, where not as long as the server says.
    pub retention: RetentionDays,
    /// An endpoint that has only failed for so many days is disabled; 0 is never, `None` the
    /// server's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_after_days: Option<u32>,
    /// The breaker of endpoints that have none of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<BreakerSettings>,
    /// How its customers' portal looks.
    #[serde(skip_serializing_if = "is_default")]
    pub portal: Box<PortalTheme>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How many days each class of data is kept; `None` is as long as the server says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetentionDays {
    /// What was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payloads: Option<u32>,
    /// What was sent and answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Events and deliveries themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<u32>,
}

/// A change of a project: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ProjectUpdate {
    /// Display name.
    pub name: Option<String>,
    /// The `livemode` of envelopes that carry one.
    pub livemode: Option<bool>,
    /// Replaces all settings.
    pub settings: Option<ProjectSettings>,
}

/// A project to be made, with its default account and first key.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Public id, unique.
    pub public_id: String,
    /// Display name.
    pub name: String,
    /// Name of its wire profile; the caller has checked that it exists.
    pub profile: String,
    /// The `livemode` of envelopes that carry one.
    pub livemode: bool,
    /// The first key; its `project_id` and `account_id` are filled in by the store.
    pub key: NewKey,
    /// Now.
    pub now: UnixMs,
}

/// The public id of the account that every project has, for what names no account.
pub const DEFAULT_ACCOUNT: &str = "default";

/// What the row of an account is called that was purged.
pub(crate) const FORGOTTEN_ACCOUNT: &str = "purged";

/// One customer of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Row.
    pub id: AccountId,
    /// Its project.
    pub project_id: ProjectId,
    /// Public id, given by the project or made; unique within the project.
    pub public_id: String,
    /// Display name.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: UnixMs,
}

/// What a key is for; the codes are what the stores hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyUse {
    /// Programs. A root key of this use came with the server's settings or its first start.
    #[default]
    Api = 1,
    /// A customer's browser, for a short time.
    Portal = 2,
    /// A root key that was made through the API: it stays when the settings name another one.
    AddedRoot = 3,
    /// The browser of somebody who signed in, for a short time.
    Session = 4,
}

impl KeyUse {
    /// The use for a stored code.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            2 => Self::Portal,
            3 => Self::AddedRoot,
            4 => Self::Session,
            _ => Self::Api,
        }
    }
}

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    /// Everything.
    Root,
    /// One project.
    Project(ProjectId),
    /// One account.
    Account(ProjectId, AccountId),
}

/// An API key as it is kept: never the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Row.
    pub id: KeyId,
    /// Public id (`key_...`).
    pub public_id: String,
    /// What it opens.
    pub owner: KeyOwner,
    /// Display name.
    pub name: Option<String>,
    /// The key's first characters, to recognise it by.
    pub hint: String,
    /// Scopes as the bits of `core::scope`.
    pub scopes: u32,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it stops working, if ever: a session with the key that it was opened with.
    pub expires_at: Option<UnixMs>,
    /// When it was revoked, if it was: a session with the key that it was opened with.
    pub revoked_at: Option<UnixMs>,
    /// What it is for.
    pub used_for: KeyUse,
    /// Requests that it may make in a second, if it is limited.
    pub rate_limit: Option<u32>,
    /// When it was used last, to about a minute.
    pub last_used_at: Option<UnixMs>,
    /// The key that a session was opened with, if it was one.
    pub parent: Option<ParentKey>,
    /// What a portal token knows beside its account.
    pub portal: PortalFacts,
    /// The rule by which single sign-on opened a session, if it did.
    pub sign_on_rule: Option<String>,
}

/// Which keys are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysOf {
    /// Root keys.
    Root,
    /// A project's own (`account_id` is `None`) or an account's, without portal tokens.
    Owner(Scope),
    /// An account's portal tokens.
    Portal(Scope),
    /// Everybody's sessions.
    Sessions,
    /// Sessions of a project's keys and of its accounts' (`account_id` is `None`), or of an account's.
    SessionsOf(Scope),
}

impl From<Scope> for KeysOf {
    fn from(scope: Scope) -> Self {
        Self::Owner(scope)
    }
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Public id, unique.
    pub public_id: String,
    /// What it opens.
    pub owner: KeyOwner,
    /// Display name.
    pub name: Option<String>,
    /// SHA-256 of the whole key.
    pub hash: [u8; 32],
    /// The key's first characters.
    pub hint: String,
    /// Scopes as the bits of `core::scope`.
    pub scopes: u32,
    /// When it stops working, if ever.
    pub expires_at: Option<UnixMs>,
    /// What it is for.
    pub used_for: KeyUse,
    /// Requests that it may make in a second, if it is limited.
    pub rate_limit: Option<u32>,
    /// Now.
    pub now: UnixMs,
}

/// A key that takes over from another one.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Public id of the new key, unique.
    pub public_id: String,
    /// SHA-256 of the whole new key.
    pub hash: [u8; 32],
    /// The new key's first characters.
    pub hint: String,
    /// When the new one stops working, if ever.
    pub expires_at: Option<UnixMs>,
    /// When the old one stops working, if it does not before.
    pub old_until: UnixMs,
    /// Now.
    pub now: UnixMs,
}

/// What a rotation makes of a key.
pub(crate) struct Rotated {
    /// The new key.
    pub(crate) key: NewKey,
    /// When the old one ends at the latest.
    pub(crate) old_until: UnixMs,
}

impl Key {
    /// The key that takes over from this one. One that has ended has nothing to hand over.
    pub(crate) fn rotated(&self, rotation: Rotation) -> Result<Rotated, StoreError> {
        let has_expired = self.expires_at.is_some_and(|at| at <= rotation.now);
        if has_expired || self.revoked_at.is_some() {
            return Err(StoreError::NotFound);
        }
        let key = NewKey {
            public_id: rotation.public_id,
            owner: self.owner,
            name: self.name.clone(),
            hash: rotation.hash,
            hint: rotation.hint,
            scopes: self.scopes,
            expires_at: rotation.expires_at,
            used_for: match self.owner {
                KeyOwner::Root => KeyUse::AddedRoot,
                KeyOwner::Project(_) | KeyOwner::Account(..) => self.used_for,
            },
            rate_limit: self.rate_limit,
            now: rotation.now,
        };
        let old_until = rotation.old_until;
        Ok(Rotated { key, old_until })
    }
}
