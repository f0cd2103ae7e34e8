//! API keys: shown in full once, then only by their hint.

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::key_format::{self, KEY_RANDOM_BYTES, KeyKind};
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::{Scope as KeyScope, Scopes};
use hookwright_store::{Key, KeyOwner, NewKey, Scope};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::{Caller, hash_key};
use crate::paging::{self, List, ListQuery, Named, PageOf};
use crate::problem::Problem;
use crate::projects::check_text;
use crate::{body, times};

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

/// Characters of a key that are kept to recognise it by.
const HINT_CHARS: usize = 13;

/// A project's own keys.
const OF_PROJECT: &str = "/v1/keys";
const ONE_OF_PROJECT: &str = "/v1/keys/{key_id}";
/// An account's keys.
const OF_ACCOUNT: &str = "/v1/accounts/{account_id}/keys";
const ONE_OF_ACCOUNT: &str = "/v1/accounts/{account_id}/keys/{key_id}";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Keys", summary).scope(KeyScope::KeysWrite);
    let make = |id, summary| doc(id, summary).query::<Named>().optional_body::<Create>();
    let made = |id, summary| make(id, summary).answer::<KeyMade>(201);
    let list = |id, summary| {
        doc(id, summary)
            .query::<List>()
            .answer::<PageOf<KeyShown>>(200)
    };
    let revoke = |id, summary| doc(id, summary).query::<Named>().no_content();
    Api::default()
        .post(
            OF_PROJECT,
            create_for_project,
            made(
                "createKey",
                "Makes a key of the project, or of the account that is named.",
            ),
        )
        .get(
            OF_PROJECT,
            list_of_project,
            list("listKeys", "Lists the project's keys, newest first."),
        )
        .delete(
            ONE_OF_PROJECT,
            revoke_of_project,
            revoke("revokeKey", "Revokes a key of the project."),
        )
        .post(
            OF_ACCOUNT,
            create_for_account,
            made("createAccountKey", "Makes a key of an account."),
        )
        .get(
            OF_ACCOUNT,
            list_of_account,
            list("listAccountKeys", "Lists an account's keys, newest first."),
        )
        .delete(
            ONE_OF_ACCOUNT,
            revoke_of_account,
            revoke("revokeAccountKey", "Revokes a key of an account."),
        )
}

/// A new key, and what is kept of it.
pub(crate) struct Made {
    pub(crate) key: String,
    pub(crate) new: NewKey,
}

/// Makes a key; its owner is still to be filled in.
pub(crate) fn make_key(app: &App, kind: KeyKind, scopes: Scopes) -> Made {
    let mut random = [0; KEY_RANDOM_BYTES];
    for part in random.chunks_mut(16) {
        part.copy_from_slice(&app.engine.random().to_be_bytes()[..part.len()]);
    }
    let key = key_format::make(kind, &random);
    let new = NewKey {
        public_id: random_id("key_", app.engine.random()),
        owner: KeyOwner::Root,
        name: None,
        hash: hash_key(&key),
        hint: key.chars().take(HINT_CHARS).collect(),
        scopes: u32::from(scopes.bits()),
        expires_at: None,
        now: app.engine.now(),
    };
    Made { key, new }
}

/// A key to be made.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyInput")]
struct Create {
    /// What people call it.
    name: Option<String>,
    /// What it may do; without them, what keys of its kind usually may.
    scopes: Option<Vec<String>>,
    /// When it stops working (RFC 3339); without it, never.
    expires_at: Option<String>,
}

/// A key as it is shown: never the key itself.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Key")]
struct KeyShown {
    id: String,
    name: Option<String>,
    /// Its first characters, to recognise it by.
    hint: String,
    scopes: Vec<&'static str>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

/// A key just made.
#[derive(Serialize, JsonSchema)]
struct KeyMade {
    #[serde(flatten)]
    key: KeyShown,
    /// The whole key. It is shown this once.
    api_key: String,
}

async fn create_for_project(
    State(app): State<App>,
    query: QueryResult,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::KeysWrite).await?;
    let query = paging::query(query)?;
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
    query: QueryResult,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::KeysWrite).await?;
    let project = app
        .project(&caller, paging::query(query)?.project_id.as_deref())?
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
    let input: Create = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let kind = if matches!(owner, KeyOwner::Account(..)) {
        KeyKind::Account
    } else {
        KeyKind::Project
    };
    let scopes = match &input.scopes {
        None => Scopes::default_of(kind),
        Some(words) => Scopes::from_words(words.iter().map(String::as_str))
            .map_err(|error| Problem::field("/scopes", error.to_string()))?,
    };
    if !caller.scopes.covers(scopes) {
        return Err(Problem::forbidden(
            "a key cannot be given scopes that the key which makes it lacks",
        ));
    }
    if let Some(name) = &input.name {
        check_text("/name", name)?;
    }
    let expires_at = input.expires_at.as_deref().map(|text| {
        let at = times::parse(text).filter(|at| *at > app.engine.now());
        at.ok_or_else(|| Problem::field("/expires_at", "must be a time to come, as RFC 3339"))
    });
    let made = make_key(app, kind, scopes);
    let new = NewKey {
        owner,
        name: input.name,
        expires_at: expires_at.transpose()?,
        ..made.new
    };
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
    query: QueryResult,
) -> Result<Json<PageOf<KeyShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let query = paging::query(query)?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    list(&app, scope, &query).await
}

async fn list_of_account(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryResult,
) -> Result<Json<PageOf<KeyShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let query = paging::query(query)?;
    let scope = app.scope(&caller, query.project_id.as_deref(), Some(&id))?;
    list(&app, scope, &query).await
}

async fn list(
    app: &App,
    scope: Scope,
    query: &ListQuery,
) -> Result<Json<PageOf<KeyShown>>, Problem> {
    let page = app.engine.store().keys(scope, query.page()?).await?;
    Ok(Json(PageOf::new(page, show)))
}

async fn revoke_of_project(
    State(app): State<App>,
    headers: HeaderMap,
    Path(key): Path<String>,
    query: QueryResult,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let query = paging::query(query)?;
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
    query: QueryResult,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::KeysWrite).await?;
    let scope = app.scope(
        &caller,
        paging::query(query)?.project_id.as_deref(),
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

fn show(key: &Key) -> KeyShown {
    let scopes = Scopes::from_bits(u16::try_from(key.scopes).unwrap_or(0));
    KeyShown {
        id: key.public_id.clone(),
        name: key.name.clone(),
        hint: format!("{}…", key.hint),
        scopes: scopes.iter().map(KeyScope::as_str).collect(),
        created_at: times::rfc3339(key.created_at),
        expires_at: key.expires_at.map(times::rfc3339),
        revoked_at: key.revoked_at.map(times::rfc3339),
    }
}
