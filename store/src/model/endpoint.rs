//! Endpoints: a URL with subscriptions, secrets and settings.

use std::collections::BTreeMap;

use hookwright_core::breaker::BreakerSettings;
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
    /// A condition on the payload, in the words of `core::filter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<serde_json::Value>,
    /// Requests under way at once at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// When the endpoint is left alone for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<BreakerSettings>,
    /// It is never left alone, whatever the project has; `circuit_breaker` is none then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_circuit_breaker: bool,
    /// Deliveries are made one at a time, in the order of their events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
    /// What a receiver must show before it is sent anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// What came of the last time that it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated: Option<ValidationOutcome>,
    /// The product's own notes, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// How a receiver shows that it wants to be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// It answers the `OPTIONS` request of the `CloudEvents` webhook specification.
    Cloudevents,
}

/// What came of a validation handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationOutcome {
    /// The URL that was asked: another one has consented to nothing.
    pub url: String,
    /// When.
    pub at: UnixMs,
    /// Why it did not consent, in words, if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Requests per minute that it allows, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_per_minute: Option<u32>,
}

/// The reason of an endpoint that is paused until its receiver consents.
pub const WAITING_FOR_VALIDATION: &str = "waiting for the receiver's validation";

impl EndpointSettings {
    /// The consent that the receiver at today's URL has given.
    #[must_use]
    pub fn consent(&self) -> Option<&ValidationOutcome> {
        self.validation?;
        let given = self.validated.as_ref()?;
        (given.url == self.url && given.error.is_none()).then_some(given)
    }

    /// Whether its receiver must consent before it is sent anything.
    #[must_use]
    pub fn awaits_validation(&self) -> bool {
        self.validation.is_some() && self.consent().is_none()
    }
}

/// What an endpoint has that must stay secret, beside its signing secrets; sealed with them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// The secret before the last rotation, while it still counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// How requests authenticate towards the receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<ReceiverAuth>,
    /// The client certificate that connections present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ClientCertificate>,
}

/// A secret that was replaced. Until then both sign, where the format can carry two signatures;
/// where it cannot, this one alone signs until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: String,
    /// When it stops counting.
    pub until: UnixMs,
}

/// How requests authenticate towards the receiver: the `authorization` header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ReceiverAuth {
    /// A name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A fixed token.
    Bearer {
        /// The token.
        token: String,
    },
    /// Tokens of an authorization server, by client credentials (RFC 6749, 4.4).
    Oauth2 {
        /// Where tokens are asked for.
        token_url: String,
        /// The client.
        client_id: String,
        /// Its secret.
        client_secret: String,
        /// The scope asked for, if one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// The audience asked for, if one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<String>,
    },
}

/// A client certificate with its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// The chain, the client's own first.
    pub certificate_pem: String,
    /// Its private key.
    pub private_key_pem: String,
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
    /// What else is secret.
    pub credentials: Credentials,
    /// Whether it receives.
    pub status: EndpointStatus,
    /// Why it does not, in words, if it does not.
    pub status_reason: Option<String>,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it last changed.
    pub updated_at: UnixMs,
    /// Since when it has its status.
    pub status_since: UnixMs,
}

impl Endpoint {
    /// Whether it is paused until its receiver consents, and for nothing else.
    #[must_use]
    pub fn is_waiting_for_validation(&self) -> bool {
        self.status == EndpointStatus::Paused
            && self.status_reason.as_deref() == Some(WAITING_FOR_VALIDATION)
    }

    /// What a handshake's outcome changes; nothing where another URL was asked.
    pub(crate) fn after_validation(&self, outcome: ValidationOutcome) -> Option<EndpointUpdate> {
        if self.settings.validation.is_none() || self.settings.url != outcome.url {
            return None;
        }
        let settings = EndpointSettings {
            validated: Some(outcome),
            ..self.settings.clone()
        };
        let goes_on = settings.consent().is_some() && self.is_waiting_for_validation();
        Some(EndpointUpdate {
            settings: Some(settings),
            secrets: None,
            based_on: None,
            status: goes_on.then_some((EndpointStatus::Active, None)),
        })
    }
}

impl EndpointUpdate {
    /// Whether it may be made of an endpoint as it is now.
    pub(crate) fn fits(&self, old: &Endpoint) -> bool {
        let same = |(secrets, credentials): &(Vec<String>, Credentials)| {
            *secrets == old.secrets && *credentials == old.credentials
        };
        self.based_on.as_ref().is_none_or(same)
    }
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
    /// What else is secret.
    pub credentials: Credentials,
    /// Whether it receives.
    pub status: EndpointStatus,
    /// Why it does not, in words, if it does not.
    pub status_reason: Option<String>,
    /// Now.
    pub now: UnixMs,
}

/// A change of an endpoint: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointUpdate {
    /// Replaces all settings.
    pub settings: Option<EndpointSettings>,
    /// Replaces all secrets and credentials.
    pub secrets: Option<(Vec<String>, Credentials)>,
    /// Only while these are its secrets and credentials, else [`StoreError::Changed`](crate::StoreError).
    pub based_on: Option<(Vec<String>, Credentials)>,
    /// Replaces the status, with the reason.
    pub status: Option<(EndpointStatus, Option<String>)>,
}
