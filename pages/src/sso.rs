//! Signing in by single sign-on: OpenID Connect's authorization code flow with PKCE.
//!
//! What belongs to one sign-in (state, nonce, verifier) is in a cookie of the browser that began it,
//! for ten minutes. No connection is opened here: the server hands in how the issuer is asked.

mod allow;
mod cookie;
mod flow;
mod issuer;
mod jwk;
mod token;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use hookwright_core::sign_on::{NotSignedOn, SignedOn};
use http::request::Parts;
use http::{Extensions, StatusCode, header};
use maud::html;

pub use allow::{AllowRule, AllowRuleError};
pub(crate) use issuer::Issuer;

use crate::cookies;
use crate::fault::Fault;
use crate::layout;
use crate::router::{OPERATOR, Pages};
use crate::visit::Face;

/// What is asked of the issuer's server.
#[derive(Clone, Debug)]
pub struct IssuerRequest {
    /// The whole address.
    pub url: String,
    /// A form to be posted; without one it is a GET.
    pub form: Option<String>,
    /// The `authorization` header.
    pub authorization: Option<String>,
}

/// What it answered.
#[derive(Clone, Debug)]
pub struct IssuerAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, bounded.
    pub body: Vec<u8>,
}

/// What comes later, or why it does not.
pub type Awaited<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;
/// How the issuer's server is asked.
pub type AskIssuer = Arc<dyn Fn(IssuerRequest) -> Awaited<IssuerAnswer> + Send + Sync>;
/// How a session is opened for somebody who came over this connection: its token.
pub type OpenFor = Arc<dyn Fn(SignedOn, Extensions) -> Awaited<String> + Send + Sync>;
/// How it is written down that somebody who came over this connection was not let in.
pub type NoteRefused = Arc<dyn Fn(NotSignedOn, Extensions) -> Noted + Send + Sync>;
/// When it is written down.
pub type Noted = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Single sign-on, as the operator set it up.
#[derive(Clone)]
pub struct SingleSignOn {
    /// Who vouches for people: the issuer's address, exactly as it calls itself.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// What proves that we are; a public client has none.
    pub client_secret: Option<String>,
    /// Where browsers find this server, without a slash at the end.
    pub public_url: String,
    /// Who may sign in, and as what.
    pub allow: Vec<AllowRule>,
    /// Development: the issuer may be asked by plain http.
    pub plain_http: bool,
    /// How the issuer is asked.
    pub ask: AskIssuer,
    /// How a session is opened.
    pub open: OpenFor,
    /// How a refusal is written down.
    pub refused: NoteRefused,
}

/// Why somebody is not signed in, in words for them, and for the log.
#[derive(Debug)]
pub(crate) struct NotSignedIn {
    status: StatusCode,
    /// For the person.
    text: String,
    /// For the operator's logs.
    detail: String,
    /// Who it is, if the issuer vouches for them.
    name: Option<String>,
}

impl NotSignedIn {
    fn new(status: StatusCode, text: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            detail: detail.into(),
            name: None,
        }
    }

    fn named(self, name: String) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// The browser did not bring what it began with.
    fn stale() -> Self {
        let text =
            "This sign-in was begun in another window, or more than ten minutes ago. Begin again.";
        Self::new(StatusCode::BAD_REQUEST, text, "state missing or wrong")
    }

    /// The issuer's server does not do its part.
    fn issuer(detail: impl Into<String>) -> Self {
        let text = "The identity provider could not be asked, or its answer makes no sense. Try again; the server's log says why.";
        Self::new(StatusCode::BAD_GATEWAY, text, detail)
    }

    /// What the issuer's token says is not so.
    fn token(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(StatusCode::FORBIDDEN, text.clone(), text)
    }
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        tracing::warn!(detail = self.detail, "single sign-on failed");
        let page = layout::bare(
            "Not signed in",
            &html! {
                h1 { "Not signed in" }
                p role="alert" { (self.text) }
                div.actions {
                    a.button.primary href="/ui/sso/start" { "Try again" }
                    a.button href="/ui/sign-in" { "Sign in with an API key" }
                }
            },
        );
        let spent = cookie::clear().map(|value| [(header::SET_COOKIE, value)]);
        match spent {
            Ok(spent) => (self.status, spent, page).into_response(),
            Err(fault) => fault.into_response(),
        }
    }
}

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/ui/sso/start", get(start))
        .route("/ui/sso/callback", get(callback))
}

async fn start(State(pages): State<Pages>) -> Response {
    let Some(sso) = &pages.sso else {
        return Fault::no_page().into_response();
    };
    let begun = cookie::Begun::new(&*pages.options.random);
    match flow::begin(sso, &begun, (pages.options.now)()).await {
        Ok(to) => match begun.header() {
            Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response(),
            Err(fault) => fault.into_response(),
        },
        Err(error) => error.into_response(),
    }
}

async fn callback(State(pages): State<Pages>, request: Request) -> Response {
    let Some(sso) = &pages.sso else {
        return Fault::no_page().into_response();
    };
    let (request, _) = request.into_parts();
    let connection = (pages.options.connection)(&request.extensions);
    let error = match arrive(&pages, sso, &request, &connection).await {
        Ok(response) => return response,
        Err(error) => error,
    };
    let refused = NotSignedOn {
        name: error.name.clone(),
        status: error.status.as_u16(),
        reason: error.detail.clone(),
    };
    (sso.settings.refused)(refused, connection).await;
    error.into_response()
}

/// Who comes back from the issuer with this request is signed in.
async fn arrive(
    pages: &Pages,
    sso: &Issuer,
    request: &Parts,
    connection: &Extensions,
) -> Result<Response, NotSignedIn> {
    let begun = cookie::Begun::read(&request.headers).ok_or_else(NotSignedIn::stale)?;
    let query = request.uri.query().unwrap_or("");
    let code = flow::answered(sso, &begun, query)?;
    let now = (pages.options.now)();
    let address = (pages.options.address)(&request.extensions);
    // From here on the issuer is asked: not without bound.
    let attempt = match pages.throttle.begin(address, now) {
        Ok(attempt) => attempt,
        Err(seconds) => return Ok(crate::sign_in::too_many(true, seconds)),
    };
    let person = flow::finish(sso, &begun, &code, now).await?;
    let name = person.name.clone();
    let opened = (sso.settings.open)(person, connection.clone()).await;
    let token = opened.map_err(|error| {
        let text = "The server failed to open a session. Try again; its log says why.";
        NotSignedIn::new(StatusCode::INTERNAL_SERVER_ERROR, text, error).named(name)
    })?;
    pages.throttle.forgive(&attempt);
    Ok(let_in(&token).unwrap_or_else(IntoResponse::into_response))
}

fn let_in(token: &str) -> Result<Response, Fault> {
    let mut response = Redirect::to(OPERATOR).into_response();
    for cookie in [cookies::set(Face::Operator, token)?, cookie::clear()?] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
