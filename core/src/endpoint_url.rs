//! Is this a URL that an endpoint may have, and what is its canonical form?
//!
//! A URL is parsed once, here, and everyone after uses the canonical form, so that no two parts of
//! the system can read one text differently. What its host resolves to is judged elsewhere
//! ([`crate::address`]), on every attempt.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

use crate::limits::URL_CHARS_MAX;

/// A URL that an endpoint may have, in canonical form.
///
/// **Invariant:** http or https, with a host, without userinfo and fragment, and not on port 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndpointUrl(Url);

/// Why a text is no endpoint's URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointUrlError {
    /// The text, or its canonical form, is too long.
    #[error("the URL has {bytes} bytes; hint: use at most {URL_CHARS_MAX}")]
    TooLong {
        /// How many bytes it has; a canonical form has as many characters.
        bytes: usize,
    },
    /// The text is not an absolute URL.
    #[error("the URL cannot be read: {0}; hint: write it as \"https://example.com/path\"")]
    Unreadable(url::ParseError),
    /// The scheme is neither http nor https.
    #[error("the URL has the scheme \"{0}\"; hint: use \"https\"")]
    Scheme(String),
    /// The profile wants https.
    #[error("the URL is plain http, which this profile does not allow; hint: use \"https\"")]
    NotHttps,
    /// There is no host.
    #[error("the URL has no host; hint: write it as \"https://example.com/path\"")]
    NoHost,
    /// There is a user name or a password.
    #[error(
        "the URL carries a user name or password; \
         hint: send credentials in one of the endpoint's own headers"
    )]
    Userinfo,
    /// There is a fragment, which is never sent.
    #[error("the URL has a fragment; hint: leave out \"#\" and what follows it")]
    Fragment,
    /// The port is 0, to which nothing can connect.
    #[error("the URL has port 0; hint: leave the port out or use a real one")]
    PortZero,
}

/// Reads an endpoint's URL.
///
/// # Errors
/// When an endpoint may not have it; see [`EndpointUrlError`].
pub fn parse_endpoint_url(text: &str, https_only: bool) -> Result<EndpointUrl, EndpointUrlError> {
    check_length(text)?;
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::EmptyHost => EndpointUrlError::NoHost,
        other => EndpointUrlError::Unreadable(other),
    })?;
    check_scheme(&url, https_only)?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(EndpointUrlError::NoHost);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointUrlError::Userinfo);
    }
    if url.fragment().is_some() {
        return Err(EndpointUrlError::Fragment);
    }
    if url.port() == Some(0) {
        return Err(EndpointUrlError::PortZero);
    }
    // Percent-encoding can make the canonical form three times as long as the text.
    check_length(url.as_str())?;
    Ok(EndpointUrl(url))
}

fn check_length(text: &str) -> Result<(), EndpointUrlError> {
    let bytes = text.len();
    if bytes > URL_CHARS_MAX {
        return Err(EndpointUrlError::TooLong { bytes });
    }
    Ok(())
}

fn check_scheme(url: &Url, https_only: bool) -> Result<(), EndpointUrlError> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if https_only => Err(EndpointUrlError::NotHttps),
        "http" => Ok(()),
        other => Err(EndpointUrlError::Scheme(other.to_owned())),
    }
}

