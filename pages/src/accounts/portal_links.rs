//! A way into the portal of one customer, made by hand: a link, shown once. And who has one.

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::one::account_id;
use super::{Account, path_of};
use crate::fault::{Fault, OrForm};
use crate::keys::is_past;
use crate::layout::{self, csrf_field};
use crate::parts::confirm::unfold;
use crate::parts::field::{Field, check, trouble};
use crate::parts::list::{Cursor, ListOf, empty, pager};
use crate::parts::show::{badge, block};
use crate::parts::times::time;
use crate::posted::{Fields, Form, Posted};
use crate::router::Pages;
use crate::visit::{Visit, segment};

/// What may be done in a portal at all.
const CAPABILITIES: [&str; 5] = [
    "endpoints:read",
    "endpoints:write",
    "deliveries:read",
    "deliveries:write",
    "events:read",
];
const MAY: [(&str, &str); 2] = [
    ("", "All that the customer may: change endpoints, resend"),
    ("read_only", "Only look"),
];
/// How long a session works, in seconds.
const LENGTHS: [(&str, &str); 4] = [
    ("3600", "1 hour"),
    ("900", "15 minutes"),
    ("28800", "8 hours"),
    ("86400", "1 day, the longest"),
];
const FIELDS: &[&str] = &["may", "expires_in_seconds"];

pub(crate) fn routes() -> Router<Pages> {
    let all = "/accounts/{account_id}/portal-links";
    Router::new()
        .route(all, get(show).post(make))
        .route(&format!("{all}/{{token_id}}/end"), post(end))
}

/// The address of this page.
fn path(account: &str) -> String {
    format!("{}/portal-links", path_of(account))
}

/// Where the API has an account's sessions.
fn api(account: &str) -> String {
    format!("/v1/accounts/{}/portal-tokens", segment(account))
}

/// What an account's own page has of it.
pub(super) fn part(visit: &Visit, account: &str) -> Markup {
    html! {
        h2 { "Customer portal" }
        p { "What this customer sees of its webhooks. A link opens it without signing in: for you to look at, or to hand over." }
        (unfold("Make a portal link", &form(visit, account, &Form::default())))
        p { a href=(visit.to(&path(account))) { "Links and sessions of this portal" } }
    }
}

fn form(visit: &Visit, account: &str, form: &Form) -> Markup {
    html! {
        (trouble(form, FIELDS))
        form.stack method="post" action=(visit.to(&path(account))) {
            (csrf_field(visit))
            (Field::new("may", "Who follows it may").required().select(form, &MAY))
            (Field::new("expires_in_seconds", "The session works for").required()
                .hint("The link itself works for 5 minutes, and for the first who follows it.").select(form, &LENGTHS))
            @if visit.sees_secrets() {
                (check(form, "reveal_secrets", "true", "May look at signing secrets at any time, not only when they are made"))
            }
            div { button.primary type="submit" { "Make the link" } }
        }
    }
}

#[derive(Deserialize)]
struct Session {
    id: String,
    capabilities: Vec<String>,
    reveal_secrets: bool,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
}

async fn show(
    visit: Visit,
    Path(path): Path<Vec<(String, String)>>,
    Query(cursor): Query<Cursor>,
) -> Result<Response, Fault> {
    page(&visit, account_id(&path), cursor.as_str(), &Form::default()).await
}

async fn load(visit: &Visit, id: &str) -> Result<Account, Fault> {
    let path = format!("/v1/accounts/{}", segment(id));
    visit.get(&path, &[]).await
}

async fn page(visit: &Visit, id: &str, cursor: &str, typed: &Form) -> Result<Response, Fault> {
    let account = load(visit, id).await?;
    let query = [("limit", "50"), ("cursor", cursor)];
    let sessions: ListOf<Session> = visit.get(&api(id), &query).await?;
    let now = (visit.pages.options.now)();
    let body = html! {
        p.crumbs { a href=(visit.to(&path_of(id))) { (account.title()) } }
        h1 { "Customer portal" }
        p { "Links that were made for " strong { (account.title()) } ", by hand or by your server, and the sessions that they opened. One that ended is listed for a day." }
        @if typed.problem.is_some() { div.card { (form(visit, id, typed)) } }
        @else { (unfold("Make a portal link", &form(visit, id, typed))) }
        @if sessions.data.is_empty() {
            (empty("No link yet", "Make one above, or let your server ask for one when the customer opens its webhooks page."))
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Session" } th scope="col" { "May" } th scope="col" { "Last used" }
                    th scope="col" { "Made" } th scope="col" { "Until" } th scope="col" { "Change" }
                } }
                tbody { @for session in &sessions.data { (row(visit, id, session, now)) } }
            } }
            (pager(visit, &sessions))
        }
    };
    Ok(layout::page(visit, "Customer portal", &body))
}

