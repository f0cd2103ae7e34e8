//! What a browser keeps between leaving for the issuer and coming back: which sign-in it began.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::fault::Fault;

const NAME: &str = "__Host-hookwright-sso";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";
/// How long a sign-in may take at the issuer, in seconds.
const SECONDS: u32 = 600;

/// A sign-in that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// Comes back in the address: the answer belongs to this browser.
    pub(super) state: String,
    /// Comes back in the token: the token was made for this sign-in.
    pub(super) nonce: String,
    /// What the code is redeemed with: nobody else can (RFC 7636).
    pub(super) verifier: String,
}

impl Begun {
    pub(super) fn new(random: &(dyn Fn() -> u128 + Send + Sync)) -> Self {
        Self {
            state: format!("{:032x}", random()),
            nonce: format!("{:032x}", random()),
            verifier: format!("{:032x}{:032x}", random(), random()),
        }
    }

    /// The header that has the browser keep it.
    pub(super) fn header(&self) -> Result<HeaderValue, Fault> {
        let Self {
            state,
            nonce,
            verifier,
        } = self;
        header(&format!("{state}.{nonce}.{verifier}"), SECONDS)
    }

    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(COOKIE).iter();
        let mut pairs = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'));
        let text = pairs.find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == NAME).then_some(value)
        })?;
        let mut parts = text.split('.').map(str::to_owned);
        let begun = Self {
            state: parts.next()?,
            nonce: parts.next()?,
            verifier: parts.next()?,
        };
        let is_whole = begun.state.len() == 32 && begun.nonce.len() == 32;
        (is_whole && begun.verifier.len() == 64).then_some(begun)
    }
}

/// The header that has the browser forget it: it is good once.
pub(super) fn clear() -> Result<HeaderValue, Fault> {
    header("", 0)
}

fn header(value: &str, seconds: u32) -> Result<HeaderValue, Fault> {
    let text = format!("{NAME}={value}; Max-Age={seconds}; {ATTRIBUTES}");
    HeaderValue::try_from(text).map_err(|error| Fault::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else_is() {
        let begun = Begun::new(&|| 7);
        let kept = begun.header().expect("a header");
        let kept = kept
            .to_str()
            .expect("text")
            .split(';')
            .next()
            .expect("a pair");
        let read = |cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(cookie).expect("a header"));
            Begun::read(&headers)
        };
        assert_eq!(read(&format!("a=b; {kept}; c=d")), Some(begun));
        assert_eq!(read(&format!("{NAME}=")), None);
        assert_eq!(read(&format!("{NAME}=a.b.c")), None);
        assert_eq!(read("a=b"), None);
    }
}
