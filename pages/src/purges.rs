//! Data removed for good: what was, and the receipts.

mod ask;

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::layout;
use crate::parts::list::{Cursor, ListOf, empty, pager};
use crate::parts::show::{badge, count};
use crate::parts::times::{maybe, time};
use crate::router::Pages;
use crate::visit::{Visit, segment};

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/purges", get(list))
        .route("/purges/new", get(ask::show).post(ask::make))
        .route("/purges/{id}", get(receipt))
}

#[derive(Deserialize)]
struct Purge {
    id: String,
    state: String,
    account_id: Option<String>,
    event_id: Option<String>,
    subject_sha256: Option<String>,
    key_id: Option<String>,
    removed: BTreeMap<String, u64>,
    digest: Option<String>,
    error: Option<String>,
    asked_at: String,
    finished_at: Option<String>,
}

/// Whose data goes, as a kind and its name.
fn of(purge: &Purge) -> (&'static str, &str) {
    match (&purge.account_id, &purge.event_id, &purge.subject_sha256) {
        (Some(id), ..) => ("Account", id),
        (_, Some(id), _) => ("Event", id),
        (.., Some(digest)) => ("Subject, as SHA-256", digest),
        _ => ("Unknown", ""),
    }
}

async fn list(visit: Visit, Query(cursor): Query<Cursor>) -> Result<Response, Fault> {
    let query = [("limit", "50"), ("cursor", cursor.as_str())];
    let purges: ListOf<Purge> = visit.get("/v1/purges", &query).await?;
    let body = html! {
        div.title-row {
            h1 { "Purges" }
            a.button.primary href=(visit.to("/purges/new")) { "New purge" }
        }
        p { "A purge removes an account's, an event's or a subject's data for good, and leaves a receipt that is kept." }
        @if purges.data.is_empty() {
            (empty("No purge yet", "Somebody who asks that their data be removed is served here."))
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Receipt" } th scope="col" { "Of" } th scope="col" { "State" } th scope="col" { "Asked" }
                } }
                tbody { @for purge in &purges.data {
                    @let (kind, name) = of(purge);
                    tr {
                        td { a href=(visit.to(&format!("/purges/{}", segment(&purge.id)))) { code { (purge.id) } } }
                        td { (kind) " " code { (name) } }
                        td { (badge(&purge.state)) }
                        td { (time(&purge.asked_at)) }
                    }
                } }
            } }
            (pager(&visit, &purges))
        }
    };
    Ok(layout::page(&visit, "Purges", &body))
}

async fn receipt(visit: Visit, Path(path): Path<Vec<(String, String)>>) -> Result<Response, Fault> {
    let id = path.iter().find(|(name, _)| name == "id");
    let id = id.map_or("", |(_, id)| id.as_str());
    let purge: Purge = visit
        .get(&format!("/v1/purges/{}", segment(id)), &[])
        .await?;
    let is_over = purge.state != "running";
    let body = html! {
        p.crumbs { a href=(visit.to("/purges")) { "Purges" } }
        h1 { "Purge " code { (purge.id) } }
        // Once it is over there is nothing to wait for.
        div #receipt data-live=[(!is_over).then_some("2")] { (facts(&purge)) }
        p.quiet { "What was removed here stays in backups for as long as those are kept." }
    };
    Ok(layout::page(&visit, "Purge", &body))
}

fn facts(purge: &Purge) -> Markup {
    let (kind, name) = of(purge);
    html! {
        div.card { dl.facts {
            dt { "State" } dd { (badge(&purge.state)) @if let Some(error) = &purge.error { " " (error) } }
            dt { (kind) } dd { code { (name) } }
            dt { "Asked" } dd { (time(&purge.asked_at)) @if let Some(key) = &purge.key_id { " with the key " code { (key) } } }
            dt { "Done" } dd { (maybe(purge.finished_at.as_deref())) }
            @for (what, number) in &purge.removed { dt { "Removed " (what.replace('_', " ")) } dd { (count(*number)) } }
            @if let Some(digest) = &purge.digest { dt { "Proof" } dd { code { (digest) }
                p.hint { "A chain of SHA-256 over the ids of the events removed, in their order." } } }
        } }
    }
}
