//! What is a sender told whose request goes no further?

use bytes::Bytes;
use hookwright_wire::VerifyError;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

/// When a sender may ask again after a message whose first arrival is still being handled.
const IN_HAND_RETRY_AFTER_S: u16 = 5;

/// A refusal, as an RFC 9457 document with a stable `code`. Says which step failed.
///
/// **Invariant:** holds nothing of a secret, and no signature, neither the one that came nor the
/// one that would have been right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_s: Option<u16>,
}

impl Problem {
    /// The status that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    fn new(status: StatusCode, code: &'static str, detail: String) -> Self {
        Self {
            status,
            code,
            detail,
            retry_after_s: None,
        }
    }

    pub(crate) fn unverified(error: &VerifyError) -> Self {
        let unauthorized = StatusCode::UNAUTHORIZED;
        let (status, code) = match error {
            VerifyError::Header(_) => (unauthorized, "header_missing"),
            VerifyError::Timestamp => (unauthorized, "timestamp_unreadable"),
            VerifyError::TooOld(_) => (unauthorized, "timestamp_too_old"),
            VerifyError::TooNew(_) => (unauthorized, "timestamp_too_new"),
            VerifyError::NoSignature => (unauthorized, "signature_missing"),
            VerifyError::Mismatch => (unauthorized, "signature_mismatch"),
            // These two are the receiver's own mistakes: the sender shall try again.
            VerifyError::UrlNeeded => (StatusCode::INTERNAL_SERVER_ERROR, "receiver_url_needed"),
            VerifyError::NoKey => (StatusCode::INTERNAL_SERVER_ERROR, "receiver_key_needed"),
        };
        Self::new(status, code, error.to_string())
    }

    pub(crate) fn body_too_large(body_bytes_max: usize) -> Self {
        let detail = format!("the body has more than {body_bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    pub(crate) fn body_unreadable() -> Self {
        let detail = "the body ended before its time".to_owned();
        Self::new(StatusCode::BAD_REQUEST, "body_unreadable", detail)
    }

    pub(crate) fn in_hand() -> Self {
        let detail = "an earlier attempt of this message is still being handled".to_owned();
        Self {
            retry_after_s: Some(IN_HAND_RETRY_AFTER_S),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "message_in_hand", detail)
        }
    }

    #[cfg(feature = "axum")]
    pub(crate) fn layer_missing() -> Self {
        let detail = "the receiver has no verifying layer before this handler".to_owned();
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "receiver_layer_missing", detail)
    }

    #[cfg(feature = "axum")]
    pub(crate) fn body_not_as_expected(error: &serde_json::Error) -> Self {
        let detail = format!("the body is not what the receiver expects: {error}");
        Self::new(StatusCode::BAD_REQUEST, "body_not_as_expected", detail)
    }

    /// The response.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let document = serde_json::json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        let mut response = Response::new(Full::from(document.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(retry_after_s) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        response
    }
}
