//! An endpoint made ready for sending: everything that is the same for each of its requests.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hookwright_core::endpoint_url::{EndpointUrl, parse_endpoint_url};
use hookwright_core::limits::{ATTEMPT_TIMEOUT_MS_MAX, LANE_DELIVERIES_MAX};
use hookwright_core::schedule::{RetryPolicy, Schedule};
use hookwright_core::subscription::Subscriptions;
use hookwright_store::{Endpoint, EndpointStatus, Project};
use hookwright_wire::{CanonicalJson, Profile, SigningKey, signing_key};
use http::{HeaderName, HeaderValue};

use crate::profiles::{Profiles, schedule_of};
use crate::request_bytes::beginning;

/// A profile with this endpoint's keys for it.
pub(crate) struct Format {
    pub(crate) profile: Arc<Profile>,
    pub(crate) keys: Vec<SigningKey>,
}

/// An endpoint made ready.
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    pub(crate) livemode: bool,
    pub(crate) format: Format,
    pub(crate) second: Option<Format>,
    pub(crate) canonical: Option<CanonicalJson>,
    pub(crate) schedule: Schedule,
    pub(crate) timeout_ms: u64,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) url: EndpointUrl,
    pub(crate) https: bool,
    pub(crate) literal_ip: Option<IpAddr>,
    pub(crate) host: Arc<str>,
    /// The bytes that each request begins with.
    pub(crate) request_beginning: Vec<u8>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) gauge: Arc<LaneGauge>,
}

/// How full an endpoint's lane is; shared by publishers and the worker.
pub(crate) struct LaneGauge {
    held: AtomicU32,
    limit: AtomicU32,
    /// Requests per second; 0 is no limit.
    rate: AtomicU32,
}

impl Default for LaneGauge {
    fn default() -> Self {
        Self {
            held: AtomicU32::new(0),
            limit: AtomicU32::new(LANE_DELIVERIES_MAX as u32),
            rate: AtomicU32::new(0),
        }
    }
}

impl LaneGauge {
    /// Takes a place in the lane, if there is one.
    pub(crate) fn take(&self) -> bool {
        let held = self.held.fetch_add(1, Ordering::Relaxed);
        let room = held < self.limit.load(Ordering::Relaxed);
        if !room {
            self.give(1);
        }
        room
    }

    /// Takes places without asking: the worker has reserved them.
    pub(crate) fn add(&self, count: u32) {
        self.held.fetch_add(count, Ordering::Relaxed);
    }

    /// Gives places back.
    pub(crate) fn give(&self, count: u32) {
        self.held.fetch_sub(count, Ordering::Relaxed);
    }

    /// How many more fit.
    pub(crate) fn room(&self) -> usize {
        let held = self.held.load(Ordering::Relaxed);
        self.limit.load(Ordering::Relaxed).saturating_sub(held) as usize
    }

    /// The time between two requests of a rate-limited endpoint.
    pub(crate) fn token_gap_us(&self) -> Option<u64> {
        let rate = self.rate.load(Ordering::Relaxed);
        (rate > 0).then(|| 1_000_000 / u64::from(rate))
    }

    /// Sets or lifts the endpoint's rate limit, in requests per second.
    pub(crate) fn set_rate_limit(&self, rate: Option<u32>) {
        self.rate.store(rate.unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit as u32, Ordering::Relaxed);
    }
}

impl Target {
    /// Makes `endpoint` ready. What cannot be used is said in words for the operator.
    pub(crate) fn new(
        endpoint: Endpoint,
        project: &Project,
        profiles: &Profiles,
        gauge: Arc<LaneGauge>,
    ) -> Result<Self, String> {
        let settings = &endpoint.settings;
        let name = settings.profile.as_ref().unwrap_or(&project.profile);
        let format = format(profiles, name, &endpoint)?;
        let second = settings.second_profile.as_ref();
        let second = second
            .map(|name| self::format(profiles, name, &endpoint))
            .transpose()?;
        let canonical = settings.canonical_json.as_deref().map(CanonicalJson::parse);
        let canonical = canonical
            .map(|found| found.ok_or("unknown canonical_json"))
            .transpose()?;
        let schedule = schedule(&endpoint, &format.profile)?;
        let timeout = settings.timeout_ms.unwrap_or(format.profile.timeout_ms);
        let url = parse_endpoint_url(&settings.url, false).map_err(|error| error.to_string())?;
        let text = |error: &dyn std::fmt::Display| error.to_string();
        gauge.set_rate_limit(settings.rate_limit);
        Ok(Self {
            livemode: project.livemode,
            canonical,
            schedule,
            timeout_ms: u64::from(timeout).min(ATTEMPT_TIMEOUT_MS_MAX),
            subscriptions: Subscriptions::parse(&settings.events).map_err(|error| text(&error))?,
            https: url.is_https(),
            literal_ip: url.literal_ip(),
            host: url.host().into(),
            request_beginning: beginning(url.path_and_query(), url.authority()),
            headers: custom_headers(&endpoint)?,
            url,
            format,
            second,
            gauge,
            endpoint,
        })
    }

    /// Whether an event of this type on these channels is for this endpoint.
    pub(crate) fn wants(&self, event_type: &str, channels: &[String]) -> bool {
        let own = &self.endpoint.settings.channels;
        self.subscriptions.matches(event_type)
            && (own.is_empty() || channels.iter().any(|channel| own.contains(channel)))
    }

    pub(crate) fn status(&self) -> EndpointStatus {
        self.endpoint.status
    }

    /// Whether one node at a time may send to it: what holds for the endpoint as a whole cannot be
    /// kept by several nodes that do not know of each other's requests.
    pub(crate) const fn needs_owner(&self) -> bool {
        self.endpoint.settings.rate_limit.is_some()
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port()
    }
}

fn format(profiles: &Profiles, name: &str, endpoint: &Endpoint) -> Result<Format, String> {
    let profile = profiles
        .get(name)
        .ok_or_else(|| format!("unknown profile \"{name}\""))?;
    let keys = endpoint
        .secrets
        .iter()
        .map(|secret| signing_key(profile, secret));
    let keys = keys
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    Ok(Format {
        profile: Arc::clone(profile),
        keys,
    })
}

fn schedule(endpoint: &Endpoint, profile: &Profile) -> Result<Schedule, String> {
    match endpoint.settings.retry_policy {
        Some(own) => Schedule::from_retry_policy(
            RetryPolicy {
                max_attempts: own.max_attempts,
                backoff_multiplier: own.backoff_multiplier,
                initial_delay: own.initial_delay,
            },
            0.0,
        ),
        None => schedule_of(profile),
    }
    .map_err(|error| error.to_string())
}

fn custom_headers(endpoint: &Endpoint) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let parse = |(name, value): &(String, String)| {
        let name = name
            .parse::<HeaderName>()
            .map_err(|error| error.to_string())?;
        let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
        Ok((name, value))
    };
    endpoint.settings.headers.iter().map(parse).collect()
}
