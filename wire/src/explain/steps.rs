//! The steps of a check, each with what it must be and what it is.

use super::content::template;
use super::{About, Checked, Given, Step};
use crate::key::VerifyingKey;
use crate::profile::{Algorithm, Profile, SignatureEncoding, SignatureScheme, TimestampFormat};
use crate::sign::{Content, encode};
use crate::template::{Piece, Place};
use crate::timestamp::{self, utc};
use crate::verify::{Received, SIGNATURES_MAX, VerifyError, checks, decode, signatures, stamp};

/// What is told of a signature header at most.
const VALUES_SHOWN: usize = 8;

pub(super) fn all(checked: &Checked<'_>, at: Option<i64>) -> Vec<Step> {
    let (profile, received) = (checked.profile, checked.received);
    let mut steps = headers(profile, received);
    let needs_url = || schemes(profile).any(|(_, scheme)| signs_url(scheme));
    if received.url.is_none() && !checked.verified && needs_url() {
        let detail = "The format signs the URL: give the one that the request was sent to.";
        steps.push(Step::new(About::Header, Some(false), detail).expected("the URL"));
    }
    steps.extend(time(profile, received, at));
    let given = checked.given.iter();
    steps.extend(given.map(|given| secret(profile, given)));
    if checked.given.is_empty() && !has_plain(profile, &[]) {
        let detail = "No secret was given: there is nothing to check the signature with.";
        steps.push(Step::new(About::Secret, Some(false), detail));
    }
    steps.extend(format(profile, received));
    steps.extend(signature(checked));
    steps
}

/// The headers that a receiver reads.
fn headers(profile: &Profile, received: &Received<'_>) -> Vec<Step> {
    let signature = profile.signatures.first().map(|scheme| &scheme.header);
    let stamp = profile
        .timestamp
        .as_ref()
        .and_then(|rule| rule.header.as_ref());
    let names = signature
        .into_iter()
        .chain(stamp)
        .chain(profile.id_header());
    names
        .map(|name| {
            let spelling = profile.spelling(name.as_str()).unwrap_or(name.as_str());
            let same = |(key, _): &&(&str, &[u8])| key.eq_ignore_ascii_case(name.as_str());
            let step = |passed, detail: &str| Step::new(About::Header, Some(passed), detail);
            let step = match (
                received.headers.iter().filter(same).count(),
                received.header(name),
            ) {
                (_, Ok(value)) => step(true, "The header is there.").found(value),
                (0, Err(_)) => step(false, "The header is missing."),
                (1, Err(_)) => step(false, "The header's value is not UTF-8."),
                (_, Err(_)) => step(
                    false,
                    "The header is there more than once: only one may be.",
                ),
            };
            step.expected(spelling)
        })
        .collect()
}

pub(crate) fn signs_url(scheme: &SignatureScheme) -> bool {
    scheme.content.contains(&Piece::Place(Place::Url))
}

/// The timestamp's text, if it is there; `None` where the format has none.
pub(super) fn stamp_text<'a>(
    profile: &'a Profile,
    received: &'a Received<'_>,
) -> Option<Result<&'a str, VerifyError>> {
    profile.timestamp.as_ref()?;
    let value = profile.signatures.first();
    let value = value.and_then(|scheme| received.header(&scheme.header).ok());
    stamp(profile, received, value.unwrap_or_default()).transpose()
}

/// When the request says that it was sent.
pub(super) fn sent_s(profile: &Profile, received: &Received<'_>) -> Option<i64> {
    let text = stamp_text(profile, received)?.ok()?;
    timestamp::read(text, profile.timestamp.as_ref()?.format)
}

fn time(profile: &Profile, received: &Received<'_>, at: Option<i64>) -> Option<Step> {
    let rule = profile.timestamp.as_ref()?;
    let form = match rule.format {
        TimestampFormat::Unix => "whole seconds since 1970, digits only",
        TimestampFormat::UnixMs => "milliseconds since 1970, digits only",
        TimestampFormat::Rfc3339 => "RFC 3339, as 2024-01-15T10:31:15.000Z",
    };
    let step = |passed, detail: String| Some(Step::new(About::Timestamp, passed, detail));
    let Some(Ok(text)) = stamp_text(profile, received) else {
        let detail = "There is no timestamp to read.".to_owned();
        return step(Some(false), detail).map(|step| step.expected(form));
    };
    let Some(sent) = timestamp::read(text, rule.format) else {
        let detail = "The timestamp cannot be read.".to_owned();
        return step(Some(false), detail).map(|step| step.expected(form).found(text));
    };
    let found = format!("{text} ({})", utc(sent.saturating_mul(1000)));
    let at = at.unwrap_or(sent);
    let away = sent.abs_diff(at);
    let tolerance = rule.tolerance_s.unsigned_abs();
    let side = if sent < at { "past" } else { "future" };
    let detail = match away {
        0 => "The timestamp is that of the moment it is held against.".to_owned(),
        away => format!("The timestamp lies {away} s in the {side}."),
    };
    let passed = away <= tolerance;
    step(Some(passed), detail).map(|step| {
        step.expected(format!(
            "within {tolerance} s of {}",
            utc(at.saturating_mul(1000))
        ))
        .found(found)
    })
}

fn secret(profile: &Profile, given: &Given<'_>) -> Step {
    match &given.error {
        Some(error) => Step::new(About::Secret, Some(false), sentence(&error.to_string())),
        None => {
            let detail = format!("It can be read as a key of {}.", profile.title);
            Step::new(About::Secret, Some(true), detail)
        }
    }
}

