//! Many events in one request, with a result for each.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use hookwright_core::limits::{BATCH_BODY_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BODY_BYTES_MAX};
use hookwright_core::scope::Scope as KeyScope;
use http::{StatusCode, header};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::App;
use crate::body;
use crate::events::publish_one;
use crate::paging::{self, ListQuery};
use crate::problem::Problem;

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/v1/events/batch", post(publish))
}

/// Answers 202 with a result per event, in order: some may have been accepted and others not.
async fn publish(
    State(app): State<App>,
    query: QueryResult,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::EventsWrite).await?;
    let lines = is_ndjson(&request);
    if !lines {
        body::must_be_json(request.headers())?;
    }
    let query = Arc::new(paging::query(query)?);
    app.project(&caller, query.project_id.as_deref())?;
    let bytes = body::read(request, BATCH_BODY_BYTES_MAX).await?;
    let events = if lines {
        split_lines(&bytes)
    } else {
        split_array(&bytes)?
    };
    if events.is_empty() || events.len() > BATCH_EVENTS_MAX {
        return Err(Problem::too_many_events());
    }
    let mut results = vec![Value::Null; events.len()];
    let mut under_way = JoinSet::new();
    for (place, event) in events.into_iter().enumerate() {
        let (app, query) = (app.clone(), Arc::clone(&query));
        under_way.spawn(async move {
            if event.len() > EVENT_BODY_BYTES_MAX {
                return (place, Err(Problem::event_too_large()));
            }
            (
                place,
                publish_one(&app, &caller, &query, &event, None).await,
            )
        });
    }
    while let Some(done) = under_way.join_next().await {
        let Ok((place, result)) = done else { continue };
        results[place] = match result {
            Ok(published) => json!({"id": published.id, "deliveries": published.deliveries}),
            Err(problem) => json!({"error": problem.as_batch_error()}),
        };
    }
    Ok((StatusCode::ACCEPTED, Json(json!({"data": results}))).into_response())
}

fn is_ndjson(request: &Request) -> bool {
    let value = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value.is_some_and(|value| {
        value.starts_with("application/x-ndjson") || value.starts_with("application/ndjson")
    })
}

fn split_lines(bytes: &Bytes) -> Vec<Bytes> {
    let blank = |line: &&[u8]| !line.iter().all(u8::is_ascii_whitespace);
    bytes
        .split(|byte| *byte == b'\n')
        .filter(blank)
        .map(|line| bytes.slice_ref(line))
        .collect()
}

fn split_array(bytes: &Bytes) -> Result<Vec<Bytes>, Problem> {
    let items: Vec<&RawValue> = body::parse(bytes)?;
    Ok(items
        .into_iter()
        .map(|item| bytes.slice_ref(item.get().as_bytes()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_arrays_come_apart_without_a_copy() {
        let lines = Bytes::from_static(b"{\"a\":1}\n\n {\"b\":2} \r\n");
        assert_eq!(split_lines(&lines).len(), 2);
        let array = Bytes::from_static(b"[ {\"a\":1}, {\"b\": [2]} ]");
        assert_eq!(
            split_array(&array).expect("array"),
            ["{\"a\":1}", "{\"b\": [2]}"]
        );
        assert!(split_array(&Bytes::from_static(b"{}")).is_err());
    }
}
