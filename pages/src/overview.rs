//! How is delivery going?

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::html;

use crate::fault::Fault;
use crate::layout;
use crate::router::Pages;
use crate::visit::Visit;

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/", get(overview))
}

async fn overview(visit: Visit) -> Result<Response, Fault> {
    let body = html! { h1 { "Overview" } };
    Ok(layout::page(&visit, "Overview", &body))
}
