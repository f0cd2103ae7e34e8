//! Wire profiles and their event types, to look at.

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use hookwright_wire::{Acknowledge, Profile, Retry};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::app::App;
use crate::paging::{self, ListQuery};
use crate::problem::Problem;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/profiles", get(list))
        .route("/v1/profiles/{name}", get(read))
        .route("/v1/event-types", get(event_types))
}

async fn list(State(app): State<App>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    app.any_caller(&headers).await?;
    let data: Vec<Value> = app
        .engine
        .profiles()
        .iter()
        .map(|profile| show(profile))
        .collect();
    Ok(Json(json!({"data": data, "next_cursor": null})))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    app.any_caller(&headers).await?;
    let profile = app
        .engine
        .profiles()
        .get(&name)
        .ok_or_else(|| Problem::not_found("profile"))?;
    Ok(Json(show(profile)))
}

/// The catalogue of the project's profile.
async fn event_types(
    State(app): State<App>,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = app.any_caller(&headers).await?;
    let project = app.project(&caller, paging::query(query)?.project_id.as_deref())?;
    let profile = app.profile(&project.profile)?;
    Ok(Json(
        json!({"data": catalogue(&profile), "next_cursor": null}),
    ))
}

fn catalogue(profile: &Profile) -> Vec<Value> {
    let show = |info: &hookwright_wire::EventTypeInfo| json!({"name": info.name, "description": info.description});
    profile.catalogue.iter().map(show).collect()
}

fn show(profile: &Profile) -> Value {
    let retry = match &profile.retry.plan {
        Retry::Gaps { gaps_ms } => json!({"gaps_ms": gaps_ms}),
        Retry::Offsets { offsets_ms } => json!({"offsets_ms": offsets_ms}),
        Retry::Exponential {
            initial_ms,
            multiplier,
            max_attempts,
            max_delay_ms,
        } => json!({
            "initial_ms": initial_ms,
            "multiplier": multiplier,
            "max_attempts": max_attempts,
            "max_delay_ms": max_delay_ms,
        }),
    };
    let spelled = |name: &str| profile.spelling(name).unwrap_or(name).to_owned();
    json!({
        "name": profile.name,
        "title": profile.title,
        "content_type": profile.content_type,
        "canonical_json": profile.canonical_json.as_str(),
        "https_only": profile.https_only,
        "timeout_ms": profile.timeout_ms,
        "acknowledged_by": match &profile.acknowledge {
            Acknowledge::Success2xx => json!("2xx"),
            Acknowledge::Codes(codes) => json!(codes),
        },
        "headers": profile.own_headers().map(spelled).collect::<Vec<_>>(),
        "retry": retry,
        "jitter": profile.retry.jitter,
        "event_types": catalogue(profile),
    })
}
