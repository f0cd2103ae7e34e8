//! What people's browsers hold: sessions, and links into the portal.

use hookwright_core::ids::KeyId;
use hookwright_core::time::UnixMs;
use serde::{Deserialize, Serialize};

/// The key that a session was opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentKey {
    /// Row.
    pub id: KeyId,
    /// Public id.
    pub public_id: String,
    /// Its first characters.
    pub hint: String,
}

/// What a session is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenedWith {
    /// A key: the session works no longer than it.
    Key(KeyId),
    /// Single sign-on, by this rule of who may sign in.
    SingleSignOn(String),
}

/// What a portal token knows beside its account; kept as one JSON document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortalFacts {
    /// Where the customer came from, to go back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// Secrets may be looked at.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reveal_secrets: bool,
}

/// A link that brings a portal token to the first who follows it.
#[derive(Clone, Debug)]
pub struct NewPortalLink {
    /// SHA-256 of the code in it.
    pub hash: [u8; 32],
    /// Until when it may be followed.
    pub until: UnixMs,
    /// What the token knows.
    pub portal: PortalFacts,
}

/// What a token becomes when its link is followed.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// SHA-256 of the code in the link.
    pub link_hash: [u8; 32],
    /// SHA-256 of the whole token.
    pub hash: [u8; 32],
    /// The token's first characters.
    pub hint: String,
    /// Now.
    pub now: UnixMs,
}

/// How the portal of a project's customers looks, and who may show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortalTheme {
    /// What it is called; the project's name without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A picture as a `data:` URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// The colour of buttons and links, as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// The same on a dark ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent_dark: Option<String>,
    /// Origins of the sites that may show it in a frame.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frame_origins: Vec<String>,
}
