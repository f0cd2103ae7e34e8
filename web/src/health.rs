//! Whether the server lives, whether it can take events, and what it counts.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{Access, Api, Doc};
use crate::app::App;

/// Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Operation", summary).access(Access::Public);
    Api::default()
        .get(
            "/healthz",
            healthz,
            doc("live", "Whether the process answers.").answer::<Live>(200),
        )
        .get(
            "/readyz",
            readyz,
            doc(
                "ready",
                "Whether events are taken; 503 when not, with the reason.",
            )
            .answer::<Ready>(200)
            .answer::<Ready>(503),
        )
        .get(
            "/metrics",
            metrics,
            doc("metrics", "What this node counts, for Prometheus.").any_answer(200, METRICS, None),
        )
}

/// The process answers.
#[derive(Serialize, JsonSchema)]
struct Live {
    /// Always `ok`.
    status: &'static str,
}

/// Whether events are taken.
#[derive(Serialize, JsonSchema)]
struct Ready {
    ready: bool,
    /// Why not, if not.
    detail: Option<String>,
}

async fn healthz() -> Response {
    Json(Live { status: "ok" }).into_response()
}

async fn readyz(State(app): State<App>) -> Response {
    let health = app.engine.health();
    let status = if health.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let ready = Ready {
        ready: health.ready,
        detail: health.detail,
    };
    (status, Json(ready)).into_response()
}

async fn metrics(State(app): State<App>) -> Response {
    let mut text = String::new();
    for (name, help, kind, value) in app.engine.metrics() {
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
        );
    }
    ([(header::CONTENT_TYPE, METRICS)], text).into_response()
}
