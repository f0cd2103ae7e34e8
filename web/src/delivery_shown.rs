//! Deliveries and attempts as they are shown, and what their failures are called.

use std::collections::BTreeMap;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::encode;
use hookwright_store::{Attempt, Delivery};
use schemars::JsonSchema;
use serde::Serialize;

use crate::times;

/// A delivery as it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Delivery")]
pub(crate) struct DeliveryShown {
    id: String,
    event_id: String,
    event_type: String,
    pub(crate) endpoint_id: String,
    account_id: String,
    /// pending, retrying, held (its endpoint is paused), delivered, failed or cancelled.
    state: &'static str,
    /// Attempts made, those that a person asked for included.
    attempts: u32,
    /// When the next attempt is due, if one is scheduled (RFC 3339).
    next_attempt_at: Option<String>,
    created_at: String,
    /// When it was delivered, failed or was cancelled (RFC 3339).
    finished_at: Option<String>,
    /// Class and reason of the last failure: `class: words`.
    last_error: Option<String>,
}

/// A delivery with its attempts.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeliveryWithAttempts {
    #[serde(flatten)]
    pub(crate) delivery: DeliveryShown,
    /// Oldest first.
    pub(crate) attempt_list: Vec<AttemptShown>,
    /// When the attempts to come are planned (RFC 3339), the next one first, if each of them fails at
    /// once. Chance (the format's jitter), a `Retry-After` or a resting endpoint can move them later.
    pub(crate) planned_attempts: Vec<String>,
}

/// One HTTP request of a delivery.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Attempt")]
pub(crate) struct AttemptShown {
    /// Counted from 1 within the delivery.
    number: u32,
    /// Whether a person asked for it.
    manual: bool,
    started_at: String,
    /// The answer's status, if an answer came.
    status: Option<u16>,
    /// The class of its failure, if it failed.
    error: Option<&'static str>,
    /// What that means and what to do about it.
    error_detail: Option<&'static str>,
    /// What was sent; secrets are masked.
    request_headers: BTreeMap<String, String>,
    response_headers: BTreeMap<String, String>,
    /// The first 16 KiB of it, read as UTF-8.
    response_body: String,
    timing: TimingShown,
}

/// An attempt with what it was made for.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AttemptOfDelivery {
    pub(crate) delivery_id: String,
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) endpoint_id: String,
    pub(crate) account_id: String,
    #[serde(flatten)]
    pub(crate) attempt: AttemptShown,
}

impl AttemptOfDelivery {
    pub(crate) fn new(delivery: &Delivery, attempt: &Attempt, event_prefix: &str) -> Self {
        let shown = DeliveryShown::new(delivery, event_prefix);
        Self {
            delivery_id: shown.id,
            event_id: shown.event_id,
            event_type: shown.event_type,
            endpoint_id: shown.endpoint_id,
            account_id: shown.account_id,
            attempt: AttemptShown::new(attempt),
        }
    }
}

/// Where an attempt's time went, in milliseconds.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Timing")]
struct TimingShown {
    queue_wait_ms: f64,
    dns_ms: f64,
    connect_ms: f64,
    tls_ms: f64,
    first_byte_ms: f64,
    /// Of the request, without the wait in the queue.
    total_ms: f64,
}

impl DeliveryShown {
    pub(crate) fn new(delivery: &Delivery, event_prefix: &str) -> Self {
        let event_id = || {
            encode(
                event_prefix,
                delivery.event_accepted_at,
                delivery.event_id.0,
            )
        };
        Self {
            id: encode("dlv_", delivery.created_at, delivery.id.0),
            event_id: delivery.event_given_id.clone().unwrap_or_else(event_id),
            event_type: delivery.event_type.clone(),
            endpoint_id: delivery.endpoint_public_id.clone(),
            account_id: delivery.account_public_id.clone(),
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.map(times::rfc3339),
            created_at: times::rfc3339(delivery.created_at),
            finished_at: delivery.finished_at.map(times::rfc3339),
            last_error: delivery
                .last_error
                .map(|(class, status)| in_words(class, status)),
        }
    }
}

impl AttemptShown {
    pub(crate) fn new(attempt: &Attempt) -> Self {
        let timing = &attempt.timing;
        let ms = |us: u32| f64::from(us) / 1000.0;
        Self {
            number: attempt.number,
            manual: attempt.manual,
            started_at: times::rfc3339(attempt.started_at),
            status: attempt.status,
            error: attempt.error.map(ErrorClass::as_str),
            error_detail: attempt.error.map(advice),
            request_headers: headers(&attempt.request_headers),
            response_headers: headers(&attempt.response_headers),
            response_body: String::from_utf8_lossy(&attempt.response_body).into_owned(),
            timing: TimingShown {
                queue_wait_ms: ms(timing.queue_wait_us),
                dns_ms: ms(timing.dns_us),
                connect_ms: ms(timing.connect_us),
                tls_ms: ms(timing.tls_us),
                first_byte_ms: ms(timing.first_byte_us),
                total_ms: ms(timing.total_us),
            },
        }
    }
}

fn in_words(class: ErrorClass, status: Option<u16>) -> String {
    match status {
        Some(status) => format!("{}: the endpoint answered {status}", class.as_str()),
        None => format!("{}: {}", class.as_str(), advice(class)),
    }
}

/// What happened and what to do, for the customer.
fn advice(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Dns => "the host name does not resolve; check the URL and its DNS",
        ErrorClass::AddressRefused => "the host's address is not a public one; use one that is",
        ErrorClass::Connect => {
            "no connection could be made; check that the server listens and its firewall"
        }
        ErrorClass::Tls => {
            "the TLS handshake failed; check the certificate, its chain and its name"
        }
        ErrorClass::Timeout => "no answer came in time; answer first and work later",
        ErrorClass::Disconnected => "the connection was closed before an answer was complete",
        ErrorClass::Protocol => "the answer was not HTTP/1.1, or too large",
        ErrorClass::Redirect => "a redirect was answered; register the URL that it leads to",
        ErrorClass::Rejected => "the endpoint refused the request; see its answer",
        ErrorClass::ServerError => "the endpoint failed; see its answer and its log",
        ErrorClass::Gone => "the endpoint said that it is gone, and was disabled",
        ErrorClass::EndpointDisabled => {
            "the endpoint was disabled or deleted; enable it and resend"
        }
        ErrorClass::Render => {
            "the event could not be put into the endpoint's format, or its payload was pruned"
        }
        ErrorClass::Auth => {
            "no token could be had from the endpoint's authorization server; check its token_url, client_id and client_secret"
        }
        ErrorClass::Internal => "the sender failed; its operator's log has the detail",
    }
}

fn headers(lines: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| {
        line.split_once(": ")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    lines.lines().filter_map(pair).collect()
}
