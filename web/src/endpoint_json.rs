//! An endpoint as requests write it and answers show it: the union of the vendors' fields.

use std::collections::BTreeMap;

use hookwright_core::endpoint_headers::EndpointHeaders;
use hookwright_core::endpoint_url::parse_endpoint_url;
use hookwright_core::limits::{ATTEMPT_TIMEOUT_MS_MAX, CHANNELS_MAX, SECRET_CHARS_MAX};
use hookwright_core::schedule::{self, Schedule};
use hookwright_core::subscription::Subscriptions;
use hookwright_store::{Endpoint, EndpointSettings, EndpointStatus, RetryPolicy};
use hookwright_wire::{CanonicalJson, Profile, signing_key};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::present;
use crate::problem::Problem;
use crate::projects::check_text;
use crate::times;

const RATE_LIMIT_MAX: u32 = 10_000;
const SHOWN_SECRET_CHARS: usize = 8;

/// What a request may say of an endpoint. What it leaves out stays as it is.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EndpointInput {
    pub(crate) account_id: Option<String>,
    pub(crate) url: Option<String>,
    #[serde(deserialize_with = "present")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    description: Option<Option<String>>,
    events: Option<Vec<String>>,
    #[serde(deserialize_with = "present")]
    pub(crate) secret: Option<Option<String>>,
    status: Option<String>,
    active: Option<bool>,
    headers: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "present")]
    retry_policy: Option<Option<RetryPolicy>>,
    channels: Option<Vec<String>>,
    #[serde(deserialize_with = "present")]
    rate_limit: Option<Option<u32>>,
    #[serde(deserialize_with = "present")]
    filter: Option<Option<Value>>,
    #[serde(deserialize_with = "present")]
    canonical_json: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    pub(crate) profile: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    pub(crate) second_profile: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    timeout_ms: Option<Option<u32>>,
}

/// What the checks need to know besides the request.
pub(crate) struct Rules<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) second: Option<&'a Profile>,
    pub(crate) dev: bool,
}

