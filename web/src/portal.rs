//! What a portal session looks at: whose portal it is, and how it looks.

use axum::Json;
use axum::extract::State;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{KeyOwner, KeyUse, Scope};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::key_shown::scopes_of;
use crate::portal_theme::{self, PortalThemeShown};
use crate::problem::Problem;
use crate::times;

pub(crate) fn api() -> Api {
    Api::default().get(
        "/v1/portal",
        read,
        Doc::new(
            "getPortal",
            "Portal",
            "Says which portal this portal token opens, and how it looks.",
        )
        .answer::<PortalShown>(200),
    )
}

/// A customer's portal.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Portal")]
struct PortalShown {
    /// What it is called.
    name: String,
    theme: PortalThemeShown,
    account: PortalAccount,
    /// What may be done in it.
    capabilities: Vec<&'static str>,
    /// Whether nothing can be changed in it.
    read_only: bool,
    /// Whether secrets of endpoints can be looked at.
    reveal_secrets: bool,
    /// Where the customer came from.
    return_url: Option<String>,
    expires_at: Option<String>,
}

/// The account that a portal shows.
#[derive(Serialize, JsonSchema)]
struct PortalAccount {
    id: String,
    name: Option<String>,
}

async fn read(State(app): State<App>, headers: HeaderMap) -> Result<Json<PortalShown>, Problem> {
    let key = app.own_row(&headers).await?;
    let (KeyOwner::Account(project_id, account_id), KeyUse::Portal) = (key.owner, key.used_for)
    else {
        let detail = "this is for portal tokens; make one with POST /v1/portal-sessions";
        return Err(Problem::forbidden(detail));
    };
    let project = app.engine.project(project_id);
    let project = project.ok_or_else(|| Problem::not_found("project"))?;
    let scope = Scope {
        project_id,
        account_id: Some(account_id),
    };
    let account = app.engine.store().account(scope).await?;
    let theme = &project.settings.portal;
    let scopes = scopes_of(&key);
    let writes = [KeyScope::EndpointsWrite, KeyScope::DeliveriesWrite];
    Ok(Json(PortalShown {
        name: theme.name.clone().unwrap_or_else(|| project.name.clone()),
        theme: portal_theme::show(theme),
        account: PortalAccount {
            id: account.public_id,
            name: account.name,
        },
        capabilities: scopes.iter().map(KeyScope::as_str).collect(),
        read_only: !writes.into_iter().any(|scope| scopes.allows(scope)),
        reveal_secrets: key.portal.reveal_secrets,
        return_url: key.portal.return_url,
        expires_at: key.expires_at.map(times::rfc3339),
    }))
}
