//! What may a request say of an endpoint?

use std::collections::BTreeMap;

use hookwright_store::{EndpointSettings, EndpointStatus, RetryPolicy, Validation};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::check::{Rules, check, check_times, checked_headers, checked_url};
use super::retry_policy::RetryPolicyInput;
use crate::body::present;
use crate::circuit_breaker::CircuitBreakerInput;
use crate::endpoint_auth::{AuthInput, ClientCertificateInput};
use crate::problem::Problem;

/// What a request may say of an endpoint. What it leaves out stays as it is.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = without_defaults)]
pub(crate) struct EndpointInput {
    /// The account that owns it, where the key is not an account's. It cannot be changed.
    pub(crate) account_id: Option<String>,
    /// Where events are sent to. Needed to make an endpoint.
    pub(crate) url: Option<String>,
    /// What people call it: 1 to 1,024 characters.
    #[serde(deserialize_with = "present")]
    name: Option<Option<String>>,
    /// 1 to 1,024 characters.
    #[serde(deserialize_with = "present")]
    description: Option<Option<String>>,
    /// Event types: names, `user.*`, or `*`; none means all. At most 256.
    events: Option<Vec<String>>,
    /// The signing secret; without it, one is made. `null` means none, where the format allows it.
    #[serde(deserialize_with = "present")]
    pub(crate) secret: Option<Option<String>>,
    /// What kind of secret is made with the endpoint, where none is given; `hmac` if not said.
    pub(crate) secret_type: Option<SecretType>,
    /// How requests authenticate towards the receiver; `null` is not at all.
    #[serde(deserialize_with = "present")]
    pub(crate) auth: Option<Option<AuthInput>>,
    /// What connections present where the receiver asks for a certificate; `null` is nothing.
    #[serde(deserialize_with = "present")]
    pub(crate) client_certificate: Option<Option<ClientCertificateInput>>,
    /// `cloudevents`: the receiver must consent before it is sent anything; `null` is no such check.
    #[serde(deserialize_with = "present")]
    validation: Option<Option<ValidationWord>>,
    /// `active`, `paused` (deliveries wait) or `disabled` (deliveries fail).
    status: Option<String>,
    /// `false` is `disabled`; say this or `status`.
    active: Option<bool>,
    /// Headers that each request carries: at most 32, 16 KiB together.
    headers: Option<BTreeMap<String, String>>,
    /// Its own schedule; `null` is the profile's.
    #[serde(deserialize_with = "present")]
    retry_policy: Option<Option<RetryPolicyInput>>,
    /// Only events on one of these channels; none means all. At most 16, of 1 to 128 characters.
    channels: Option<Vec<String>>,
    /// Requests per second at most, 1 to 10,000; `null` is no limit.
    #[serde(deserialize_with = "present")]
    rate_limit: Option<Option<u32>>,
    /// A condition on the payload, in the words of docs/filters.md; `null` is none.
    #[serde(deserialize_with = "present")]
    #[schemars(with = "Option<Map<String, Value>>")]
    filter: Option<Option<Value>>,
    /// `none`, `js`, `js-sorted`, `jcs`, `python` or `python-spaced`; `null` is the profile's.
    #[serde(deserialize_with = "present")]
    canonical_json: Option<Option<String>>,
    /// A wire profile other than the project's.
    #[serde(deserialize_with = "present")]
    pub(crate) profile: Option<Option<String>>,
    /// A second profile, whose signature headers are sent beside the first's.
    #[serde(deserialize_with = "present")]
    pub(crate) second_profile: Option<Option<String>>,
    /// How long an attempt may take, 100 to 60,000 milliseconds; `null` is the profile's.
    #[serde(deserialize_with = "present")]
    timeout_ms: Option<Option<u32>>,
    /// Requests under way at once, 1 to 32; `null` is 32.
    #[serde(deserialize_with = "present")]
    concurrency: Option<Option<u32>>,
    /// When the endpoint is left alone for a while; `null` is as the project says, `false` is never.
    #[serde(deserialize_with = "present")]
    circuit_breaker: Option<Option<CircuitBreakerInput>>,
    /// Deliveries are made one at a time, in the order of their events.
    ordered: Option<bool>,
    /// Notes by name, all replaced: at most 32, names of 1 to 64 characters, values of at most 512.
    metadata: Option<BTreeMap<String, String>>,
}

