//! What only looks is answered in time, whatever the store does: nothing is lost by giving it up. A
//! change is not given up, since nobody could say whether it was made.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;

use crate::problem::Problem;

/// Until an answer begins: a stream or an export may take as long as it likes.
const BEGUN_WITHIN: Duration = Duration::from_secs(20);

pub(crate) async fn in_time(request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let late = |_| Problem::unavailable("the store did not answer in time").into_response();
    let answer = tokio::time::timeout(BEGUN_WITHIN, next.run(request)).await;
    answer.unwrap_or_else(late)
}
