//! Which deliveries are there? A list with filters that live in the address, live if so wished.

pub(crate) mod asked;
mod bulk;
mod export;
mod names;
mod plan;
mod table;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

pub(crate) use asked::{Asked, status};
pub(crate) use bulk::one;
pub(crate) use names::Names;
pub(crate) use table::{Delivery, Table, attempts};

use crate::fault::{Fault, Problem};
use crate::layout;
use crate::parts::list::{ListOf, empty, pager, with};
use crate::router::Pages;
use crate::visit::Visit;

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/deliveries", get(list))
        .route("/deliveries/export", get(export::export))
        .route("/deliveries/resend", get(bulk::preview).post(bulk::resend))
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (names, found) =
        futures_util::future::join(Names::first(&visit), listed(&visit, &asked)).await;
    let mut names = names?;
    let (list, problem) = found?;
    names
        .add(&visit, list.data.iter().map(|it| &it.endpoint_id))
        .await;
    let body = html! {
        h1 { "Deliveries" }
        (asked.form(&visit, &names))
        (said_of(problem.as_ref()))
        div.actions {
            (live_switch(&visit, asked.is_live()))
            a.button href={ (visit.to("/deliveries/export")) "?" (asked.query(&[])) } download { "Export as NDJSON" }
        }
        @if visit.may("deliveries:write") {
            (bulk::form(&visit, &asked, &shown(&visit, &asked, &list, &names)))
        } @else {
            (shown(&visit, &asked, &list, &names))
        }
        (pager(&visit, &list))
    };
    Ok(layout::page(&visit, "Deliveries", &body))
}

/// The page that is asked for; none and why, where the filters cannot be.
pub(crate) async fn listed(
    visit: &Visit,
    asked: &Asked,
) -> Result<(ListOf<Delivery>, Option<Problem>), Fault> {
    let nothing = |problem| {
        let list = ListOf {
            data: Vec::new(),
            next_cursor: None,
            prev_cursor: None,
        };
        (list, Some(problem))
    };
    let pairs = asked.pairs();
    let mut query: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    query.push(("limit", "50"));
    query.push(("cursor", asked.cursor.as_str()));
    match visit.get("/v1/deliveries", &query).await {
        Ok(list) => Ok((list, None)),
        // A filter that is none, or names what is not there.
        Err(Fault::Refused(problem)) if matches!(problem.status, 400 | 404 | 422) => {
            Ok(nothing(problem))
        }
        Err(fault) => Err(fault),
    }
}

/// What is wrong with the filters.
pub(crate) fn said_of(problem: Option<&Problem>) -> Markup {
    html! { @if let Some(problem) = problem {
        div.trouble role="alert" { p { strong { "Nothing was looked for." } " " (problem.detail) } }
    } }
}

fn live_switch(visit: &Visit, is_live: bool) -> Markup {
    let query = with(&visit.query, "live", if is_live { "" } else { "1" });
    // The tail begins at the newest.
    let query = with(&query, "cursor", "");
    let text = if is_live {
        "Stop the live tail"
    } else {
        "Live tail"
    };
    html! {
        a.button.live href={ (visit.to("/deliveries")) "?" (query) } data-on=[is_live.then_some("")] {
            span.dot {} (text)
        }
        @if is_live { noscript { span.quiet { "Without a script the list does not renew itself: reload the page." } } }
    }
}

fn shown(visit: &Visit, asked: &Asked, list: &ListOf<Delivery>, names: &Names) -> Markup {
    let table = Table {
        visit,
        names,
        pick: visit.may("deliveries:write"),
    };
    html! {
        div #found data-live=[asked.is_live().then_some("1")] {
            @if !list.data.is_empty() { (table.show(&list.data)) }
            @else { (nothing(list, asked.is_empty())) }
        }
    }
}

/// What is said where a page has no rows: the list may go on all the same.
pub(crate) fn nothing<T>(list: &ListOf<T>, is_unfiltered: bool) -> Markup {
    match (&list.next_cursor, is_unfiltered) {
        (Some(_), _) => empty(
            "Nothing here yet, but the list goes on",
            "The server looks at 2,000 rows at a time, and none of these fits. Choose Older to look further back, or a shorter time.",
        ),
        (None, true) => empty(
            "No delivery yet",
            "An event that is published has a delivery for each endpoint that wants it.",
        ),
        (None, false) => empty(
            "No delivery fits",
            "Nothing that is kept fits these filters. Take one away, or choose a longer time.",
        ),
    }
}
