//! Code that checks a format's webhooks, to paste into a receiver: made from the profile.
//!
//! One template for each language in `receiver_code/templates`; `fill.rs` says how they are written.
//! To add a language: its template, its [`Language`], its row of expressions in `syntax.rs`, and how
//! the tests run it.

mod fill;
mod syntax;

use crate::envelope::Node;
use crate::explain::signs_url;
use crate::profile::{
    Acknowledge, Algorithm, KeyEncoding, Profile, SignatureEncoding, SignatureScheme,
    TimestampFormat,
};
use crate::template::{Piece, Place};
use fill::{Blanks, fill};
pub use syntax::Language;
use syntax::{Part, Step};

/// What a receiver holds to check with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The endpoint's secret, which both sides know.
    Secret,
    /// The public half of an ed25519 key.
    PublicKey,
    /// Nothing: a plain digest shows damage only.
    Nothing,
}

impl Proof {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::PublicKey => "public_key",
            Self::Nothing => "nothing",
        }
    }
}

/// What receivers of this format may check with, the usual first. Empty where it signs nothing.
#[must_use]
pub fn proofs(profile: &Profile) -> Vec<Proof> {
    let all = [Proof::Secret, Proof::PublicKey, Proof::Nothing];
    let has = |proof: &Proof| scheme(profile, *proof).is_some();
    all.into_iter().filter(has).collect()
}

/// The code of a receiver in this language; `None` where the format has no such signatures.
#[must_use]
pub fn receiver_code(profile: &Profile, language: Language, proof: Proof) -> Option<String> {
    let scheme = scheme(profile, proof)?;
    let blanks = blanks(profile, scheme, language, proof);
    Some(fill(language.template(), &blanks))
}

/// The signature of this kind in the header that receivers look at.
fn scheme(profile: &Profile, proof: Proof) -> Option<&SignatureScheme> {
    let first = profile.signatures.first()?;
    let is_hmac = |algorithm| {
        matches!(
            algorithm,
            Algorithm::HmacSha1 | Algorithm::HmacSha256 | Algorithm::HmacSha512
        )
    };
    let fits = |scheme: &&SignatureScheme| match proof {
        Proof::Secret => is_hmac(scheme.algorithm),
        Proof::PublicKey => scheme.algorithm == Algorithm::Ed25519,
        Proof::Nothing => {
            scheme.algorithm == Algorithm::Sha256
                || scheme.when_no_secret == Some(Algorithm::Sha256)
        }
    };
    let own = profile.signatures.iter();
    own.filter(|scheme| scheme.header == first.header)
        .find(fits)
}

fn blanks(profile: &Profile, scheme: &SignatureScheme, language: Language, proof: Proof) -> Blanks {
    let mut blanks = Blanks::default();
    let lower = |name: &http::HeaderName| language.quoted(name.as_str());
    let spelled = |name: &http::HeaderName| {
        let spelling = profile.spelling(name.as_str());
        language.quoted(spelling.unwrap_or(name.as_str()))
    };
    blanks.put("title", words(&profile.title));
    blanks.put("header", spelled(&scheme.header));
    blanks.put("header_lower", lower(&scheme.header));
    blanks.flag("hmac", proof == Proof::Secret);
    blanks.flag("ed25519", proof == Proof::PublicKey);
    blanks.flag("digest", proof == Proof::Nothing);
    time(&mut blanks, profile, language);
    id(&mut blanks, profile, scheme, language);
    signature(&mut blanks, scheme, language, proof);
    key(&mut blanks, profile, scheme, language, proof);
    blanks.put(
        "acknowledged",
        match &profile.acknowledge {
            Acknowledge::Success2xx => "any 2xx".to_owned(),
            Acknowledge::Codes(codes) => {
                let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
                codes.join(" or ")
            }
        },
    );
    blanks
}

/// A title as it may stand in a comment of any language.
fn words(title: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || " -_.,()".contains(letter);
    title.chars().filter(|letter| plain(*letter)).collect()
}

