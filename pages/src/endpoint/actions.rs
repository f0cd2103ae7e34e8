//! An endpoint paused, disabled, enabled; its breaker closed; its receiver asked for consent.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::model::{Named, api_path, done};
use crate::fault::Fault;
use crate::posted::Posted;
use crate::router::Pages;
use crate::visit::Face;

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/endpoints/{id}/pause", post(pause))
        .route("/endpoints/{id}/disable", post(disable))
        .route("/endpoints/{id}/enable", post(enable))
        .route("/endpoints/{id}/close-breaker", post(close_breaker))
        .route("/endpoints/{id}/validate", post(validate))
}

async fn pause(Path(named): Path<Named>, posted: Posted) -> Result<Redirect, Fault> {
    stop(&posted, &named.id, "/pause", "endpoint-paused").await
}

async fn disable(Path(named): Path<Named>, posted: Posted) -> Result<Redirect, Fault> {
    stop(&posted, &named.id, "/disable", "endpoint-disabled").await
}

async fn stop(posted: &Posted, id: &str, below: &str, said: &str) -> Result<Redirect, Fault> {
    let visit = &posted.visit;
    let place = match visit.face {
        Face::Operator => "by hand, in the dashboard",
        Face::Portal => "by hand, in the customer portal",
    };
    let reason = match posted.fields.text("reason") {
        Some(given) => format!("{place}: {given}"),
        None => place.to_owned(),
    };
    let body = json!({ "reason": reason });
    let _: IgnoredAny = visit
        .send(Method::POST, &api_path(id, below), &[], Some(&body))
        .await?;
    Ok(done(visit, id, "", said))
}

async fn enable(Path(named): Path<Named>, posted: Posted) -> Result<Redirect, Fault> {
    plain(&posted, &named.id, ("/enable", "endpoint-enabled")).await
}

async fn close_breaker(Path(named): Path<Named>, posted: Posted) -> Result<Redirect, Fault> {
    let close = ("/circuit-breaker/close", "breaker-closed");
    plain(&posted, &named.id, close).await
}

async fn plain(posted: &Posted, id: &str, (below, said): (&str, &str)) -> Result<Redirect, Fault> {
    let path = api_path(id, below);
    let _: IgnoredAny = posted.visit.send(Method::POST, &path, &[], None).await?;
    Ok(done(&posted.visit, id, "", said))
}

#[derive(Deserialize)]
struct Asked {
    validated: bool,
}

/// Whether the receiver consented is said; why it did not, the page shows.
async fn validate(Path(named): Path<Named>, posted: Posted) -> Result<Response, Fault> {
    let path = api_path(&named.id, "/validate");
    let asked: Asked = posted.visit.send(Method::POST, &path, &[], None).await?;
    let said = match asked.validated {
        true => "validated",
        false => "not-validated",
    };
    Ok(done(&posted.visit, &named.id, "", said).into_response())
}
