//! The bytes to send: envelope, canonical form, headers, signatures, in this order.

use crate::canonical::{CanonicalError, CanonicalJson, canonicalise};
use crate::key::SigningKey;
use crate::message::{Message, Rendered};
use crate::profile::Profile;
use crate::sign::sign_headers;

/// Why a message cannot be put into a format.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The canonical form does not exist.
    #[error("the payload has no canonical form: {0}")]
    Canonical(#[from] CanonicalError),
    /// A value does not fit into a header.
    #[error("the value of header \"{0}\" has characters that no header can carry")]
    Header(String),
}

/// Makes and signs the bytes of one attempt.
pub fn render(
    profile: &Profile,
    canonical: Option<CanonicalJson>,
    message: &Message<'_>,
    keys: &[SigningKey],
) -> Result<Rendered, RenderError> {
    let mut body = Vec::with_capacity(message.data.len() + 256);
    profile.envelope.write(&mut body, message);
    let form = canonical.unwrap_or(profile.canonical_json);
    if form != CanonicalJson::None {
        body = canonicalise(form, &body)?;
    }
    let mut headers = sign_headers(profile, message, &body, keys)?;
    headers.push((
        http::header::CONTENT_TYPE,
        profile.content_type_value.clone(),
    ));
    Ok(Rendered { body, headers })
}
