//! What is kept of a request and its answer: headers as lines, secrets masked, all capped.

use hookwright_core::limits::RESPONSE_HEADERS_KEPT_BYTES_MAX;
use http::{HeaderName, HeaderValue};
use httparse::Header;

const MASK: &str = "***";

/// Words in a header's name that say that its value is a secret.
const SECRET_WORDS: [&str; 6] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "api-key",
];

/// The headers of a request, one `name: value` line each; the customer's own secrets masked.
pub(crate) fn request_lines(
    own: &[(HeaderName, HeaderValue)],
    custom: &[(HeaderName, HeaderValue)],
) -> String {
    let mut lines = String::with_capacity(192);
    for (name, value) in own {
        line(&mut lines, name.as_str(), value.to_str().unwrap_or(MASK));
    }
    for (name, value) in custom {
        let secret = SECRET_WORDS.iter().any(|word| name.as_str().contains(word));
        line(
            &mut lines,
            name.as_str(),
            if secret {
                MASK
            } else {
                value.to_str().unwrap_or(MASK)
            },
        );
    }
    lines
}

/// The headers of an answer, one `name: value` line each, as many as fit.
/// Names in lower case, as they are compared.
pub(crate) fn response_lines(headers: &[Header<'_>]) -> String {
    let mut lines = String::with_capacity(128);
    for header in headers {
        let value = String::from_utf8_lossy(header.value);
        if lines.len() + header.name.len() + value.len() + 3 > RESPONSE_HEADERS_KEPT_BYTES_MAX {
            break;
        }
        let start = lines.len();
        line(&mut lines, header.name, &value);
        lines[start..start + header.name.len()].make_ascii_lowercase();
    }
    lines
}

fn line(lines: &mut String, name: &str, value: &str) {
    lines.push_str(name);
    lines.push_str(": ");
    lines.push_str(value);
    lines.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customers_secrets_are_masked_and_the_rest_is_readable() {
        let own = [(
            HeaderName::from_static("webhook-id"),
            HeaderValue::from_static("evt_1"),
        )];
        let custom = [
            (
                HeaderName::from_static("authorization"),
                HeaderValue::from_static("Bearer x"),
            ),
            (
                HeaderName::from_static("x-team"),
                HeaderValue::from_static("blue"),
            ),
        ];
        let lines = request_lines(&own, &custom);
        assert_eq!(
            lines,
            "webhook-id: evt_1\nauthorization: ***\nx-team: blue\n"
        );
    }

    #[test]
    fn an_answers_headers_are_kept_up_to_a_bound() {
        let value = "x".repeat(2000);
        let headers = ["A", "b", "c"].map(|name| Header {
            name,
            value: value.as_bytes(),
        });
        let lines = response_lines(&headers);
        assert!(lines.len() <= RESPONSE_HEADERS_KEPT_BYTES_MAX);
        assert_eq!(lines.lines().count(), 2);
        assert!(lines.starts_with("a: x"));
    }
}
