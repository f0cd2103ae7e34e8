//! Portal tokens: what a product gives to a customer's browser, for one account and a short time.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::key_format::KeyKind;
use hookwright_core::limits::{
    MANAGEMENT_BODY_BYTES_MAX, PORTAL_TOKEN_SECONDS_DEFAULT, PORTAL_TOKEN_SECONDS_MAX,
};
use hookwright_core::scope::{Scope as KeyScope, Scopes};
use hookwright_store::{Key, KeyOwner, KeyUse, KeysOf, NewKey, PortalFacts};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::key_shown::{make_key, must_cover, scopes_of};
use crate::paging::{ListOfProject, OfProject, PageOf};
use crate::problem::Problem;
use crate::query::QueryText;
use crate::{body, times};

const ALL: &str = "/v1/accounts/{account_id}/portal-tokens";
const ONE: &str = "/v1/accounts/{account_id}/portal-tokens/{token_id}";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Portal tokens", summary).scope(KeyScope::PortalWrite);
    Api::default()
        .post(
            ALL,
            create,
            doc(
                "createPortalToken",
                "Makes a token for a customer's browser.",
            )
            .description(
                "It opens one account, may do what is named and no more than the key that \
                     makes it, and ends by itself.",
            )
            .query::<OfProject>()
            .body::<PortalTokenInput>()
            .answer::<PortalTokenMade>(201),
        )
        .get(
            ALL,
            list,
            doc(
                "listPortalTokens",
                "Lists an account's portal tokens, newest first.",
            )
            .description("A token that ended is kept in the list for a day.")
            .query::<ListOfProject>()
            .answer::<PageOf<PortalTokenShown>>(200),
        )
        .delete(
            ONE,
            revoke,
            doc("revokePortalToken", "Revokes a portal token.")
                .query::<OfProject>()
                .no_content(),
        )
}

/// A portal token to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PortalTokenInput {
    /// What it may do, at least one of: `endpoints:read`, `endpoints:write`, `deliveries:read`,
    /// `deliveries:write`, `events:read`.
    #[schemars(length(min = 1))]
    capabilities: Vec<String>,
    /// How long it works, in seconds: 1 to 86400 (a day), 3600 (an hour) if not given.
    #[schemars(range(min = 1, max = 86_400))]
    expires_in_seconds: Option<u32>,
    /// It may read secrets of endpoints, not only make and rotate them; false if not given.
    #[serde(default)]
    reveal_secrets: bool,
}

/// A portal token as it is shown: never the token itself.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortalToken")]
struct PortalTokenShown {
    id: String,
    /// Its first characters, to recognise it by.
    hint: String,
    capabilities: Vec<&'static str>,
    /// Whether it may read secrets of endpoints.
    reveal_secrets: bool,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// To about a minute; null if never.
    last_used_at: Option<String>,
}

/// A portal token just made.
#[derive(Serialize, JsonSchema)]
struct PortalTokenMade {
    #[serde(flatten)]
    shown: PortalTokenShown,
    /// The whole token, which is sent as `Authorization: Bearer`. It is shown this once.
    token: String,
}

async fn create(
    State(app): State<App>,
    Path(id): Path<String>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::PortalWrite).await?;
    let project = query.read::<OfProject>()?.project_id;
    let project = app.project(&caller, project.as_deref())?.id;
    let account = app.account_seen_by(&caller, project, &id)?;
    app.may_have_keys(account)?;
    let input: PortalTokenInput = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let words = input.capabilities.iter().map(String::as_str);
    let scopes = Scopes::from_words(words)
        .map_err(|error| Problem::field("/capabilities", error.to_string()))?;
    let most = Scopes::default_of(KeyKind::Portal);
    if scopes == Scopes::NONE || !most.covers(scopes) {
        let detail = format!("must name at least one, and only of: {most}");
        return Err(Problem::field("/capabilities", detail));
    }
    must_cover(&caller, scopes)?;
    let seconds = input
        .expires_in_seconds
        .unwrap_or(PORTAL_TOKEN_SECONDS_DEFAULT);
    if !(1..=PORTAL_TOKEN_SECONDS_MAX).contains(&seconds) {
        let detail = format!("must be 1 to {PORTAL_TOKEN_SECONDS_MAX} seconds");
        return Err(Problem::field("/expires_in_seconds", detail));
    }
    let made = make_key(&app, KeyKind::Portal, scopes);
    let new = NewKey {
        public_id: random_id("ptk_", app.engine.random()),
        owner: KeyOwner::Account(project, account),
        used_for: KeyUse::Portal,
        expires_at: Some(made.new.now.plus_ms(u64::from(seconds) * 1000)),
        ..made.new
    };
    let portal = PortalFacts {
        reveal_secrets: input.reveal_secrets,
        ..PortalFacts::default()
    };
    let token = app.engine.store().create_portal_token(new, portal).await?;
    tracing::info!(token = token.public_id, "portal token created");
    let answer = PortalTokenMade {
        shown: show(&token),
        token: made.key,
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<PageOf<PortalTokenShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::PortalWrite).await?;
    let query = query.read::<ListOfProject>()?;
    let scope = app.scope(&caller, query.project_id.as_deref(), Some(&id))?;
    let of = KeysOf::Portal(scope);
    let page = app.engine.store().keys(of, query.page()?).await?;
    Ok(Json(PageOf::new(page, show)))
}

async fn revoke(
    State(app): State<App>,
    headers: HeaderMap,
    Path((id, token)): Path<(String, String)>,
    query: QueryText,
) -> Result<StatusCode, Problem> {
    let caller = app.caller(&headers, KeyScope::PortalWrite).await?;
    let project = query.read::<OfProject>()?.project_id;
    let scope = app.scope(&caller, project.as_deref(), Some(&id))?;
    let (store, now) = (app.engine.store(), app.engine.now());
    let of = KeysOf::Portal(scope);
    store.revoke_key(of, token.clone(), now).await?;
    tracing::info!(token, "portal token revoked");
    Ok(StatusCode::NO_CONTENT)
}

fn show(token: &Key) -> PortalTokenShown {
    PortalTokenShown {
        id: token.public_id.clone(),
        hint: format!("{}…", token.hint),
        capabilities: scopes_of(token).iter().map(KeyScope::as_str).collect(),
        reveal_secrets: token.portal.reveal_secrets,
        created_at: times::rfc3339(token.created_at),
        expires_at: token.expires_at.map(times::rfc3339),
        revoked_at: token.revoked_at.map(times::rfc3339),
        last_used_at: token.last_used_at.map(times::rfc3339),
    }
}
