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
    let pairs = headers.get_all(COOKIE).iter();
    let pairs = pairs
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let mut found = pairs.filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name(face)).then(|| value.to_owned())
    });
    found.next().filter(|value| !value.is_empty())
}

/// The header that sets the cookie until the browser is closed.
pub(crate) fn set(face: Face, key: &str) -> Result<HeaderValue, Fault> {
    let text = format!("{}={key}; {}", name(face), attributes(face));
    HeaderValue::try_from(text).map_err(|error| Fault::internal(&error))
}

/// The header that takes the cookie back.
pub(crate) fn clear(face: Face) -> Result<HeaderValue, Fault> {
    let text = format!("{}=; Max-Age=0; {}", name(face), attributes(face));
    HeaderValue::try_from(text).map_err(|error| Fault::internal(&error))
}
