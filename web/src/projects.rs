//! Projects: made, listed, changed and deleted with the root key.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use hookwright_core::ids::random_id;
use hookwright_core::key_format::KeyKind;
use hookwright_core::limits::{MANAGEMENT_BODY_BYTES_MAX, TEXT_CHARS_MAX};
use hookwright_core::scope::{Scope, Scopes};
use hookwright_store::{KeyOwner, NewProject, Project, ProjectUpdate};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::auth::Caller;
use crate::key_shown::make_key;
use crate::paging::{self, ListQuery};
use crate::problem::Problem;
use crate::{body, times};

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/projects", post(create).get(list))
        .route(
            "/v1/projects/{id}",
            axum::routing::get(read)
                .patch(update)
                .put(update)
                .delete(delete),
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    profile: String,
    livemode: Option<bool>,
}

async fn create(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), Scope::ProjectsWrite).await?;
    caller.must_be_root()?;
    let input: Create = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    check_text("/name", &input.name)?;
    app.profile(&input.profile)?;
    let made = make_key(&app, KeyKind::Project, Scopes::default_of(KeyKind::Project));
    let new = NewProject {
        public_id: random_id("prj_", app.engine.random()),
        name: input.name,
        profile: input.profile,
        livemode: input.livemode.unwrap_or(true),
        key: made.new,
        now: app.engine.now(),
    };
    let project = app.engine.store().create_project(new).await?;
    tracing::info!(
        project = project.public_id,
        profile = project.profile,
        "project created"
    );
    let mut answer = show(&project);
    answer["api_key"] = json!(made.key);
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<Value>, Problem> {
    let caller = app.any_caller(&headers).await?;
    caller.must_be_root()?;
    let page = app
        .engine
        .store()
        .projects(paging::query(query)?.page()?)
        .await?;
    Ok(Json(paging::listed(page, show)))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = app.any_caller(&headers).await?;
    let project = app.project(&caller, Some(&id))?;
    if matches!(caller.owner, KeyOwner::Account(..)) {
        return Err(Problem::forbidden(
            "this needs the root key or the project's own",
        ));
    }
    Ok(Json(show(&project)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    name: Option<String>,
    livemode: Option<bool>,
}

async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let caller = app.any_caller(request.headers()).await?;
    let project = to_change(&app, &caller, &id)?.id;
    let input: Update = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    if let Some(name) = &input.name {
        check_text("/name", name)?;
    }
    let update = ProjectUpdate {
        name: input.name,
        livemode: input.livemode,
        settings: None,
    };
    let project = app.engine.store().update_project(project, update).await?;
    tracing::info!(project = project.public_id, "project changed");
    Ok(Json(show(&project)))
}

async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = app.any_caller(&headers).await?;
    let project = to_change(&app, &caller, &id)?;
    app.engine
        .store()
        .delete_project(project.id, app.engine.now())
        .await?;
    tracing::info!(project = project.public_id, "project deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// The project, for who may change it. Another's is not found before anything is forbidden.
fn to_change(app: &App, caller: &Caller, id: &str) -> Result<Arc<Project>, Problem> {
    let project = app.project(caller, Some(id))?;
    caller.must(Scope::ProjectsWrite)?;
    caller.must_be_root()?;
    Ok(project)
}

/// A name or description: some text, not too long.
pub(crate) fn check_text(pointer: &str, text: &str) -> Result<(), Problem> {
    if (1..=TEXT_CHARS_MAX).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(Problem::field(
        pointer,
        format!("must have 1 to {TEXT_CHARS_MAX} characters"),
    ))
}

fn show(project: &Project) -> Value {
    json!({
        "id": project.public_id,
        "name": project.name,
        "profile": project.profile,
        "livemode": project.livemode,
        "created_at": times::rfc3339(project.created_at),
    })
}
