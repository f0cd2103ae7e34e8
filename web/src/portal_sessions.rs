//! Portal sessions: a link for one customer, which opens the portal for whoever follows it first.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::key_format::KeyKind;
use hookwright_core::limits::{
    MANAGEMENT_BODY_BYTES_MAX, PORTAL_LINK_SECONDS, PORTAL_TOKEN_SECONDS_DEFAULT,
    PORTAL_TOKEN_SECONDS_MAX, RETURN_URL_BYTES_MAX,
};
use hookwright_core::scope::{Scope as KeyScope, Scopes};
use hookwright_store::{
    KeyOwner, KeyUse, NewKey, NewPortalLink, PortalFacts, Redeemed, StoreError,
};
use http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::api::{Access, Api, Doc};
use crate::app::App;
use crate::auth::hash_key;
use crate::key_shown::{make_key, must_cover};
use crate::paging::OfProject;
use crate::problem::Problem;
use crate::query::QueryText;
use crate::{body, times};

const ALL: &str = "/v1/portal-sessions";
const REDEEM: &str = "/v1/portal-sessions/redeem";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Portal", summary);
    Api::default()
        .post(
            ALL,
            create,
            doc(
                "createPortalSession",
                "Makes a link that opens an account's portal.",
            )
            .description(
                "Send the customer's browser to it, or show it in a frame. It works for 5 \
                     minutes and for the first who follows it, who then sees that one account \
                     until the session ends. It is listed and revoked as a portal token.",
            )
            .scope(KeyScope::PortalWrite)
            .query::<OfProject>()
            .body::<PortalSessionInput>()
            .answer::<PortalSessionMade>(201),
        )
        .post(
            REDEEM,
            redeem,
            doc(
                "redeemPortalSession",
                "Exchanges the code of a link for its token, once.",
            )
            .description(
                "The portal's own page does this when a link is followed. 404 for a link that \
                     was followed before, is older than 5 minutes or was revoked.",
            )
            .access(Access::Public)
            .body::<RedeemInput>()
            .answer::<PortalSessionRedeemed>(200),
        )
}

/// A portal session to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PortalSessionInput {
    /// The account that it opens.
    account_id: String,
    /// Nothing can be changed in it.
    #[serde(default)]
    read_only: bool,
    /// What may be done in it, of: `endpoints:read`, `endpoints:write`, `deliveries:read`,
    /// `deliveries:write`, `events:read`. All of them if not given.
    #[schemars(length(min = 1))]
    capabilities: Option<Vec<String>>,
    /// Secrets of endpoints can be looked at; if not, they can be made and rotated, and are shown
    /// only then. False if not given.
    #[serde(default)]
    reveal_secrets: bool,
    /// How long it works, in seconds: 1 to 86400 (a day), 3600 (an hour) if not given.
    #[schemars(range(min = 1, max = 86_400))]
    expires_in_seconds: Option<u32>,
    /// Where the customer goes back to: an `https` URL (or `http`), at most 2048 bytes.
    #[schemars(length(max = 2048))]
    return_url: Option<String>,
}

/// A portal session just made.
#[derive(Serialize, JsonSchema)]
struct PortalSessionMade {
    /// The id of its portal token.
    id: String,
    /// The link. It is shown this once.
    url: String,
    /// Until when the link can be followed.
    link_expires_at: String,
    /// When the session ends.
    expires_at: String,
}

/// A link that is followed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RedeemInput {
    /// What stands at the end of the link.
    code: String,
}

/// A portal session that was begun.
#[derive(Serialize, JsonSchema)]
struct PortalSessionRedeemed {
    id: String,
    /// What is sent as `Authorization: Bearer`. It is shown this once.
    token: String,
    expires_at: Option<String>,
    return_url: Option<String>,
}

impl PortalSessionInput {
    fn scopes(&self) -> Result<Scopes, Problem> {
        let most = Scopes::default_of(KeyKind::Portal);
        let asked = match &self.capabilities {
            None => most,
            Some(words) => Scopes::from_words(words.iter().map(String::as_str))
                .map_err(|error| Problem::field("/capabilities", error.to_string()))?,
        };
        let scopes = match self.read_only {
            false => asked,
            true => asked
                .without(KeyScope::EndpointsWrite)
                .without(KeyScope::DeliveriesWrite),
        };
        if scopes == Scopes::NONE || !most.covers(asked) {
            let detail = format!("must leave at least one, and name only of: {most}");
            return Err(Problem::field("/capabilities", detail));
        }
        Ok(scopes)
    }

