//! Which project? The first page of a root key; others have one project and go to it.

mod new;

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use crate::fault::Fault;
use crate::layout;
use crate::parts::list::{Cursor, ListOf, empty, pager};
use crate::parts::times::time;
use crate::router::Pages;
use crate::visit::Visit;

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/ui", get(list)).merge(new::routes())
}

#[derive(Deserialize)]
struct Project {
    id: String,
    name: String,
    profile: String,
    created_at: String,
}

async fn list(visit: Visit, Query(cursor): Query<Cursor>) -> Result<Response, Fault> {
    if let Some(own) = &visit.who.project_id {
        return Ok(Redirect::to(&format!("{}/{own}", visit.base)).into_response());
    }
    let query = [("limit", "50"), ("cursor", cursor.as_str())];
    let projects: ListOf<Project> = visit.get("/v1/projects", &query).await?;
    let body = html! {
        div.title-row {
            h1 { "Projects" }
            @if visit.may("projects:write") { a.button.primary href="/ui/new" { "New project" } }
        }
        @if projects.data.is_empty() {
            (empty("No project yet", "A project is one product that sends webhooks."))
        } @else {
            div.scroll { table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Wire format" } th scope="col" { "Made" } } }
                tbody { @for project in &projects.data { tr {
                    td { a href={ "/ui/" (project.id) } { (project.name) } }
                    td { code { (project.profile) } }
                    td { (time(&project.created_at)) }
                } } }
            } }
            (pager(&visit, &projects))
        }
    };
    Ok(layout::page(&visit, "Projects", &body))
}
