//! Keys of projects and accounts: made, listed, rotated and revoked.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::key_format::KeyKind;
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{KeyOwner, KeysOf, NewKey, Page, Scope};
use http::{HeaderMap, StatusCode};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::Caller;
use crate::body;
use crate::key_shown::{KeyInput, KeyMade, KeyShown, RotateInput, show};
use crate::paging::{List, ListOfProject, Named, OfProject, PageOf};
use crate::problem::Problem;
use crate::query::QueryText;

/// A project's own keys.
const OF_PROJECT: &str = "/v1/keys";
const ONE_OF_PROJECT: &str = "/v1/keys/{key_id}";
const ROTATE_OF_PROJECT: &str = "/v1/keys/{key_id}/rotate";
/// An account's keys.
const OF_ACCOUNT: &str = "/v1/accounts/{account_id}/keys";
const ONE_OF_ACCOUNT: &str = "/v1/accounts/{account_id}/keys/{key_id}";
const ROTATE_OF_ACCOUNT: &str = "/v1/accounts/{account_id}/keys/{key_id}/rotate";

/// What a rotation does.
pub(crate) const ROTATES: &str = "The new key has the name, scopes, rate limit and length of life of the old one. \
    The old one goes on working for `overlap_seconds` (a day if not given), unless it ends before.";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Keys", summary).scope(KeyScope::KeysWrite);
    let made = |id, summary| {
        doc(id, summary)
            .optional_body::<KeyInput>()
            .answer::<KeyMade>(201)
    };
    let listed = |id, summary| doc(id, summary).answer::<PageOf<KeyShown>>(200);
    let rotated = |id, summary| {
        doc(id, summary)
            .description(ROTATES)
            .optional_body::<RotateInput>()
            .answer::<KeyMade>(201)
    };
    let make = made(
        "createKey",
        "Makes a key of the project, or of the account that is named.",
    );
    let list = listed("listKeys", "Lists the project's keys, newest first.");
    let revoke = doc("revokeKey", "Revokes a key of the project.").no_content();
    let rotate = rotated("rotateKey", "Replaces a key of the project by a new one.");
    let make_account = made("createAccountKey", "Makes a key of an account.");
    let list_account = listed("listAccountKeys", "Lists an account's keys, newest first.");
    let revoke_account = doc("revokeAccountKey", "Revokes a key of an account.").no_content();
    let rotate_account = rotated(
        "rotateAccountKey",
        "Replaces a key of an account by a new one.",
    );
    Api::default()
        .post(OF_PROJECT, create_for_project, make.query::<Named>())
        .get(OF_PROJECT, list_of_project, list.query::<List>())
        .delete(ONE_OF_PROJECT, revoke_of_project, revoke.query::<Named>())
        .post(
            ROTATE_OF_PROJECT,
            rotate_of_project,
            rotate.query::<Named>(),
        )
        .post(
            OF_ACCOUNT,
            create_for_account,
            make_account.query::<OfProject>(),
        )
        .get(
            OF_ACCOUNT,
            list_of_account,
            list_account.query::<ListOfProject>(),
        )
        .delete(
            ONE_OF_ACCOUNT,
            revoke_of_account,
            revoke_account.query::<OfProject>(),
        )
        .post(
            ROTATE_OF_ACCOUNT,
            rotate_of_account,
            rotate_account.query::<OfProject>(),
        )
}

async fn create_for_project(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::KeysWrite).await?;
    let query = query.read::<Named>()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let owner = match scope.account_id {
        Some(account) => KeyOwner::Account(scope.project_id, account),
        None => KeyOwner::Project(scope.project_id),
    };
    create(&app, &caller, owner, request).await
}

async fn create_for_account(
    State(app): State<App>,
    Path(id): Path<String>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::KeysWrite).await?;
    let project = app
        .project(&caller, query.read::<OfProject>()?.project_id.as_deref())?
        .id;
    let account = app.account_seen_by(&caller, project, &id)?;
    create(&app, &caller, KeyOwner::Account(project, account), request).await
}

async fn create(
    app: &App,
    caller: &Caller,
    owner: KeyOwner,
    request: Request,
) -> Result<Response, Problem> {
    let input: KeyInput = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let kind = if let KeyOwner::Account(_, account) = owner {
        app.may_have_keys(account)?;
        KeyKind::Account
    } else {
        KeyKind::Project
    };
    let made = input.make(app, caller, kind)?;
    let new = NewKey { owner, ..made.new };
    let key = app.engine.store().create_key(new).await?;
    tracing::info!(key = key.public_id, "key created");
    let answer = KeyMade {
        key: show(&key),
        api_key: made.key,
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn list_of_project(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<KeyShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let query = query.read::<List>()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    list(&app, scope, query.page()?).await
}

async fn list_of_account(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<PageOf<KeyShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let query = query.read::<ListOfProject>()?;
    let scope = app.scope(&caller, query.project_id.as_deref(), Some(&id))?;
    list(&app, scope, query.page()?).await
}

async fn list(app: &App, scope: Scope, page: Page) -> Result<Json<PageOf<KeyShown>>, Problem> {
    let page = app.engine.store().keys(scope, page).await?;
    Ok(Json(PageOf::new(page, show)))
}

async fn revoke_of_project(
    State(app): State<App>,
    headers: HeaderMap,
    Path(key): Path<String>,
    query: QueryText,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let query = query.read::<Named>()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    revoke(&app, scope, key).await
}

async fn revoke_of_account(
    State(app): State<App>,
    headers: HeaderMap,
    Path((id, key)): Path<(String, String)>,
    query: QueryText,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let scope = app.scope(
        &caller,
        query.read::<OfProject>()?.project_id.as_deref(),
        Some(&id),
    )?;
    revoke(&app, scope, key).await
}

async fn revoke(app: &App, scope: Scope, key: String) -> Result<StatusCode, Problem> {
    app.engine
        .store()
        .revoke_key(scope, key.clone(), app.engine.now())
        .await?;
    tracing::info!(key, "key revoked");
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate_of_project(
    State(app): State<App>,
    Path(key): Path<String>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::KeysWrite).await?;
    let query = query.read::<Named>()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    rotate(&app, &caller, scope.into(), key, request).await
}

async fn rotate_of_account(
    State(app): State<App>,
    Path((id, key)): Path<(String, String)>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::KeysWrite).await?;
    let project = query.read::<OfProject>()?.project_id;
    let scope = app.scope(&caller, project.as_deref(), Some(&id))?;
    rotate(&app, &caller, scope.into(), key, request).await
}

/// Replaces a key of any owner.
pub(crate) async fn rotate(
    app: &App,
    caller: &Caller,
    of: KeysOf,
    key: String,
    request: Request,
) -> Result<Response, Problem> {
    let input: RotateInput = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let store = app.engine.store();
    let old = store.key(of, key.clone()).await?;
    let (api_key, rotation) = input.make(app, caller, &old)?;
    let new = store.rotate_key(of, key.clone(), rotation).await?;
    tracing::info!(key, new = new.public_id, "key rotated");
    let key = show(&new);
    Ok((StatusCode::CREATED, Json(KeyMade { key, api_key })).into_response())
}
