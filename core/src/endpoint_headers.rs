//! Which headers of their own may customers add to their endpoint's requests?
//!
//! The rule is DELIVERY-RULES, "One request": nothing that frames the message, routes it or claims
//! to be a proxy, nothing that the profile itself sets, and no byte that could start a new line.

use thiserror::Error;

use crate::limits::{
    CUSTOM_HEADER_NAME_BYTES_MAX, CUSTOM_HEADER_VALUE_BYTES_MAX, CUSTOM_HEADERS_BYTES_MAX,
    CUSTOM_HEADERS_MAX,
};

/// Headers that no customer may set, in lower case. Those with a prefix are in
/// [`FORBIDDEN_PREFIXES`].
const FORBIDDEN: [&str; 13] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded",
];

const FORBIDDEN_PREFIXES: [&str; 2] = ["proxy-", "x-forwarded-"];

/// A customer's own headers that passed every check, in the order and spelling given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointHeaders(Vec<(String, String)>);

/// Why a customer's headers are refused. A value is never repeated: it may be a credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointHeadersError {
    /// There are too many of them.
    #[error("there are {count} headers; hint: use at most {CUSTOM_HEADERS_MAX}")]
    TooMany {
        /// How many were given.
        count: usize,
    },
    /// Together they are too large.
    #[error("the headers have {bytes} bytes in all; hint: use at most {CUSTOM_HEADERS_BYTES_MAX}")]
    TooLarge {
        /// Names and values together.
        bytes: usize,
    },
    /// A name is empty, too long or not a token of RFC 9110.
    #[error(
        "\"{name}\" is not a header's name; hint: use letters, digits and \"-\", \
         at most {CUSTOM_HEADER_NAME_BYTES_MAX}"
    )]
    Name {
        /// The name, escaped and cut short.
        name: String,
    },
    /// The name belongs to HTTP itself or to proxies.
    #[error(
        "the header \"{name}\" cannot be set; hint: choose another name, such as \"X-Api-Key\""
    )]
    Forbidden {
        /// The name as given.
        name: String,
    },
    /// The profile sets this header itself.
    #[error("the header \"{name}\" is set by the wire profile; hint: choose another name")]
    Own {
        /// The name as given.
        name: String,
    },
    /// The name is given twice.
    #[error("the header \"{name}\" is given twice; hint: names are equal whatever their case")]
    Twice {
        /// The name as given the second time.
        name: String,
    },
    /// A value is too long.
    #[error(
        "the value of \"{name}\" has {bytes} bytes; hint: use at most {CUSTOM_HEADER_VALUE_BYTES_MAX}"
    )]
    ValueTooLong {
        /// The name as given.
        name: String,
        /// The value's size.
        bytes: usize,
    },
    /// A value has a byte other than visible ASCII and space.
    #[error(
        "the value of \"{name}\" has a character that cannot be sent at byte {at}; \
         hint: use visible ASCII characters and spaces"
    )]
    Value {
        /// The name as given.
        name: String,
        /// The offset of the first such byte.
        at: usize,
    },
}

impl EndpointHeaders {
    /// Checks a customer's headers; `own` are the names that the profile sets, in lower case.
    ///
    /// # Errors
    /// The first fault found; see [`EndpointHeadersError`].
    pub fn new(headers: Vec<(String, String)>, own: &[&str]) -> Result<Self, EndpointHeadersError> {
        check_sizes(&headers)?;
        let mut seen = Vec::with_capacity(headers.len());
        for (name, value) in &headers {
            let lower = check_name(name, own)?;
            check_value(name, value)?;
            if seen.contains(&lower) {
                return Err(EndpointHeadersError::Twice { name: name.clone() });
            }
            seen.push(lower);
        }
        Ok(Self(headers))
    }

    /// The names and values, in the order and spelling given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn check_sizes(headers: &[(String, String)]) -> Result<(), EndpointHeadersError> {
    let count = headers.len();
    if count > CUSTOM_HEADERS_MAX {
        return Err(EndpointHeadersError::TooMany { count });
    }
    let bytes = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > CUSTOM_HEADERS_BYTES_MAX {
        return Err(EndpointHeadersError::TooLarge { bytes });
    }
    Ok(())
}

/// Checks one name and gives it in lower case.
fn check_name(name: &str, own: &[&str]) -> Result<String, EndpointHeadersError> {
    let fits = (1..=CUSTOM_HEADER_NAME_BYTES_MAX).contains(&name.len());
    if !fits || !name.bytes().all(is_token_byte) {
        let shown = name.chars().take(CUSTOM_HEADER_NAME_BYTES_MAX);
        return Err(EndpointHeadersError::Name {
            name: shown.flat_map(char::escape_default).collect(),
        });
    }
    let lower = name.to_ascii_lowercase();
    let by_prefix = FORBIDDEN_PREFIXES
        .iter()
        .any(|prefix| lower.starts_with(prefix));
    if by_prefix || FORBIDDEN.contains(&lower.as_str()) {
        return Err(EndpointHeadersError::Forbidden {
            name: name.to_owned(),
        });
    }
    if own.contains(&lower.as_str()) {
        return Err(EndpointHeadersError::Own {
            name: name.to_owned(),
        });
    }
    Ok(lower)
}

