//! Who changed what, when and from where?

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::accounts;
use crate::events;
use crate::fault::{Fault, Problem};
use crate::layout;
use crate::parts::list::{ListOf, empty, pager, with};
use crate::parts::show::visible;
use crate::parts::times::time;
use crate::router::{OPERATOR, Pages};
use crate::visit::{Visit, segment};

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/audit", get(list))
}

/// The same of the whole server: who signed in, and what was about no project, is only here.
pub(crate) fn root_routes() -> Router<Pages> {
    Router::new().route("/ui/audit", get(list))
}

/// What single sign-on is called in the log, in the place of a call's path.
const SIGN_ON: &str = "/ui/sso/callback";

/// Which calls are asked for; lives in the address.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Filter {
    actor: String,
    account_id: String,
    since: String,
    until: String,
    cursor: String,
}

#[derive(Deserialize)]
struct Entry {
    at: String,
    actor: Actor,
    project_id: Option<String>,
    summary: Option<String>,
    method: String,
    path: String,
    ids: BTreeMap<String, String>,
    status: u16,
    reason: Option<String>,
    remote_address: Option<String>,
    request_id: String,
}

#[derive(Deserialize)]
struct Actor {
    kind: Option<String>,
    key_id: Option<String>,
    hint: Option<String>,
    session_id: Option<String>,
    session_name: Option<String>,
}

/// Whether it is the whole server's that is looked at.
fn is_of_all(visit: &Visit) -> bool {
    visit.base == OPERATOR
}

async fn list(visit: Visit, Query(filter): Query<Filter>) -> Result<Response, Fault> {
    if let (true, Some(own)) = (is_of_all(&visit), &visit.who.project_id) {
        return Ok(Redirect::to(&format!("{OPERATOR}/{own}/audit")).into_response());
    }
    let (since, until) = (moment(&filter.since), moment(&filter.until));
    let query = [
        ("limit", "50"),
        ("actor", filter.actor.trim()),
        ("account_id", filter.account_id.trim()),
        ("since", &since),
        ("until", &until),
        ("cursor", &filter.cursor),
    ];
    let found = visit.get::<ListOf<Entry>>("/v1/audit", &query).await;
    let of_all = is_of_all(&visit);
    let title = if of_all {
        "Audit of all projects"
    } else {
        "Audit"
    };
    let is_filtered = query[1..5].iter().any(|(_, value)| !value.is_empty());
    let entries = match found {
        Ok(entries) => entries,
        // A filter that names nothing is mended where it was typed.
        Err(Fault::Refused(problem)) if is_filtered && is_mendable(&problem) => {
            let body = html! {
                h1 { (title) }
                (filters(&visit, &filter))
                div.trouble role="alert" { p { (problem.detail) } }
            };
            return Ok(layout::page(&visit, title, &body));
        }
        Err(fault) => return Err(fault),
    };
    let body = html! {
        h1 { (title) }
        p { "Every call that manages something, refused ones included, and every look at a secret. Kept for 400 days. Publishing is not here."
            @if of_all { " Who signed in with a root key or by single sign-on, and who was refused, is on this page alone." } }
        (filters(&visit, &filter))
        @if entries.data.is_empty() && entries.next_cursor.is_none() {
            @if is_filtered { (empty("Nothing matches", "Widen the times, or clear the filters.")) }
            @else { (empty("Nothing yet", "What is changed from now on is listed here.")) }
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "What" }
                    th scope="col" { "Of what" } th scope="col" { "How it ended" } th scope="col" { "From" }
                } }
                tbody { @for entry in &entries.data { (row(&visit, entry)) } }
            } }
            (pager(&visit, &entries))
        }
    };
    Ok(layout::page(&visit, title, &body))
}

fn is_mendable(problem: &Problem) -> bool {
    matches!(problem.status, 400 | 404 | 422)
}

fn filters(visit: &Visit, filter: &Filter) -> Markup {
    let field = |id: &str, label: &str, kind: &str, value: &str| {
        html! {
            div.field {
                label for={ "a-" (id) } { (label) }
                input id={ "a-" (id) } name=(id) type=(kind) value=(value) autocomplete="off";
            }
        }
    };
    html! {
        form.filters method="get" action=(visit.to("/audit")) role="search" {
            (field("actor", "Key's id", "text", &filter.actor))
            @if !is_of_all(visit) { (field("account_id", "Account", "text", &filter.account_id)) }
            (field("since", "From (UTC)", "datetime-local", &filter.since))
            (field("until", "Until (UTC)", "datetime-local", &filter.until))
            button.primary type="submit" { "Show" }
            a.button href=(visit.to("/audit")) { "Clear" }
        }
    }
}

