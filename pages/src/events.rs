//! Which events were published? A list with filters that live in the address.

mod form;
mod matches;
mod one;
mod pretty;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use crate::deliveries::asked::{input, moment, time as time_field};
use crate::deliveries::said_of;
use crate::fault::{Fault, Problem};
use crate::layout;
use crate::parts::list::{ListOf, empty, pager};
use crate::parts::times::time;
use crate::router::Pages;
use crate::visit::{Face, Visit, segment};

pub(crate) use one::cut;
use pretty::pretty;

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/events", get(list))
        .route("/events/new", get(form::show).post(form::send))
        .route("/events/{id}", get(one::page))
        .route("/events/{id}/payload", get(one::payload))
}

/// The filters, as the address has them. Empty is not asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    r#type: String,
    account_id: String,
    channel: String,
    subject: String,
    from: String,
    to: String,
    cursor: String,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    r#type: String,
    account_id: String,
    subject: Option<serde_json::Value>,
    deliveries: u64,
    created_at: String,
}

/// The address of an event's page. Words that are pages of their own are written otherwise, as one
/// may be an event's id.
pub(crate) fn address(id: &str) -> String {
    format!("/events/{}", api_segment(id))
}

/// An event's id in a path: four words name operations of the API, and one a page.
pub(crate) fn api_segment(id: &str) -> String {
    let taken = ["export", "dry-run", "batch", "broadcast", "new"];
    match (taken.contains(&id), id.split_at_checked(1)) {
        (true, Some((first, rest))) => {
            let code = first.bytes().next().unwrap_or_default();
            format!("%{code:02X}{rest}")
        }
        _ => segment(id),
    }
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (from, to) = (moment(&asked.from), moment(&asked.to));
    let query = [
        ("limit", "50"),
        ("cursor", asked.cursor.as_str()),
        ("type", asked.r#type.trim()),
        ("account_id", asked.account_id.trim()),
        ("channel", asked.channel.trim()),
        ("subject", asked.subject.trim()),
        ("created_after", &from),
        ("created_before", &to),
    ];
    let is_filtered = query[2..].iter().any(|(_, value)| !value.is_empty());
    let (list, problem): (ListOf<Event>, Option<Problem>) =
        match visit.get("/v1/events", &query).await {
            Ok(list) => (list, None),
            Err(Fault::Refused(problem)) if matches!(problem.status, 400 | 404 | 422) => {
                let none = ListOf {
                    data: Vec::new(),
                    next_cursor: None,
                    prev_cursor: None,
                };
                (none, Some(problem))
            }
            Err(fault) => return Err(fault),
        };
    let body = html! {
        div.title-row {
            h1 { "Events" }
            @if visit.may("events:write") { a.button href=(visit.to("/events/new")) { "Publish a test event" } }
        }
        (asked.form(&visit, is_filtered))
        (said_of(problem.as_ref()))
        @if list.data.is_empty() { (nothing(list.next_cursor.is_some(), is_filtered)) }
        @else { (table(&visit, &list.data)) }
        (pager(&visit, &list))
    };
    Ok(layout::page(&visit, "Events", &body))
}

impl Asked {
    fn form(&self, visit: &Visit, is_filtered: bool) -> Markup {
        html! {
            form.filters method="get" action=(visit.to("/events")) {
                (input("type", "Event type", &self.r#type, "user.* for all that begin so"))
                (input("subject", "Subject", &self.subject, "text, or JSON"))
                (input("channel", "Channel", &self.channel, ""))
                @if visit.face == Face::Operator { (input("account_id", "Account", &self.account_id, "its id")) }
                (time_field("from", "From (UTC)", &self.from))
                (time_field("to", "Before (UTC)", &self.to))
                div.actions {
                    button.primary type="submit" { "Filter" }
                    @if is_filtered { a.button href=(visit.to("/events")) { "Clear" } }
                }
            }
        }
    }
}

fn nothing(goes_on: bool, is_filtered: bool) -> Markup {
    match (goes_on, is_filtered) {
        (true, _) => empty(
            "Nothing here yet, but the list goes on",
            "The server looks at 2,000 rows at a time, and none of these fits. Choose Older to look further back, or a shorter time.",
        ),
        (false, true) => empty(
            "No event fits",
            "Nothing that is kept fits these filters. Take one away, or choose a longer time.",
        ),
        (false, false) => empty(
            "No event yet",
            "What is published with POST /v1/events is here at once.",
        ),
    }
}

fn table(visit: &Visit, events: &[Event]) -> Markup {
    let accounts = visit.face == Face::Operator;
    html! {
        div.scroll { table {
            thead { tr {
                th scope="col" { "Event" } th scope="col" { "Subject" }
                @if accounts { th scope="col" { "Account" } }
                th.number scope="col" { "Deliveries" } th scope="col" { "Accepted" }
            } }
            tbody { @for event in events { tr data-key=(event.id) {
                td { a href=(visit.to(&address(&event.id))) { (event.r#type) } div.id { (event.id) } }
                td { @match &event.subject {
                    Some(subject) => span.why { (short(&subject.as_str().map_or_else(|| subject.to_string(), str::to_owned))) },
                    None => span.none { "–" },
                } }
                @if accounts { td { (event.account_id) } }
                td.number { (event.deliveries) }
                td { (time(&event.created_at)) }
            } } }
        } }
    }
}

/// The beginning of a text that may be long.
pub(crate) fn short(text: &str) -> String {
    let mut chars = text.chars();
    let begin: String = chars.by_ref().take(80).collect();
    let rest = if chars.next().is_some() { "…" } else { "" };
    crate::parts::show::visible(&format!("{begin}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_whose_id_is_a_word_of_the_api_has_an_address_of_its_own() {
        assert_eq!(address("evt_1"), "/events/evt_1");
        assert_eq!(address("new"), "/events/%6Eew");
        assert_eq!(address("dry-run"), "/events/%64ry-run");
        assert_eq!(address("a/b"), "/events/a%2Fb");
    }
}
