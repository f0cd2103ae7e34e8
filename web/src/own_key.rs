//! Who am I: the key that a request is made with.

use axum::Json;
use axum::extract::State;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{KeyOwner, KeyUse, Scope};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::hash_of;
use crate::key_shown::scopes_of;
use crate::known_keys::{kind_of, sees_secrets};
use crate::problem::Problem;
use crate::times;

pub(crate) fn api() -> Api {
    Api::default().get(
        "/v1/keys/self",
        read,
        Doc::new("getOwnKey", "Keys", "Says which key this request has.").answer::<OwnKey>(200),
    )
}

/// The key that a request was made with.
#[derive(Serialize, JsonSchema)]
struct OwnKey {
    id: String,
    name: Option<String>,
    /// Its first characters, to recognise it by.
    hint: String,
    /// What it opens: `root`, `project`, `account`, or `portal` (a portal token of an account).
    kind: &'static str,
    /// The project that it opens; null for a root key.
    project_id: Option<String>,
    /// The account that it opens; null for a key that opens more.
    account_id: Option<String>,
    /// The key that a session was opened with; null for what is no session, or was opened by single
    /// sign-on.
    parent_id: Option<String>,
    /// Whether it is a session: it can be ended with `DELETE /v1/sessions/self`.
    is_session: bool,
    /// Whether it may read secrets of endpoints where it has the scope. A portal token may if its
    /// maker said so.
    sees_secrets: bool,
    scopes: Vec<&'static str>,
    /// Requests that it may make in a second; null for what the server's `--api-rate-limit` says.
    rate_limit: Option<u32>,
    created_at: String,
    expires_at: Option<String>,
}

async fn read(State(app): State<App>, headers: HeaderMap) -> Result<Json<OwnKey>, Problem> {
    app.any_caller(&headers).await?;
    let store = app.engine.store();
    let key = store.key_by_hash(hash_of(&headers)?).await?;
    let key = key.ok_or_else(|| Problem::not_found("key"))?;
    let (project, account) = match key.owner {
        KeyOwner::Root => (None, None),
        KeyOwner::Project(project) => (Some(project), None),
        KeyOwner::Account(project, account) => (Some(project), Some(account)),
    };
    let account_id = match (project, account) {
        (Some(project_id), Some(_)) => {
            let scope = Scope {
                project_id,
                account_id: account,
            };
            Some(store.account(scope).await?.public_id)
        }
        _ => None,
    };
    let project = project.and_then(|id| app.engine.project(id));
    Ok(Json(OwnKey {
        id: key.public_id.clone(),
        name: key.name.clone(),
        hint: format!("{}…", key.hint),
        kind: kind_of(&key).as_str(),
        project_id: project.map(|project| project.public_id.clone()),
        account_id,
        parent_id: key.parent.as_ref().map(|parent| parent.public_id.clone()),
        is_session: key.used_for == KeyUse::Session,
        sees_secrets: sees_secrets(&key),
        scopes: scopes_of(&key).iter().map(KeyScope::as_str).collect(),
        rate_limit: key.rate_limit,
        created_at: times::rfc3339(key.created_at),
        expires_at: key.expires_at.map(times::rfc3339),
    }))
}
