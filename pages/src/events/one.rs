//! One event: what was published, where it went, and why it did not go elsewhere.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use hookwright_core::limits::PAGE_TEXT_BYTES_MAX;
use http::header;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::matches::{Match, table};
use super::{address, api_segment, pretty};
use crate::deliveries::{Delivery, Names, Table};
use crate::fault::Fault;
use crate::layout;
use crate::parts::list::{Cursor, ListOf, empty, pager, with};
use crate::parts::show::{badge, block, count};
use crate::parts::times::{maybe, time};
use crate::visit::{Face, Visit, segment};

#[derive(Deserialize)]
struct Event {
    id: String,
    r#type: String,
    account_id: String,
    time: String,
    subject: Option<Value>,
    trace: Option<String>,
    channels: Vec<String>,
    metadata: BTreeMap<String, String>,
    deliver_at: Option<String>,
    created_at: String,
    delivery_states: Option<BTreeMap<String, u64>>,
    data: Option<Box<RawValue>>,
}

/// Which page of the endpoints.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct More {
    matches: String,
}

pub(super) async fn page(
    visit: Visit,
    Path(ids): Path<Vec<(String, String)>>,
    (Query(cursor), Query(more)): (Query<Cursor>, Query<More>),
) -> Result<Response, Fault> {
    let id = own(&ids);
    let path = format!("/v1/events/{}", api_segment(id));
    let event: Event = visit.get(&path, &[]).await?;
    let query = [
        ("event_id", id),
        ("limit", "20"),
        ("cursor", cursor.as_str()),
    ];
    let deliveries: ListOf<Delivery> = match visit.may("deliveries:read") {
        true => visit.get("/v1/deliveries", &query).await?,
        false => ListOf {
            data: Vec::new(),
            next_cursor: None,
            prev_cursor: None,
        },
    };
    let query = [("limit", "20"), ("cursor", &*more.matches)];
    let mut matches: Option<ListOf<Match>> = match visit.may("endpoints:read") {
        true => Some(visit.get(&format!("{path}/matches"), &query).await?),
        false => None,
    };
    if let Some(matches) = &mut matches {
        matches.data.sort_by_key(Match::place);
    }
    let mut names = Names::first(&visit).await?;
    let of_matches = matches
        .iter()
        .flat_map(|it| &it.data)
        .map(|it| &it.endpoint_id);
    let ids = deliveries
        .data
        .iter()
        .map(|it| &it.endpoint_id)
        .chain(of_matches);
    names.add(&visit, ids).await;
    let body = html! {
        div.title-row { h1 { "Event " span.quiet { (event.r#type) } } (resend(&visit, &event)) }
        (facts(&visit, &event))
        h2 { "Payload" }
        (payload_of(&visit, &event))
        h2 { "Deliveries" }
        (states(&event))
        @if deliveries.data.is_empty() { (empty("No delivery", "No endpoint wanted it when it was published. Why is said below.")) }
        @else { div #deliveries data-live="5" { (Table { visit: &visit, names: &names, pick: false }.show(&deliveries.data)) } }
        (pager(&visit, &deliveries))
        @if let Some(matches) = &matches {
            h2 { "Why it does or does not reach each endpoint" }
            p.quiet { "Judged by the endpoints as they are now: they may have been set otherwise when it was published." }
            @if matches.data.is_empty() { (empty("No endpoint", "This account has no endpoint.")) }
            @else { (table(&visit, &names, &matches.data)) }
            @if let Some(next) = &matches.next_cursor {
                p { a.button href={ (visit.to(&address(&event.id))) "?" (with(&visit.query, "matches", next)) } { "More endpoints" } }
            }
        }
    };
    Ok(layout::page(&visit, &format!("Event {}", event.id), &body))
}

/// The last piece of the path: before it is the project, where there is one.
fn own(ids: &[(String, String)]) -> &str {
    ids.iter()
        .find(|(name, _)| name == "id")
        .map_or("", |(_, id)| id)
}

fn resend(visit: &Visit, event: &Event) -> Markup {
    let states = event.delivery_states.iter().flatten();
    let failed: u64 = states
        .filter(|(state, _)| matches!(&***state, "failed" | "cancelled"))
        .map(|(_, number)| number)
        .sum();
    let path = visit.to("/deliveries/resend");
    html! {
        @if failed > 0 && visit.may("deliveries:write") {
            a.button href={ (path) "?all=1&state=failed,cancelled&event_id=" (segment(&event.id)) } {
                "Resend to the " (count(failed)) " that failed…"
            }
        }
    }
}

fn facts(visit: &Visit, event: &Event) -> Markup {
    html! {
        dl.facts.card {
            dt { "Id" } dd { code { (event.id) } }
            dt { "Type" } dd { a href=(visit.to(&format!("/catalogue/{}", segment(&event.r#type)))) { (event.r#type) } }
            @if visit.face == Face::Operator { dt { "Account" } dd { a href=(visit.to(&format!("/accounts/{}", segment(&event.account_id)))) { (event.account_id) } } }
            dt { "Accepted" } dd { (time(&event.created_at)) }
            dt { "Happened" } dd { (time(&event.time)) }
            @if event.deliver_at.is_some() { dt { "Due" } dd { (maybe(event.deliver_at.as_deref())) } }
            @if let Some(subject) = &event.subject { dt { "Subject" } dd { code { (super::short(&subject.to_string())) } } }
            @if let Some(trace) = &event.trace { dt { "Trace" } dd { code { (trace) } } }
            @if !event.channels.is_empty() { dt { "Channels" } dd { (event.channels.join(", ")) } }
            @for (name, value) in &event.metadata { dt { (name) } dd { (value) } }
        }
    }
}

fn states(event: &Event) -> Markup {
    html! { @if let Some(states) = &event.delivery_states { @if !states.is_empty() {
        p.states { @for (state, number) in states { span { (count(*number)) " " (badge(state)) } } }
    } } }
}

fn payload_of(visit: &Visit, event: &Event) -> Markup {
    let Some(data) = &event.data else {
        return html! { p.note { "The payload is no longer kept: retention has removed it. The event can no longer be sent." } };
    };
    let raw = data.get();
    let whole = visit.to(&format!("{}/payload", address(&event.id)));
    let link = html! { p { a href=(whole) download { "The payload as it was published" } " (" (count(raw.len() as u64)) " bytes)" } };
    let (shown, is_cut) = cut(&pretty(raw));
    html! {
        (block("Payload, with line ends added", &shown))
        @if is_cut { p.note { "Only the first 16 KiB are shown." } }
        (link)
    }
}

/// As much of a text as a page shows.
pub(crate) fn cut(text: &str) -> (String, bool) {
    let mut end = PAGE_TEXT_BYTES_MAX.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (text[..end].to_owned(), end < text.len())
}

/// The payload to the byte, as a file.
pub(super) async fn payload(
    visit: Visit,
    Path(ids): Path<Vec<(String, String)>>,
) -> Result<Response, Fault> {
    let path = format!("/v1/events/{}", api_segment(own(&ids)));
    let event: Event = visit.get(&path, &[]).await?;
    let data = event.data.ok_or_else(|| {
        Fault::new(
            http::StatusCode::GONE,
            "The payload is no longer kept: retention has removed it.",
        )
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"payload.json\"",
        ),
    ];
    Ok((headers, data.get().to_owned()).into_response())
}