/// An error of several lines as sentences.
fn sentence(error: &str) -> String {
    let mut lines = error.lines().map(|line| {
        let line = line.strip_prefix("hint: ").unwrap_or(line);
        let mut letters = line.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), letters.as_str())
    });
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |all, line| format!("{all} {line}"))
}

/// The schemes that share the first one's header: those that a receiver looks for.
pub(super) fn schemes(profile: &Profile) -> impl Iterator<Item = (usize, &SignatureScheme)> {
    let first = profile.signatures.first();
    let own = profile.signatures.iter().enumerate();
    own.filter(move |(_, scheme)| first.is_some_and(|first| first.header == scheme.header))
}

const fn encoding_name(encoding: SignatureEncoding) -> &'static str {
    match encoding {
        SignatureEncoding::Hex => "lower-case hexadecimal",
        SignatureEncoding::HexUpper => "upper-case hexadecimal",
        SignatureEncoding::Base64 => "base64",
        SignatureEncoding::Base64url => "URL-safe base64 without padding",
    }
}

fn format(profile: &Profile, received: &Received<'_>) -> Option<Step> {
    let first = profile.signatures.first()?;
    let expected: Vec<String> = schemes(profile)
        .map(|(_, scheme)| {
            let between = match scheme.separator.as_deref() {
                Some(" ") => ", several with spaces between them".to_owned(),
                Some(separator) => format!(", several with \"{separator}\" between them"),
                None => String::new(),
            };
            let form = template(&scheme.format);
            format!("{form} in {}{between}", encoding_name(scheme.encoding))
        })
        .collect();
    let expected = expected.join("; or ");
    let Ok(value) = received.header(&first.header) else {
        let detail = "There is no signature to look at.";
        return Some(Step::new(About::SignatureFormat, None, detail).expected(expected));
    };
    let known: Vec<(&SignatureScheme, &str)> = schemes(profile)
        .flat_map(|(_, scheme)| signatures(scheme, value).map(move |text| (scheme, text)))
        .collect();
    let readable = |(scheme, text): &&(&SignatureScheme, &str)| {
        let length = match scheme.algorithm {
            Algorithm::HmacSha1 => 20,
            Algorithm::HmacSha256 | Algorithm::Sha256 => 32,
            Algorithm::HmacSha512 | Algorithm::Ed25519 => 64,
        };
        decode(scheme.encoding, text).is_some_and(|bytes| bytes.len() == length)
    };
    let (passed, detail) = match (known.len(), known.iter().filter(readable).count()) {
        (0, _) => (
            false,
            "The header holds no signature of this form.".to_owned(),
        ),
        (_, 0) => (
            false,
            "What stands there is no signature of the right length in the right encoding."
                .to_owned(),
        ),
        (1, _) => (true, "The header holds a signature.".to_owned()),
        (_, count) => (true, format!("The header holds {count} signatures.")),
    };
    let step = Step::new(About::SignatureFormat, Some(passed), detail);
    Some(step.expected(expected).found(value))
}

fn has_plain(profile: &Profile, keys: &[VerifyingKey]) -> bool {
    schemes(profile).any(|(_, scheme)| {
        scheme.algorithm == Algorithm::Sha256
            || (keys.is_empty() && scheme.when_no_secret == Some(Algorithm::Sha256))
    })
}

/// What the signature must be, by every key, against those that are there.
fn signature(checked: &Checked<'_>) -> Option<Step> {
    let (profile, received, keys) = (checked.profile, checked.received, checked.keys);
    let first = profile.signatures.first()?;
    let cannot = |why: &str| Some(Step::new(About::Signature, None, why));
    let (Some(content), Ok(value)) = (checked.content, received.header(&first.header)) else {
        return cannot("It cannot be checked: a step before it failed.");
    };
    let none_decodes = keys.is_empty() && !checked.given.is_empty();
    if none_decodes || (keys.is_empty() && !has_plain(profile, keys)) {
        return cannot("It cannot be checked without a secret.");
    }
    let (mut expected, mut found, mut matched) = (Vec::new(), Vec::new(), false);
    for (place, scheme) in schemes(profile) {
        if signs_url(scheme) && received.url.is_none() {
            break;
        }
        let checks = checks(scheme, place, keys, content);
        expected.extend(checks.iter().map(|check| check.expected().to_owned()));
        for text in signatures(scheme, value).take(SIGNATURES_MAX) {
            found.push(text);
            matched |= checks.iter().any(|check| check.matches(scheme, text));
        }
    }
    expected.dedup();
    expected.truncate(VALUES_SHOWN);
    let detail = match (matched, found.len()) {
        (true, _) => "The signature is the one that the secret makes of the content.",
        (false, 0) => "There is none of a kind that the secret could have made.",
        (false, 1) => "The signature is not the one that the secret makes of the content.",
        (false, _) => "None of the signatures is one that a secret makes of the content.",
    };
    found.truncate(VALUES_SHOWN);
    let step = Step::new(About::Signature, Some(matched), detail);
    Some(step.expected(expected.join(" or ")).found(found.join(", ")))
}

/// A signature of these bytes in the scheme's encoding.
pub(super) fn hmac_text(scheme: &SignatureScheme, key: &[u8], content: &Content<'_>) -> String {
    let algorithm = crate::key::hmac_of(scheme.algorithm);
    let key = ring::hmac::Key::new(algorithm, key);
    encode(scheme.encoding, content.hmac(scheme, &key).as_ref())
}
