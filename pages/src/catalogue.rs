//! What does a project publish? Its event types, with what their payloads look like.

mod edit;
mod fields;
mod import;
mod one;
mod public;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::layout;
use crate::parts::list::{Cursor, ListOf, empty, pager};
use crate::router::Pages;
use crate::visit::{Visit, segment};

pub(crate) use public::routes as public_routes;

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/catalogue", get(list))
        .route("/catalogue/new", get(edit::new).post(edit::make))
        .route("/catalogue/import", get(import::form).post(import::posted))
        .route("/catalogue/{name}", get(one::show))
        .route("/catalogue/{name}/edit", get(edit::form).post(edit::change))
        .route("/catalogue/{name}/delete", post(edit::delete))
}

/// An event type, as the API tells it.
#[derive(Deserialize)]
struct EventType {
    name: String,
    description: Option<String>,
    group: Option<String>,
    deprecated: bool,
    archived: bool,
    /// `project` or `profile`.
    source: String,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
    schema: Option<Value>,
    example: Option<Value>,
}

impl EventType {
    /// Its state, where it is not simply published.
    fn badges(&self) -> Markup {
        html! {
            @if self.deprecated { span.badge data-tone="busy" { "deprecated" } " " }
            @if self.archived { span.badge data-tone="bad" { "archived" } " " }
        }
    }

    fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }
}

async fn list(visit: Visit, Query(cursor): Query<Cursor>) -> Result<Response, Fault> {
    let query = [("limit", "100"), ("cursor", cursor.as_str())];
    let types: ListOf<EventType> = visit.get("/v1/event-types", &query).await?;
    let may_write = visit.may("event-types:write");
    let body = html! {
        div.title-row {
            h1 { "Catalogue" }
            @if may_write {
                a.button href=(visit.to("/catalogue/import")) { "Import from OpenAPI" }
                a.button.primary href=(visit.to("/catalogue/new")) { "New event type" }
            }
        }
        @if types.data.is_empty() {
            (empty("No event type yet", "Event types can be published without being described. Describe them, and customers see what they can subscribe to."))
        } @else {
            (table(&types.data, |name| Some(visit.to(&format!("/catalogue/{}", segment(name))))))
            (pager(&visit, &types))
        }
    };
    Ok(layout::page(&visit, "Catalogue", &body))
}

/// Event types in a table, each with a link to its page or to its place on this one.
fn table(types: &[EventType], link: impl Fn(&str) -> Option<String>) -> Markup {
    let grouped = types.iter().any(|it| it.group.is_some());
    html! {
        div.scroll { table {
            thead { tr {
                th scope="col" { "Event type" }
                th scope="col" { "What it tells" }
                @if grouped { th scope="col" { "Group" } }
                th.number scope="col" { "Version" }
            } }
            tbody { @for it in types { tr {
                td.nowrap {
                    @if let Some(link) = link(&it.name) { a href=(link) { code { (it.name) } } }
                    @else { code { (it.name) } }
                    " " (it.badges())
                }
                td { @match &it.description { Some(text) => (text), None => span.none { "–" } } }
                @if grouped { td { (it.group.as_deref().unwrap_or("")) } }
                td.number { @match it.newest() { Some(newest) => (newest.version), None => span.none { "–" } } }
            } } }
        } }
    }
}
