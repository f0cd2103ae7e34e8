//! What the keys of a profile file must say together, so that what is sent can be verified.

use http::{HeaderName, HeaderValue, header};

use super::read::Source;
use super::{Algorithm, Profile, ProfileError, Retry, SignatureScheme};
use crate::key::{new_secret, signing_key};
use crate::template::{Piece, Place};

/// Set by the sender or by the connection, never by a profile.
const RESERVED: &[HeaderName] = &[
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

type Checked = Result<(), ProfileError>;

/// Refuses a profile whose parts do not fit each other.
pub(super) fn check(source: &Source<'_>, profile: &Profile) -> Checked {
    names(source, profile)?;
    limits(source, profile)?;
    headers(source, profile)?;
    shared(source, profile)?;
    for scheme in &profile.signatures {
        pieces(source, scheme)?;
        sent(source, profile, scheme)?;
    }
    secrets(source, profile)
}

fn names(source: &Source<'_>, profile: &Profile) -> Checked {
    if profile.name.is_empty() {
        let hint = "projects choose the profile by it";
        return Err(source.error("name", "name", "is empty", hint));
    }
    if profile.ids.event.contains('.') {
        let hint = "signed content is divided by dots: ids carry none";
        return Err(source.error("ids.event", &profile.ids.event, "has a dot", hint));
    }
    Ok(())
}

fn limits(source: &Source<'_>, profile: &Profile) -> Checked {
    if profile.timeout_ms == 0 {
        let hint = "30000 is the default";
        return Err(source.error("timeout_ms", "", "leaves no time at all", hint));
    }
    if profile.timestamp.iter().any(|rule| rule.tolerance_s <= 0) {
        let (problem, hint) = ("lets no request in", "300 is the default");
        return Err(source.error("timestamp.tolerance_s", "", problem, hint));
    }
    if let Retry::Exponential {
        multiplier,
        max_attempts,
        ..
    } = profile.retry.plan
    {
        if !(1.0..=100.0).contains(&multiplier) {
            let hint = "each gap is this many times the one before: 1 to 100";
            return Err(source.error("retry.multiplier", "", "is no factor of 1 to 100", hint));
        }
        if max_attempts == 0 {
            let hint = "the first attempt counts: 1 is no retry";
            return Err(source.error("retry.max_attempts", "", "allows no attempt", hint));
        }
    }
    Ok(())
}

/// One header, one rule; and its fixed text must be fit for a header.
fn headers(source: &Source<'_>, profile: &Profile) -> Checked {
    let own = profile.headers.iter().map(|rule| &rule.name);
    let timestamp = profile.timestamp.iter();
    let timestamp = timestamp.filter_map(|rule| rule.header.as_ref());
    let mut seen = vec![header::CONTENT_TYPE];
    let mut signed: Vec<&HeaderName> = Vec::new();
    for scheme in &profile.signatures {
        if !signed.contains(&&scheme.header) {
            signed.push(&scheme.header);
        }
    }
    for name in own.chain(timestamp).chain(signed) {
        let spelling = profile.spelling(name.as_str()).unwrap_or(name.as_str());
        if RESERVED.contains(name) {
            let hint = "the connection sets it";
            return Err(source.error("headers", spelling, "is not a profile's to set", hint));
        }
        if seen.contains(name) {
            let hint = "content_type, [headers], [timestamp] and [[signature]] each have their own";
            return Err(source.error("headers", spelling, "sets one header twice", hint));
        }
        seen.push(name.clone());
    }
    for rule in &profile.headers {
        let key = format!("headers.{}", rule.spelling);
        let signed_only =
            |place: &Place| !matches!(place, Place::Timestamp | Place::Body | Place::Signature);
        only(source, &key, &rule.value, &signed_only)?;
        header_text(source, &key, &rule.value)?;
    }
    Ok(())
}

fn header_text(source: &Source<'_>, key: &str, pieces: &[Piece]) -> Checked {
    for piece in pieces {
        if let Piece::Text(text) = piece
            && HeaderValue::from_str(text).is_err()
        {
            let hint = "visible ASCII characters and spaces";
            return Err(source.error(key, "", "holds what no header can carry", hint));
        }
    }
    Ok(())
}

/// Signatures may share a header where the same separator divides them.
fn shared(source: &Source<'_>, profile: &Profile) -> Checked {
    for (place, scheme) in profile.signatures.iter().enumerate() {
        let mut before = profile.signatures[..place].iter();
        let other = before.find(|known| known.header == scheme.header);
        let divided = scheme.separator.is_some();
        if other.is_some_and(|known| !divided || known.separator != scheme.separator) {
            let problem = "shares its header without the same separator";
            let hint = "give both signatures one separator, such as \" \"";
            return Err(source.error("signature.separator", &scheme.spelling, problem, hint));
        }
    }
    Ok(())
}

/// Placeholders that would stand for nothing are refused, not left out.
fn only(
    source: &Source<'_>,
    key: &str,
    pieces: &[Piece],
    allowed: &dyn Fn(&Place) -> bool,
) -> Checked {
    let wrong = |piece: &&Piece| matches!(piece, Piece::Place(place) if !allowed(place));
    if pieces.iter().any(|piece| wrong(&piece)) {
        let problem = "holds a placeholder that has no value here";
        let hint = "content takes {message.id}, {timestamp}, {body}, {url} and {method}; \
                    format takes {signature}, lead takes {timestamp}, headers take the others";
        return Err(source.error(key, "", problem, hint));
    }
    Ok(())
}

fn pieces(source: &Source<'_>, scheme: &SignatureScheme) -> Checked {
    let signable = |place: &Place| {
        matches!(
            place,
            Place::EventId | Place::Timestamp | Place::Body | Place::Url | Place::Method
        )
    };
    only(source, "signature.content", &scheme.content, &signable)?;
    let signature = |place: &Place| *place == Place::Signature;
    only(source, "signature.format", &scheme.format, &signature)?;
    let timestamp = |place: &Place| *place == Place::Timestamp;
    only(source, "signature.lead", &scheme.lead, &timestamp)?;
    header_text(source, "signature.format", &scheme.format)?;
    header_text(source, "signature.lead", &scheme.lead)?;
    let places = |piece: &&Piece| matches!(piece, Piece::Place(_));
    if scheme.format.iter().filter(places).count() != 1 {
        let (problem, hint) = ("must hold {signature} once", "as in \"v1,{signature}\"");
        return Err(source.error("signature.format", "", problem, hint));
    }
    if !has(&scheme.content, &Place::Body) {
        let (problem, hint) = ("does not sign the body", "as in \"{timestamp}.{body}\"");
        return Err(source.error("signature.content", "", problem, hint));
    }
    if scheme.separator.as_deref() == Some("") {
        let (problem, hint) = ("is empty", "leave it out where one signature is sent");
        return Err(source.error("signature.separator", "", problem, hint));
    }
    if !scheme.lead.is_empty() && scheme.separator.is_none() {
        let (problem, hint) = ("stands before nothing", "add the separator, such as \",\"");
        return Err(source.error("signature.lead", "", problem, hint));
    }
    match scheme.when_no_secret {
        None | Some(Algorithm::Sha256) => Ok(()),
        Some(_) => {
            let (problem, hint) = (
                "needs a secret itself",
                "\"sha256\" is the one that does not",
            );
            Err(source.error("signature.when_no_secret", "", problem, hint))
        }
    }
}

fn has(pieces: &[Piece], place: &Place) -> bool {
    pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Place(found) if found == place))
}

