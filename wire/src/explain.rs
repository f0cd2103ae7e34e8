//! Why does a request verify, or not? The same check as [`verify`](crate::verify), step by step, for
//! people.

mod content;
mod hints;
mod steps;

use crate::key::{SecretError, VerifyingKey, verifying_key};
use crate::profile::Profile;
use crate::sign::Content;
use crate::verify::{Received, VerifyError, stamp, verify};

pub use content::SignedContent;
pub use hints::COMMON_CAUSES;
pub(crate) use steps::signs_url;

/// What became of a request's check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether a receiver accepts the request: exactly where [`verify`] does.
    pub verified: bool,
    /// What was looked at, in the order in which a receiver does.
    pub steps: Vec<Step>,
    /// What the signature is over; `None` where it cannot be known.
    pub signed_content: Option<SignedContent>,
    /// What may be wrong and what to do, the likeliest first.
    pub hints: Vec<String>,
}

/// One step of the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is looked at.
    pub about: About,
    /// Whether it is as it must be; `None` where a step before it left nothing to look at.
    pub passed: Option<bool>,
    /// In words.
    pub detail: String,
    /// What it must be, where one can say.
    pub expected: Option<String>,
    /// What it is.
    pub found: Option<String>,
}

/// What a step looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A header that the format needs.
    Header,
    /// The time that is sent.
    Timestamp,
    /// A secret, or a public key.
    Secret,
    /// How the signature is written.
    SignatureFormat,
    /// The signature itself.
    Signature,
}

impl About {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Timestamp => "timestamp",
            Self::Secret => "secret",
            Self::SignatureFormat => "signature_format",
            Self::Signature => "signature",
        }
    }
}

impl Step {
    fn new(about: About, passed: Option<bool>, detail: impl Into<String>) -> Self {
        Self {
            about,
            passed,
            detail: detail.into(),
            expected: None,
            found: None,
        }
    }

    fn expected(self, text: impl Into<String>) -> Self {
        Self {
            expected: Some(text.into()),
            ..self
        }
    }

    fn found(self, text: impl Into<String>) -> Self {
        Self {
            found: Some(text.into()),
            ..self
        }
    }
}

/// A secret as it was given, and why it is none.
struct Given<'a> {
    secret: &'a str,
    error: Option<SecretError>,
}

/// A request with all that its check is made of.
struct Checked<'a> {
    profile: &'a Profile,
    received: &'a Received<'a>,
    given: &'a [Given<'a>],
    keys: &'a [VerifyingKey],
    content: Option<&'a Content<'a>>,
    verified: bool,
}

/// Checks a request against a profile with any of `secrets`, as a receiver does at `now_s`, and tells
/// each step. Without `now_s` it does not matter how old the request is.
#[must_use]
pub fn explain<'a>(
    profile: &Profile,
    received: &Received<'_>,
    secrets: &[&'a str],
    now_s: Option<i64>,
) -> Explanation {
    let mut keys: Vec<VerifyingKey> = Vec::new();
    let read = |secret: &&'a str| {
        let error = match verifying_key(profile, secret) {
            Ok(key) => {
                keys.push(key);
                None
            }
            Err(error) => Some(error),
        };
        Given { secret, error }
    };
    let given: Vec<Given<'a>> = secrets.iter().map(read).collect();
    let content = content(profile, received);
    let at = now_s.or_else(|| steps::sent_s(profile, received));
    // Secrets that are none must not pass as "no secret", for which a format may allow a digest.
    let usable = secrets.is_empty() || !keys.is_empty();
    let result = match usable {
        true => verify(profile, received, &keys, at.unwrap_or_default()),
        false => Err(VerifyError::NoKey),
    };
    let verified = result.is_ok();
    let checked = Checked {
        profile,
        received,
        given: &given,
        keys: &keys,
        content: content.as_ref(),
        verified,
    };
    let steps = steps::all(&checked, at);
    let hints = match verified {
        true => Vec::new(),
        false => hints::all(&checked, now_s),
    };
    Explanation {
        verified,
        steps,
        signed_content: content.as_ref().and_then(|content| {
            let scheme = profile.signatures.first()?;
            let known = received.url.is_some() || !steps::signs_url(scheme);
            known.then(|| SignedContent::new(scheme, content))
        }),
        hints,
    }
}

/// Whether this secret made a signature of the request, however old the request is.
#[must_use]
pub fn is_signed_with(profile: &Profile, received: &Received<'_>, secret: &str) -> bool {
    let at = steps::sent_s(profile, received).unwrap_or_default();
    let key = verifying_key(profile, secret).ok();
    key.is_some_and(|key| verify(profile, received, &[key], at).is_ok())
}

/// What is signed, as far as the request carries it.
fn content<'a>(profile: &'a Profile, received: &'a Received<'_>) -> Option<Content<'a>> {
    let scheme = profile.signatures.first()?;
    let value = received.header(&scheme.header).unwrap_or_default();
    let stamp = stamp(profile, received, value).ok()?;
    let id = profile.id_header().map(|name| received.header(name));
    let id = id.transpose().ok()?;
    Some(Content {
        message_id: id.unwrap_or_default().as_bytes(),
        timestamp: stamp.unwrap_or_default().as_bytes(),
        url: received.url.unwrap_or_default().as_bytes(),
        method: received.method.as_bytes(),
        body: received.body,
    })
}