fn time(blanks: &mut Blanks, profile: &Profile, language: Language) {
    let rule = profile.timestamp.as_ref();
    let lead = profile
        .signatures
        .first()
        .map(|first| literal(&first.lead, true));
    let header = rule.and_then(|rule| rule.header.as_ref());
    blanks.flag("stamp", rule.is_some());
    blanks.flag("stamp_header", header.is_some());
    blanks.flag("stamp_list", rule.is_some() && header.is_none());
    let format = rule.map(|rule| rule.format);
    blanks.flag("unix", format == Some(TimestampFormat::Unix));
    blanks.flag("unix_ms", format == Some(TimestampFormat::UnixMs));
    blanks.flag("rfc3339", format == Some(TimestampFormat::Rfc3339));
    blanks.put(
        "tolerance",
        rule.map_or(0, |rule| rule.tolerance_s).to_string(),
    );
    if let Some(name) = header {
        let spelling = profile.spelling(name.as_str()).unwrap_or(name.as_str());
        blanks.put("stamp_header", language.quoted(spelling));
        blanks.put("stamp_header_lower", language.quoted(name.as_str()));
    }
    let lead = lead.unwrap_or_default();
    blanks.put("lead_len", language.length(&lead));
    blanks.put("lead", language.quoted(&lead));
    let crates = |needed: bool, name: &str| {
        if needed {
            format!(" {name}")
        } else {
            String::new()
        }
    };
    let needs_time = format == Some(TimestampFormat::Rfc3339);
    blanks.put(
        "time_crate",
        crates(needs_time, "time --features time/parsing"),
    );
}

/// Where the message's id is: in a header, in the body, or nowhere.
fn id(blanks: &mut Blanks, profile: &Profile, scheme: &SignatureScheme, language: Language) {
    let header = profile.id_header();
    let signed = scheme.content.contains(&Piece::Place(Place::EventId));
    // The body is always signed. A header is only where the content names it: what is not signed
    // anybody could change to have a message taken for a new one.
    let path = path(&profile.envelope).filter(|_| !signed);
    blanks.flag("id_header", header.is_some());
    blanks.flag("id_path", path.is_some());
    blanks.flag("no_id", header.is_none() && path.is_none());
    blanks.flag("id_from_header", header.is_some() && path.is_none());
    blanks.flag("unused_id", header.is_some() && !signed);
    let crates = if path.is_some() { " serde_json" } else { "" };
    blanks.put("id_crate", crates.to_owned());
    if let Some(name) = header {
        let spelling = profile.spelling(name.as_str()).unwrap_or(name.as_str());
        blanks.put("id_header", language.quoted(spelling));
        blanks.put("id_header_lower", language.quoted(name.as_str()));
    }
    blanks.put("id_path", language.path(&path.unwrap_or_default()));
}

fn signature(blanks: &mut Blanks, scheme: &SignatureScheme, language: Language, proof: Proof) {
    let at = |piece: &Piece| matches!(piece, Piece::Place(Place::Signature));
    let place = scheme.format.iter().position(at).unwrap_or(0);
    let prefix = literal(&scheme.format[..place], false);
    let suffix = literal(&scheme.format[place + 1..], false);
    blanks.flag("affix", !prefix.is_empty() || !suffix.is_empty());
    blanks.flag("suffix", !suffix.is_empty());
    blanks.put("prefix_len", language.length(&prefix));
    blanks.put("suffix_len", language.length(&suffix));
    blanks.put("affix_len", language.length(&format!("{prefix}{suffix}")));
    blanks.put("prefix", language.quoted(&prefix));
    blanks.put("suffix", language.quoted(&suffix));
    blanks.flag("list", scheme.separator.is_some());
    let separator = scheme.separator.as_deref().unwrap_or_default();
    blanks.put("separator", language.quoted(separator));
    let encoding = scheme.encoding;
    let is_hex = matches!(
        encoding,
        SignatureEncoding::Hex | SignatureEncoding::HexUpper
    );
    blanks.flag("sig_hex", is_hex);
    blanks.flag("sig_hex_upper", encoding == SignatureEncoding::HexUpper);
    blanks.flag("sig_base64", encoding == SignatureEncoding::Base64);
    blanks.flag("sig_base64url", encoding == SignatureEncoding::Base64url);
    let upper = encoding == SignatureEncoding::HexUpper;
    blanks.put(
        "upper",
        if upper { ".toUpperCase()" } else { "" }.to_owned(),
    );
    blanks.put("encoding", syntax::encoding_word(encoding).to_owned());
    blanks.put("encode", language.encode(encoding).to_owned());
    blanks.put("decode", language.decode(encoding).to_owned());
    blanks.put("hash", language.hash(scheme.algorithm).to_owned());
    let hashes = |algorithm| proof == Proof::Secret && scheme.algorithm == algorithm;
    blanks.flag("sha1", hashes(Algorithm::HmacSha1));
    blanks.flag(
        "sha256",
        hashes(Algorithm::HmacSha256) || proof == Proof::Nothing,
    );
    blanks.flag("sha512", hashes(Algorithm::HmacSha512));
    let parts: Vec<Part<'_>> = scheme.content.iter().filter_map(part).collect();
    blanks.flag("two_parts", parts.len() > 1);
    blanks.flag("url", signs_url(scheme) || parts.contains(&Part::Method));
    blanks.put("content", language.content(&parts));
}

