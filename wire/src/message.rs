//! What is put on the wire, and what comes of it.

use http::{HeaderName, HeaderValue};

/// One event to one endpoint, at one attempt.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The event's public id: the receiver's idempotency key.
    pub event_id: &'a str,
    /// The event's type.
    pub event_type: &'a str,
    /// When it happened, in milliseconds since the epoch.
    pub event_time_ms: i64,
    /// The payload: valid JSON, as published.
    pub data: &'a [u8],
    /// Raw JSON; `{}` when not given.
    pub subject: Option<&'a [u8]>,
    /// Trace id; one made from the event's id when not given.
    pub trace: Option<&'a str>,
    /// The endpoint's public id.
    pub endpoint_id: &'a str,
    /// The URL that the request goes to.
    pub endpoint_url: &'a str,
    /// For envelopes that tell live from test.
    pub livemode: bool,
    /// The attempt's time, in milliseconds since the epoch.
    pub attempt_ms: i64,
    /// Random, fresh for each attempt.
    pub nonce: [u8; 16],
}

/// The bytes to send: exactly those that are signed.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The body.
    pub body: Vec<u8>,
    /// Content type, the profile's headers, timestamp and signatures.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}