fn row(visit: &Visit, account: &str, session: &Session, now: i64) -> Markup {
    let ends = session.expires_at.as_deref();
    let is_over = session.revoked_at.is_some() || ends.is_some_and(|at| is_past(at, now));
    let end = format!("{}/{}/end", path(account), segment(&session.id));
    html! {
        tr data-key=(session.id) {
            td { code { (session.id) } @if is_over { " " (badge("ended")) } }
            td {
                (may(&session.capabilities))
                @if session.reveal_secrets { ", and look at secrets" }
            }
            td { @match session.last_used_at.as_deref() { Some(at) => (time(at)), None => span.none { "Not yet" } } }
            td { (time(&session.created_at)) }
            td { @if let Some(at) = session.revoked_at.as_deref().or(ends) { (time(at)) } }
            td { @if !is_over { form.inline method="post" action=(visit.to(&end)) {
                (csrf_field(visit))
                button type="submit" data-confirm="End this session? Whoever uses it is shown the way out." { "End" }
            } } }
        }
    }
}

/// What may be done in a session, in words.
fn may(capabilities: &[String]) -> String {
    let has = |wanted: &str| capabilities.iter().any(|own| own == wanted);
    let writes = ["endpoints:write", "deliveries:write"];
    let all = || CAPABILITIES.iter().copied();
    if all().all(has) {
        return "All that the customer may".to_owned();
    }
    if CAPABILITIES.iter().all(|it| has(it) != writes.contains(it)) {
        return "Only look".to_owned();
    }
    capabilities.join(", ")
}

/// A link, just made.
#[derive(Deserialize)]
struct Made {
    url: String,
    link_expires_at: String,
    expires_at: String,
}

async fn make(
    Path(path): Path<Vec<(String, String)>>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let id = account_id(&path);
    let input = input(&visit, id, &fields);
    let asked = visit.send::<Made>(Method::POST, "/v1/portal-sessions", &[], Some(&input));
    match asked.await.or_form()? {
        Ok(made) => shown_once(&visit, id, &made).await,
        Err(problem) => {
            let page = page(&visit, id, "", &Form::refused(fields, problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// What the API is asked for. A key hands out what it has itself, and no more.
fn input(visit: &Visit, account: &str, fields: &Fields) -> Value {
    let own = CAPABILITIES.iter().filter(|scope| visit.may(scope));
    asked(account, fields, &own.copied().collect::<Vec<_>>())
}

fn asked(account: &str, fields: &Fields, capabilities: &[&str]) -> Value {
    let mut input = json!({
        "account_id": account,
        "capabilities": capabilities,
        "read_only": fields.text("may") == Some("read_only"),
        "reveal_secrets": fields.is_checked("reveal_secrets"),
    });
    if let Some(text) = fields.text("expires_in_seconds") {
        let seconds = text.parse::<u32>();
        input["expires_in_seconds"] = seconds.map_or_else(|_| text.into(), Value::from);
    }
    input
}

/// The one time that a link is shown.
async fn shown_once(visit: &Visit, id: &str, made: &Made) -> Result<Response, Fault> {
    let account = load(visit, id).await?;
    let body = html! {
        p.crumbs { a href=(visit.to(&path(id))) { "Customer portal of " (account.title()) } }
        h1 { "The link is made" }
        p.note role="status" {
            strong { "Copy it, or open it, now." } " It is shown this once. It works until " (time(&made.link_expires_at))
            ", for the first who follows it: who has it sees what " (account.title()) " sees."
        }
        (block("Portal link", &made.url))
        p { "The session that it opens ends at " (time(&made.expires_at)) "." }
        div.actions {
            a.button.primary href=(made.url) target="_blank" rel="noreferrer" { "Open the portal in a new tab" }
            a.button href=(visit.to(&path(id))) { "Done" }
        }
    };
    Ok(layout::page(visit, "Portal link", &body))
}

async fn end(
    Path(named): Path<Vec<(String, String)>>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Fault> {
    let id = account_id(&named);
    let token = named.iter().find(|(name, _)| name == "token_id");
    let token = token.map_or("", |(_, token)| token);
    let api = format!("{}/{}", api(id), segment(token));
    let _: IgnoredAny = visit.send(Method::DELETE, &api, &[], None).await?;
    let to = format!("{}?said=portal-ended", visit.to(&path(id)));
    Ok(Redirect::to(&to).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_session_may_is_told_in_words() {
        let words = |all: &[&str]| may(&all.iter().map(|&it| it.to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&CAPABILITIES), "All that the customer may");
        let reads = ["events:read", "deliveries:read", "endpoints:read"];
        assert_eq!(words(&reads), "Only look");
        assert_eq!(words(&reads[..2]), "events:read, deliveries:read");
    }

    #[test]
    fn a_form_asks_for_no_more_than_is_chosen_and_had() {
        let fields = Fields::of(b"may=read_only&expires_in_seconds=900");
        let expected = json!({"account_id": "acme", "capabilities": ["events:read"],
            "read_only": true, "reveal_secrets": false, "expires_in_seconds": 900});
        assert_eq!(asked("acme", &fields, &["events:read"]), expected);
        let fields = Fields::of(b"may=&reveal_secrets=true&expires_in_seconds=x");
        let whole = asked("acme", &fields, &[]);
        assert_eq!(whole["expires_in_seconds"], "x");
        assert_eq!(
            (&whole["read_only"], &whole["reveal_secrets"]),
            (&json!(false), &json!(true))
        );
    }
}
