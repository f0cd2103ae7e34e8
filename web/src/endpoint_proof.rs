//! What an endpoint's requests prove and its receiver has agreed to, as it is shown.

use hookwright_core::rotation::Mode;
use hookwright_core::time::UnixMs;
use hookwright_store::{Endpoint, Validation, ValidationOutcome};
use hookwright_wire::{Profile, public_key};
use schemars::JsonSchema;
use serde::Serialize;

use crate::endpoint_auth::{AuthShown, ClientCertificateShown};
use crate::times;

/// What stands beside an endpoint's settings.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProofShown {
    /// What receivers verify with, where the secret is an ed25519 key.
    public_key: Option<String>,
    /// Until when the secret before the last rotation counts.
    previous_secret_valid_until: Option<String>,
    /// How receivers get from one secret to the next in a rotation with an overlap: `both` sign until
    /// its end, or the old one alone does (`cut_over`). It is the wire format that decides.
    secret_rotation: &'static str,
    /// How requests authenticate towards the receiver.
    auth: Option<AuthShown>,
    /// What connections present where the receiver asks for a certificate.
    client_certificate: Option<ClientCertificateShown>,
    /// `cloudevents`, where the receiver must consent before it is sent anything.
    validation: Option<&'static str>,
    /// What came of the last time that it was asked.
    last_validation: Option<ValidationShown>,
}

/// What came of a validation handshake.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ValidationOutcome")]
pub(crate) struct ValidationShown {
    /// Whether the receiver consented.
    validated: bool,
    /// The URL that was asked.
    url: String,
    at: String,
    /// Why there is no consent.
    error: Option<String>,
    /// Requests per minute that the receiver allows, if it says; they are kept to.
    allowed_per_minute: Option<u32>,
}

impl ValidationShown {
    pub(crate) fn new(outcome: &ValidationOutcome) -> Self {
        Self {
            validated: outcome.error.is_none(),
            url: outcome.url.clone(),
            at: times::rfc3339(outcome.at),
            error: outcome.error.clone(),
            allowed_per_minute: outcome.allowed_per_minute,
        }
    }
}

impl ProofShown {
    /// `second` is the endpoint's second profile, if it has one.
    pub(crate) fn new(
        endpoint: &Endpoint,
        (profile, second): (Option<&Profile>, Option<&Profile>),
        now: UnixMs,
    ) -> Self {
        let (settings, credentials) = (&endpoint.settings, &endpoint.credentials);
        let secret = endpoint.secrets.first();
        let previous = credentials.previous.as_ref().map(|it| it.until);
        Self {
            public_key: profile
                .zip(secret)
                .and_then(|(it, own)| public_key(it, own)),
            previous_secret_valid_until: previous.filter(|at| now < *at).map(times::rfc3339),
            secret_rotation: {
                let two = |it: &Profile| it.accepts_list();
                let all = profile.is_some_and(two) && second.is_none_or(two);
                Mode::of(all).as_str()
            },
            auth: credentials.auth.as_ref().map(AuthShown::new),
            client_certificate: credentials
                .client_certificate
                .as_ref()
                .map(ClientCertificateShown::new),
            validation: settings.validation.map(|it| match it {
                Validation::Cloudevents => "cloudevents",
            }),
            last_validation: settings.validated.as_ref().map(ValidationShown::new),
        }
    }
}
