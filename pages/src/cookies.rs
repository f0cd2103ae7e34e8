//! Where a browser keeps the visitor's session: one cookie for each face.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::fault::Fault;
use crate::visit::Face;

/// What the session is called in the browser. `__Host-`: of this host alone, by HTTPS alone.
const fn name(face: Face) -> &'static str {
    match face {
        Face::Operator => "__Host-hookwright",
        Face::Portal => "__Host-hookwright-portal",
    }
}

/// A portal may be shown within a page of another site; such a cookie is kept for that site alone
/// (`Partitioned`).
const fn attributes(face: Face) -> &'static str {
    match face {
        Face::Operator => "Path=/; Secure; HttpOnly; SameSite=Lax",
        Face::Portal => "Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
    }
}

/// The key in the cookie.
pub(crate) fn read(headers: &HeaderMap, face: Face) -> Option<String> {
    value(headers, name(face))
}

fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter();
    let pairs = pairs
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let mut found = pairs.filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    });
    found.next().filter(|value| !value.is_empty())
}

/// The header that sets the cookie until the browser is closed.
pub(crate) fn set(face: Face, key: &str) -> Result<HeaderValue, Fault> {
    let text = format!("{}={key}; {}", name(face), attributes(face));
    HeaderValue::try_from(text).map_err(|error| Fault::internal(&error))
}

/// Where the customer goes back to when the session is over: nobody else knows it then.
const WAY_BACK: &str = "__Host-hookwright-portal-back";

/// The header that keeps the way back, or forgets an earlier one.
pub(crate) fn set_way_back(url: Option<&str>) -> Result<HeaderValue, Fault> {
    let attributes = attributes(Face::Portal);
    let text = match url {
        // In base 16: an address has characters that end a cookie.
        Some(url) => format!("{WAY_BACK}={}; {attributes}", hex::encode(url)),
        None => format!("{WAY_BACK}=; Max-Age=0; {attributes}"),
    };
    HeaderValue::try_from(text).map_err(|error| Fault::internal(&error))
}

/// The way back, if it is an address that a link may have.
pub(crate) fn read_way_back(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8(hex::decode(value(headers, WAY_BACK)?).ok()?).ok()?;
    let url = url::Url::parse(&text).ok()?;
    matches!(url.scheme(), "https" | "http").then(|| url.to_string())
}

/// The header that takes the cookie back.
pub(crate) fn clear(face: Face) -> Result<HeaderValue, Fault> {
    let text = format!("{}=; Max-Age=0; {}", name(face), attributes(face));
    HeaderValue::try_from(text).map_err(|error| Fault::internal(&error))
}