impl EndpointInput {
    /// The settings that come of `base` and this, checked.
    pub(crate) fn settings(
        &self,
        base: EndpointSettings,
        rules: &Rules<'_>,
    ) -> Result<EndpointSettings, Problem> {
        if matches!(self.filter, Some(Some(_))) {
            let detail = "payload filters are not supported yet; subscribe by event type or channel, or leave \"filter\" out";
            return Err(Problem::not_supported("/filter", detail));
        }
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
            retry_policy: self.retry_policy.unwrap_or(base.retry_policy),
            channels: self.channels.clone().unwrap_or(base.channels),
            rate_limit: self.rate_limit.unwrap_or(base.rate_limit),
            canonical_json: keep(&self.canonical_json, base.canonical_json),
            profile: keep(&self.profile, base.profile),
            second_profile: keep(&self.second_profile, base.second_profile),
            timeout_ms: self.timeout_ms.unwrap_or(base.timeout_ms),
            ..base
        };
        check(&settings)?;
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

fn checked_url(url: &str, rules: &Rules<'_>) -> Result<String, Problem> {
    if url.is_empty() {
        return Err(Problem::field(
            "/url",
            "is needed: the https URL that events are sent to",
        ));
    }
    let https_only = rules.profile.https_only && !rules.dev;
    parse_endpoint_url(url, https_only)
        .map(|url| url.as_str().to_owned())
        .map_err(|error| Problem::field("/url", error.to_string()))
}

fn checked_headers(
    headers: Vec<(String, String)>,
    rules: &Rules<'_>,
) -> Result<Vec<(String, String)>, Problem> {
    let profiles = std::iter::once(rules.profile).chain(rules.second);
    let mut own: Vec<&str> = profiles.flat_map(Profile::own_headers).collect();
    own.push("user-agent");
    EndpointHeaders::new(headers, &own)
        .map(|headers| {
            headers
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        })
        .map_err(|error| Problem::field("/headers", error.to_string()))
}

fn check(settings: &EndpointSettings) -> Result<(), Problem> {
    for (pointer, text) in [
        ("/name", &settings.name),
        ("/description", &settings.description),
    ] {
        if let Some(text) = text {
            check_text(pointer, text)?;
        }
    }
    Subscriptions::parse(&settings.events)
        .map_err(|error| Problem::field("/events", error.to_string()))?;
    check_channels(&settings.channels)?;
    if let Some(own) = settings.retry_policy {
        let policy = schedule::RetryPolicy {
            max_attempts: own.max_attempts,
            backoff_multiplier: own.backoff_multiplier,
            initial_delay: own.initial_delay,
        };
        Schedule::from_retry_policy(policy, 0.0)
            .map_err(|error| Problem::field("/retry_policy", error.to_string()))?;
    }
    if settings
        .rate_limit
        .is_some_and(|rate| !(1..=RATE_LIMIT_MAX).contains(&rate))
    {
        let detail = format!("must be 1 to {RATE_LIMIT_MAX} requests per second");
        return Err(Problem::field("/rate_limit", detail));
    }
    if settings
        .timeout_ms
        .is_some_and(|ms| !(100..=ATTEMPT_TIMEOUT_MS_MAX).contains(&u64::from(ms)))
    {
        let detail = format!("must be 100 to {ATTEMPT_TIMEOUT_MS_MAX} milliseconds");
        return Err(Problem::field("/timeout_ms", detail));
    }
    if settings
        .canonical_json
        .as_deref()
        .is_some_and(|word| CanonicalJson::parse(word).is_none())
    {
        let detail = "must be none, js, js-sorted, jcs, python or python-spaced";
        return Err(Problem::field("/canonical_json", detail));
    }
    Ok(())
}

pub(crate) fn check_channels(channels: &[String]) -> Result<(), Problem> {
    let fits = |channel: &String| (1..=128).contains(&channel.len());
    if channels.len() <= CHANNELS_MAX && channels.iter().all(fits) {
        return Ok(());
    }
    Err(Problem::field(
        "/channels",
        format!("are at most {CHANNELS_MAX}, of 1 to 128 characters each"),
    ))
}

/// A secret that the customer gives is taken as it is, if every format of the endpoint can use it.
pub(crate) fn check_secret(secret: &str, rules: &Rules<'_>) -> Result<(), Problem> {
    if secret.len() > SECRET_CHARS_MAX {
        return Err(Problem::field(
            "/secret",
            format!("has more than {SECRET_CHARS_MAX} characters"),
        ));
    }
    for profile in std::iter::once(rules.profile).chain(rules.second) {
        signing_key(profile, secret)
            .map_err(|error| Problem::field("/secret", error.to_string()))?;
    }
    Ok(())
}

/// An endpoint as answers show it; the secret in full only where it was just made or given.
pub(crate) fn show(endpoint: &Endpoint, account_id: &str, whole_secret: bool) -> Value {
    let settings = &endpoint.settings;
    let secret = endpoint.secrets.first().map(|secret| {
        if whole_secret {
            secret.clone()
        } else {
            masked(secret)
        }
    });
    let headers: serde_json::Map<String, Value> = settings
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({
        "id": endpoint.public_id,
        "account_id": account_id,
        "url": settings.url,
        "name": settings.name,
        "description": settings.description,
        "events": if settings.events.is_empty() { vec!["*".to_owned()] } else { settings.events.clone() },
        "secret": secret,
        "status": endpoint.status.as_str(),
        "status_reason": endpoint.status_reason,
        "active": endpoint.status == EndpointStatus::Active,
        "headers": headers,
        "retry_policy": settings.retry_policy.map(|policy| json!({
            "max_attempts": policy.max_attempts,
            "backoff_multiplier": number(policy.backoff_multiplier),
            "initial_delay": policy.initial_delay,
        })),
        "channels": settings.channels,
        "filter": null,
        "rate_limit": settings.rate_limit,
        "canonical_json": settings.canonical_json,
        "profile": settings.profile,
        "second_profile": settings.second_profile,
        "timeout_ms": settings.timeout_ms,
        "created_at": times::rfc3339_seconds(endpoint.created_at),
        "updated_at": times::rfc3339_seconds(endpoint.updated_at),
    })
}

/// A whole number is shown as one: 2, not 2.0, as it was given.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        json!(value as i64)
    } else {
        json!(value)
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