    fn lives_ms(&self) -> Result<u64, Problem> {
        let seconds = self
            .expires_in_seconds
            .unwrap_or(PORTAL_TOKEN_SECONDS_DEFAULT);
        if (1..=PORTAL_TOKEN_SECONDS_MAX).contains(&seconds) {
            return Ok(u64::from(seconds) * 1000);
        }
        let detail = format!("must be 1 to {PORTAL_TOKEN_SECONDS_MAX} seconds");
        Err(Problem::field("/expires_in_seconds", detail))
    }

    fn return_url(&self) -> Result<Option<String>, Problem> {
        let Some(text) = &self.return_url else {
            return Ok(None);
        };
        let url = Url::parse(text).ok().filter(|url| {
            let scheme = matches!(url.scheme(), "https" | "http");
            scheme && url.as_str().len() <= RETURN_URL_BYTES_MAX
        });
        url.map(|url| Some(url.to_string())).ok_or_else(|| {
            let detail = format!("must be an https URL of at most {RETURN_URL_BYTES_MAX} bytes");
            Problem::field("/return_url", detail)
        })
    }
}

async fn create(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::PortalWrite).await?;
    let project = query.read::<OfProject>()?.project_id;
    let project = app.project(&caller, project.as_deref())?.id;
    let base = app.base_url(request.headers());
    let input: PortalSessionInput = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let account = app.account_seen_by(&caller, project, &input.account_id)?;
    app.may_have_keys(account)?;
    let scopes = input.scopes()?;
    must_cover(&caller, scopes)?;
    // Nobody has this token: following the link makes another.
    let made = make_key(&app, KeyKind::Portal, scopes);
    let now = made.new.now;
    let ends = now.plus_ms(input.lives_ms()?);
    let code = format!("{:032x}{:032x}", app.engine.random(), app.engine.random());
    let new = NewKey {
        public_id: random_id("ptk_", app.engine.random()),
        owner: KeyOwner::Account(project, account),
        used_for: KeyUse::Portal,
        expires_at: Some(ends),
        ..made.new
    };
    let link = NewPortalLink {
        hash: hash_key(&code),
        until: now.plus_ms(u64::from(PORTAL_LINK_SECONDS) * 1000).min(ends),
        portal: PortalFacts {
            return_url: input.return_url()?,
            reveal_secrets: input.reveal_secrets,
        },
    };
    let until = link.until;
    let token = app.engine.store().create_portal_link(new, link).await?;
    tracing::info!(token = token.public_id, "portal link made");
    let answer = PortalSessionMade {
        id: token.public_id,
        url: format!("{base}/portal/enter/{code}"),
        link_expires_at: times::rfc3339(until),
        expires_at: times::rfc3339(ends),
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

async fn redeem(
    State(app): State<App>,
    request: Request,
) -> Result<Json<PortalSessionRedeemed>, Problem> {
    let input: RedeemInput = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let made = make_key(&app, KeyKind::Portal, Scopes::NONE);
    let redeemed = Redeemed {
        link_hash: hash_key(&input.code),
        hash: made.new.hash,
        hint: made.new.hint,
        now: made.new.now,
    };
    let token = match app.engine.store().redeem_portal_link(redeemed).await {
        Err(StoreError::NotFound) => return Err(Problem::not_found("portal link")),
        redeemed => redeemed?,
    };
    tracing::info!(token = token.public_id, "portal link followed");
    Ok(Json(PortalSessionRedeemed {
        id: token.public_id,
        token: made.key,
        expires_at: token.expires_at.map(times::rfc3339),
        return_url: token.portal.return_url,
    }))
}

impl App {
    /// Where browsers find this server: as the settings say, or else as the caller found it.
    fn base_url(&self, headers: &HeaderMap) -> String {
        if let Some(url) = &self.public_url {
            return url.to_string();
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST.as_str()).unwrap_or("localhost");
        let scheme = match text("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        format!("{scheme}://{host}")
    }
}
