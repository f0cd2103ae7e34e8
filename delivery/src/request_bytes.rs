//! The bytes of a request: its head and its body in one piece, so that they leave in one write.

use hookwright_wire::Rendered;
use http::{HeaderName, HeaderValue};

const AGENT: &str = concat!("user-agent: Hookwright/", env!("CARGO_PKG_VERSION"), "\r\n");
/// Room for a head as most are.
const HEAD_BYTES: usize = 640;

/// What is the same in each request to one place: the request line and who asks whom.
pub(crate) fn beginning(method: &str, path_and_query: &str, authority: &str) -> Vec<u8> {
    format!("{method} {path_and_query} HTTP/1.1\r\nhost: {authority}\r\n{AGENT}").into_bytes()
}

/// A whole request, with the customer's own headers before ours. Of two headers of one name, the
/// later is sent.
pub(crate) fn request_bytes(
    beginning: &[u8],
    custom: &[(HeaderName, HeaderValue)],
    rendered: &Rendered,
) -> Vec<u8> {
    let (headers, body) = (&rendered.headers, &rendered.body);
    let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len());
    bytes.extend_from_slice(beginning);
    for (place, header) in custom.iter().enumerate() {
        if !is_named(&custom[place + 1..], &header.0) && !is_named(headers, &header.0) {
            line(&mut bytes, header);
        }
    }
    for (place, header) in headers.iter().enumerate() {
        if !is_named(&headers[place + 1..], &header.0) {
            line(&mut bytes, header);
        }
    }
    bytes.extend_from_slice(b"content-length: ");
    bytes.extend_from_slice(body.len().to_string().as_bytes());
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes.extend_from_slice(body);
    bytes
}

fn is_named(headers: &[(HeaderName, HeaderValue)], name: &HeaderName) -> bool {
    headers.iter().any(|(other, _)| other == name)
}

/// **Invariant:** neither a name nor a value holds a line end: their types see to that.
pub(crate) fn line(bytes: &mut Vec<u8>, (name, value): &(HeaderName, HeaderValue)) {
    bytes.extend_from_slice(name.as_str().as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value.as_bytes());
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &'static str, value: &'static str) -> (HeaderName, HeaderValue) {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    }

    #[test]
    fn a_request_is_one_piece_with_each_header_once() {
        let custom = [
            header("x-team", "red"),
            header("x-team", "blue"),
            header("webhook-id", "forged"),
        ];
        let rendered = Rendered {
            body: b"{}".to_vec(),
            headers: vec![
                header("webhook-id", "evt_1"),
                header("x-stamp", "first"),
                header("x-stamp", "second"),
            ],
        };
        let beginning = beginning("POST", "/hook?a=b", "[2001:db8::1]:8443");
        let bytes = request_bytes(&beginning, &custom, &rendered);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            String::from_utf8(bytes).expect("text"),
            format!(
                "POST /hook?a=b HTTP/1.1\r\nhost: [2001:db8::1]:8443\r\n\
                 user-agent: Hookwright/{version}\r\nx-team: blue\r\nwebhook-id: evt_1\r\n\
                 x-stamp: second\r\ncontent-length: 2\r\n\r\n{{}}"
            )
        );
    }
}
