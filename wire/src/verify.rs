//! How a receiver checks a request, by the profile that it was sent by.

use std::str;

use http::HeaderName;
use ring::signature::{ED25519, UnparsedPublicKey};
use subtle::ConstantTimeEq as _;

use crate::key::{SchemeVerifier, VerifyingKey};
use crate::profile::{Algorithm, Profile, SignatureEncoding, SignatureScheme};
use crate::sign::{Content, encode};
use crate::template::{Piece, Place};
use crate::timestamp;

/// Signatures of one scheme that are looked at: a longer list only costs its receiver time.
pub(crate) const SIGNATURES_MAX: usize = 32;

/// A request as it came in.
pub struct Received<'a> {
    /// Its headers; names in any case.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// Its body, unaltered.
    pub body: &'a [u8],
    /// The URL that it was sent to, for formats that sign it.
    pub url: Option<&'a str>,
    /// Its method.
    pub method: &'a str,
}

/// A request that is what it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The message's id, where a header carries it.
    pub message_id: Option<String>,
    /// The attempt's time, in seconds since the epoch, where one is sent.
    pub timestamp_s: Option<i64>,
}

/// Which step of the check failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header is missing, comes twice, or is no text.
    #[error("header \"{0}\" is missing or unreadable")]
    Header(String),
    /// The timestamp is no number of the format's form.
    #[error("the timestamp is unreadable")]
    Timestamp,
    /// The timestamp is too old: a replay, or a clock that is wrong.
    #[error("the timestamp lies {0} s in the past")]
    TooOld(u64),
    /// The timestamp lies in the future.
    #[error("the timestamp lies {0} s in the future")]
    TooNew(u64),
    /// The header holds no signature of a kind that the key can check.
    #[error("no signature of a known version")]
    NoSignature,
    /// No signature matches.
    #[error("no signature matches")]
    Mismatch,
    /// The format signs the URL, and it was not given.
    #[error("the format signs the URL: give the one that the request was sent to")]
    UrlNeeded,
    /// The format has no signature, or no key was given.
    #[error("there is no key to check with")]
    NoKey,
}

impl Received<'_> {
    pub(crate) fn header(&self, name: &HeaderName) -> Result<&str, VerifyError> {
        let mut found = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_str()));
        match (found.next(), found.next()) {
            (Some((_, value)), None) => str::from_utf8(value).ok(),
            _ => None,
        }
        .ok_or_else(|| VerifyError::Header(name.as_str().to_owned()))
    }
}

/// Checks a request against a profile with any of `keys`. Compares in constant time; any match in
/// the list wins; what is of an unknown version is passed over.
pub fn verify(
    profile: &Profile,
    received: &Received<'_>,
    keys: &[VerifyingKey],
    now_s: i64,
) -> Result<Verified, VerifyError> {
    let header = &profile.signatures.first().ok_or(VerifyError::NoKey)?.header;
    let value = received.header(header)?;
    let stamp = stamp(profile, received, value)?;
    let timestamp_s = stamp
        .map(|stamp| in_time(profile, stamp, now_s))
        .transpose()?;
    let message_id = profile
        .id_header()
        .map(|name| received.header(name))
        .transpose()?;
    let content = Content {
        message_id: message_id.unwrap_or_default().as_bytes(),
        timestamp: stamp.unwrap_or_default().as_bytes(),
        url: received.url.unwrap_or_default().as_bytes(),
        method: received.method.as_bytes(),
        body: received.body,
    };
    let mut candidates = 0;
    for (place, scheme) in profile.signatures.iter().enumerate() {
        if scheme.header != *header {
            continue;
        }
        if scheme.content.contains(&Piece::Place(Place::Url)) && received.url.is_none() {
            return Err(VerifyError::UrlNeeded);
        }
        let checks = checks(scheme, place, keys, &content);
        for signature in signatures(scheme, value).take(SIGNATURES_MAX) {
            for check in &checks {
                candidates += 1;
                if check.matches(scheme, signature) {
                    let message_id = message_id.map(str::to_owned);
                    return Ok(Verified {
                        message_id,
                        timestamp_s,
                    });
                }
            }
        }
    }
    Err(if candidates == 0 {
        VerifyError::NoSignature
    } else {
        VerifyError::Mismatch
    })
}

/// A way to check one signature, with all that is the same for a whole list of them: the sender
/// of a forged list must not choose how often the body is hashed.
pub(crate) enum Check<'a> {
    Expected(String),
    Ed25519 { public: &'a [u8], content: Vec<u8> },
}

