//! Accounts: a project's customers.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{Account, KeyOwner, Scope};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::paging::{ListOfProject, OfProject, PageOf};
use crate::problem::Problem;
use crate::projects::check_text;
use crate::query::QueryText;
use crate::tenant::check_account_id;
use crate::{body, times};

const ALL: &str = "/v1/accounts";
const ONE: &str = "/v1/accounts/{account_id}";

pub(crate) fn api() -> Api {
    let read_doc = |id, summary| Doc::new(id, "Accounts", summary).scope(KeyScope::AccountsRead);
    let doc = |id, summary| {
        Doc::new(id, "Accounts", summary)
            .scope(KeyScope::AccountsWrite)
            .query::<OfProject>()
    };
    let change = |id, summary| {
        doc(id, summary)
            .description("A name that is left out stays; null removes it.")
            .body::<AccountUpdateInput>()
            .answer::<AccountShown>(200)
    };
    Api::default()
        .post(
            ALL,
            create,
            doc("createAccount", "Makes an account.")
                .description("An account is also made when an event or endpoint first names it.")
                .optional_body::<AccountInput>()
                .answer::<AccountShown>(201),
        )
        .get(
            ALL,
            list,
            read_doc("listAccounts", "Lists the accounts, newest first.")
                .query::<ListOfProject>()
                .answer::<PageOf<AccountShown>>(200),
        )
        .get(
            ONE,
            read,
            read_doc("getAccount", "Shows an account.")
                .query::<OfProject>()
                .answer::<AccountShown>(200),
        )
        .patch(ONE, update, change("updateAccount", "Changes an account."))
        .put(
            ONE,
            update,
            change("putAccount", "Changes an account, as PATCH does."),
        )
        .delete(
            ONE,
            delete,
            doc("deleteAccount", "Deletes an account.")
                .description("Its keys and endpoints end at once; its events go by retention.")
                .no_content(),
        )
}

/// An account to be made.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccountInput {
    /// 1 to 128 of `A-Z a-z 0-9 _ - : . @`; made if not given.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_\-:.@]+$"))]
    id: Option<String>,
    /// What people call it: 1 to 1024 characters.
    #[schemars(length(min = 1, max = 1024))]
    name: Option<String>,
}

/// What to change of an account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccountUpdateInput {
    /// What people call it: 1 to 1024 characters.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<String>", length(min = 1, max = 1024))]
    name: Option<Option<String>>,
}

/// An account: one customer of a project.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Account")]
struct AccountShown {
    id: String,
    name: Option<String>,
    created_at: String,
}

async fn create(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::AccountsWrite)
        .await?;
    let project = app
        .project(&caller, query.read::<OfProject>()?.project_id.as_deref())?
        .id;
    if matches!(caller.owner, KeyOwner::Account(..)) {
        return Err(Problem::forbidden(
            "an account's key does not make accounts",
        ));
    }
    let input: AccountInput = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
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
    query: QueryText,
) -> Result<Json<PageOf<AccountShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::AccountsRead).await?;
    let query = query.read::<ListOfProject>()?;
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
    Ok(Json(PageOf::new(page, show)))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<AccountShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::AccountsRead).await?;
    let query = query.read::<OfProject>()?;
    let scope = app.scope(&caller, query.project_id.as_deref(), Some(&id))?;
    Ok(Json(show(&app.engine.store().account(scope).await?)))
}

async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    query: QueryText,
    request: Request,
) -> Result<Json<AccountShown>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::AccountsWrite)
        .await?;
    let scope: Scope = app.scope(
        &caller,
        query.read::<OfProject>()?.project_id.as_deref(),
        Some(&id),
    )?;
    let input: AccountUpdateInput = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let store = app.engine.store();
    let Some(name) = input.name else {
        return Ok(Json(show(&store.account(scope).await?)));
    };
    if let Some(name) = &name {
        check_text("/name", name)?;
    }
    let account = store.update_account(scope, name).await?;
    tracing::info!(account = account.public_id, "account changed");
    Ok(Json(show(&account)))
}

async fn delete(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::AccountsWrite).await?;
    let scope = app.scope(
        &caller,
        query.read::<OfProject>()?.project_id.as_deref(),
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

fn show(account: &Account) -> AccountShown {
    AccountShown {
        id: account.public_id.clone(),
        name: account.name.clone(),
        created_at: times::rfc3339(account.created_at),
    }
}
