//! Signing in with an API key, and out.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{Method, StatusCode, header};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use crate::api::Ask;
use crate::browser_name;
use crate::cookies;
use crate::fault::Fault;
use crate::layout;
use crate::posted::{Fields, Posted};
use crate::router::{OPERATOR, Pages};
use crate::visit::Face;

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/ui/sign-in", get(show).post(sign_in))
        .route("/ui/sign-out", post(sign_out))
}

async fn show(State(pages): State<Pages>, request: Request) -> Response {
    let said = crate::said::text(request.uri().query().unwrap_or(""));
    page(pages.sso.is_some(), said, None)
}

fn page(sso: bool, said: Option<&str>, error: Option<&str>) -> Response {
    layout::bare("Sign in", &form(sso, said, error)).into_response()
}

fn form(sso: bool, said: Option<&str>, error: Option<&str>) -> Markup {
    html! {
        h1 { "Sign in" }
        @if let Some(said) = said { p.said role="status" { (said) } }
        @if sso {
            div.sso { a.button.primary href="/ui/sso/start" { "Sign in with your organisation" } }
            p.quiet { "Or with a key of this server:" }
        }
        form.stack method="post" action="/ui/sign-in" {
            div.field {
                label for="key" { "API key" }
                input #key name="key" type="password" required autofocus[!sso] autocomplete="current-password"
                    aria-describedby="key-hint" aria-invalid=[error.map(|_| "true")];
                p.hint #key-hint { "A root, project or account key. The root key is printed at the server's first start." }
                @if let Some(error) = error { p.error role="alert" { (error) } }
            }
            button.primary[!sso] type="submit" { "Sign in" }
        }
    }
}

/// Signing in failed too often lately.
pub(crate) fn too_many(sso: bool, seconds: u64) -> Response {
    let error = format!(
        "Signing in failed too often from your network. Try again in {seconds} {}.",
        if seconds == 1 { "second" } else { "seconds" }
    );
    let wait = [(header::RETRY_AFTER, seconds.to_string())];
    (
        StatusCode::TOO_MANY_REQUESTS,
        wait,
        page(sso, None, Some(&error)),
    )
        .into_response()
}

/// What the browser keeps in the place of the key.
#[derive(Deserialize)]
struct Opened {
    token: String,
}

async fn sign_in(State(pages): State<Pages>, request: Request<Body>) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    let address = (pages.options.address)(&parts.extensions);
    let attempt = match pages.throttle.begin(address, (pages.options.now)()) {
        Ok(attempt) => attempt,
        Err(seconds) => return Ok(too_many(pages.sso.is_some(), seconds)),
    };
    let fields = Fields::read(body).await?;
    let key = fields.text("key").unwrap_or("").to_owned();
    let agent = parts.headers.get(header::USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok()).unwrap_or("");
    let named = json!({"name": browser_name::name(agent)});
    let ask = Ask {
        method: Method::POST,
        uri: "/v1/sessions".to_owned(),
        body: Some(&named),
        key: Some(&key),
        extensions: (pages.options.connection)(&parts.extensions),
    };
    match pages.api.ask::<Opened>(ask).await {
        Ok(Opened { token }) => {
            pages.throttle.forgive(&attempt);
            let cookie = [(header::SET_COOKIE, cookies::set(Face::Operator, &token)?)];
            Ok((cookie, Redirect::to(OPERATOR)).into_response())
        }
        Err(Fault::SignedOut) => {
            let error = "This key is unknown, revoked or expired. Check that it is whole and from this server.";
            Ok((
                StatusCode::UNAUTHORIZED,
                page(pages.sso.is_some(), None, Some(error)),
            )
                .into_response())
        }
        Err(fault) => Err(fault),
    }
}

async fn sign_out(Posted { visit, .. }: Posted) -> Result<Response, Fault> {
    let ended = visit.send_plain::<()>(Method::DELETE, "/v1/sessions/self", None);
    match ended.await {
        Ok(()) | Err(Fault::SignedOut) => {}
        Err(fault) => return Err(fault),
    }
    let cookie = [(header::SET_COOKIE, cookies::clear(Face::Operator)?)];
    Ok((cookie, Redirect::to("/ui/sign-in?said=signed-out")).into_response())
}