/// A kind of signing secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretType {
    /// Shared with the receiver.
    #[default]
    Hmac,
    /// A private key; the receiver has the public one.
    Ed25519,
}

/// A way to ask a receiver for its consent.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Validation")]
enum ValidationWord {
    /// The handshake of the CloudEvents webhook specification.
    Cloudevents,
}

impl From<ValidationWord> for Validation {
    fn from(word: ValidationWord) -> Self {
        match word {
            ValidationWord::Cloudevents => Self::Cloudevents,
        }
    }
}

/// What a request leaves out is not `null`: that would mean something.
fn without_defaults(schema: &mut Schema) {
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    for field in fields.into_iter().flat_map(Map::values_mut) {
        field.as_object_mut().map(|field| field.remove("default"));
    }
}

impl EndpointInput {
    /// The settings that come of `base` and this, checked.
    pub(crate) fn settings(
        &self,
        base: EndpointSettings,
        rules: &Rules<'_>,
    ) -> Result<EndpointSettings, Problem> {
        let keep = |new: &Option<Option<String>>, old| new.clone().unwrap_or(old);
        let url = self.url.clone().unwrap_or(base.url);
        let headers = match &self.headers {
            Some(headers) => headers.clone().into_iter().collect(),
            None => base.headers,
        };
        let settings = EndpointSettings {
            url: checked_url(&url, rules)?,
            name: keep(&self.name, base.name),
            description: keep(&self.description, base.description),
            events: self.events.clone().unwrap_or(base.events),
            headers: checked_headers(headers, rules)?,
            retry_policy: match self.retry_policy {
                Some(own) => own.map(RetryPolicy::from),
                None => base.retry_policy,
            },
            channels: self.channels.clone().unwrap_or(base.channels),
            rate_limit: self.rate_limit.unwrap_or(base.rate_limit),
            canonical_json: keep(&self.canonical_json, base.canonical_json),
            profile: keep(&self.profile, base.profile),
            second_profile: keep(&self.second_profile, base.second_profile),
            timeout_ms: self.timeout_ms.unwrap_or(base.timeout_ms),
            filter: self.filter.clone().unwrap_or(base.filter),
            concurrency: self.concurrency.unwrap_or(base.concurrency),
            circuit_breaker: match self.circuit_breaker {
                Some(Some(given)) => given.settings("/circuit_breaker")?,
                Some(None) => None,
                None => base.circuit_breaker,
            },
            no_circuit_breaker: match self.circuit_breaker {
                Some(given) => given.is_some_and(CircuitBreakerInput::is_off),
                None => base.no_circuit_breaker,
            },
            ordered: self.ordered.unwrap_or(base.ordered),
            validation: match self.validation {
                Some(asked) => asked.map(Validation::from),
                None => base.validation,
            },
            metadata: self.metadata.clone().unwrap_or(base.metadata),
            ..base
        };
        check(&settings)?;
        check_times(&settings, rules)?;
        Ok(settings)
    }

    /// The status that is asked for, in whichever word.
    pub(crate) fn status(&self) -> Result<Option<EndpointStatus>, Problem> {
        let worded = self.status.as_deref().map(|word| {
            let detail = "must be \"active\", \"disabled\" or \"paused\"";
            EndpointStatus::parse(word).ok_or_else(|| Problem::field("/status", detail))
        });
        let worded = worded.transpose()?;
        let flagged = self.active.map(|active| {
            if active {
                EndpointStatus::Active
            } else {
                EndpointStatus::Disabled
            }
        });
        match (worded, flagged) {
            (Some(status), Some(active))
                if (status == EndpointStatus::Active) != (active == EndpointStatus::Active) =>
            {
                Err(Problem::field(
                    "/active",
                    "says otherwise than \"status\"; give one of them",
                ))
            }
            (Some(status), _) => Ok(Some(status)),
            (None, flagged) => Ok(flagged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_active_may_not_contradict_each_other() {
        let input = |json: &str| {
            serde_json::from_str::<EndpointInput>(json)
                .expect("input")
                .status()
        };
        assert_eq!(
            input(r#"{"active": true}"#).expect("status"),
            Some(EndpointStatus::Active)
        );
        assert_eq!(
            input(r#"{"active": false, "status": "paused"}"#).expect("status"),
            Some(EndpointStatus::Paused)
        );
        assert!(input(r#"{"active": true, "status": "paused"}"#).is_err());
        assert!(input(r#"{"status": "enabled"}"#).is_err());
    }
}
