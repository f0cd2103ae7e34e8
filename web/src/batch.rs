//! Many events in one request, with a result for each.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hookwright_core::limits::{BATCH_BODY_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BODY_BYTES_MAX};
use hookwright_core::scope::Scope as KeyScope;
use http::{StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::body;
use crate::event_input::EventInput;
use crate::events::{Accepted, QueryResult, named, publish_one};
use crate::paging::Named;
use crate::problem::{BatchError, Problem};

pub(crate) fn api() -> Api {
    Api::default().post(
        "/v1/events/batch",
        publish,
        Doc::new("publishEvents", "Events", "Publishes 1 to 1,000 events.")
            .description(
                "As a JSON array, or one to a line as `application/x-ndjson`; 8 MiB at most. Each event is accepted or refused on its own: the answer holds a result for each, in their order.",
            )
            .scope(KeyScope::EventsWrite)
            .query::<Named>()
            .body::<Batch>()
            .answer::<Results>(202),
    )
}

/// The events of a batch, as the document tells them: each is read by itself.
#[derive(JsonSchema)]
#[schemars(rename = "EventBatch")]
struct Batch(
    #[expect(dead_code, reason = "told in the document only")]
    #[schemars(length(min = 1, max = 1000))]
    Vec<EventInput<'static>>,
);

/// What became of a batch.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BatchResults")]
struct Results {
    /// A result for each event, in their order.
    data: Vec<EventResult>,
}

/// What became of one event of a batch.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "BatchResult")]
enum EventResult {
    /// It was accepted.
    Accepted(Accepted),
    /// It was refused, and nothing of it stored.
    Refused { error: BatchError },
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
    let query = Arc::new(named(query)?);
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
    let mut results: Vec<Option<EventResult>> = events.iter().map(|_| None).collect();
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
        results[place] = Some(match result {
            Ok(published) => EventResult::Accepted(published.into()),
            Err(problem) => EventResult::Refused {
                error: problem.into(),
            },
        });
    }
    // None is missing but where a task ended by a fault of ours.
    let failed = || EventResult::Refused {
        error: Problem::internal("an event of a batch was not answered").into(),
    };
    let data = results.into_iter().map(|it| it.unwrap_or_else(failed));
    let results = Results {
        data: data.collect(),
    };
    Ok((StatusCode::ACCEPTED, Json(results)).into_response())
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
