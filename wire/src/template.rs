//! Text with placeholders, read once and written many times.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use crate::message::Message;
use crate::pick::pick;
use crate::timestamp;

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    EventId,
    EventType,
    EventTimeUnix,
    EventTimeUnixMs,
    EventTimeUnixFloat,
    EventTimeRfc3339,
    EventTimeRfc3339Ms,
    EventData,
    /// One top-level member of the data; left out where it is missing.
    EventMember(String),
    EventSubject,
    EventTrace,
    EndpointId,
    Livemode,
    Nonce,
    // In signatures only.
    Timestamp,
    Body,
    Url,
    Method,
    Signature,
}

const KNOWN: &[(&str, Place)] = &[
    ("event.id", Place::EventId),
    ("message.id", Place::EventId),
    ("event.type", Place::EventType),
    ("event.time.unix", Place::EventTimeUnix),
    ("event.time.unix_ms", Place::EventTimeUnixMs),
    ("event.time.unix_float", Place::EventTimeUnixFloat),
    ("event.time.rfc3339", Place::EventTimeRfc3339),
    ("event.time.rfc3339_ms", Place::EventTimeRfc3339Ms),
    ("event.data", Place::EventData),
    ("event.subject", Place::EventSubject),
    ("event.trace", Place::EventTrace),
    ("endpoint.id", Place::EndpointId),
    ("endpoint.url", Place::Url),
    ("project.livemode", Place::Livemode),
    ("nonce", Place::Nonce),
    ("timestamp", Place::Timestamp),
    ("body", Place::Body),
    ("url", Place::Url),
    ("method", Place::Method),
    ("signature", Place::Signature),
];

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Place(Place),
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadTemplate {
    /// The part of the text that is wrong.
    pub(crate) found: String,
    pub(crate) hint: String,
}

/// Reads a text with `{placeholders}`.
pub(crate) fn parse(text: &str) -> Result<Vec<Piece>, BadTemplate> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        if open > 0 {
            pieces.push(Piece::Text(rest[..open].to_owned()));
        }
        let inner = &rest[open + 1..];
        let close = inner.find('}').ok_or_else(|| BadTemplate {
            found: rest[open..].to_owned(),
            hint: "a placeholder ends with \"}\"".to_owned(),
        })?;
        pieces.push(Piece::Place(place(&inner[..close])?));
        rest = &inner[close + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn place(name: &str) -> Result<Place, BadTemplate> {
    if let Some((_, place)) = KNOWN.iter().find(|(known, _)| *known == name) {
        return Ok(place.clone());
    }
    let member = name
        .strip_prefix("event.data.")
        .and_then(|member| member.strip_suffix('?'));
    if let Some(member) = member.filter(|member| !member.is_empty()) {
        return Ok(Place::EventMember(member.to_owned()));
    }
    let known: Vec<&str> = KNOWN.iter().map(|(known, _)| *known).collect();
    Err(BadTemplate {
        found: format!("{{{name}}}"),
        hint: format!(
            "the placeholders are {} and event.data.MEMBER?",
            known.join(", ")
        ),
    })
}

impl Place {
    /// The value as JSON; `None` where it is missing and is left out.
    pub(crate) fn json<'a>(&self, message: &Message<'a>) -> Option<Cow<'a, [u8]>> {
        Some(match self {
            Self::EventData => Cow::Borrowed(message.data),
            Self::EventMember(name) => Cow::Borrowed(pick(message.data, name)?),
            Self::EventSubject => Cow::Borrowed(message.subject.unwrap_or(b"{}")),
            Self::Livemode => Cow::Borrowed(if message.livemode {
                b"true" as &[u8]
            } else {
                b"false"
            }),
            Self::EventTimeUnix | Self::EventTimeUnixMs | Self::EventTimeUnixFloat => {
                Cow::Owned(self.text(message)?.into_owned())
            }
            _ => {
                let text = self.text(message)?;
                let mut quoted = Vec::with_capacity(text.len() + 2);
                quoted.push(b'"');
                escape(&mut quoted, &text);
                quoted.push(b'"');
                Cow::Owned(quoted)
            }
        })
    }

    /// The value as text. `None` for what has none: raw JSON that is missing, and what only a
    /// signature knows.
    pub(crate) fn text<'a>(&self, message: &Message<'a>) -> Option<Cow<'a, [u8]>> {
        let mut out = Vec::new();
        match self {
            Self::EventId => return Some(Cow::Borrowed(message.event_id.as_bytes())),
            Self::EventType => return Some(Cow::Borrowed(message.event_type.as_bytes())),
            Self::EndpointId => return Some(Cow::Borrowed(message.endpoint_id.as_bytes())),
            Self::Url => return Some(Cow::Borrowed(message.endpoint_url.as_bytes())),
            Self::Method => return Some(Cow::Borrowed(b"POST")),
            Self::EventData | Self::EventMember(_) | Self::EventSubject | Self::Livemode => {
                return self.json(message);
            }
            Self::EventTimeUnix => {
                out.extend_from_slice(
                    message
                        .event_time_ms
                        .div_euclid(1000)
                        .to_string()
                        .as_bytes(),
                );
            }
            Self::EventTimeUnixMs => {
                out.extend_from_slice(message.event_time_ms.to_string().as_bytes());
            }
            Self::EventTimeUnixFloat => timestamp::unix_float(&mut out, message.event_time_ms),
            Self::EventTimeRfc3339 => timestamp::rfc3339(&mut out, message.event_time_ms),
            Self::EventTimeRfc3339Ms => timestamp::rfc3339_ms(&mut out, message.event_time_ms),
            Self::EventTrace => match message.trace {
                Some(trace) => return Some(Cow::Borrowed(trace.as_bytes())),
                // The same at each attempt of the event, and no two events share it.
                None => {
                    let hash = digest(&SHA256, message.event_id.as_bytes());
                    out.extend_from_slice(hex::encode(&hash.as_ref()[..16]).as_bytes());
                }
            },
            Self::Nonce => out.extend_from_slice(uuid(message.nonce).as_bytes()),
            Self::Timestamp | Self::Body | Self::Signature => return None,
        }
        Some(Cow::Owned(out))
    }
}

/// Writes a template as text. What has no value is left out.
pub(crate) fn write(out: &mut Vec<u8>, pieces: &[Piece], message: &Message<'_>) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
            Piece::Place(place) => {
                if let Some(value) = place.text(message) {
                    out.extend_from_slice(&value);
                }
            }
        }
    }
}

/// Writes text as the inside of a JSON string.
pub(crate) fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    if text.iter().all(plain) {
        out.extend_from_slice(text);
        return;
    }
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte if *byte < 0x20 => {
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
            }
            byte => out.push(*byte),
        }
    }
}

/// Sixteen random bytes as a version 4 UUID.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hex::encode(bytes);
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_placeholder_is_named_with_the_known_ones() {
        let error = parse("a{event.ide}").expect_err("unknown");
        assert_eq!(error.found, "{event.ide}");
        assert!(error.hint.contains("event.id"), "{}", error.hint);
        assert!(parse("{event.id").is_err());
    }

    #[test]
    fn a_nonce_is_a_version_4_uuid() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
