//! Endpoints: one resource at four paths, because customers' scripts call all of them already.

mod credentials;
pub(crate) mod formats;
pub(crate) mod paths;
pub(crate) mod secrets;
pub(crate) mod validation;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::{ProjectId, random_id};
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{
    Credentials, Endpoint, EndpointSettings, EndpointStatus, EndpointUpdate, NewEndpoint, Scope,
};
use hookwright_wire::Profile;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::Caller;
use crate::body;
use crate::endpoint_health;
use crate::endpoint_json::{EndpointInput, EndpointShown, show};
use crate::endpoint_proof::ProofShown;
use crate::paging::{self, ListQuery, Named as Owner};
use crate::problem::Problem;
use credentials::credentials;
use formats::Formats;
use paths::{At, at_four};
use secrets::{changed_secrets, first_secret};

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

/// The group's name in the document.
pub(crate) const TAG: &str = "Endpoints";

pub(crate) fn api() -> Api {
    let api =
        at_four!("create", "", "")
            .into_iter()
            .fold(Api::default(), |api, At { path, id }| {
                let doc = writing(id, "Makes an endpoint.").body::<EndpointInput>();
                api.post(path, create, doc.answer::<EndpointShown>(201))
            });
    let api = at_four!("get", "", "/{id}")
        .into_iter()
        .fold(api, |api, At { path, id }| {
            let doc = Doc::new(id, TAG, "Shows an endpoint.").query::<Owner>();
            let doc = doc.scope(KeyScope::EndpointsRead);
            api.get(path, read, doc.answer::<EndpointShown>(200))
        });
    let changed = |id| {
        writing(id, "Changes an endpoint.")
            .description("The fields given change; the others stay as they are.")
            .body::<EndpointInput>()
            .answer::<EndpointShown>(200)
    };
    let api = at_four!("put", "", "/{id}")
        .into_iter()
        .fold(api, |api, At { path, id }| {
            api.put(path, update, changed(id))
        });
    let api = at_four!("update", "", "/{id}")
        .into_iter()
        .fold(api, |api, At { path, id }| {
            api.patch(path, update, changed(id))
        });
    at_four!("delete", "", "/{id}")
        .into_iter()
        .fold(api, |api, At { path, id }| {
            let doc = writing(id, "Deletes an endpoint.")
                .description("Its waiting deliveries fail.")
                .no_content();
            api.delete(path, delete, doc)
        })
}

/// An operation that changes endpoints.
pub(crate) fn writing(id: &'static str, summary: &'static str) -> Doc {
    Doc::new(id, TAG, summary)
        .scope(KeyScope::EndpointsWrite)
        .query::<Owner>()
}

/// What the four paths name between them.
#[derive(Deserialize, Default)]
pub(crate) struct Named {
    account_id: Option<String>,
    id: Option<String>,
}

impl Named {
    pub(crate) fn id(self) -> String {
        self.id.unwrap_or_default()
    }
}

async fn create(
    State(app): State<App>,
    Path(named): Path<Named>,
    query: QueryResult,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::EndpointsWrite)
        .await?;
    let query = paging::query(query)?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    let input: EndpointInput = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let formats = Formats::of(&app, &project, &input, &EndpointSettings::default())?;
    let rules = formats.rules(&app);
    let settings = input.settings(EndpointSettings::default(), &rules)?;
    let status = input.status()?.unwrap_or_default();
    let (status, status_reason) = validation::status(&settings, status, None);
    let secrets = first_secret(&app, &input, &rules)?;
    let nothing = (Credentials::default(), false);
    let credentials = credentials(&app, &input, nothing, &settings, &rules)?;
    let account = named_account(&app, &caller, project.id, &named, &query, &input)?;
    let account_id = app.account_to_use(&caller, project.id, account).await?;
    let new = NewEndpoint {
        project_id: project.id,
        account_id,
        public_id: random_id(&formats.first.ids.endpoint, app.engine.random()),
        settings,
        secrets,
        credentials,
        status,
        status_reason,
        now: app.engine.now(),
    };
    let endpoint = app.engine.store().create_endpoint(new).await?;
    validation::ask_if_waiting(&app, &endpoint);
    tracing::info!(endpoint = endpoint.public_id, "endpoint created");
    Ok((StatusCode::CREATED, Json(shown(&app, &endpoint, true))).into_response())
}

async fn read(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<EndpointShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsRead).await?;
    let scope = scope(&app, &caller, &named, &paging::query(query)?)?;
    let endpoint = app.engine.store().endpoint(scope, named.id()).await?;
    Ok(Json(
        endpoint_health::shown_with_health(&app, &endpoint).await?,
    ))
}

