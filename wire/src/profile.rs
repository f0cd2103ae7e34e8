//! A wire format and its delivery policy, as data.

use http::HeaderName;

use crate::canonical::CanonicalJson;
use crate::envelope::Node;
use crate::template::Piece;

mod builtin;
mod check;
mod file;
mod read;

pub use builtin::{builtin_profiles, builtin_toml};
pub use file::{Algorithm, EventTypeInfo, KeyEncoding, SignatureEncoding, TimestampFormat};
pub use read::ProfileError;

/// A profile, ready for use.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name: what projects and endpoints choose it by.
    pub name: String,
    /// For people.
    pub title: String,
    /// The body's media type.
    pub content_type: String,
    /// How the body is canonicalised where the endpoint does not say.
    pub canonical_json: CanonicalJson,
    /// Plain http is refused.
    pub https_only: bool,
    /// The whole attempt's deadline, in milliseconds.
    pub timeout_ms: u32,
    /// Where and how an attempt's time is sent.
    pub timestamp: Option<TimestampRule>,
    /// How requests are signed; the first one decides for a receiver.
    pub signatures: Vec<SignatureScheme>,
    /// What secrets look like.
    pub secret: SecretRule,
    /// Which statuses acknowledge.
    pub acknowledge: Acknowledge,
    /// When failed attempts are made again.
    pub retry: RetryRule,
    /// What ids begin with.
    pub ids: IdPrefixes,
    /// The vendor's event types; others may be published as well.
    pub catalogue: Vec<EventTypeInfo>,
    pub(crate) content_type_value: http::HeaderValue,
    pub(crate) envelope: Node,
    pub(crate) headers: Vec<HeaderRule>,
}

/// A header that is not a signature.
#[derive(Clone, Debug)]
pub(crate) struct HeaderRule {
    pub(crate) name: HeaderName,
    pub(crate) spelling: String,
    pub(crate) value: Vec<Piece>,
}

/// Where and how an attempt's time is sent.
#[derive(Clone, Debug)]
pub struct TimestampRule {
    /// The header, where it has one of its own (Stripe's is inside the signature).
    pub header: Option<HeaderName>,
    /// How it is written.
    pub format: TimestampFormat,
    /// How far a receiver lets it lie in the past or future, in seconds.
    pub tolerance_s: i64,
    pub(crate) spelling: Option<String>,
}

/// One signature.
#[derive(Clone, Debug)]
pub struct SignatureScheme {
    /// The header that carries it.
    pub header: HeaderName,
    /// How it is computed.
    pub algorithm: Algorithm,
    /// How its bytes are written.
    pub encoding: SignatureEncoding,
    /// Between several in one header; without one only the newest secret signs.
    pub separator: Option<String>,
    /// The prefix of the secrets that it is for; other secrets do not sign here.
    pub key_prefix: Option<String>,
    /// The prefix of public keys that verify it.
    pub public_key_prefix: Option<String>,
    /// How a secret, less its prefix, becomes key bytes.
    pub key_encoding: KeyEncoding,
    /// What stands in for the signature where the endpoint has no secret.
    pub when_no_secret: Option<Algorithm>,
    pub(crate) spelling: String,
    pub(crate) content: Vec<Piece>,
    pub(crate) format: Vec<Piece>,
    pub(crate) lead: Vec<Piece>,
}

/// What secrets look like.
#[derive(Clone, Debug)]
pub struct SecretRule {
    /// What a made secret begins with.
    pub prefix: String,
    /// How a made secret's bytes are written after the prefix.
    pub encoding: KeyEncoding,
    /// Random bytes of a made secret.
    pub bytes: usize,
    /// Key bytes at least.
    pub bytes_min: usize,
    /// Key bytes at most.
    pub bytes_max: usize,
    /// Whether an endpoint must have one.
    pub required: bool,
}

/// Which statuses acknowledge a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledge {
    /// Any 2xx.
    Success2xx,
    /// Only these.
    Codes(Vec<u16>),
}

/// When failed attempts are made again.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryRule {
    /// The times.
    pub plan: Retry,
    /// The share of each delay that chance may add; 0 keeps the times exactly.
    pub jitter: f64,
}

/// The times of retries.
#[derive(Clone, Debug, PartialEq)]
pub enum Retry {
    /// Between each attempt and the next.
    Gaps {
        /// In milliseconds.
        gaps_ms: Vec<u64>,
    },
    /// From the first failure.
    Offsets {
        /// In milliseconds.
        offsets_ms: Vec<u64>,
    },
    /// Growing gaps.
    Exponential {
        /// The first gap, in milliseconds.
        initial_ms: u64,
        /// From each gap to the next.
        multiplier: f64,
        /// Attempts in all, the first included.
        max_attempts: u32,
        /// No gap is longer, in milliseconds.
        max_delay_ms: u64,
    },
}

/// What ids begin with.
#[derive(Clone, Debug)]
pub struct IdPrefixes {
    /// An event's.
    pub event: String,
    /// An endpoint's.
    pub endpoint: String,
}

impl Profile {
    /// Reads a profile file; `file_name` is for messages.
    pub fn parse(file_name: &str, toml: &str) -> Result<Self, ProfileError> {
        read::read(file_name, toml)
    }

    /// Whether this status ends the delivery well.
    #[must_use]
    pub fn acknowledges(&self, status: u16) -> bool {
        match &self.acknowledge {
            Acknowledge::Success2xx => (200..300).contains(&status),
            Acknowledge::Codes(codes) => codes.contains(&status),
        }
    }

    /// The headers that the profile sets, in lower case: a customer's own may not be among them.
    pub fn own_headers(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().map(|header| header.name.as_str());
        let timestamp = self
            .timestamp
            .iter()
            .filter_map(|rule| rule.header.as_ref());
        let signatures = self.signatures.iter().map(|scheme| scheme.header.as_str());
        headers
            .chain(timestamp.map(HeaderName::as_str))
            .chain(signatures)
            .chain(["content-type"])
    }

    /// The vendor's spelling of one of those headers.
    #[must_use]
    pub fn spelling(&self, name: &str) -> Option<&str> {
        let own = self.headers.iter().map(|header| header.spelling.as_str());
        let timestamp = self
            .timestamp
            .iter()
            .filter_map(|rule| rule.spelling.as_deref());
        let signatures = self
            .signatures
            .iter()
            .map(|scheme| scheme.spelling.as_str());
        own.chain(timestamp)
            .chain(signatures)
            .find(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether a request can carry the signatures of two secrets at once.
    #[must_use]
    pub fn accepts_list(&self) -> bool {
        let mut keyed = self
            .signatures
            .iter()
            .filter(|scheme| scheme.algorithm != Algorithm::Sha256)
            .peekable();
        keyed.peek().is_some() && keyed.all(|scheme| scheme.separator.is_some())
    }

    /// The header that carries the message's id, if one does.
    pub(crate) fn id_header(&self) -> Option<&HeaderName> {
        let is_id =
            |value: &[Piece]| matches!(value, [Piece::Place(crate::template::Place::EventId)]);
        self.headers
            .iter()
            .find(|header| is_id(&header.value))
            .map(|header| &header.name)
    }
}
