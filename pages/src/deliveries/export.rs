//! The deliveries that the filters take, with their attempts, as lines of JSON.

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::header;

use super::Asked;
use crate::fault::Fault;
use crate::visit::Visit;

pub(super) async fn export(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let pairs = asked.pairs();
    let mut query: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    query.push(("include", "attempts"));
    let answer = visit.pass("/v1/deliveries/export", &query).await?;
    as_file(answer, "deliveries.ndjson").await
}

/// An answer of the API as a file to keep; a refusal as a page.
pub(crate) async fn as_file(mut answer: Response, name: &str) -> Result<Response, Fault> {
    if !answer.status().is_success() {
        return Err(Fault::of(answer).await);
    }
    let name = format!("attachment; filename=\"{name}\"");
    if let Ok(value) = header::HeaderValue::try_from(name) {
        answer
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(answer.into_response())
}
