//! Who is signed in, with which key, and how is that ended?

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{Method, header};
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cookies;
use crate::fault::Fault;
use crate::layout::{self, csrf_field};
use crate::parts::list::{Cursor, ListOf, pager};
use crate::parts::show::badge;
use crate::parts::times::{maybe, time};
use crate::posted::Posted;
use crate::router::Pages;
use crate::visit::{Face, Visit, segment};

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/ui/sessions", get(list))
        .route("/ui/sessions/everywhere", post(everywhere))
        .route("/ui/sessions/{session_id}/end", post(end))
}

#[derive(Deserialize)]
struct Session {
    id: String,
    name: Option<String>,
    kind: String,
    project_id: Option<String>,
    account_id: Option<String>,
    parent_hint: Option<String>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    works: bool,
    last_used_at: Option<String>,
}

/// The session of this visit.
#[derive(Deserialize)]
struct Own {
    id: String,
}

async fn list(visit: Visit, Query(cursor): Query<Cursor>) -> Result<Response, Fault> {
    let own: Own = visit.send_plain(Method::GET, "/v1/keys/self", None).await?;
    let body = html! {
        div.title-row {
            h1 { "Sessions" }
            form.inline method="post" action="/ui/sessions/everywhere" {
                (csrf_field(&visit))
                button.danger type="submit" data-confirm="Sign out here and on every other device?" { "Sign out everywhere" }
            }
        }
        p { "A session is what a browser holds of somebody who signed in; it ends by itself, and with the key that opened it. "
            "“Sign out everywhere” ends this one and all others of the same key, or of the same person." }
        @if visit.may("keys:write") { (table(&visit, &own, cursor.as_str()).await?) }
        @else { p.note { "To see the sessions of others you need the scope keys:write." } }
    };
    Ok(layout::page(&visit, "Sessions", &body))
}

async fn table(visit: &Visit, own: &Own, cursor: &str) -> Result<Markup, Fault> {
    let query = [("limit", "50"), ("cursor", cursor)];
    let sessions: ListOf<Session> = visit.get("/v1/sessions", &query).await?;
    Ok(html! {
        div.scroll { table {
            thead { tr {
                th scope="col" { "Who" } th scope="col" { "Opens" } th scope="col" { "Last used" }
                th scope="col" { "Begun" } th scope="col" { "Until" } th scope="col" { "Change" }
            } }
            tbody { @for session in &sessions.data { (row(visit, own, session)) } }
        } }
        (pager(visit, &sessions))
    })
}

fn row(visit: &Visit, own: &Own, session: &Session) -> Markup {
    let is_over = !session.works;
    let end = format!("/ui/sessions/{}/end", segment(&session.id));
    html! {
        tr data-key=(session.id) {
            td.key {
                strong { (session.name.as_deref().unwrap_or("Without a name")) }
                @if session.id == own.id { " " span.badge { "this session" } }
                @if is_over { " " (badge("ended")) }
                br;
                @match &session.parent_hint { Some(hint) => code { (hint) }, None => span.quiet { "single sign-on" } }
            }
            td { @match (&session.account_id, &session.project_id) {
                (Some(account), _) => { "account " code { (account) } }
                (None, Some(project)) => { "project " a href={ "/ui/" (project) } { code { (project) } } }
                _ => @if session.kind == "root" { "everything" } @else { (session.kind) },
            } }
            td { @match session.last_used_at.as_deref() { Some(at) => (time(at)), None => span.none { "–" } } }
            td { (time(&session.created_at)) }
            td { (maybe(session.revoked_at.as_deref().or(session.expires_at.as_deref()))) }
            td { @if !is_over { form.inline method="post" action=(end) {
                (csrf_field(visit))
                button type="submit" { "End" }
            } } }
        }
    }
}

async fn end(Path(session): Path<String>, Posted { visit, .. }: Posted) -> Result<Response, Fault> {
    let api = format!("/v1/sessions/{}", segment(&session));
    let _: IgnoredAny = visit.send_plain(Method::DELETE, &api, None).await?;
    Ok(Redirect::to("/ui/sessions?said=session-ended").into_response())
}

async fn everywhere(Posted { visit, .. }: Posted) -> Result<Response, Fault> {
    let api = "/v1/sessions/self?everywhere=true";
    let _: IgnoredAny = visit.send_plain(Method::DELETE, api, None).await?;
    let cookie = [(header::SET_COOKIE, cookies::clear(Face::Operator)?)];
    Ok((
        cookie,
        Redirect::to("/ui/sign-in?said=signed-out-everywhere"),
    )
        .into_response())
}
