//! Which endpoints are there, and how is each doing?

mod asked;
mod row;
mod state;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

use crate::fault::Fault;
use crate::layout;
use crate::parts::list::{ListOf, empty, pager};
use crate::router::Pages;
use crate::visit::{Face, Visit};
use asked::Asked;
use row::Endpoint;

/// Endpoints on a page: a row with its picture is 2 KB, and a page stays well below 100.
const ROWS: &str = "30";

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/endpoints", get(list))
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let sees_traffic = visit.may("deliveries:read");
    let pairs = asked.pairs();
    let mut query: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    query.push(("limit", ROWS));
    if sees_traffic {
        query.push(("traffic", "true"));
    }
    let (found, problem) = match visit.get::<ListOf<Endpoint>>("/v1/endpoints", &query).await {
        Ok(found) => (found, None),
        // A filter that is none, or names what is not there.
        Err(Fault::Refused(problem)) if matches!(problem.status, 400 | 404 | 422) => {
            let nothing = ListOf {
                data: Vec::new(),
                next_cursor: None,
                prev_cursor: None,
            };
            (nothing, Some(problem))
        }
        Err(fault) => return Err(fault),
    };
    let body = html! {
        div.title-row {
            h1 { "Endpoints" }
            @if visit.may("endpoints:write") { a.button.primary href=(visit.to("/endpoints/new")) { "New endpoint" } }
        }
        (asked.form(&visit))
        (crate::deliveries::said_of(problem.as_ref()))
        div #found data-live="15" {
            @if !found.data.is_empty() { (table(&visit, &found.data, sees_traffic)) }
            @else { (nothing(&visit, &found, asked.is_empty())) }
        }
        (pager(&visit, &found))
    };
    Ok(layout::page(&visit, "Endpoints", &body))
}

fn table(visit: &Visit, endpoints: &[Endpoint], sees_traffic: bool) -> Markup {
    let with_account = visit.face == Face::Operator;
    html! {
        div.scroll { table.endpoints {
            thead { tr {
                th scope="col" { "Endpoint" }
                @if with_account { th scope="col" { "Account" } }
                th scope="col" { "State" }
                @if sees_traffic {
                    th scope="col" { "Last 24 hours" }
                    th.number scope="col" { "Success" }
                    th scope="col" { "Last success" }
                    th scope="col" { "Last failure" }
                }
            } }
            tbody { @for endpoint in endpoints { (endpoint.row(visit, with_account)) } }
        } }
    }
}

fn nothing(visit: &Visit, found: &ListOf<Endpoint>, is_unfiltered: bool) -> Markup {
    match (&found.next_cursor, is_unfiltered) {
        (Some(_), _) => empty(
            "Nothing here yet, but the list goes on",
            "The server looks at 5,000 endpoints at a time, and none of these fits. Choose Older to look further.",
        ),
        (None, false) => empty(
            "No endpoint fits",
            "None fits these filters. Take one away.",
        ),
        (None, true) => html! {
            (empty("No endpoint yet", "An endpoint is a URL that events are sent to."))
            @if visit.may("endpoints:write") { p { a.button href=(visit.to("/endpoints/new")) { "Make the first" } } }
        },
    }
}