impl EndpointUrl {
    /// The canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the scheme is https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host as the URL spells it: lower case, IDNA in ASCII, IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host's address where the host is an address and not a name, so that it can be judged
    /// when the endpoint is made and not only when it is dialled.
    #[must_use]
    pub fn literal_ip(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        }
    }

    /// The port to connect to; the scheme's own where the URL names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0
            .port_or_known_default()
            .unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// The value of the `Host` header: the host, and the port unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority()
    }

    /// What stands in the request line: the path, and the query where there is one.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.0[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        parse_endpoint_url(text, false).unwrap().to_string()
    }

    fn refused(text: &str) -> EndpointUrlError {
        parse_endpoint_url(text, false).unwrap_err()
    }

    #[test]
    fn the_canonical_form_is_kept() {
        assert_eq!(canonical("HTTPS://Example.COM:443"), "https://example.com/");
        assert_eq!(
            canonical("http://example.com:80/a/../b?q=1"),
            "http://example.com/b?q=1"
        );
        assert_eq!(
            canonical("https://bücher.example/ä b"),
            "https://xn--bcher-kva.example/%C3%A4%20b"
        );
        assert_eq!(canonical("https://0x7f.1/"), "https://127.0.0.1/");
        assert_eq!(
            canonical("https:\\\\example.com\\x"),
            "https://example.com/x"
        );
    }

    #[test]
    fn plain_http_is_refused_only_where_the_profile_says_so() {
        assert!(parse_endpoint_url("http://example.com/", false).is_ok());
        let error = parse_endpoint_url("http://example.com/", true).unwrap_err();
        assert_eq!(error, EndpointUrlError::NotHttps);
        assert!(error.to_string().contains("hint: "));
        assert!(parse_endpoint_url("https://example.com/", true).is_ok());
    }

    #[test]
    fn what_an_endpoint_may_not_have_is_refused() {
        use EndpointUrlError as E;
        assert_eq!(refused("ftp://example.com/"), E::Scheme("ftp".into()));
        assert_eq!(refused("file:///etc/passwd"), E::Scheme("file".into()));
        assert_eq!(refused("mailto:a@example.com"), E::Scheme("mailto".into()));
        assert_eq!(refused("https://user@example.com/"), E::Userinfo);
        assert_eq!(refused("https://:pass@example.com/"), E::Userinfo);
        assert_eq!(refused("https://example.com/#part"), E::Fragment);
        assert_eq!(refused("https://example.com/#"), E::Fragment);
        assert_eq!(refused("https://example.com:0/"), E::PortZero);
        assert_eq!(refused("https://"), E::NoHost);
        for text in [
            "",
            "/path",
            "example.com",
            "https://a b/",
            "https://x:99999/",
            "https://[::1/",
        ] {
            assert!(matches!(refused(text), E::Unreadable(_)), "{text}");
        }
    }

    #[test]
    fn the_length_is_bounded_before_and_after_parsing() {
        let base = "https://example.com/";
        let longest = format!("{base}{}", "a".repeat(URL_CHARS_MAX - base.len()));
        assert!(parse_endpoint_url(&longest, true).is_ok());
        let error = EndpointUrlError::TooLong {
            bytes: URL_CHARS_MAX + 1,
        };
        assert_eq!(refused(&format!("{longest}a")), error);
        let spaces = format!("{base}{}x", " ".repeat(1_000));
        assert!(matches!(refused(&spaces), EndpointUrlError::TooLong { .. }));
    }

    #[test]
    fn a_url_says_how_to_reach_it() {
        let url = parse_endpoint_url("https://example.com/hook?a=b", true).unwrap();
        assert_eq!(
            (url.host(), url.port(), url.literal_ip()),
            ("example.com", 443, None)
        );
        assert_eq!(
            (url.authority(), url.path_and_query()),
            ("example.com", "/hook?a=b")
        );
        let url = parse_endpoint_url("http://[::1]:8080", false).unwrap();
        assert_eq!((url.host(), url.port()), ("[::1]", 8080));
        assert_eq!(url.literal_ip(), Some("::1".parse().unwrap()));
        assert_eq!((url.authority(), url.path_and_query()), ("[::1]:8080", "/"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_canonical_form_is_its_own_canonical_form(rest in "[ -~äß\t]{0,40}") {
            if let Ok(url) = parse_endpoint_url(&format!("https://h{rest}"), true) {
                prop_assert_eq!(parse_endpoint_url(url.as_str(), true), Ok(url));
            }
        }
    }
}
