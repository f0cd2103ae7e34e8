//! Accounts: a project's customers.

use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hookwright_core::ids::random_id;
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{Account, KeyOwner, Scope};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::paging::{self, ListQuery};
use crate::problem::Problem;
use crate::projects::check_text;
use crate::tenant::check_account_id;
use crate::{body, times};

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/accounts", post(create).get(list))
        .route(
            "/v1/accounts/{account_id}",
            get(read).patch(update).put(update).delete(delete),
        )
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Create {
    id: Option<String>,
    name: Option<String>,
}

async fn create(
    State(app): State<App>,
    query: QueryResult,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::AccountsWrite)
        .await?;
    let project = app
        .project(&caller, paging::query(query)?.project_id.as_deref())?
        .id;
    if matches!(caller.owner, KeyOwner::Account(..)) {
        return Err(Problem::forbidden(
            "an account's key does not make accounts",
        ));
    }
    let input: Create = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let id = input
        .id
        .unwrap_or_else(|| random_id("acct_", app.engine.random()));
    check_account_id("/id", &id)?;
    if let Some(name) = &input.name {
        check_text("/name", name)?;
    }
    let account = app
        .engine
        .store()
        .create_account(project, id, input.name, app.engine.now())
        .await?;
    tracing::info!(account = account.public_id, "account created");
    Ok((StatusCode::CREATED, Json(show(&account))).into_response())
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<Value>, Problem> {
    let caller = app.caller(&headers, KeyScope::AccountsRead).await?;
    let query = paging::query(query)?;
    let scope = app.scope(&caller, query.project_id.as_deref(), None)?;
    if scope.account_id.is_some() {
        return Err(Problem::forbidden(
            "an account's key does not list accounts",
        ));
    }
    let page = app
        .engine
        .store()
        .accounts(scope.project_id, query.page()?)
        .await?;
    Ok(Json(paging::listed(page, show)))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryResult,
) -> Result<Json<Value>, Problem> {
    let caller = app.caller(&headers, KeyScope::AccountsRead).await?;
    let query = paging::query(query)?;
    let scope = app.scope(&caller, query.project_id.as_deref(), Some(&id))?;
    Ok(Json(show(&app.engine.store().account(scope).await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    name: Option<String>,
}

async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    query: QueryResult,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::AccountsWrite)
        .await?;
    let scope: Scope = app.scope(
        &caller,
        paging::query(query)?.project_id.as_deref(),
        Some(&id),
    )?;
    let input: Update = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    if let Some(name) = &input.name {
        check_text("/name", name)?;
    }
    let account = app.engine.store().update_account(scope, input.name).await?;
    tracing::info!(account = account.public_id, "account changed");
    Ok(Json(show(&account)))
}

async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryResult,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::AccountsWrite).await?;
    let scope = app.scope(
        &caller,
        paging::query(query)?.project_id.as_deref(),
        Some(&id),
    )?;
    let account = scope
        .account_id
        .ok_or_else(|| Problem::not_found("account"))?;
    app.engine
        .store()
        .delete_account(scope.project_id, account, app.engine.now())
        .await?;
    tracing::info!(account = id, "account deleted");
    Ok(StatusCode::NO_CONTENT)
}

fn show(account: &Account) -> Value {
    json!({
        "id": account.public_id,
        "name": account.name,
        "created_at": times::rfc3339(account.created_at),
    })
}
