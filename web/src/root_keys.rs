//! Root keys: for the operators of the installation.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::key_format::KeyKind;
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope;
use hookwright_store::{KeyUse, KeysOf, NewKey};
use http::{HeaderMap, StatusCode};

use crate::api::{Access, Api, Doc};
use crate::app::App;
use crate::auth::Caller;
use crate::key_shown::{KeyInput, KeyMade, KeyShown, RotateInput, show};
use crate::paging::{ListOfServer, PageOf};
use crate::problem::Problem;
use crate::query::QueryText;
use crate::{body, keys};

const ALL: &str = "/v1/root-keys";
const ONE: &str = "/v1/root-keys/{key_id}";
const ROTATE: &str = "/v1/root-keys/{key_id}/rotate";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Keys", summary).access(Access::Root);
    Api::default()
        .post(
            ALL,
            create,
            doc("createRootKey", "Makes another root key.")
                .description("It stays when HOOKWRIGHT_ROOT_KEY is changed, until it is revoked.")
                .optional_body::<KeyInput>()
                .answer::<KeyMade>(201),
        )
        .get(
            ALL,
            list,
            doc("listRootKeys", "Lists the root keys, newest first.")
                .query::<ListOfServer>()
                .answer::<PageOf<KeyShown>>(200),
        )
        .delete(
            ONE,
            revoke,
            doc("revokeRootKey", "Revokes a root key.")
                .description("The last one that lives and has no end cannot be revoked.")
                .no_content(),
        )
        .post(
            ROTATE,
            rotate,
            doc("rotateRootKey", "Replaces a root key by a new one.")
                .description(keys::ROTATES)
                .optional_body::<RotateInput>()
                .answer::<KeyMade>(201),
        )
}

/// Who manages root keys: a root key that may make keys at all, and not one that only reads.
async fn may_manage(app: &App, headers: &HeaderMap) -> Result<Caller, Problem> {
    let caller = app.any_caller(headers).await?;
    caller.must_be_root()?;
    caller.must(Scope::KeysWrite)?;
    Ok(caller)
}

async fn create(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let caller = may_manage(&app, request.headers()).await?;
    let input: KeyInput = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let made = input.make(&app, &caller, KeyKind::Root)?;
    let new = NewKey {
        used_for: KeyUse::AddedRoot,
        ..made.new
    };
    let key = app.engine.store().create_key(new).await?;
    tracing::info!(key = key.public_id, "root key created");
    let answer = KeyMade {
        key: show(&key),
        api_key: made.key,
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<KeyShown>>, Problem> {
    may_manage(&app, &headers).await?;
    let page = query.read::<ListOfServer>()?.page()?;
    let found = app.engine.store().keys(KeysOf::Root, page).await?;
    Ok(Json(PageOf::new(found, show)))
}

async fn revoke(
    State(app): State<App>,
    headers: HeaderMap,
    Path(key): Path<String>,
) -> Result<StatusCode, Problem> {
    may_manage(&app, &headers).await?;
    let (store, now) = (app.engine.store(), app.engine.now());
    store.revoke_key(KeysOf::Root, key.clone(), now).await?;
    tracing::info!(key, "root key revoked");
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate(
    State(app): State<App>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = may_manage(&app, request.headers()).await?;
    keys::rotate(&app, &caller, KeysOf::Root, key, request).await
}
