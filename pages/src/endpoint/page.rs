//! How is this endpoint, why, and what can be done about it?

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use url::form_urlencoded;

use super::model::{Endpoint, Named, head, load, page_path};
use super::state::{State, WayOut, told};
use super::{facts, traffic};
use crate::fault::Fault;
use crate::layout;
use crate::layout::csrf_field;
use crate::parts::show::action;
use crate::router::Pages;
use crate::visit::Visit;

pub(super) fn routes() -> Router<Pages> {
    Router::new().route("/endpoints/{id}", get(show))
}

async fn show(visit: Visit, Path(named): Path<Named>) -> Result<Response, Fault> {
    let endpoint = load(&visit, &named.id).await?;
    let traffic = traffic::load(&visit, &endpoint.id).await?;
    let waiting = traffic.as_ref().and_then(|it| it.stats.waiting());
    let state = told(&endpoint, waiting);
    let body = html! {
        (head(&visit, &endpoint, ""))
        div #now data-live="5" {
            (standing(&visit, &endpoint, &state))
            @if let Some(traffic) = &traffic {
                (traffic::tiles(&visit, &endpoint, &traffic.stats))
                (traffic::tables(&visit, &endpoint, traffic))
            }
        }
        h2 { "Settings" }
        (facts::facts(&visit, &endpoint))
        @if visit.may("endpoints:write") { (drastic(&visit, &endpoint, waiting)) }
    };
    Ok(layout::page(&visit, endpoint.title(), &body))
}

/// Its state, why, and the way out.
fn standing(visit: &Visit, endpoint: &Endpoint, state: &State) -> Markup {
    let writes = visit.may("endpoints:write");
    html! {
        div.card.standing data-state=(state.word.replace(' ', "_")) {
            p.lead { (toned(state.word)) " " span { (state.sentence) } }
            @if !state.advice.is_empty() { p.quiet { (state.advice) } }
            div.actions {
                @if writes { (way_out(visit, endpoint, state.way_out)) }
                @if visit.may("deliveries:write") && !matches!(state.word, "active" | "paused") {
                    a.button href=(replay(visit, endpoint)) { "Replay what failed" }
                }
                a.button href={ (visit.to("/debugger")) "?endpoint_id=" (endpoint.id) } { "Debug a signature" }
            }
        }
    }
}

/// The state's word in its colour.
fn toned(word: &str) -> Markup {
    let tone = match word {
        "active" => "good",
        "disabled" | "breaker open" | "failing" => "bad",
        "breaker half-open" => "busy",
        _ => "calm",
    };
    html! { span.badge data-tone=(tone) { (word) } }
}

fn way_out(visit: &Visit, endpoint: &Endpoint, way: WayOut) -> Markup {
    let path = |below| page_path(&endpoint.id, below);
    html! {
        @match way {
            WayOut::Nothing => {}
            WayOut::Enable => (action(visit, &path("/enable"), "Enable", None)),
            WayOut::Resume => (action(visit, &path("/enable"), "Resume", None)),
            WayOut::CloseBreaker => (action(visit, &path("/close-breaker"), "Close the breaker now", None)),
            WayOut::Validate => (action(visit, &path("/validate"), "Ask the receiver now", None)),
        }
    }
}

/// The page that replays what this endpoint missed.
fn replay(visit: &Visit, endpoint: &Endpoint) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("endpoint_id", &endpoint.id);
    query.append_pair("what", "failed");
    if let Some(since) = &endpoint.health.failing_since {
        // As a field of date and time takes it: to the minute.
        query.append_pair("since", since.get(..16).unwrap_or(since));
    }
    format!("{}?{}", visit.to("/replays/new"), query.finish())
}

/// What stops deliveries, or cannot be undone.
fn drastic(visit: &Visit, endpoint: &Endpoint, waiting: Option<(u64, bool)>) -> Markup {
    let path = |below| visit.to(&page_path(&endpoint.id, below));
    html! {
        h2 { "Stop deliveries" }
        div.card {
            @if endpoint.status != "paused" {
                (stop(visit, &path("/pause"), "Pause", "Deliveries wait until it is resumed."))
            }
            @if endpoint.status != "disabled" {
                (stop(visit, &path("/disable"), "Disable", "Deliveries that wait fail, those to come as well."))
            }
            div.actions {
                @if visit.may("deliveries:write") && waiting.is_some_and(|(number, _)| number > 0) {
                    a.button href=(path("/cancel")) { "Cancel waiting deliveries" }
                }
                a.button.danger href=(path("/delete")) { "Delete this endpoint" }
            }
        }
    }
}

/// A form that stops deliveries, with the reason that everybody will see.
fn stop(visit: &Visit, address: &str, name: &str, what: &str) -> Markup {
    let id = format!("reason-{}", name.to_lowercase());
    html! {
        form.stop method="post" action=(address) {
            (csrf_field(visit))
            label for=(id) { strong { (name) ". " } (what) " Why? " span.optional { "optional, shown here" } }
            div.row {
                input id=(id) name="reason" type="text" maxlength="200";
                button type="submit" { (name) }
            }
        }
    }
}
