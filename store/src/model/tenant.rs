//! Projects, accounts and keys.

use hookwright_core::ids::{AccountId, KeyId, ProjectId};
use hookwright_core::time::UnixMs;

/// One sending product.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// When it was made.
    pub created_at: UnixMs,
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
    /// When it stops working, if ever.
    pub expires_at: Option<UnixMs>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<UnixMs>,
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
    /// Now.
    pub now: UnixMs,
}
