//! An endpoint made ready for sending: everything that is the same for each of its requests.

use std::sync::Arc;

use hookwright_core::breaker::BreakerSettings;
use hookwright_core::endpoint_url::parse_endpoint_url;
use hookwright_core::limits::ATTEMPT_TIMEOUT_MS_MAX;
use hookwright_core::rotation::Mode;
use hookwright_core::schedule::{RetryPolicy, Schedule};
use hookwright_core::wants::Wants;
use hookwright_store::{Endpoint, EndpointStatus, Project};
use hookwright_wire::{CanonicalJson, Profile};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use rustls::ClientConfig;

use crate::authorization::{Authorization, TokenSource, authorization};
use crate::handshake::REQUEST_ORIGIN;
use crate::lane_gauge::LaneGauge;
use crate::place::Place;
use crate::profiles::{Profiles, breaker_of, schedule_of};
use crate::request_bytes::beginning;
use crate::signing::Format;
use crate::tls::presenting;
use crate::wanted::wants;

/// What endpoints are made ready with.
pub(crate) struct Equipment {
    pub(crate) profiles: Arc<Profiles>,
    /// The server's own, which an endpoint's client certificate is added to.
    pub(crate) tls: Arc<ClientConfig>,
    /// What the server calls itself in a validation handshake.
    pub(crate) origin: HeaderValue,
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
    pub(crate) wants: Wants,
    pub(crate) place: Arc<Place>,
    /// The bytes that each request begins with.
    pub(crate) request_beginning: Vec<u8>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Where its requests' tokens come from, if they carry any.
    pub(crate) token_source: Option<Arc<TokenSource>>,
    pub(crate) gauge: Arc<LaneGauge>,
    pub(crate) breaker: Option<BreakerSettings>,
    /// As the project chose.
    pub(crate) disable_after_days: Option<u32>,
}

impl Target {
    /// Makes `endpoint` ready. What cannot be used is said in words for the operator.
    pub(crate) fn new(
        endpoint: Endpoint,
        project: &Project,
        equipment: &Equipment,
        gauge: Arc<LaneGauge>,
    ) -> Result<Self, String> {
        let settings = &endpoint.settings;
        let name = settings.profile.as_ref().unwrap_or(&project.profile);
        let find = |name: &String| {
            let found = equipment.profiles.get(name);
            found.ok_or_else(|| format!("unknown profile \"{name}\""))
        };
        let profile = find(name)?;
        let second = settings.second_profile.as_ref().map(find).transpose()?;
        // All its formats go from one secret to the next at once.
        let both = |profile: &Arc<Profile>| profile.accepts_list();
        let mode = Mode::of(both(profile) && second.is_none_or(both));
        let format = Format::new(profile, &endpoint, mode)?;
        let second = second.map(|second| Format::new(second, &endpoint, mode));
        let second = second.transpose()?;
        let canonical = settings.canonical_json.as_deref().map(CanonicalJson::parse);
        let canonical = canonical
            .map(|found| found.ok_or("unknown canonical_json"))
            .transpose()?;
        let schedule = schedule(&endpoint, &format.profile)?;
        let timeout = settings.timeout_ms.unwrap_or(format.profile.timeout_ms);
        let url = parse_endpoint_url(&settings.url, false).map_err(|error| error.to_string())?;
        let allowed = settings.consent().and_then(|it| it.allowed_per_minute);
        gauge.set_rate_limits(settings.rate_limit, allowed);
        let one = settings.ordered.then_some(1);
        gauge.set_concurrency(one.or(settings.concurrency));
        let own_tls = endpoint.credentials.client_certificate.as_ref();
        let own_tls = own_tls.map(|own| presenting(own, &equipment.tls));
        let own_tls = own_tls.transpose().map_err(|error| error.to_string())?;
        let mut headers = custom_headers(&endpoint)?;
        if settings.validation.is_some() {
            headers.push((REQUEST_ORIGIN, equipment.origin.clone()));
        }
        let auth = endpoint.credentials.auth.as_ref().map(authorization);
        let token_source = match auth.transpose()? {
            None => None,
            Some(Authorization::Fixed(value)) => {
                headers.push((AUTHORIZATION, value));
                None
            }
            Some(Authorization::Token(source)) => Some(source),
        };
        Ok(Self {
            livemode: project.livemode,
            breaker: breaker_of(settings, project, profile),
            disable_after_days: project.settings.disable_after_days,
            canonical,
            schedule,
            timeout_ms: u64::from(timeout).min(ATTEMPT_TIMEOUT_MS_MAX),
            wants: wants(settings)?,
            request_beginning: beginning("POST", url.path_and_query(), url.authority()),
            place: Arc::new(Place::new(url, own_tls)),
            headers,
            token_source,
            format,
            second,
            gauge,
            endpoint,
        })
    }

    pub(crate) fn status(&self) -> EndpointStatus {
        self.endpoint.status
    }

    /// Whether one node at a time may send to it: what holds for the endpoint as a whole cannot be
    /// kept by several nodes that do not know of each other's requests.
    pub(crate) fn needs_owner(&self) -> bool {
        let settings = &self.endpoint.settings;
        let allowed = settings.consent().and_then(|it| it.allowed_per_minute);
        let limited = settings.rate_limit.is_some() || allowed.is_some();
        let one_by_one = settings.ordered || settings.concurrency.is_some();
        limited || one_by_one || self.breaker.is_some()
    }

    /// Whether its deliveries go one after another, in the order of their rows.
    pub(crate) const fn is_ordered(&self) -> bool {
        self.endpoint.settings.ordered
    }
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
