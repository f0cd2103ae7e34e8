//! What may be wrong: the mistakes that people make, each tried.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::steps::{hmac_text, schemes, sent_s, stamp_text};
use super::{Checked, Given};
use crate::canonical::{CanonicalJson, canonicalise};
use crate::key::VerifyingKey;
use crate::profile::{Algorithm, Profile, SignatureScheme, TimestampFormat};
use crate::sign::Content;
use crate::verify::{Received, SIGNATURES_MAX, checks, decode, signatures};

/// The hint where none of the mistakes that are tried is the one.
pub const COMMON_CAUSES: &str = "Most often the secret is that of another endpoint or environment, or the body was parsed and written anew before it was checked: sign the bytes as they came in. During a rotation give both secrets.";

/// A text and how it is told.
type Variant<T> = (T, &'static str);

pub(super) fn all(checked: &Checked<'_>, now_s: Option<i64>) -> Vec<String> {
    let (profile, received) = (checked.profile, checked.received);
    let mut hints = Vec::new();
    hints.extend(time(profile, received, now_s));
    if let Some(content) = checked.content
        && let Some(first) = profile.signatures.first()
        && let Ok(value) = received.header(&first.header)
    {
        let keys = checked.keys;
        let asked = Asked {
            profile,
            value,
            keys,
        };
        if asked.matches(content) {
            hints.push("The signature itself is right: the secret and the body are those that were signed.".to_owned());
        } else {
            let body = asked.body(content);
            let other = body.or_else(|| asked.encoding(content));
            hints.extend(other.or_else(|| asked.secret(checked.given, content)));
        }
        if hints.is_empty() && content.body.is_empty() && asked.has_any() {
            hints.push("The body is empty: where the request had one, something read it before it was checked. Take the raw bytes before any parser does.".to_owned());
        }
        if hints.is_empty() && !keys.is_empty() && asked.has_any() {
            hints.push(COMMON_CAUSES.to_owned());
        }
    }
    hints
}

fn time(profile: &Profile, received: &Received<'_>, now_s: Option<i64>) -> Option<String> {
    let rule = profile.timestamp.as_ref()?;
    let text = stamp_text(profile, received)?.ok()?;
    let number = text.trim().parse::<i64>().ok();
    match (sent_s(profile, received), number) {
        (None, Some(_)) if text != text.trim() => {
            Some("There is white space around the timestamp.".to_owned())
        }
        (None, _) if rule.format != TimestampFormat::Rfc3339 => Some(
            "The timestamp must be a number: a date in words or with a fraction is refused."
                .to_owned(),
        ),
        (Some(sent), _) => {
            let now = now_s?;
            let tolerance = rule.tolerance_s.unsigned_abs();
            let near = |at: i64| at.abs_diff(now) <= 366 * 86_400;
            if sent.abs_diff(now) <= tolerance {
                return None;
            }
            if !near(sent) && near(sent / 1000) {
                return Some(
                    "The timestamp looks like milliseconds where the format has seconds."
                        .to_owned(),
                );
            }
            if !near(sent) && near(sent.saturating_mul(1000)) {
                return Some(
                    "The timestamp looks like seconds where the format has milliseconds."
                        .to_owned(),
                );
            }
            Some(match sent < now {
                true => format!("The request is older than a receiver allows ({tolerance} s): a request out of a log always is; a fresh one means that it waited, was replayed, or that a clock is wrong."),
                false => "The request comes from the future: the clock of the receiver or of the sender is wrong.".to_owned(),
            })
        }
        (None, _) => None,
    }
}

/// What is looked for: any of these signatures by any of these keys.
struct Asked<'a> {
    profile: &'a Profile,
    value: &'a str,
    keys: &'a [VerifyingKey],
}

