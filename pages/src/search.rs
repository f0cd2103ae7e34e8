//! Whose id is this? Whatever somebody copied out of a log or a ticket leads to its page.

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::html;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::events::api_segment;
use crate::fault::Fault;
use crate::layout;
use crate::parts::show::visible;
use crate::router::Pages;
use crate::visit::{Face, Visit, segment};

/// An id is at most 128 characters; what is longer is none.
const QUERY_MAX: usize = 128;

/// What has ids: the API's list, where the page of one is, and what such an id begins with where
/// that is certain.
const KINDS: &[(&str, &str, &str)] = &[
    ("/v1/deliveries", "/deliveries", "dlv_"),
    ("/v1/replays", "/replays", "rpl_"),
    ("/v1/purges", "/purges", "prg_"),
    ("/v1/endpoints", "/endpoints", ""),
    ("/v1/events", "/events", ""),
    ("/v1/event-types", "/catalogue", ""),
    ("/v1/accounts", "/accounts", ""),
];

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/search", get(search))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn search(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let id = asked.q.trim();
    if let Some(page) = find(&visit, id).await? {
        return Ok(Redirect::to(&visit.to(&page)).into_response());
    }
    let body = html! {
        h1 { "Search" }
        form.stack role="search" method="get" action=(visit.to("/search")) {
            div.field {
                label for="q" { "Id" }
                input #q name="q" type="search" value=(asked.q) autocomplete="off" spellcheck="false" maxlength=(QUERY_MAX);
                p.hint { "The whole id of a delivery, an event, an endpoint, a replay or an account, or the name of an event type. Your own event ids work as well." }
            }
            div { button.primary type="submit" { "Search" } }
        }
        @if !id.is_empty() {
            div.empty {
                p.title { "Nothing has this id" }
                p { code { (visible(id)) } }
                p { "It may be of another project, or older than what is kept. " a href=(visit.to("/deliveries")) { "Look through the deliveries" } " or " a href=(visit.to("/events")) { "the events" } " instead." }
            }
        }
    };
    Ok(layout::page(&visit, "Search", &body))
}

/// The page of what has this id, if the visitor may see such a thing.
async fn find(visit: &Visit, id: &str) -> Result<Option<String>, Fault> {
    if id.is_empty() || id.chars().count() > QUERY_MAX {
        return Ok(None);
    }
    let kinds = KINDS.iter().filter(|(_, page, prefix)| {
        // The portal has no page of accounts or purges.
        let is_there = visit.face == Face::Operator || !matches!(*page, "/accounts" | "/purges");
        id.starts_with(prefix) && is_there
    });
    for (list, page, _) in kinds {
        let id = match *page {
            "/events" => api_segment(id),
            _ => segment(id),
        };
        match visit.get::<IgnoredAny>(&format!("{list}/{id}"), &[]).await {
            Ok(_) => return Ok(Some(format!("{page}/{id}"))),
            // Not of this kind, or nothing that the visitor may see.
            Err(Fault::Refused(problem)) if problem.status < 500 => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(None)
}
