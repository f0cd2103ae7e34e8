//! Whether an endpoint's settings can be used: their bounds, and what its wire formats demand.

use std::collections::BTreeMap;

use hookwright_core::endpoint_headers::EndpointHeaders;
use hookwright_core::endpoint_url::parse_endpoint_url;
use hookwright_core::filter::Filter;
use hookwright_core::limits::{
    ATTEMPT_TIMEOUT_MS_MAX, ATTEMPT_TIMEOUT_MS_MIN, CHANNELS_MAX, LANE_CONCURRENCY_MAX,
    METADATA_ENTRIES_MAX, METADATA_NAME_CHARS_MAX, METADATA_VALUE_CHARS_MAX, RATE_LIMIT_PER_S_MAX,
    SECRET_CHARS_MAX,
};
use hookwright_core::schedule::{self, Schedule};
use hookwright_core::subscription::Subscriptions;
use hookwright_delivery::promises_exact_times;
use hookwright_store::EndpointSettings;
use hookwright_wire::{CanonicalJson, Profile, public_key, signing_key};
use serde_json::Value;

use crate::problem::Problem;
use crate::projects::check_text;

/// What the checks need to know besides the request.
pub(crate) struct Rules<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) second: Option<&'a Profile>,
    pub(crate) dev: bool,
}

pub(super) fn checked_url(url: &str, rules: &Rules<'_>) -> Result<String, Problem> {
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

pub(super) fn checked_headers(
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

/// No breaker may move the times of attempts that a profile promises.
pub(super) fn check_times(settings: &EndpointSettings, rules: &Rules<'_>) -> Result<(), Problem> {
    if settings.circuit_breaker.is_none() || !promises_exact_times(rules.profile) {
        return Ok(());
    }
    let detail = format!(
        "is not possible with the profile \"{}\": it promises when each attempt is made (its schedule \
         has no jitter); give null, or the endpoint a profile with jitter",
        rules.profile.name
    );
    Err(Problem::field("/circuit_breaker", detail))
}

pub(super) fn check(settings: &EndpointSettings) -> Result<(), Problem> {
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
        .is_some_and(|rate| !(1..=RATE_LIMIT_PER_S_MAX).contains(&rate))
    {
        let detail = format!("must be 1 to {RATE_LIMIT_PER_S_MAX} requests per second");
        return Err(Problem::field("/rate_limit", detail));
    }
    if settings.timeout_ms.is_some_and(|ms| {
        !(ATTEMPT_TIMEOUT_MS_MIN..=ATTEMPT_TIMEOUT_MS_MAX).contains(&u64::from(ms))
    }) {
        let detail =
            format!("must be {ATTEMPT_TIMEOUT_MS_MIN} to {ATTEMPT_TIMEOUT_MS_MAX} milliseconds");
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
    if settings
        .concurrency
        .is_some_and(|requests| !(1..=LANE_CONCURRENCY_MAX).contains(&(requests as usize)))
    {
        let detail = format!("must be 1 to {LANE_CONCURRENCY_MAX} requests at once");
        return Err(Problem::field("/concurrency", detail));
    }
    if let Some(filter) = &settings.filter {
        check_filter("/filter", filter)?;
    }
    check_metadata("/metadata", &settings.metadata)
}

/// A filter at `pointer` of the body, ready to match.
pub(crate) fn check_filter(pointer: &str, filter: &Value) -> Result<Filter, Problem> {
    Filter::parse(filter).map_err(|error| {
        let pointer = format!("{pointer}{}", error.pointer);
        Problem::field(&pointer, error.detail)
    })
}

/// Notes by name.
pub(crate) fn check_metadata(
    pointer: &str,
    metadata: &BTreeMap<String, String>,
) -> Result<(), Problem> {
    let fits = |(name, value): (&String, &String)| {
        (1..=METADATA_NAME_CHARS_MAX).contains(&name.chars().count())
            && value.chars().count() <= METADATA_VALUE_CHARS_MAX
    };
    if metadata.len() <= METADATA_ENTRIES_MAX && metadata.iter().all(fits) {
        return Ok(());
    }
    let detail = format!(
        "has at most {METADATA_ENTRIES_MAX} entries, with names of 1 to {METADATA_NAME_CHARS_MAX} \
         characters and values of at most {METADATA_VALUE_CHARS_MAX}"
    );
    Err(Problem::field(pointer, detail))
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
        // A private key must not pass for a shared secret, which its receiver would have to know.
        if public_key(profile, secret).is_some() != public_key(rules.profile, secret).is_some() {
            let detail = "is an ed25519 key for one of the endpoint's two profiles only; use a shared secret, or profiles that both have ed25519 signatures";
            return Err(Problem::field("/secret", detail));
        }
    }
    Ok(())
}
