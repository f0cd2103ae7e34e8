//! What waits for an endpoint, withdrawn: first how much that is, then done.

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{Redirect, Response};
use axum::routing::get;
use http::Method;
use maud::html;
use serde::Deserialize;
use serde_json::json;

use super::model::{Named, head, load, page_path};
use super::traffic;
use crate::fault::Fault;
use crate::layout::{self, csrf_field};
use crate::parts::show::count;
use crate::posted::Posted;
use crate::router::Pages;
use crate::visit::Visit;

/// Calls that one form makes, each of at most 10,000 deliveries.
const CALLS_MAX: usize = 10;

pub(super) fn routes() -> Router<Pages> {
    Router::new().route("/endpoints/{id}/cancel", get(show).post(cancel))
}

/// How many were cancelled a moment ago.
#[derive(Deserialize)]
struct Done {
    cancelled: Option<String>,
}

#[derive(Deserialize)]
struct Cancelled {
    cancelled: u64,
    more: bool,
}

async fn show(
    visit: Visit,
    Path(named): Path<Named>,
    Query(done): Query<Done>,
) -> Result<Response, Fault> {
    let endpoint = load(&visit, &named.id).await?;
    let stats = traffic::stats(&visit, &endpoint.id).await?;
    let (waiting, exact) = stats.and_then(|it| it.waiting()).unwrap_or((0, true));
    let shown = count(waiting);
    let body = html! {
        (head(&visit, &endpoint, "/cancel"))
        h2 { "Cancel waiting deliveries" }
        @if let Some(number) = done.cancelled.and_then(|it| it.parse().ok()) {
            p.said role="status" { (count(number)) " deliveries were cancelled." }
        }
        @if waiting == 0 {
            p { "No delivery waits for this endpoint." }
        } @else {
            p {
                @if !exact { "At least " } strong { (shown) }
                " deliveries wait for this endpoint: due, between two attempts, or held while it is paused. "
                "Cancelled, they are not sent any more. A cancelled delivery can be resent by hand later."
            }
            form method="post" action=(visit.to(&page_path(&endpoint.id, "/cancel"))) {
                (csrf_field(&visit))
                button.danger type="submit" { "Cancel " @if exact { (shown) } @else { "all of them" } }
            }
        }
        p { a href=(visit.to(&page_path(&endpoint.id, ""))) { "Back to the endpoint" } }
    };
    Ok(layout::page(&visit, "Cancel waiting deliveries", &body))
}

async fn cancel(Path(named): Path<Named>, posted: Posted) -> Result<Redirect, Fault> {
    let visit = &posted.visit;
    let body = json!({"endpoint_id": named.id});
    let mut number = 0;
    for _ in 0..CALLS_MAX {
        let done: Cancelled = visit
            .send(Method::POST, "/v1/deliveries/cancel", &[], Some(&body))
            .await?;
        number += done.cancelled;
        if !done.more {
            break;
        }
    }
    let page = visit.to(&page_path(&named.id, "/cancel"));
    Ok(Redirect::to(&format!("{page}?cancelled={number}")))
}
