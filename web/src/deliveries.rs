//! Deliveries: looked at with all their attempts, and resent.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{DeliveryId, decode, encode};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{Attempt, Delivery, DeliveryFilter, EndpointStatus, Scope, StoreError};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::events::{event_prefix, find};
use crate::paging::{self, ListQuery};
use crate::problem::Problem;
use crate::times;

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/deliveries", get(list))
        .route("/v1/deliveries/{id}", get(read))
        .route("/v1/deliveries/{id}/resend", post(resend))
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<Value>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query = paging::query(query)?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let filter = filter(&app, scope, &query).await?;
    let page = app
        .engine
        .store()
        .deliveries(scope, filter, query.page()?)
        .await?;
    let prefix = event_prefix(&app, scope);
    Ok(Json(paging::listed(page, |delivery| {
        show(delivery, &prefix)
    })))
}

async fn filter(app: &App, scope: Scope, query: &ListQuery) -> Result<DeliveryFilter, Problem> {
    let endpoint_id = match &query.endpoint_id {
        Some(id) => Some(app.engine.store().endpoint(scope, id.clone()).await?.id),
        None => None,
    };
    let event_id = match &query.event_id {
        Some(id) => Some(find(app, scope, id).await?.id),
        None => None,
    };
    let state = query.state.as_deref().map(|word| {
        let detail = "must be pending, retrying, held, delivered, failed or cancelled";
        DeliveryState::parse(word).ok_or_else(|| Problem::query("state", detail))
    });
    Ok(DeliveryFilter {
        endpoint_id,
        event_id,
        state: state.transpose()?,
    })
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryResult,
) -> Result<Json<Value>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query = paging::query(query)?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    Ok(Json(whole(&app, scope, &id).await?))
}

/// One attempt now, beside the schedule: it can end the delivery only by success.
async fn resend(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryResult,
) -> Result<Response, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesWrite).await?;
    let query = paging::query(query)?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let (row, _) = row(&id)?;
    let shown = whole(&app, scope, &id).await?;
    must_take_requests(
        &app,
        scope,
        shown["endpoint_id"].as_str().unwrap_or_default(),
    )
    .await?;
    let claimed = app
        .engine
        .store()
        .resend(scope, row, app.engine.now())
        .await?;
    app.engine.send_now(claimed);
    tracing::info!(delivery = id, "delivery resent");
    Ok((StatusCode::ACCEPTED, Json(shown)).into_response())
}

/// A resend to an endpoint that gets nothing would be a promise that nobody keeps.
async fn must_take_requests(app: &App, scope: Scope, endpoint: &str) -> Result<(), Problem> {
    match app
        .engine
        .store()
        .endpoint(scope, endpoint.to_owned())
        .await
    {
        Ok(endpoint) if endpoint.status == EndpointStatus::Disabled => {
            Err(Problem::endpoint_disabled("disabled; enable it first"))
        }
        Ok(_) => Ok(()),
        Err(StoreError::NotFound) => Err(Problem::endpoint_disabled(
            "deleted; publish the event again to another one",
        )),
        Err(error) => Err(error.into()),
    }
}

fn row(id: &str) -> Result<(DeliveryId, UnixMs), Problem> {
    let code = id.strip_prefix("dlv_").and_then(decode);
    code.map(|(at, row)| (DeliveryId(row), at))
        .ok_or_else(|| Problem::not_found("delivery"))
}

async fn whole(app: &App, scope: Scope, id: &str) -> Result<Value, Problem> {
    let (row, created_at) = row(id)?;
    let (delivery, attempts) = app.engine.store().delivery(scope, row, created_at).await?;
    let mut shown = show(&delivery, &event_prefix(app, scope));
    shown["attempt_list"] = attempts.iter().map(show_attempt).collect();
    Ok(shown)
}

fn show(delivery: &Delivery, event_prefix: &str) -> Value {
    let event_id = || {
        encode(
            event_prefix,
            delivery.event_accepted_at,
            delivery.event_id.0,
        )
    };
    json!({
        "id": encode("dlv_", delivery.created_at, delivery.id.0),
        "event_id": delivery.event_given_id.clone().unwrap_or_else(event_id),
        "event_type": delivery.event_type,
        "endpoint_id": delivery.endpoint_public_id,
        "account_id": delivery.account_public_id,
        "state": delivery.state.as_str(),
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at.map(times::rfc3339),
        "created_at": times::rfc3339(delivery.created_at),
        "finished_at": delivery.finished_at.map(times::rfc3339),
        "last_error": delivery.last_error.map(|(class, status)| in_words(class, status)),
    })
}

fn in_words(class: ErrorClass, status: Option<u16>) -> String {
    match status {
        Some(status) => format!("{}: the endpoint answered {status}", class.as_str()),
        None => format!("{}: {}", class.as_str(), advice(class)),
    }
}

/// What happened and what to do, for the customer.
fn advice(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Dns => "the host name does not resolve; check the URL and its DNS",
        ErrorClass::AddressRefused => "the host's address is not a public one; use one that is",
        ErrorClass::Connect => {
            "no connection could be made; check that the server listens and its firewall"
        }
        ErrorClass::Tls => {
            "the TLS handshake failed; check the certificate, its chain and its name"
        }
        ErrorClass::Timeout => "no answer came in time; answer first and work later",
        ErrorClass::Disconnected => "the connection was closed before an answer was complete",
        ErrorClass::Protocol => "the answer was not HTTP/1.1, or too large",
        ErrorClass::Redirect => "a redirect was answered; register the URL that it leads to",
        ErrorClass::Rejected => "the endpoint refused the request; see its answer",
        ErrorClass::ServerError => "the endpoint failed; see its answer and its log",
        ErrorClass::Gone => "the endpoint said that it is gone, and was disabled",
        ErrorClass::EndpointDisabled => {
            "the endpoint was disabled or deleted; enable it and resend"
        }
        ErrorClass::Render => {
            "the event could not be put into the endpoint's format, or its payload was pruned"
        }
        ErrorClass::Internal => "the sender failed; its operator's log has the detail",
    }
}

fn show_attempt(attempt: &Attempt) -> Value {
    let timing = &attempt.timing;
    let ms = |us: u32| f64::from(us) / 1000.0;
    json!({
        "number": attempt.number,
        "manual": attempt.manual,
        "started_at": times::rfc3339(attempt.started_at),
        "status": attempt.status,
        "error": attempt.error.map(ErrorClass::as_str),
        "error_detail": attempt.error.map(advice),
        "request_headers": headers(&attempt.request_headers),
        "response_headers": headers(&attempt.response_headers),
        "response_body": String::from_utf8_lossy(&attempt.response_body),
        "timing": {
            "queue_wait_ms": ms(timing.queue_wait_us),
            "dns_ms": ms(timing.dns_us),
            "connect_ms": ms(timing.connect_us),
            "tls_ms": ms(timing.tls_us),
            "first_byte_ms": ms(timing.first_byte_us),
            "total_ms": ms(timing.total_us),
        },
    })
}

fn headers(lines: &str) -> Map<String, Value> {
    let pair = |line: &str| {
        line.split_once(": ")
            .map(|(name, value)| (name.to_owned(), json!(value)))
    };
    lines.lines().filter_map(pair).collect()
}