fn part(piece: &Piece) -> Option<Part<'_>> {
    Some(match piece {
        Piece::Text(text) => Part::Text(text),
        Piece::Place(Place::EventId) => Part::Id,
        Piece::Place(Place::Timestamp) => Part::Timestamp,
        Piece::Place(Place::Body) => Part::Body,
        Piece::Place(Place::Url) => Part::Url,
        Piece::Place(Place::Method) => Part::Method,
        // A profile's check lets no others in.
        Piece::Place(_) => return None,
    })
}

fn key(
    blanks: &mut Blanks,
    profile: &Profile,
    scheme: &SignatureScheme,
    language: Language,
    proof: Proof,
) {
    let keyed = proof != Proof::Nothing;
    let encoding = scheme.key_encoding;
    blanks.flag("key_raw", keyed && encoding == KeyEncoding::Raw);
    blanks.flag("key_base64", keyed && encoding == KeyEncoding::Base64);
    blanks.flag("key_hex", keyed && encoding == KeyEncoding::Hex);
    let word = match encoding {
        KeyEncoding::Raw => "latin1",
        KeyEncoding::Base64 => "base64",
        KeyEncoding::Hex => "hex",
    };
    blanks.put("key_encoding", word.to_owned());
    let prefix = match proof {
        Proof::PublicKey => scheme.public_key_prefix.as_deref().unwrap_or_default(),
        _ => scheme
            .key_prefix
            .as_deref()
            .unwrap_or(&profile.secret.prefix),
    };
    blanks.flag("key_prefix", !prefix.is_empty());
    blanks.flag(
        "cut_prefix",
        keyed && !prefix.is_empty() && encoding != KeyEncoding::Raw,
    );
    blanks.put("key_prefix_len", language.length(prefix));
    blanks.put("key_prefix", language.quoted(prefix));
}

/// The fixed text of a template; of a lead, what stands before the timestamp.
fn literal(pieces: &[Piece], until_place: bool) -> String {
    let texts = pieces.iter().map_while(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        Piece::Place(_) => (!until_place).then_some(""),
    });
    texts.collect()
}

/// Where the envelope holds the event's id.
fn path(node: &Node) -> Option<Vec<Step>> {
    let below = |step: Step, node: &Node| {
        let mut rest = path(node)?;
        rest.insert(0, step);
        Some(rest)
    };
    match node {
        Node::Value(Place::EventId) => Some(Vec::new()),
        Node::Object(entries) => entries.iter().find_map(|(key, node)| {
            let name = key.strip_suffix(b":")?;
            let name: String = serde_json::from_slice(name).ok()?;
            below(Step::Key(name), node)
        }),
        Node::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, node)| below(Step::Index(index), node))
        }
        Node::Constant(_) | Node::Value(_) | Node::Text(_) => None,
    }
}
