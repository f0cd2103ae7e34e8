//! One replay: how far is it, what was passed over, and what may be done with it?

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use maud::{Markup, html};
use serde::de::IgnoredAny;

use super::became::{self, Became};
use super::progress::{Replay, skipped_words};
use super::what_words;
use crate::fault::Fault;
use crate::layout;
use crate::parts::show::{action, badge, count};
use crate::parts::times::{maybe, time};
use crate::posted::Posted;
use crate::visit::{Visit, segment};

pub(super) async fn show(visit: Visit, Path(ids): Path<Ids>) -> Result<Response, Fault> {
    let replay: Replay = visit
        .get(&format!("/v1/replays/{}", segment(&ids.id)), &[])
        .await?;
    let became = became::ask(&visit, &replay).await?;
    let title = format!("Replay {}", replay.id);
    let body = page(&visit, &replay, became.as_ref());
    Ok(layout::page(&visit, &title, &body))
}

#[derive(serde::Deserialize)]
pub(super) struct Ids {
    id: String,
    /// What the replay is told to do.
    #[serde(default)]
    told: String,
}

pub(super) async fn tell(Path(ids): Path<Ids>, posted: Posted) -> Result<Response, Fault> {
    let visit = posted.visit;
    let said = match ids.told.as_str() {
        "pause" => "replay-paused",
        "resume" => "replay-resumed",
        "cancel" => "replay-cancelled",
        _ => return Err(Fault::no_page()),
    };
    let path = format!("/v1/replays/{}/{}", segment(&ids.id), ids.told);
    let done = visit
        .send::<IgnoredAny>(Method::POST, &path, &[], None)
        .await;
    let here = visit.to(&format!("/replays/{}", segment(&ids.id)));
    match done {
        Ok(_) => Ok(Redirect::to(&format!("{here}?said={said}")).into_response()),
        // It ended while the visitor looked at it.
        Err(Fault::Refused(problem)) if problem.code == "job_ended" => {
            Ok(Redirect::to(&format!("{here}?said=replay-ended")).into_response())
        }
        Err(fault) => Err(fault),
    }
}

fn page(visit: &Visit, replay: &Replay, became: Option<&Became>) -> Markup {
    // What it made due goes on after its end.
    let live = match (replay.has_ended(), became) {
        (false, _) => Some("1"),
        (true, Some(became)) if became.has_more_to_come() => Some("5"),
        (true, _) => None,
    };
    html! {
        nav.crumbs aria-label="Above this page" { a href=(visit.to("/replays")) { "Replays" } }
        div #replay data-live=[live] {
            div.title-row {
                h1 { "Replay" }
                (badge(&replay.state))
                (buttons(visit, replay))
            }
            @if let Some(error) = &replay.error {
                div.trouble role="alert" { p { strong { "The replay failed. " } (error) } p { "What it did stays done. Mend the cause and begin another one." } }
            }
            section.card aria-label="Progress" {
                (replay.bar())
                @if !replay.has_ended() {
                    p.quiet { "Behind live traffic; deliveries a second at most: " (count(replay.rate_per_second.unwrap_or(0).into())) "." }
                }
            }
            div.tiles {
                (tile("Made due", replay.done, "are sent as any other delivery"))
                (tile("Passed over", replay.skipped_in_all(), "by reason below"))
                (tile("Counted at the start", replay.total.unwrap_or(0), if replay.total_is_exact { "to the end" } else { "there are more" }))
            }
            @if replay.skipped_in_all() > 0 {
                h2 { "Passed over" }
                div.scroll { table {
                    thead { tr { th scope="col" { "Why" } th.number scope="col" { "Deliveries" } } }
                    tbody { @for (reason, number) in &replay.skipped { tr {
                        td { (skipped_words(reason)) }
                        td.number { (count(*number)) }
                    } } }
                } }
            }
            @if let Some(became) = became { (became.show(visit, replay)) }
            h2 { "About" }
            (facts(visit, replay))
        }
    }
}

fn tile(name: &str, value: u64, more: &str) -> Markup {
    html! { div.tile { p.name { (name) } p.value { (count(value)) } p.more { (more) } } }
}

fn buttons(visit: &Visit, replay: &Replay) -> Markup {
    let told = |what: &str, label: &str, confirm: Option<&str>| {
        action(
            visit,
            &format!("/replays/{}/{what}", replay.id),
            label,
            confirm,
        )
    };
    html! {
        @if visit.may("deliveries:write") && !replay.has_ended() {
            @if replay.state == "running" { (told("pause", "Pause", None)) }
            @else { (told("resume", "Resume", None)) }
            (told("cancel", "Cancel", Some("End this replay? What it has done stays done, and it cannot be resumed.")))
        }
    }
}

fn facts(visit: &Visit, replay: &Replay) -> Markup {
    html! {
        dl.facts {
            dt { "Id" } dd { code { (replay.id) } }
            dt { "What" } dd { (what_words(&replay.what)) }
            dt { "Where to" } dd { (replay.target(visit)) }
            dt { "Event types" } dd {
                @if replay.event_types.is_empty() { "all" }
                @for name in &replay.event_types { code { (name) } " " }
            }
            @if let Some(id) = &replay.event_id { dt { "Event" } dd { a href=(visit.to(&format!("/events/{}", segment(id)))) { code { (id) } } } }
            @if !replay.states.is_empty() { dt { "Only in state" } dd { (replay.states.join(" or ")) } }
            @if let Some(class) = &replay.status_class { dt { "Last answered" } dd { (class) } }
            @if let Some(code) = replay.status_code { dt { "Last answered" } dd { (code) } }
            @if let Some(class) = &replay.error_class { dt { "Last failed by" } dd { (class.replace('_', " ")) } }
            dt { "Accepted from" } dd { (maybe(replay.since.as_deref())) }
            dt { "until" } dd { (maybe(replay.until.as_deref())) }
            dt { "Begun" } dd { (time(&replay.started_at)) }
            dt { "Last step" } dd { (time(&replay.updated_at)) }
            dt { "Ended" } dd { (maybe(replay.finished_at.as_deref())) }
        }
    }
}
