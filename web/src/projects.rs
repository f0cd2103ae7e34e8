//! Projects: made, listed and deleted with the root key, changed by their own.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::key_format::KeyKind;
use hookwright_core::limits::{PROJECT_BODY_BYTES_MAX, TEXT_CHARS_MAX};
use hookwright_core::scope::{Scope, Scopes};
use hookwright_store::{KeyOwner, NewProject, Project, ProjectUpdate};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Access, Api, Doc};
use crate::app::App;
use crate::auth::Caller;
use crate::key_shown::make_key;
use crate::paging::{ListOfServer, PageOf};
use crate::problem::Problem;
use crate::project_settings::{self, ProjectSettingsInput, ProjectSettingsShown};
use crate::query::QueryText;
use crate::{body, times};

const ALL: &str = "/v1/projects";
const ONE: &str = "/v1/projects/{project_id}";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Projects", summary);
    let change = |id, summary| {
        doc(id, summary)
            .scope(Scope::SettingsWrite)
            .description(
                "What is left out stays. The project's own key may do this, an account's key not.",
            )
            .body::<ProjectUpdateInput>()
            .answer::<ProjectShown>(200)
    };
    Api::default()
        .post(
            ALL,
            create,
            doc(
                "createProject",
                "Makes a project, with its default account and first key.",
            )
            .access(Access::Root)
            .body::<ProjectInput>()
            .answer::<ProjectMade>(201),
        )
        .get(
            ALL,
            list,
            doc("listProjects", "Lists the projects, newest first.")
                .access(Access::Root)
                .query::<ListOfServer>()
                .answer::<PageOf<ProjectShown>>(200),
        )
        .get(
            ONE,
            read,
            doc("getProject", "Shows a project.")
                .description("A project's key sees its own, an account's key none.")
                .answer::<ProjectShown>(200),
        )
        .patch(ONE, update, change("updateProject", "Changes a project."))
        .put(
            ONE,
            update,
            change("putProject", "Changes a project, as PATCH does."),
        )
        .delete(
            ONE,
            delete,
            doc("deleteProject", "Deletes a project.")
                .access(Access::Root)
                .description("Its keys and endpoints end at once; its events go by retention.")
                .no_content(),
        )
}

/// A project to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ProjectInput")]
struct ProjectInput {
    /// What people call it: 1 to 1024 characters.
    #[schemars(length(min = 1, max = 1024))]
    name: String,
    /// The name of its wire profile, one of `GET /v1/profiles`.
    profile: String,
    /// The `livemode` of envelopes that carry one; true if not given.
    livemode: Option<bool>,
}

/// A project.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Project")]
struct ProjectShown {
    id: String,
    name: String,
    /// The name of its wire profile.
    profile: String,
    /// The `livemode` of envelopes that carry one.
    livemode: bool,
    settings: ProjectSettingsShown,
    created_at: String,
}

/// A project just made.
#[derive(Serialize, JsonSchema)]
struct ProjectMade {
    #[serde(flatten)]
    project: ProjectShown,
    /// Its first key, whole. It is shown this once.
    api_key: String,
}

/// What to change of a project.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProjectUpdateInput {
    /// What people call it: 1 to 1024 characters.
    #[schemars(length(min = 1, max = 1024))]
    name: Option<String>,
    /// The `livemode` of envelopes that carry one.
    livemode: Option<bool>,
    settings: Option<ProjectSettingsInput>,
}

async fn create(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), Scope::ProjectsWrite).await?;
    caller.must_be_root()?;
    let input: ProjectInput = body::json(request, PROJECT_BODY_BYTES_MAX).await?;
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
    let answer = ProjectMade {
        project: show(&project),
        api_key: made.key,
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<ProjectShown>>, Problem> {
    let caller = app.any_caller(&headers).await?;
    caller.must_be_root()?;
    let page = app
        .engine
        .store()
        .projects(query.read::<ListOfServer>()?.page()?)
        .await?;
    Ok(Json(PageOf::new(page, show)))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<ProjectShown>, Problem> {
    let caller = app.any_caller(&headers).await?;
    let project = app.project(&caller, Some(&id))?;
    must_not_be_an_account(&caller)?;
    Ok(Json(show(&project)))
}

async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<ProjectShown>, Problem> {
    let caller = app.any_caller(request.headers()).await?;
    let project = app.project(&caller, Some(&id))?;
    caller.must(Scope::SettingsWrite)?;
    must_not_be_an_account(&caller)?;
    let input: ProjectUpdateInput = body::json(request, PROJECT_BODY_BYTES_MAX).await?;
    if let Some(name) = &input.name {
        check_text("/name", name)?;
    }
    let settings = input.settings;
    let update = ProjectUpdate {
        name: input.name,
        livemode: input.livemode,
        settings: settings
            .map(|change| change.change(project.settings.clone()))
            .transpose()?,
    };
    let project = app
        .engine
        .store()
        .update_project(project.id, update)
        .await?;
    tracing::info!(project = project.public_id, "project changed");
    Ok(Json(show(&project)))
}

async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = app.any_caller(&headers).await?;
    let project = to_delete(&app, &caller, &id)?;
    app.engine
        .store()
        .delete_project(project.id, app.engine.now())
        .await?;
    tracing::info!(project = project.public_id, "project deleted");
    Ok(StatusCode::NO_CONTENT)
}

fn must_not_be_an_account(caller: &Caller) -> Result<(), Problem> {
    match caller.owner {
        KeyOwner::Root | KeyOwner::Project(_) => Ok(()),
        KeyOwner::Account(..) => Err(Problem::forbidden(
            "this needs the root key or the project's own",
        )),
    }
}

/// The project, for who may delete it. Another's is not found before anything is forbidden.
fn to_delete(app: &App, caller: &Caller, id: &str) -> Result<Arc<Project>, Problem> {
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

fn show(project: &Project) -> ProjectShown {
    ProjectShown {
        id: project.public_id.clone(),
        name: project.name.clone(),
        profile: project.profile.clone(),
        livemode: project.livemode,
        settings: project_settings::show(&project.settings),
        created_at: times::rfc3339(project.created_at),
    }
}
