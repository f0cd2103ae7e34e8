//! Past events delivered again: which replays there are, and how far are they?

mod ask;
mod became;
mod make;
mod one;
mod progress;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use maud::html;
use serde::Deserialize;

use crate::fault::Fault;
use crate::layout;
use crate::parts::list::{Cursor, ListOf, empty, pager};
use crate::parts::show::badge;
use crate::parts::times::time;
use crate::router::Pages;
use crate::visit::Visit;
use progress::Replay;

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/replays", get(list))
        .route("/replays/new", get(make::form).post(make::posted))
        .route("/replays/{id}", get(one::show))
        .route("/replays/{id}/{told}", post(one::tell))
}

/// What a replay is about, as it is chosen and told.
const WHAT: &[(&str, &str)] = &[
    ("failed", "Failed and cancelled deliveries"),
    ("missing", "Events that an endpoint has not had"),
    ("all", "Every delivery to one endpoint, once more"),
];

fn what_words(what: &str) -> &str {
    let mut all = WHAT.iter();
    all.find(|(known, _)| *known == what)
        .map_or(what, |(_, words)| words)
}

#[derive(Deserialize)]
struct Asked {
    #[serde(flatten)]
    cursor: Cursor,
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let query = [("limit", "50"), ("cursor", asked.cursor.as_str())];
    let replays: ListOf<Replay> = visit.get("/v1/replays", &query).await?;
    let body = html! {
        div.title-row {
            h1 { "Replays" }
            @if visit.may("deliveries:write") { a.button.primary href=(visit.to("/replays/new")) { "New replay" } }
        }
        @if replays.data.is_empty() {
            (empty("No replay yet", "A replay delivers past events again: after a receiver was down, or to an endpoint that is new."))
        } @else {
            div #replays data-live="3" { div.scroll { table {
                thead { tr {
                    th scope="col" { "Begun" }
                    th scope="col" { "State" }
                    th scope="col" { "What" }
                    th scope="col" { "Where to" }
                    th scope="col" { "Progress" }
                } }
                tbody { @for replay in &replays.data { tr data-key=(replay.id) {
                    td.nowrap { a href=(visit.to(&format!("/replays/{}", replay.id))) { (time(&replay.started_at)) } }
                    td { (badge(&replay.state)) }
                    td.nowrap { (what_words(&replay.what)) }
                    td { (replay.target(&visit)) }
                    td { (replay.bar()) }
                } } }
            } } }
            (pager(&visit, &replays))
        }
    };
    Ok(layout::page(&visit, "Replays", &body))
}
