//! Endpoints: one resource at four paths, because customers' scripts call all of them already.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use hookwright_core::ids::{ProjectId, random_id};
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{
    Credentials, Endpoint, EndpointSettings, EndpointStatus, EndpointUpdate, NewEndpoint, Project,
    Scope,
};
use hookwright_wire::{Profile, new_secret};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::auth::Caller;
use crate::body;
use crate::endpoint_json::{EndpointInput, Rules, check_secret, show};
use crate::paging::{self, ListQuery};
use crate::problem::Problem;

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

pub(crate) fn routes() -> Router<App> {
    let all = || -> MethodRouter<App> { post(create).get(list) };
    let one = || -> MethodRouter<App> { get(read).put(update).patch(update).delete(delete) };
    Router::new()
        .route("/v1/endpoints", all())
        .route("/v1/endpoints/{id}", one())
        .route("/v1/webhooks", all())
        .route("/v1/webhooks/{id}", one())
        .route("/v1/webhooks/endpoints", all())
        .route("/v1/webhooks/endpoints/{id}", one())
        .route("/v1/accounts/{account_id}/webhooks", all())
        .route("/v1/accounts/{account_id}/webhooks/{id}", one())
}

/// What the four paths name between them.
#[derive(Deserialize, Default)]
struct Named {
    account_id: Option<String>,
    id: Option<String>,
}

impl Named {
    fn id(self) -> String {
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
    let secrets = first_secret(&app, &input, &rules)?;
    let account = named_account(&app, &caller, project.id, &named, &query, &input)?;
    let account_id = app.account_to_use(&caller, project.id, account).await?;
    let new = NewEndpoint {
        project_id: project.id,
        account_id,
        public_id: random_id(&formats.first.ids.endpoint, app.engine.random()),
        settings,
        secrets,
        credentials: Credentials::default(),
        status,
        now: app.engine.now(),
    };
    let endpoint = app.engine.store().create_endpoint(new).await?;
    tracing::info!(endpoint = endpoint.public_id, "endpoint created");
    Ok((StatusCode::CREATED, Json(shown(&app, &endpoint, true))).into_response())
}

async fn list(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<Value>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsRead).await?;
    let query = paging::query(query)?;
    let scope = scope(&app, &caller, &named, &query)?;
    let page = app.engine.store().endpoints(scope, query.page()?).await?;
    Ok(Json(paging::listed(page, |endpoint| {
        shown(&app, endpoint, false)
    })))
}

async fn read(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<Value>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsRead).await?;
    let scope = scope(&app, &caller, &named, &paging::query(query)?)?;
    let endpoint = app.engine.store().endpoint(scope, named.id()).await?;
    Ok(Json(shown(&app, &endpoint, false)))
}

/// `PUT` and `PATCH` both: the fields given change, the rest stays.
async fn update(
    State(app): State<App>,
    Path(named): Path<Named>,
    query: QueryResult,
    request: Request,
) -> Result<Json<Value>, Problem> {
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
    let settings = input.settings(old.settings, &rules)?;
    let secrets = changed_secrets(&input, old.secrets, &rules)?;
    let status = input.status()?.map(|status| {
        let reason = (status != EndpointStatus::Active).then(|| "set through the API".to_owned());
        (status, reason)
    });
    let given = matches!(input.secret, Some(Some(_)));
    let update = EndpointUpdate {
        settings: Some(settings),
        secrets: secrets.map(|secrets| (secrets, old.credentials)),
        status,
    };
    let endpoint = app
        .engine
        .store()
        .update_endpoint(scope, id, update, app.engine.now())
        .await?;
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

fn scope(app: &App, caller: &Caller, named: &Named, query: &ListQuery) -> Result<Scope, Problem> {
    let project = app.project(caller, query.project_id.as_deref())?.id;
    let nothing = EndpointInput::default();
    let account = named_account(app, caller, project, named, query, &nothing)?;
    app.scope(caller, query.project_id.as_deref(), account)
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

/// The wire profiles of an endpoint.
struct Formats {
    first: Arc<Profile>,
    second: Option<Arc<Profile>>,
}

impl Formats {
    fn of(
        app: &App,
        project: &Project,
        input: &EndpointInput,
        old: &EndpointSettings,
    ) -> Result<Self, Problem> {
        let first = input.profile.clone().unwrap_or_else(|| old.profile.clone());
        let second = input
            .second_profile
            .clone()
            .unwrap_or_else(|| old.second_profile.clone());
        let find = |pointer: &str, name: &str| {
            app.engine
                .profiles()
                .get(name)
                .cloned()
                .ok_or_else(|| app.unknown_profile(pointer, name))
        };
        Ok(Self {
            first: find("/profile", first.as_ref().unwrap_or(&project.profile))?,
            second: second
                .map(|name| find("/second_profile", &name))
                .transpose()?,
        })
    }

    fn rules(&self, app: &App) -> Rules<'_> {
        Rules {
            profile: &self.first,
            second: self.second.as_deref(),
            dev: app.engine.dev(),
        }
    }
}

/// The secret that is given, or a new one; none only where the format allows it and `null` says so.
fn first_secret(
    app: &App,
    input: &EndpointInput,
    rules: &Rules<'_>,
) -> Result<Vec<String>, Problem> {
    match &input.secret {
        Some(Some(given)) => {
            check_secret(given, rules)?;
            Ok(vec![given.clone()])
        }
        Some(None) if !rules.profile.secret.required => Ok(Vec::new()),
        Some(None) => Err(Problem::field(
            "/secret",
            "this format needs one; leave it out to have one made",
        )),
        None => {
            let random: Vec<u8> = (0..4)
                .flat_map(|_| app.engine.random().to_be_bytes())
                .collect();
            let secret = new_secret(rules.profile, &random);
            check_secret(&secret, rules)?;
            Ok(vec![secret])
        }
    }
}

fn changed_secrets(
    input: &EndpointInput,
    old: Vec<String>,
    rules: &Rules<'_>,
) -> Result<Option<Vec<String>>, Problem> {
    match &input.secret {
        Some(Some(given)) => {
            check_secret(given, rules)?;
            Ok(Some(vec![given.clone()]))
        }
        Some(None) if !rules.profile.secret.required => Ok(Some(Vec::new())),
        Some(None) => Err(Problem::field("/secret", "this format needs one")),
        None => {
            // A change of profile must not leave a secret that the new one cannot use.
            old.iter()
                .try_for_each(|secret| check_secret(secret, rules))?;
            Ok(None)
        }
    }
}

fn shown(app: &App, endpoint: &Endpoint, whole_secret: bool) -> Value {
    let account = app.engine.account_public_id(endpoint.account_id);
    show(
        endpoint,
        account.as_deref().unwrap_or_default(),
        whole_secret,
    )
}
