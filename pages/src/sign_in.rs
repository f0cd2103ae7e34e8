//! Signing in with an API key, and out.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{Method, StatusCode, header};
use maud::{Markup, html};

use crate::api::Ask;
use crate::cookies;
use crate::fault::Fault;
use crate::layout;
use crate::posted::{Fields, Posted};
use crate::router::{OPERATOR, Pages};
use crate::visit::{Face, Who};

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/ui/sign-in", get(show).post(sign_in))
        .route("/ui/sign-out", post(sign_out))
}

async fn show(request: Request) -> Response {
    let said = crate::said::text(request.uri().query().unwrap_or(""));
    page(said, None)
}

fn page(said: Option<&str>, error: Option<&str>) -> Response {
    layout::bare("Sign in", &form(said, error)).into_response()
}

fn form(said: Option<&str>, error: Option<&str>) -> Markup {
    html! {
        h1 { "Sign in" }
        @if let Some(said) = said { p.said role="status" { (said) } }
        form.stack method="post" action="/ui/sign-in" {
            div.field {
                label for="key" { "API key" }
                input #key name="key" type="password" required autofocus autocomplete="current-password"
                    aria-describedby="key-hint" aria-invalid=[error.map(|_| "true")];
                p.hint #key-hint { "A root, project or account key. The root key is printed at the server's first start." }
                @if let Some(error) = error { p.error role="alert" { (error) } }
            }
            button.primary type="submit" { "Sign in" }
        }
    }
}

async fn sign_in(State(pages): State<Pages>, request: Request<Body>) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    let fields = Fields::read(body).await?;
    let key = fields.text("key").unwrap_or("").to_owned();
    let ask = Ask {
        method: Method::GET,
        uri: "/v1/keys/self".to_owned(),
        body: None,
        key: Some(&key),
        extensions: (pages.options.connection)(&parts.extensions),
    };
    match pages.api.ask::<Who>(ask).await {
        Ok(_) => {
            let cookie = [(header::SET_COOKIE, cookies::set(Face::Operator, &key)?)];
            Ok((cookie, Redirect::to(OPERATOR)).into_response())
        }
        Err(Fault::SignedOut) => {
            let error = "This key is unknown, revoked or expired. Check that it is whole and from this server.";
            Ok((StatusCode::UNAUTHORIZED, page(None, Some(error))).into_response())
        }
        Err(fault) => Err(fault),
    }
}

async fn sign_out(_posted: Posted) -> Result<Response, Fault> {
    let cookie = [(header::SET_COOKIE, cookies::clear(Face::Operator)?)];
    Ok((cookie, Redirect::to("/ui/sign-in?said=signed-out")).into_response())
}