impl Asked<'_> {
    fn has_any(&self) -> bool {
        schemes(self.profile).any(|(_, scheme)| signatures(scheme, self.value).next().is_some())
    }

    fn matches(&self, content: &Content<'_>) -> bool {
        schemes(self.profile).any(|(place, scheme)| {
            let checks = checks(scheme, place, self.keys, content);
            let mut all = signatures(scheme, self.value).take(SIGNATURES_MAX);
            all.any(|text| checks.iter().any(|check| check.matches(scheme, text)))
        })
    }

    /// A body that is the one that was signed but for white space, or another way to write JSON.
    fn body(&self, content: &Content<'_>) -> Option<String> {
        let fits = |(body, how): Variant<Vec<u8>>| {
            let other = Content {
                body: &body,
                ..*content
            };
            self.matches(&other).then(|| how.to_owned())
        };
        bodies(content.body).into_iter().find_map(fits)
    }

    /// A signature that is right and written in another encoding.
    fn encoding(&self, content: &Content<'_>) -> Option<String> {
        let fits = |(place, scheme): (usize, &SignatureScheme)| {
            let checks = checks(scheme, place, self.keys, content);
            let found = signatures(scheme, self.value).chain(loose(scheme, self.value));
            for text in found.take(SIGNATURES_MAX) {
                let same = |bytes: &Vec<u8>| {
                    let mut all = checks
                        .iter()
                        .map(|check| decode(scheme.encoding, check.expected()));
                    all.any(|expected| expected.as_ref() == Some(bytes))
                };
                if let Some((_, how)) = decodings(text).into_iter().find(|(bytes, _)| same(bytes)) {
                    return Some(format!(
                        "The signature is right but is not written as the format says: it stands there {how}. Look at what the sender or your own code writes around and how it encodes it."
                    ));
                }
            }
            None
        };
        schemes(self.profile).find_map(fits)
    }

    /// A secret that is the right one but is read in another way.
    fn secret(&self, given: &[Given<'_>], content: &Content<'_>) -> Option<String> {
        let hmac = |scheme: &SignatureScheme| {
            matches!(
                scheme.algorithm,
                Algorithm::HmacSha1 | Algorithm::HmacSha256 | Algorithm::HmacSha512
            )
        };
        for (_, scheme) in schemes(self.profile).filter(|(_, scheme)| hmac(scheme)) {
            let all: Vec<&str> = signatures(scheme, self.value).collect();
            for (key, how) in given
                .iter()
                .flat_map(|given| keys(self.profile, given.secret))
            {
                let expected = hmac_text(scheme, &key, content);
                if all.iter().any(|text| *text == expected) {
                    return Some(how.to_owned());
                }
            }
        }
        None
    }
}

/// Bodies that people have instead of the one that was sent.
fn bodies(body: &[u8]) -> Vec<Variant<Vec<u8>>> {
    let mut all = Vec::new();
    let trimmed = body.trim_ascii();
    if trimmed.len() < body.len() {
        let without_end = body.trim_ascii_end().to_vec();
        all.push((without_end, "The signature fits the body without the white space at its end: a line end was added on the way, by an editor or by pasting."));
        all.push((
            trimmed.to_vec(),
            "The signature fits the body without the white space around it.",
        ));
    }
    let newline = [body, b"\n"].concat();
    all.push((newline, "The signature fits the body with a line end after it: the body that was sent ends with one, which is missing here."));
    let without_cr: Vec<u8> = body.iter().copied().filter(|byte| *byte != b'\r').collect();
    if without_cr.len() < body.len() {
        all.push((
            without_cr,
            "The signature fits the body with plain line ends: CR LF took their place.",
        ));
    }
    all.extend(encoded(body));
    let forms = [
        CanonicalJson::Js,
        CanonicalJson::JsSorted,
        CanonicalJson::Jcs,
        CanonicalJson::Python,
        CanonicalJson::PythonSpaced,
    ];
    let written = "The signature fits the same JSON written in another way: the body was parsed and written anew before it was checked. Sign the raw bytes as they came in, before any parser sees them.";
    all.extend(
        forms
            .into_iter()
            .filter_map(|form| canonicalise(form, trimmed).ok())
            .map(|bytes| (bytes, written)),
    );
    all
}