fn check_value(name: &str, value: &str) -> Result<(), EndpointHeadersError> {
    let bytes = value.len();
    if bytes > CUSTOM_HEADER_VALUE_BYTES_MAX {
        return Err(EndpointHeadersError::ValueTooLong {
            name: name.to_owned(),
            bytes,
        });
    }
    match value.bytes().position(|byte| !matches!(byte, b' '..=b'~')) {
        Some(at) => Err(EndpointHeadersError::Value {
            name: name.to_owned(),
            at,
        }),
        None => Ok(()),
    }
}

/// RFC 9110, section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::EndpointHeadersError as E;
    use super::*;

    const OWN: [&str; 2] = ["webhook-id", "x-envoyou-signature"];

    fn check(headers: &[(&str, &str)]) -> Result<EndpointHeaders, E> {
        let owned = headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()));
        EndpointHeaders::new(owned.collect(), &OWN)
    }

    #[test]
    fn ordinary_headers_pass_as_they_were_given() {
        let given = [
            ("X-Custom-Header", "your value, ~ ok"),
            ("authorization", ""),
        ];
        let headers = check(&given).unwrap();
        assert_eq!(headers.iter().collect::<Vec<_>>(), given);
        assert!(check(&[]).unwrap().is_empty());
    }

    #[test]
    fn headers_that_frame_or_route_are_forbidden_in_any_case() {
        let prefixed = [
            "proxy-authorization",
            "proxy-connection",
            "x-forwarded-for",
            "x-forwarded-",
        ];
        for name in FORBIDDEN.into_iter().chain(prefixed) {
            for spelling in [name.to_owned(), name.to_uppercase()] {
                let error = check(&[(&spelling, "x")]).unwrap_err();
                assert_eq!(error, E::Forbidden { name: spelling });
            }
        }
    }

    #[test]
    fn a_header_of_the_profile_is_refused() {
        let error = check(&[("Webhook-ID", "x")]).unwrap_err();
        assert_eq!(
            error,
            E::Own {
                name: "Webhook-ID".into()
            }
        );
    }

    #[test]
    fn a_name_is_given_once_whatever_its_case() {
        let error = check(&[("X-A", "1"), ("x-b", "2"), ("x-a", "3")]).unwrap_err();
        assert_eq!(error, E::Twice { name: "x-a".into() });
    }

    #[test]
    fn a_name_is_a_token() {
        for name in [
            "", " x", "x y", "x:", "x\r\ny", "x\0", "é", "(x)", "x/y", "x=y", "\"x\"",
        ] {
            assert!(
                matches!(check(&[(name, "x")]), Err(E::Name { .. })),
                "{name:?}"
            );
        }
        let longest = "x".repeat(CUSTOM_HEADER_NAME_BYTES_MAX);
        assert!(check(&[(&longest, "x")]).is_ok());
        assert!(check(&[(&format!("{longest}x"), "x")]).is_err());
    }

    #[test]
    fn a_refused_name_is_shown_without_its_line_breaks() {
        let text = check(&[("x\r\ny", "x")]).unwrap_err().to_string();
        assert!(text.starts_with("\"x\\r\\ny\" is not"), "{text}");
    }

    #[test]
    fn a_value_is_visible_ascii_and_spaces() {
        for byte in 0..=u8::MAX {
            let value = format!("a{}", char::from(byte));
            let ok = (b' '..=b'~').contains(&byte);
            assert_eq!(check(&[("x-a", &value)]).is_ok(), ok, "{byte}");
        }
        let error = check(&[("x-a", "ok\r\nx-b: 1")]).unwrap_err();
        assert_eq!(
            error,
            E::Value {
                name: "x-a".into(),
                at: 2
            }
        );
    }

    #[test]
    fn counts_and_sizes_are_bounded() {
        let names: Vec<_> = (0..=CUSTOM_HEADERS_MAX).map(|n| format!("x-{n}")).collect();
        let all: Vec<_> = names.iter().map(|name| (name.as_str(), "v")).collect();
        assert!(check(&all[1..]).is_ok());
        assert_eq!(
            check(&all).unwrap_err(),
            E::TooMany {
                count: CUSTOM_HEADERS_MAX + 1
            }
        );

        let longest = "v".repeat(CUSTOM_HEADER_VALUE_BYTES_MAX);
        assert!(check(&[("a", &longest)]).is_ok());
        let longer = format!("{longest}v");
        assert!(matches!(
            check(&[("a", &longer)]),
            Err(E::ValueTooLong { .. })
        ));

        let five = ["a", "b", "c", "d", "e"].map(|name| (name, longest.as_str()));
        assert!(matches!(check(&five), Err(E::TooLarge { .. })));
    }
}
