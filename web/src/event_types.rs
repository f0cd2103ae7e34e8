//! Event types: what a project says of what it publishes, over what its profile lists.

mod change;
mod import;
mod input;
mod page;
mod public;
mod show;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::limits::EVENT_TYPE_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{Project, StoreError};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::body;
use crate::paging::PageOf;
use crate::problem::Problem;
use crate::query::QueryText;
use change::change;
use input::{NewType, TypeChange, TypeInput};
use show::EventTypeShown;

const ALL: &str = "/v1/event-types";
const ONE: &str = "/v1/event-types/{name}";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Event types", summary);
    let write = |id, summary| {
        doc(id, summary)
            .scope(KeyScope::EventTypesWrite)
            .query::<OfProject>()
    };
    Api::default()
        .get(
            ALL,
            list,
            doc("listEventTypes", "Lists the project's event types, by name.")
                .description(
                    "What the project describes itself, and what its profile lists. Where both know a type, the project's own description is shown.",
                )
                .query::<page::ListTypes>()
                .answer::<PageOf<EventTypeShown>>(200),
        )
        .post(
            ALL,
            create,
            write("createEventType", "Describes an event type.")
                .body::<NewType>()
                .answer::<EventTypeShown>(201),
        )
        .get(
            ONE,
            read,
            doc("getEventType", "Shows one event type.")
                .query::<OfProject>()
                .answer::<EventTypeShown>(200),
        )
        .put(
            ONE,
            put,
            write(
                "putEventType",
                "Describes an event type, in place of what was said of it.",
            )
            .body::<TypeInput>()
            .answer::<EventTypeShown>(200)
            .answer::<EventTypeShown>(201),
        )
        .patch(
            ONE,
            patch,
            write("updateEventType", "Changes what is said of an event type.")
                .description(
                    "What is not given stays. `archived` ends and resumes its publishing. A type of the profile becomes the project's own.",
                )
                .body::<TypeChange>()
                .answer::<EventTypeShown>(200),
        )
        .delete(
            ONE,
            delete,
            write(
                "deleteEventType",
                "Takes back what the project says of an event type.",
            )
            .description("What its profile lists shows again. Events that were published stay.")
            .no_content(),
        )
        .merge(import::api())
        .merge(public::api())
}

/// Which project.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfProject {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
}

impl OfProject {
    /// The project, for a caller who may write.
    async fn to_change(
        app: &App,
        headers: &HeaderMap,
        query: QueryText,
    ) -> Result<Arc<Project>, Problem> {
        let caller = app.caller(headers, KeyScope::EventTypesWrite).await?;
        let query: Self = query.read()?;
        app.project(&caller, query.project_id.as_deref())
    }
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<EventTypeShown>>, Problem> {
    let caller = app.any_caller(&headers).await?;
    let query: page::ListTypes = query.read()?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    let asked = query.page()?;
    let own = app.engine.store().event_types(project.id).await?;
    let profile = app.engine.profiles().get(&project.profile);
    let all = show::all(&own, profile.map(Arc::as_ref));
    Ok(Json(page::page_of(all, &asked)))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(name): Path<String>,
    query: QueryText,
) -> Result<Json<EventTypeShown>, Problem> {
    let caller = app.any_caller(&headers).await?;
    let query: OfProject = query.read()?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    shown(&app, &project, name).await.map(Json)
}

/// The project's own description, or the profile's.
async fn shown(app: &App, project: &Project, name: String) -> Result<EventTypeShown, Problem> {
    let listed = app.engine.profiles().get(&project.profile).and_then(|it| {
        let info = it.catalogue.iter().find(|info| info.name == name)?;
        Some(EventTypeShown::from(info))
    });
    match app.engine.store().event_type(project.id, name).await {
        Ok(own) => Ok((&own).into()),
        Err(StoreError::NotFound) => listed.ok_or_else(|| Problem::not_found("event type")),
        Err(error) => Err(error.into()),
    }
}

async fn create(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let project = OfProject::to_change(&app, request.headers(), query).await?;
    let input: NewType = body::json(request, EVENT_TYPE_BODY_BYTES_MAX).await?;
    let (name, document) = input::aside(move || input.read()).await?;
    change(&app, &project, &name, |before| match before {
        Some(_) => Err(Problem::exists(&format!("the event type \"{name}\""))),
        None => Ok(Some(document.clone())),
    })
    .await?;
    tracing::info!(
        project = project.public_id,
        event_type = name,
        "event type described"
    );
    let shown = shown(&app, &project, name).await?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

async fn put(
    State(app): State<App>,
    Path(name): Path<String>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let project = OfProject::to_change(&app, request.headers(), query).await?;
    input::check_name(&name)?;
    let input: TypeInput = body::json(request, EVENT_TYPE_BODY_BYTES_MAX).await?;
    let document = input::aside(move || input.read()).await?;
    let before = change(&app, &project, &name, |_| Ok(Some(document.clone()))).await?;
    tracing::info!(
        project = project.public_id,
        event_type = name,
        "event type described"
    );
    let shown = shown(&app, &project, name).await?;
    let status = match before {
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    Ok((status, Json(shown)).into_response())
}

async fn patch(
    State(app): State<App>,
    Path(name): Path<String>,
    query: QueryText,
    request: Request,
) -> Result<Json<EventTypeShown>, Problem> {
    let project = OfProject::to_change(&app, request.headers(), query).await?;
    let input: TypeChange = body::json(request, EVENT_TYPE_BODY_BYTES_MAX).await?;
    let update = input::aside(move || input.read()).await?;
    let profile = app.engine.profiles().get(&project.profile);
    change(&app, &project, &name, |before| {
        let listed = || change::listed(profile.map(Arc::as_ref), &name);
        let before = before.or_else(listed);
        let before = before.ok_or_else(|| Problem::not_found("event type"))?;
        Ok(Some(update.clone().applied_to(before)))
    })
    .await?;
    tracing::info!(
        project = project.public_id,
        event_type = name,
        "event type changed"
    );
    shown(&app, &project, name).await.map(Json)
}

async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    Path(name): Path<String>,
    query: QueryText,
) -> Result<StatusCode, Problem> {
    let project = OfProject::to_change(&app, &headers, query).await?;
    change(&app, &project, &name, |before| match before {
        Some(_) => Ok(None),
        None => Err(Problem::not_found("event type of the project's own")),
    })
    .await?;
    tracing::info!(
        project = project.public_id,
        event_type = name,
        "event type taken back"
    );
    Ok(StatusCode::NO_CONTENT)
}
