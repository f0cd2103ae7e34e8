//! How bytes are signed: the content that a scheme names, its algorithm, its header.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue};
use ring::digest::{self, SHA256};
use ring::hmac;

use crate::key::{SchemeKey, SigningKey};
use crate::message::Message;
use crate::profile::{Algorithm, Profile, SignatureEncoding, SignatureScheme};
use crate::render::RenderError;
use crate::template::{self, Piece, Place};
use crate::timestamp;

/// What is signed, whoever asks: the sender, or a receiver that checks.
pub(crate) struct Content<'a> {
    pub(crate) message_id: &'a [u8],
    pub(crate) timestamp: &'a [u8],
    pub(crate) url: &'a [u8],
    pub(crate) method: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl<'a> Content<'a> {
    /// The parts of a scheme's content in order. **Invariant:** the one place that knows how, for
    /// signing and verifying both.
    pub(crate) fn parts<'p>(
        &'p self,
        scheme: &'p SignatureScheme,
    ) -> impl Iterator<Item = &'p [u8]> + use<'p, 'a> {
        scheme.content.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_bytes(),
            Piece::Place(Place::EventId) => self.message_id,
            Piece::Place(Place::Timestamp) => self.timestamp,
            Piece::Place(Place::Body) => self.body,
            Piece::Place(Place::Url) => self.url,
            Piece::Place(Place::Method) => self.method,
            Piece::Place(_) => b"",
        })
    }

    pub(crate) fn hmac(&self, scheme: &SignatureScheme, key: &hmac::Key) -> hmac::Tag {
        let mut context = hmac::Context::with_key(key);
        self.parts(scheme).for_each(|part| context.update(part));
        context.sign()
    }

    pub(crate) fn digest(&self, scheme: &SignatureScheme) -> digest::Digest {
        let mut context = digest::Context::new(&SHA256);
        self.parts(scheme).for_each(|part| context.update(part));
        context.finish()
    }

    pub(crate) fn joined(&self, scheme: &SignatureScheme) -> Vec<u8> {
        self.parts(scheme).collect::<Vec<_>>().concat()
    }
}

/// The signature headers alone, over bytes that exist already: for a second profile beside the
/// first. Its timestamp and own headers come with them.
pub fn sign_headers(
    profile: &Profile,
    message: &Message<'_>,
    body: &[u8],
    keys: &[SigningKey],
) -> Result<Vec<(HeaderName, HeaderValue)>, RenderError> {
    let mut headers = Vec::with_capacity(profile.headers.len() + profile.signatures.len() + 2);
    for rule in &profile.headers {
        let mut value = Vec::with_capacity(48);
        template::write(&mut value, &rule.value, message);
        headers.push((rule.name.clone(), header_value(value, rule.name.as_str())?));
    }
    let mut stamp = Vec::with_capacity(24);
    if let Some(rule) = &profile.timestamp {
        timestamp::write(&mut stamp, rule.format, message.attempt_ms);
        if let Some(name) = &rule.header {
            headers.push((name.clone(), header_value(stamp.clone(), name.as_str())?));
        }
    }
    let content = Content {
        message_id: message.event_id.as_bytes(),
        timestamp: &stamp,
        url: message.endpoint_url.as_bytes(),
        method: b"POST",
        body,
    };
    for (place, scheme) in profile.signatures.iter().enumerate() {
        let seen = profile.signatures[..place]
            .iter()
            .any(|known| known.header == scheme.header);
        if !seen && let Some(value) = signature_header(profile, &scheme.header, &content, keys) {
            headers.push((
                scheme.header.clone(),
                header_value(value, scheme.header.as_str())?,
            ));
        }
    }
    Ok(headers)
}

fn header_value(value: Vec<u8>, name: &str) -> Result<HeaderValue, RenderError> {
    HeaderValue::from_maybe_shared(value).map_err(|_| RenderError::Header(name.to_owned()))
}

/// All signatures that share one header.
fn signature_header(
    profile: &Profile,
    header: &HeaderName,
    content: &Content<'_>,
    keys: &[SigningKey],
) -> Option<Vec<u8>> {
    let mut value: Vec<u8> = Vec::with_capacity(96);
    for (place, scheme) in profile.signatures.iter().enumerate() {
        if scheme.header != *header {
            continue;
        }
        let keyless = keys.is_empty() && scheme.when_no_secret == Some(Algorithm::Sha256);
        if keyless || scheme.algorithm == Algorithm::Sha256 {
            add(&mut value, scheme, content, content.digest(scheme).as_ref());
            continue;
        }
        let own = keys
            .iter()
            .filter_map(|key| key.schemes.get(place)?.as_ref());
        // Without a separator one signature fits: the newest secret's.
        let most = if scheme.separator.is_some() {
            usize::MAX
        } else {
            1
        };
        for key in own.take(most) {
            match key {
                SchemeKey::Hmac(key) => {
                    add(
                        &mut value,
                        scheme,
                        content,
                        content.hmac(scheme, key).as_ref(),
                    );
                }
                SchemeKey::Ed25519(pair) => {
                    add(
                        &mut value,
                        scheme,
                        content,
                        pair.sign(&content.joined(scheme)).as_ref(),
                    );
                }
            }
        }
    }
    (!value.is_empty()).then_some(value)
}

fn add(value: &mut Vec<u8>, scheme: &SignatureScheme, content: &Content<'_>, signature: &[u8]) {
    let separator = scheme.separator.as_deref().unwrap_or_default().as_bytes();
    let encoded = encode(scheme.encoding, signature);
    if value.is_empty() && !scheme.lead.is_empty() {
        write(value, &scheme.lead, content, &encoded);
    }
    if !value.is_empty() {
        value.extend_from_slice(separator);
    }
    write(value, &scheme.format, content, &encoded);
}

fn write(out: &mut Vec<u8>, pieces: &[Piece], content: &Content<'_>, signature: &str) {
    for piece in pieces {
        out.extend_from_slice(match piece {
            Piece::Text(text) => text.as_bytes(),
            Piece::Place(Place::Signature) => signature.as_bytes(),
            Piece::Place(Place::Timestamp) => content.timestamp,
            Piece::Place(_) => b"",
        });
    }
}

pub(crate) fn encode(encoding: SignatureEncoding, bytes: &[u8]) -> String {
    match encoding {
        SignatureEncoding::Hex => hex::encode(bytes),
        SignatureEncoding::HexUpper => hex::encode_upper(bytes),
        SignatureEncoding::Base64 => STANDARD.encode(bytes),
        SignatureEncoding::Base64url => URL_SAFE_NO_PAD.encode(bytes),
    }
}
