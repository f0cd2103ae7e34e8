//! How a request's body is read: bounded, JSON, and said clearly when it is not.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A body must be complete within this.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// So much of a body that is too large is still read, so that its sender sees the refusal and
/// not a broken connection.
const DRAINED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The whole body, if it is not too large and comes in time.
pub(crate) async fn read(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let (head, mut body) = request.into_parts();
    let announced = head.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        // Who asks first has sent nothing yet, and need not.
        if !head.headers.contains_key(header::EXPECT) {
            drain(&mut body).await;
        }
        return Err(Problem::too_large(limit));
    }
    let whole = Limited::new(&mut body, limit).collect();
    match tokio::time::timeout(BODY_TIMEOUT, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => {
            drain(&mut body).await;
            Err(Problem::too_large(limit))
        }
        Ok(Err(error)) => Err(Problem::body_unreadable(&error.to_string())),
        Err(_) => Err(Problem::body_timeout(BODY_TIMEOUT.as_secs())),
    }
}

/// Reads on and throws away, within bounds.
async fn drain(body: &mut Body) {
    let all = async {
        let mut left = DRAINED_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(less) = left.checked_sub(bytes) else {
                return;
            };
            left = less;
        }
    };
    let _ = tokio::time::timeout(BODY_TIMEOUT, all).await;
}

/// Refuses what says that it is not JSON.
pub(crate) fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let value = value.to_str().unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    let json = essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json");
    if json {
        Ok(())
    } else {
        Err(Problem::not_json())
    }
}

/// The body as a value that owns what it holds.
pub(crate) async fn json<T: DeserializeOwned>(
    request: Request,
    limit: usize,
) -> Result<T, Problem> {
    must_be_json(request.headers())?;
    let bytes = read(request, limit).await?;
    parse(&bytes)
}

/// Like [`json`], for bodies that may be left out.
pub(crate) async fn json_or_nothing<T: DeserializeOwned + Default>(
    request: Request,
    limit: usize,
) -> Result<T, Problem> {
    let headers = request.headers().clone();
    let bytes = read(request, limit).await?;
    if bytes.is_empty() {
        return Ok(T::default());
    }
    must_be_json(&headers)?;
    parse(&bytes)
}

/// Tells broken JSON from JSON of another shape.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::wrong_shape(&error),
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => Problem::invalid_json(&error),
    })
}

/// For fields that tell `null` from absence: `Some(None)` is a null.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_json_and_json_of_another_shape_are_told_apart() {
        assert_eq!(
            parse::<Vec<u8>>(b"[1,").expect_err("broken").code,
            "invalid_json"
        );
        assert_eq!(
            parse::<Vec<u8>>(b"{\"a\":1}").expect_err("shape").code,
            "invalid_field"
        );
    }
}
