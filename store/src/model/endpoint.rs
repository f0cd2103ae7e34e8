//! Endpoints: a URL with subscriptions, secrets and settings.

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use hookwright_core::time::UnixMs;
use serde::{Deserialize, Serialize};

/// Whether an endpoint receives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum EndpointStatus {
    /// Receives.
    #[default]
    Active = 1,
    /// Deliveries to it fail visibly.
    Disabled = 2,
    /// Deliveries to it wait.
    Paused = 3,
}

impl EndpointStatus {
    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Paused => "paused",
        }
    }

    /// The status for the API's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Paused]
            .into_iter()
            .find(|s| s.as_str() == word)
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Active),
            2 => Some(Self::Disabled),
            3 => Some(Self::Paused),
            _ => None,
        }
    }
}

/// A customer's own schedule (`EnvoyOU`'s words).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// Each gap is the one before times this.
    pub backoff_multiplier: f64,
    /// The first gap, in milliseconds.
    pub initial_delay: u64,
}

/// What a customer can set on an endpoint; kept as one JSON document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointSettings {
    /// Canonical URL.
    pub url: String,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Subscriptions; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The customer's own headers, in the order given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The customer's own schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    /// Channels; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Requests per second at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// Canonicalisation other than the profile's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_json: Option<String>,
    /// A profile other than the project's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// A second profile whose signature headers are sent beside the first's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_profile: Option<String>,
    /// A time-out other than the profile's, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Row.
    pub id: EndpointId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its account.
    pub account_id: AccountId,
    /// Public id, with the profile's prefix.
    pub public_id: String,
    /// What the customer set.
    pub settings: EndpointSettings,
    /// Signing secrets, newest first; may be empty where the profile allows it.
    pub secrets: Vec<String>,
    /// Whether it receives.
    pub status: EndpointStatus,
    /// Why it does not, in words, if it does not.
    pub status_reason: Option<String>,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it last changed.
    pub updated_at: UnixMs,
}

/// An endpoint to be made.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Its project.
    pub project_id: ProjectId,
    /// Its account.
    pub account_id: AccountId,
    /// Public id, unique within the project.
    pub public_id: String,
    /// What the customer set, checked.
    pub settings: EndpointSettings,
    /// Signing secrets, newest first.
    pub secrets: Vec<String>,
    /// Whether it receives.
    pub status: EndpointStatus,
    /// Now.
    pub now: UnixMs,
}

/// A change of an endpoint: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointUpdate {
    /// Replaces all settings.
    pub settings: Option<EndpointSettings>,
    /// Replaces all secrets.
    pub secrets: Option<Vec<String>>,
    /// Replaces the status, with the reason.
    pub status: Option<(EndpointStatus, Option<String>)>,
}
