//! One event type: what it tells, what its payload looks like, and who is subscribed to it.

use axum::extract::{Path, Query};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::{EventType, Version, fields};
use crate::fault::Fault;
use crate::layout;
use crate::parts::list::ListOf;
use crate::parts::show::{action, block};
use crate::visit::{Face, Visit, segment};

/// Endpoints that are looked through for subscriptions.
const ENDPOINTS_LOOKED_AT: &str = "250";

#[derive(Deserialize)]
struct Endpoint {
    id: String,
    #[serde(default)]
    name: Option<String>,
    url: String,
    events: Vec<String>,
}

/// Which version is shown.
#[derive(Deserialize)]
pub(super) struct Asked {
    version: Option<u32>,
}

pub(super) async fn show(
    visit: Visit,
    Path(ids): Path<Ids>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let it: EventType = visit
        .get(&format!("/v1/event-types/{}", segment(&ids.name)), &[])
        .await?;
    let subscribed = match visit.face == Face::Operator && visit.may("endpoints:read") {
        true => Some(subscribed(&visit, &it.name).await?),
        false => None,
    };
    let body = page(&visit, &it, asked.version, subscribed.as_ref());
    Ok(layout::page(&visit, &it.name, &body))
}

#[derive(Deserialize)]
pub(super) struct Ids {
    pub(super) name: String,
}

/// The endpoints that are subscribed to a type, as far as was looked.
struct Subscribed {
    endpoints: Vec<Endpoint>,
    looked_at_all: bool,
}

async fn subscribed(visit: &Visit, name: &str) -> Result<Subscribed, Fault> {
    let query = [("limit", ENDPOINTS_LOOKED_AT)];
    let mut all: ListOf<Endpoint> = visit.get("/v1/endpoints", &query).await?;
    all.data
        .retain(|endpoint| endpoint.events.iter().any(|own| takes(own, name)));
    Ok(Subscribed {
        endpoints: all.data,
        looked_at_all: all.next_cursor.is_none(),
    })
}

/// Whether a subscription is to this type.
fn takes(subscription: &str, name: &str) -> bool {
    match subscription.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => subscription == name,
    }
}

fn page(
    visit: &Visit,
    it: &EventType,
    version: Option<u32>,
    subscribed: Option<&Subscribed>,
) -> Markup {
    let here = format!("/catalogue/{}", segment(&it.name));
    let own = it.source == "project";
    html! {
        nav.crumbs aria-label="Above this page" { a href=(visit.to("/catalogue")) { "Catalogue" } }
        div.title-row {
            h1 { code { (it.name) } } (it.badges())
            @if visit.may("event-types:write") {
                a.button href=(visit.to(&format!("{here}/edit"))) { "Edit" }
                @if own { (action(visit, &format!("{here}/delete"), "Delete", Some("Take back this description? Events that were published stay, and the type can still be published."))) }
            }
        }
        @match &it.description { Some(text) => p { (text) }, None => p.quiet { "There is no description." } }
        @if it.deprecated { div.note { "Deprecated: endpoints should not subscribe to it any more." } }
        @if it.archived { div.note { "Archived: events of this type are refused." } }
        dl.facts {
            @if let Some(group) = &it.group { dt { "Group" } dd { (group) } }
            @if visit.face == Face::Operator { dt { "Described by" } dd { @if own { "the project" } @else { "its wire format" } } }
        }
        (payload(&it.versions, version, |number| format!("{}?version={number}", visit.to(&here))))
        @if let Some(subscribed) = subscribed { (subscriptions(visit, subscribed)) }
    }
}

/// What payloads look like, version by version.
pub(super) fn payload(
    versions: &[Version],
    asked: Option<u32>,
    link: impl Fn(u32) -> String,
) -> Markup {
    let found = asked.and_then(|number| versions.iter().find(|it| it.version == number));
    let Some(shown) = found.or(versions.last()) else {
        return html! { p.quiet { "What its payload looks like is not described." } };
    };
    html! {
        h2 { "Payload" }
        @if versions.len() > 1 { nav.tabs aria-label="Versions" { @for it in versions.iter().rev() {
            a href=(link(it.version)) aria-current=[(it.version == shown.version).then_some("page")] { "Version " (it.version) }
        } } }
        (version(shown))
    }
}

/// What payloads of a type look like now.
pub(super) fn newest(it: &EventType) -> Markup {
    html! { @if let Some(newest) = it.newest() { (version(newest)) } }
}

fn version(it: &Version) -> Markup {
    html! {
        @match &it.schema {
            Some(schema) => (fields::table(schema)),
            None => p.quiet { "This version has no schema." },
        }
        @if let Some(example) = &it.example { (block("Example", &pretty(example))) }
        @if let Some(schema) = &it.schema { details {
            summary { "JSON Schema" }
            (block("JSON Schema", &pretty(schema)))
        } }
    }
}

pub(super) fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}")
}

fn subscriptions(visit: &Visit, subscribed: &Subscribed) -> Markup {
    html! {
        h2 { "Subscribed endpoints" }
        @if subscribed.endpoints.is_empty() {
            p.quiet { @if subscribed.looked_at_all { "No endpoint is subscribed to it." } @else { "None of the newest 250 endpoints is subscribed to it." } }
        } @else {
            div.scroll { table {
                thead { tr { th scope="col" { "Endpoint" } th scope="col" { "URL" } th scope="col" { "Subscribed by" } } }
                tbody { @for endpoint in &subscribed.endpoints { tr {
                    td { a href=(visit.to(&format!("/endpoints/{}", endpoint.id))) { (endpoint.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&endpoint.id)) } }
                    td { (endpoint.url) }
                    td { @for own in &endpoint.events { code { (own) } " " } }
                } } }
            } }
            @if !subscribed.looked_at_all { p.quiet { "Of the newest 250 endpoints." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::takes;

    #[test]
    fn a_subscription_is_to_a_name_or_to_all_that_begin_so() {
        for (subscription, is) in [
            ("*", true),
            ("user.*", true),
            ("user.created", true),
            ("user.create", false),
            ("order.*", false),
        ] {
            assert_eq!(takes(subscription, "user.created"), is, "{subscription}");
        }
    }
}
