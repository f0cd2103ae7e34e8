//! The words of a profile file.

use serde::Deserialize;

use crate::canonical::CanonicalJson;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: String,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the file")]
    pub(super) source: String,
    #[serde(default = "json")]
    pub(super) content_type: String,
    #[serde(default)]
    pub(super) canonical_json: CanonicalJson,
    #[serde(default)]
    pub(super) https_only: bool,
    #[serde(default = "thirty_seconds")]
    pub(super) timeout_ms: u32,
    pub(super) envelope: toml::Value,
    #[serde(default)]
    pub(super) headers: toml::Table,
    pub(super) timestamp: Option<Timestamp>,
    #[serde(default)]
    pub(super) signature: Vec<Signature>,
    #[serde(default)]
    pub(super) secret: Secret,
    #[serde(default)]
    pub(super) acknowledge: Acknowledged,
    #[serde(default)]
    pub(super) retry: RetryWords,
    #[serde(default)]
    pub(super) ids: Ids,
    #[serde(default)]
    pub(super) event_types: Vec<EventTypeInfo>,
}

fn json() -> String {
    "application/json".to_owned()
}

fn thirty_seconds() -> u32 {
    30_000
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timestamp {
    pub(super) header: Option<String>,
    #[serde(default)]
    pub(super) format: TimestampFormat,
    #[serde(default = "five_minutes")]
    pub(super) tolerance_s: i64,
}

fn five_minutes() -> i64 {
    300
}

/// How an attempt's time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimestampFormat {
    /// Whole seconds since the epoch.
    #[default]
    Unix,
    /// Milliseconds since the epoch.
    UnixMs,
    /// RFC 3339 in UTC, with milliseconds.
    Rfc3339,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    pub(super) header: String,
    pub(super) algorithm: Algorithm,
    pub(super) content: String,
    #[serde(default)]
    pub(super) encoding: SignatureEncoding,
    #[serde(default = "bare")]
    pub(super) format: String,
    pub(super) separator: Option<String>,
    #[serde(default)]
    pub(super) lead: String,
    pub(super) key_prefix: Option<String>,
    pub(super) public_key_prefix: Option<String>,
    pub(super) key_encoding: Option<KeyEncoding>,
    pub(super) when_no_secret: Option<Algorithm>,
}

fn bare() -> String {
    "{signature}".to_owned()
}

/// How a signature is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// HMAC with SHA-1: old formats only.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
    /// A plain digest, no key: it shows damage and not a sender.
    Sha256,
    /// Ed25519.
    Ed25519,
}

/// How a signature's bytes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureEncoding {
    /// Lower-case hexadecimal.
    #[default]
    Hex,
    /// Upper-case hexadecimal.
    HexUpper,
    /// Base 64 with padding.
    Base64,
    /// URL-safe base 64 without padding.
    Base64url,
}

/// How a secret becomes key bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyEncoding {
    /// The whole string's bytes, prefix included.
    #[default]
    Raw,
    /// Base 64 after the prefix.
    Base64,
    /// Hexadecimal after the prefix.
    Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Secret {
    pub(super) prefix: String,
    pub(super) encoding: KeyEncoding,
    pub(super) bytes: usize,
    pub(super) bytes_min: usize,
    pub(super) bytes_max: usize,
    pub(super) required: bool,
}

impl Default for Secret {
    fn default() -> Self {
        Self {
            prefix: "whsec_".to_owned(),
            encoding: KeyEncoding::Raw,
            bytes: 24,
            bytes_min: 8,
            bytes_max: 256,
            required: true,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Acknowledged {
    pub(super) status: Statuses,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Statuses {
    Word(String),
    Codes(Vec<u16>),
}

impl Default for Statuses {
    fn default() -> Self {
        Self::Word("2xx".to_owned())
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RetryWords {
    pub(super) gaps_s: Option<Vec<u64>>,
    pub(super) offsets_s: Option<Vec<u64>>,
    pub(super) initial_ms: Option<u64>,
    pub(super) multiplier: Option<f64>,
    pub(super) max_attempts: Option<u32>,
    pub(super) max_delay_ms: Option<u64>,
    pub(super) jitter: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ids {
    pub(super) event: String,
    pub(super) endpoint: String,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            event: "evt_".to_owned(),
            endpoint: "ep_".to_owned(),
        }
    }
}

/// One of a vendor's event types.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTypeInfo {
    /// Its name.
    pub name: String,
    /// What it tells.
    #[serde(default)]
    pub description: String,
}
