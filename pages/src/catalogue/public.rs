//! A project's catalogue for anybody, where the project says so: no sign-in, no session.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Extensions, Method};
use maud::html;
use serde::Deserialize;

use super::{EventType, one, table};
use crate::api::Ask;
use crate::fault::Fault;
use crate::layout;
use crate::parts::list::{Cursor, with};
use crate::router::Pages;
use crate::visit::segment;

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/catalogue/{project_id}", get(show))
}

#[derive(Deserialize)]
struct Catalogue {
    project: Project,
    data: Vec<EventType>,
    next_cursor: Option<String>,
    prev_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Project {
    name: String,
}

async fn show(
    State(pages): State<Pages>,
    Path(id): Path<String>,
    Query(cursor): Query<Cursor>,
) -> Result<Response, Fault> {
    let query = with("limit=50", "cursor", cursor.as_str());
    let ask = Ask {
        method: Method::GET,
        uri: format!("/v1/catalogue/{}?{query}", segment(&id)),
        body: None,
        key: None,
        extensions: Extensions::new(),
    };
    let catalogue: Catalogue = pages.api.ask(ask).await?;
    let title = format!("Events of {}", catalogue.project.name);
    let place = |name: &str| Some(format!("#{name}"));
    let link = |cursor: &str| format!("?{}", with("", "cursor", cursor));
    let body = html! {
        div.public {
            h1 { (title) }
            p { "What it can send to your endpoints." }
            @if catalogue.data.is_empty() { p.quiet { "Nothing is described yet." } }
            @else { (table(&catalogue.data, place)) }
            @for it in &catalogue.data {
                section.card id=(it.name) {
                    h2 { code { (it.name) } " " (it.badges()) }
                    @if let Some(text) = &it.description { p { (text) } }
                    (one::newest(it))
                }
            }
            nav.pager aria-label="Pages of the catalogue" {
                @if let Some(cursor) = &catalogue.prev_cursor { a.button rel="prev" href=(link(cursor)) { "Back" } }
                @if let Some(cursor) = &catalogue.next_cursor { a.button rel="next" href=(link(cursor)) { "More" } }
            }
        }
    };
    Ok(layout::bare(&title, &body).into_response())
}