/// `PUT` and `PATCH` both: the fields given change, the rest stays.
async fn update(
    State(app): State<App>,
    Path(named): Path<Named>,
    query: QueryResult,
    request: Request,
) -> Result<Json<EndpointShown>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::EndpointsWrite)
        .await?;
    let query = paging::query(query)?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    let input: EndpointInput = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let account = named_account(&app, &caller, project.id, &named, &query, &input)?;
    let scope = app.scope(&caller, query.project_id.as_deref(), account)?;
    let id = named.id();
    let old = app.engine.store().endpoint(scope, id.clone()).await?;
    let formats = Formats::of(&app, &project, &input, &old.settings)?;
    let rules = formats.rules(&app);
    let settings = input.settings(old.settings.clone(), &rules)?;
    let secrets = changed_secrets(&input, &old.secrets, &rules)?;
    let kept = (old.credentials.clone(), secrets.is_some());
    let credentials = credentials(&app, &input, kept, &settings, &rules)?;
    let unsealed = secrets.is_none() && credentials == old.credentials;
    let secrets = secrets.unwrap_or_else(|| old.secrets.clone());
    let status = match input.status()? {
        Some(status) => {
            let reason =
                (status != EndpointStatus::Active).then(|| "set through the API".to_owned());
            Some(validation::status(&settings, status, reason))
        }
        None => validation::after_change(&old, &settings),
    };
    let given = matches!(input.secret, Some(Some(_)));
    let update = EndpointUpdate {
        settings: Some(settings),
        secrets: (!unsealed).then_some((secrets, credentials)),
        // What another request has rotated or set meanwhile is not undone.
        based_on: (!unsealed).then_some((old.secrets, old.credentials)),
        status,
    };
    let endpoint = app
        .engine
        .store()
        .update_endpoint(scope, id, update, app.engine.now())
        .await?;
    validation::ask_if_waiting(&app, &endpoint);
    tracing::info!(endpoint = endpoint.public_id, "endpoint changed");
    Ok(Json(shown(&app, &endpoint, given)))
}

async fn delete(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsWrite).await?;
    let scope = scope(&app, &caller, &named, &paging::query(query)?)?;
    let id = named.id();
    app.engine
        .store()
        .delete_endpoint(scope, id.clone(), app.engine.now())
        .await?;
    tracing::info!(endpoint = id, "endpoint deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Whose endpoint, or endpoints, a request is about.
pub(crate) fn scope(
    app: &App,
    caller: &Caller,
    named: &Named,
    query: &ListQuery,
) -> Result<Scope, Problem> {
    let named_in_query = (query.project_id.as_deref(), query.account_id.as_deref());
    scope_of(app, caller, named, named_in_query)
}

/// The same, where the query names a project and an account.
pub(crate) fn scope_of(
    app: &App,
    caller: &Caller,
    named: &Named,
    (project, account): (Option<&str>, Option<&str>),
) -> Result<Scope, Problem> {
    let id = app.project(caller, project)?.id;
    let all = [named.account_id.as_deref(), account, None];
    let account = app.one_account(caller, id, all)?;
    app.scope(caller, project, account)
}

/// An account may be named in the path, the query or the body.
fn named_account<'a>(
    app: &App,
    caller: &Caller,
    project: ProjectId,
    named: &'a Named,
    query: &'a ListQuery,
    input: &'a EndpointInput,
) -> Result<Option<&'a str>, Problem> {
    let all = [&named.account_id, &query.account_id, &input.account_id];
    app.one_account(caller, project, all.map(Option::as_deref))
}

/// An endpoint as answers show it.
pub(crate) fn shown(app: &App, endpoint: &Endpoint, whole_secret: bool) -> EndpointShown {
    let account = app.engine.account_public_id(endpoint.account_id);
    let profile = profile_of(app, endpoint);
    let second = endpoint.settings.second_profile.as_ref();
    let second = second.and_then(|name| app.engine.profiles().get(name).cloned());
    let both = (profile.as_deref(), second.as_deref());
    let proof = ProofShown::new(endpoint, both, app.engine.now());
    show(
        endpoint,
        account.as_deref().unwrap_or_default(),
        proof,
        whole_secret,
    )
}

/// The profile that an endpoint speaks first.
pub(crate) fn profile_of(app: &App, endpoint: &Endpoint) -> Option<Arc<Profile>> {
    let project = app.engine.project(endpoint.project_id)?;
    let own = endpoint.settings.profile.as_ref();
    let profiles = app.engine.profiles();
    profiles.get(own.unwrap_or(&project.profile)).cloned()
}
