//! How is an endpoint shown?

use std::collections::BTreeMap;

use hookwright_store::{Endpoint, EndpointStatus};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::retry_policy::RetryPolicyShown;
use crate::circuit_breaker::{self, OwnCircuitBreaker};
use crate::endpoint_health::HealthShown;
use crate::endpoint_proof::ProofShown;
use crate::endpoint_traffic::TrafficShown;
use crate::times;

const SHOWN_SECRET_CHARS: usize = 8;

/// An endpoint: a URL with subscriptions, secrets and settings.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Endpoint")]
pub(crate) struct EndpointShown {
    id: String,
    account_id: String,
    url: String,
    name: Option<String>,
    description: Option<String>,
    /// Event types; `*` is all.
    events: Vec<String>,
    /// The signing secret: in full where it was just made or given, else its beginning.
    secret: Option<String>,
    /// `active`, `paused` or `disabled`.
    status: &'static str,
    /// Why it is not active.
    status_reason: Option<String>,
    /// Since when it has its status.
    status_since: String,
    /// Whether its status is `active`.
    active: bool,
    headers: BTreeMap<String, String>,
    /// Its own schedule, where it is not the profile's.
    retry_policy: Option<RetryPolicyShown>,
    /// Only events on one of these channels; none means all.
    channels: Vec<String>,
    /// A condition on the payload.
    #[schemars(with = "Option<Map<String, Value>>")]
    filter: Option<Value>,
    /// Requests per second at most.
    rate_limit: Option<u32>,
    canonical_json: Option<String>,
    /// A wire profile other than the project's.
    profile: Option<String>,
    second_profile: Option<String>,
    /// Milliseconds that an attempt may take, where they are not the profile's.
    timeout_ms: Option<u32>,
    /// Requests under way at once, where they are not 32.
    concurrency: Option<u32>,
    /// When it is left alone for a while; null is as the project says, false is never.
    circuit_breaker: Option<OwnCircuitBreaker>,
    /// Whether deliveries are made one at a time, in the order of their events.
    ordered: bool,
    /// Notes by name.
    metadata: BTreeMap<String, String>,
    /// How it is doing; only where endpoints are shown and listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthShown>,
    /// What went to it in the last 24 hours; only where a list is asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic: Option<TrafficShown>,
    #[serde(flatten)]
    proof: ProofShown,
    created_at: String,
    updated_at: String,
}

impl EndpointShown {
    /// With how it is doing.
    pub(crate) fn with_health(self, health: HealthShown) -> Self {
        Self {
            health: Some(health),
            ..self
        }
    }

    /// With what went to it, if that was asked for.
    pub(crate) fn with_traffic(self, traffic: Option<TrafficShown>) -> Self {
        Self { traffic, ..self }
    }
}

/// An endpoint as answers show it; the secret in full only where it was just made or given.
pub(crate) fn show(
    endpoint: &Endpoint,
    account_id: &str,
    proof: ProofShown,
    whole_secret: bool,
) -> EndpointShown {
    let settings = endpoint.settings.clone();
    let secret = endpoint.secrets.first().map(|secret| {
        if whole_secret {
            secret.clone()
        } else {
            masked(secret)
        }
    });
    let events = if settings.events.is_empty() {
        vec!["*".to_owned()]
    } else {
        settings.events
    };
    EndpointShown {
        id: endpoint.public_id.clone(),
        account_id: account_id.to_owned(),
        url: settings.url,
        name: settings.name,
        description: settings.description,
        events,
        secret,
        status: endpoint.status.as_str(),
        status_reason: endpoint.status_reason.clone(),
        status_since: times::rfc3339(endpoint.status_since),
        active: endpoint.status == EndpointStatus::Active,
        headers: settings.headers.into_iter().collect(),
        retry_policy: settings.retry_policy.map(RetryPolicyShown::from),
        channels: settings.channels,
        filter: settings.filter,
        rate_limit: settings.rate_limit,
        canonical_json: settings.canonical_json,
        profile: settings.profile,
        second_profile: settings.second_profile,
        timeout_ms: settings.timeout_ms,
        concurrency: settings.concurrency,
        circuit_breaker: circuit_breaker::show_own(
            settings.circuit_breaker.as_ref(),
            settings.no_circuit_breaker,
        ),
        ordered: settings.ordered,
        metadata: settings.metadata,
        health: None,
        traffic: None,
        proof,
        created_at: times::rfc3339_seconds(endpoint.created_at),
        updated_at: times::rfc3339_seconds(endpoint.updated_at),
    }
}

/// Enough to recognise a secret by and too little to use; a short one not at all.
fn masked(secret: &str) -> String {
    if secret.chars().count() < 3 * SHOWN_SECRET_CHARS {
        return "…".to_owned();
    }
    secret
        .chars()
        .take(SHOWN_SECRET_CHARS)
        .chain(['…'])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_secret_cannot_be_used() {
        assert_eq!(masked("whsec_0123456789abcdef0123456789"), "whsec_01…");
        assert_eq!(masked("your-webhook-secret"), "…");
    }
}