fn row(visit: &Visit, entry: &Entry) -> Markup {
    let kind = entry.actor.kind.as_deref();
    let hint = entry
        .actor
        .hint
        .as_deref()
        .unwrap_or("a key that is not shown");
    let is_sign_on = entry.path == SIGN_ON;
    // Nobody's key opened such a session: it stands for itself.
    let is_person =
        entry.actor.session_id.is_some() && entry.actor.session_id == entry.actor.key_id;
    let summary = entry.summary.as_deref().map(|it| it.trim_end_matches('.'));
    html! {
        tr {
            td { (time(&entry.at)) }
            td {
                (match kind { _ if is_person => "single sign-on", Some("root") => "root key", Some("project") => "project's key", Some("account") => "account's key",
                    Some("portal") => "portal", Some("session") => "session", Some(_) => "key",
                    None if is_sign_on => "nobody was signed in", None => "unknown key, or none" })
                @if let Some(name) = &entry.actor.session_name { br; strong { (name) } }
                @if kind.is_some() {
                    br;
                    @match entry.actor.key_id.as_deref() {
                        Some(id) => a href={ (visit.to("/audit")) "?" (with(&with(&visit.query, "cursor", ""), "actor", id)) } title={ "Only calls with " (id) } { code { (hint) } },
                        None => span.quiet { (hint) },
                    }
                }
            }
            td {
                strong { (summary.unwrap_or("A call that is no more")) }
                br; code.quiet { (entry.method) " " (entry.path) }
            }
            td {
                @if let (true, Some(id)) = (is_of_all(visit), &entry.project_id) { a href={ "/ui/" (segment(id)) "/audit" } { code { (id) } } " " }
                @for (name, id) in entry.ids.iter().filter(|(name, _)| *name != "project_id") { (thing(visit, entry, name, id)) " " }
            }
            td {
                (ended(entry.status))
                @if let Some(reason) = &entry.reason { p.reason { (visible(reason)) } }
            }
            td.nowrap {
                @if let Some(address) = &entry.remote_address { span { (address) } br; }
                code.quiet title="The request's id, as the answer's X-Request-Id had it" { (entry.request_id) }
            }
        }
    }
}

/// What a call was about, with a way there.
fn thing(visit: &Visit, entry: &Entry, name: &str, id: &str) -> Markup {
    let base = match (is_of_all(visit), &entry.project_id) {
        (true, Some(project)) => format!("{OPERATOR}/{}", segment(project)),
        _ => visit.base.clone(),
    };
    // What was about no project has no page outside of one.
    let to = page_of(&entry.path, name, id).filter(|_| base != OPERATOR);
    let to = to.map(|to| format!("{base}{to}"));
    html! { @match to { Some(to) => a href=(to) { code { (id) } }, None => code { (id) } } }
}

/// The page of what a part of a path stands for, by what stands before it there.
fn page_of(template: &str, name: &str, id: &str) -> Option<String> {
    let (before, _) = template.split_once(&format!("/{{{name}}}"))?;
    let (_, kind) = before.rsplit_once('/')?;
    match kind {
        "accounts" => Some(accounts::path_of(id)),
        "endpoints" | "webhooks" => Some(format!("/endpoints/{}", segment(id))),
        "events" => Some(events::address(id)),
        "event-types" => Some(format!("/catalogue/{}", segment(id))),
        "deliveries" | "replays" | "purges" => Some(format!("/{kind}/{}", segment(id))),
        _ => None,
    }
}

/// An HTTP status as the end of a call.
fn ended(status: u16) -> Markup {
    let (tone, word) = match status {
        200..=299 => ("good", "done"),
        401 => ("bad", "refused: no valid key"),
        403 => ("bad", "refused: not allowed"),
        404 => ("calm", "not found"),
        409 => ("calm", "refused: in conflict"),
        400..=428 => ("calm", "refused: wrong input"),
        429 => ("busy", "refused: too many requests"),
        _ => ("bad", "failed"),
    };
    html! { span.badge data-tone=(tone) title={ "HTTP " (status) } { (word) } }
}

/// A browser's date and time as RFC 3339 in UTC; whatever else goes to the API as it is.
pub(crate) fn moment(text: &str) -> String {
    match text.trim() {
        text if text.len() == 16 => format!("{text}:00Z"),
        text if text.len() == 19 => format!("{text}Z"),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_was_about_has_its_page_by_its_place_in_the_path() {
        let page = |template, name, id| page_of(template, name, id).unwrap_or_default();
        let of_account = "/v1/accounts/{account_id}/webhooks/{id}/pause";
        assert_eq!(page(of_account, "id", "ep_1"), "/endpoints/ep_1");
        assert_eq!(page(of_account, "account_id", "acme"), "/accounts/acme");
        assert_eq!(page("/v1/events/{id}", "id", "msg_1"), "/events/msg_1");
        assert_eq!(
            page("/v1/event-types/{name}", "name", "a b"),
            "/catalogue/a%20b"
        );
        assert_eq!(page("/v1/keys/{key_id}", "key_id", "key_1"), "");
    }

    #[test]
    fn a_browsers_moment_is_utc() {
        assert_eq!(moment("2027-01-02T03:04"), "2027-01-02T03:04:00Z");
        assert_eq!(moment("2027-01-02T03:04:05"), "2027-01-02T03:04:05Z");
        assert_eq!(moment("2027-01-02T03:04:05Z"), "2027-01-02T03:04:05Z");
        assert_eq!(moment("soon"), "soon");
    }
}