pub(crate) fn checks<'a>(
    scheme: &SignatureScheme,
    place: usize,
    keys: &'a [VerifyingKey],
    content: &Content<'_>,
) -> Vec<Check<'a>> {
    let plain = scheme.algorithm == Algorithm::Sha256
        || (keys.is_empty() && scheme.when_no_secret == Some(Algorithm::Sha256));
    let expected = |bytes: &[u8]| Check::Expected(encode(scheme.encoding, bytes));
    if plain {
        return vec![expected(content.digest(scheme).as_ref())];
    }
    let own = keys
        .iter()
        .filter_map(|key| key.schemes.get(place)?.as_ref());
    own.map(|key| match key {
        SchemeVerifier::Hmac(key) => expected(content.hmac(scheme, key).as_ref()),
        SchemeVerifier::Ed25519(public) => Check::Ed25519 {
            public,
            content: content.joined(scheme),
        },
    })
    .collect()
}

impl Check<'_> {
    /// What the signature must be, in the scheme's encoding. An ed25519 signature is not made here but
    /// checked: it has none.
    pub(crate) fn expected(&self) -> &str {
        match self {
            Self::Expected(text) => text,
            Self::Ed25519 { .. } => "one that the ed25519 key verifies",
        }
    }

    pub(crate) fn matches(&self, scheme: &SignatureScheme, given: &str) -> bool {
        match self {
            Self::Expected(expected) => expected.as_bytes().ct_eq(given.as_bytes()).into(),
            Self::Ed25519 { public, content } => {
                let key = UnparsedPublicKey::new(&ED25519, public);
                decode(scheme.encoding, given)
                    .is_some_and(|bytes| key.verify(content, &bytes).is_ok())
            }
        }
    }
}

/// The signatures of this scheme's version in a header's list.
pub(crate) fn signatures<'a>(
    scheme: &'a SignatureScheme,
    value: &'a str,
) -> impl Iterator<Item = &'a str> {
    let items: Vec<&str> = match scheme.separator.as_deref() {
        Some(separator) => value.split(separator).map(str::trim).collect(),
        None => vec![value],
    };
    items
        .into_iter()
        .filter_map(|item| between(&scheme.format, &Place::Signature, item))
}

/// What stands at `place` in a text of the template's form.
fn between<'a>(template: &[Piece], place: &Place, text: &'a str) -> Option<&'a str> {
    let at = template
        .iter()
        .position(|piece| matches!(piece, Piece::Place(found) if found == place))?;
    let literal = |pieces: &[Piece]| {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Place(_) => "",
            })
            .collect::<String>()
    };
    let rest = text.strip_prefix(literal(&template[..at]).as_str())?;
    rest.strip_suffix(literal(&template[at + 1..]).as_str())
}

/// The timestamp's text: from its header, or from the signature's own list.
pub(crate) fn stamp<'a>(
    profile: &Profile,
    received: &'a Received<'_>,
    value: &'a str,
) -> Result<Option<&'a str>, VerifyError> {
    let Some(rule) = &profile.timestamp else {
        return Ok(None);
    };
    if let Some(name) = &rule.header {
        return received.header(name).map(Some);
    }
    let scheme = &profile.signatures[0];
    let separator = scheme.separator.as_deref().unwrap_or(",");
    let mut items = value.split(separator).map(str::trim);
    let found = items.find_map(|item| between(&scheme.lead, &Place::Timestamp, item));
    found.map(Some).ok_or(VerifyError::Timestamp)
}

fn in_time(profile: &Profile, stamp: &str, now_s: i64) -> Result<i64, VerifyError> {
    let rule = profile.timestamp.as_ref().ok_or(VerifyError::Timestamp)?;
    let at = timestamp::read(stamp, rule.format).ok_or(VerifyError::Timestamp)?;
    let tolerance = rule.tolerance_s.unsigned_abs();
    if at.abs_diff(now_s) <= tolerance {
        return Ok(at);
    }
    let seconds = at.abs_diff(now_s);
    Err(if at < now_s {
        VerifyError::TooOld(seconds)
    } else {
        VerifyError::TooNew(seconds)
    })
}

pub(crate) fn decode(encoding: SignatureEncoding, text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    match encoding {
        SignatureEncoding::Hex | SignatureEncoding::HexUpper => hex::decode(text).ok(),
        SignatureEncoding::Base64 => STANDARD.decode(text).ok(),
        SignatureEncoding::Base64url => URL_SAFE_NO_PAD.decode(text).ok(),
    }
}