/// The body, where what people have is another text that stands for it.
fn encoded(body: &[u8]) -> Vec<Variant<Vec<u8>>> {
    let mut all = Vec::new();
    let mut add = |bytes: Option<Vec<u8>>, how| all.extend(bytes.map(|bytes| (bytes, how)));
    let trimmed = body.trim_ascii();
    add(
        STANDARD
            .decode(trimmed)
            .ok()
            .filter(|bytes| !bytes.is_empty()),
        "The signature fits what the body stands for in base64: a gateway encoded it on the way. Decode it before it is checked.",
    );
    add(
        serde_json::from_slice::<String>(trimmed)
            .ok()
            .map(String::into_bytes),
        "The signature fits the text within this JSON string: the body was written as JSON once more, as logs do.",
    );
    add(
        body.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec),
        "The signature fits the body without the byte order mark at its beginning, which an editor or a decoder added.",
    );
    let latin1 = std::str::from_utf8(body)
        .ok()
        .filter(|text| !text.is_ascii());
    let latin1 = latin1.and_then(|text| {
        text.chars()
            .map(|letter| u8::try_from(letter).ok())
            .collect()
    });
    add(
        latin1,
        "The signature fits the body before it was read as Latin-1: it is UTF-8, and was decoded as something else. Sign the raw bytes.",
    );
    all
}

/// What stands in the header where its form is not the scheme's: the whole, and after a sign.
fn loose<'a>(scheme: &SignatureScheme, value: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
    let separator = scheme.separator.clone().unwrap_or_else(|| ",".to_owned());
    let items: Vec<&str> = value.split(separator.as_str()).map(str::trim).collect();
    let after = |item: &'a str| item.split_once(['=', ',']).map_or(item, |(_, rest)| rest);
    let rest: Vec<&str> = items.iter().map(|item| after(item)).collect();
    std::iter::once(value.trim()).chain(items).chain(rest)
}

fn decodings(text: &str) -> Vec<Variant<Vec<u8>>> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let how = match lower == text {
        true => "in lower-case hexadecimal",
        false => "in upper-case hexadecimal",
    };
    let all = [
        (hex::decode(&lower).ok(), how),
        (STANDARD.decode(text).ok(), "in base64"),
        (
            STANDARD_NO_PAD.decode(text).ok(),
            "in base64 without padding",
        ),
        (URL_SAFE.decode(text).ok(), "in URL-safe base64"),
        (
            URL_SAFE_NO_PAD.decode(text).ok(),
            "in URL-safe base64 without padding",
        ),
    ];
    let some = |(bytes, how): (Option<Vec<u8>>, &'static str)| Some((bytes?, how));
    all.into_iter().filter_map(some).collect()
}

/// Keys that people make of a secret instead of the right one.
fn keys(profile: &Profile, secret: &str) -> Vec<Variant<Vec<u8>>> {
    let trimmed = secret.trim().trim_matches(['"', '\'']);
    let own = profile.signatures.iter();
    let mut prefixes: Vec<&str> = own
        .filter_map(|scheme| scheme.key_prefix.as_deref())
        .chain([profile.secret.prefix.as_str(), "whsec_"])
        .collect();
    prefixes.retain(|prefix| !prefix.is_empty());
    let bare = prefixes
        .iter()
        .find_map(|prefix| trimmed.strip_prefix(prefix));
    let bare = bare.unwrap_or(trimmed);
    let decoded = |bytes: Option<Vec<u8>>| bytes.unwrap_or_default();
    let mut all = vec![
        (
            decoded(STANDARD.decode(bare).ok()),
            "The signature fits this secret read as base64: it was signed with the decoded bytes, where this format takes the secret another way.",
        ),
        (
            decoded(hex::decode(bare).ok()),
            "The signature fits this secret read as hexadecimal, where this format takes it another way.",
        ),
        (
            bare.as_bytes().to_vec(),
            "The signature fits the text of the secret without its prefix, where this format takes it another way.",
        ),
        (
            trimmed.as_bytes().to_vec(),
            "The signature fits the whole text of the secret, prefix included, where this format decodes it first; or there are quotes or white space around it.",
        ),
    ];
    for prefix in prefixes {
        let with = format!("{prefix}{bare}");
        all.push((with.into_bytes(), "The signature fits the secret with its prefix: the prefix is part of it and must not be cut off."));
        let spaced = format!("{prefix}{trimmed}");
        all.push((spaced.into_bytes(), "The signature fits the secret with its prefix: the prefix is part of it and must not be cut off."));
    }
    all.retain(|(key, _)| !key.is_empty());
    all
}
