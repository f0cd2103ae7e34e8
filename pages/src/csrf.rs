//! Does a form come from one of our own pages? It carries what only they know: a token made of the
//! visitor's key.

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

/// The field that carries it.
pub(crate) const FIELD: &str = "_csrf";

/// The token of a session. It says nothing of the key it is made of.
pub(crate) fn token(key: &str) -> String {
    let text = format!("form token of {key}");
    hex::encode(digest(&SHA256, text.as_bytes()))
}

/// Whether a form carried the session's own token.
pub(crate) fn is_right(expected: &str, given: Option<&str>) -> bool {
    given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(expected.as_bytes())))
}