/// What is signed must reach the receiver.
fn sent(source: &Source<'_>, profile: &Profile, scheme: &SignatureScheme) -> Checked {
    let first = &profile.signatures[0];
    let stamped = match &profile.timestamp {
        None => false,
        Some(rule) => rule.header.is_some() || has(&first.lead, &Place::Timestamp),
    };
    let needed = has(&scheme.content, &Place::Timestamp) || has(&scheme.lead, &Place::Timestamp);
    if needed && !stamped {
        let hint = "add a [timestamp] table with its header, or a lead that holds {timestamp}";
        let problem = "signs a timestamp that is not sent";
        return Err(source.error("signature.content", "{timestamp}", problem, hint));
    }
    if has(&scheme.content, &Place::EventId) && profile.id_header().is_none() {
        let hint = "give a header the value \"{event.id}\"";
        let problem = "signs an id that is not sent";
        return Err(source.error("signature.content", "", problem, hint));
    }
    Ok(())
}

/// A secret that the profile makes must be one that it takes, and never a trivial one.
fn secrets(source: &Source<'_>, profile: &Profile) -> Checked {
    let rule = &profile.secret;
    if rule.bytes_min == 0 || !(16..=64).contains(&rule.bytes) {
        let hint = "bytes is what chance fills, 16 to 64; bytes_min is 1 or more";
        return Err(source.error("secret", "bytes", "makes secrets that can be guessed", hint));
    }
    let made = new_secret(profile, &[7; 64]);
    signing_key(profile, &made).map_err(|error| {
        let problem = format!("makes secrets that it refuses: {error}");
        let hint = "prefix, encoding and bytes must be those of the first signature";
        source.error("secret", "secret", problem, hint)
    })?;
    Ok(())
}
