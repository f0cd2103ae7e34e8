//! Why is this delivery as it is? Its state in a sentence, every attempt on a line of time, and of
//! one attempt all that was sent and came back.

mod attempt;
mod curl;
mod line;
mod quoting;
mod request;
mod told;

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::deliveries::{Delivery, Names};
use crate::events;
use crate::fault::{Fault, OrForm};
use crate::layout;
use crate::parts::failure_words::words;
use crate::parts::show::{action, badge};
use crate::parts::times::{maybe, time};
use crate::posted::Posted;
use crate::router::Pages;
use crate::visit::{Face, Visit, segment};

use attempt::Attempt;

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/deliveries/{id}", get(page))
        .route("/deliveries/{id}/body", get(request::body))
        .route("/deliveries/{id}/resend", post(resend))
        .route("/deliveries/{id}/cancel", post(cancel))
}

/// A delivery with its attempts, the oldest first.
#[derive(Deserialize)]
struct Whole {
    #[serde(flatten)]
    delivery: Delivery,
    attempt_list: Vec<Attempt>,
    /// When the attempts to come are planned, the next one first.
    #[serde(default)]
    planned_attempts: Vec<String>,
}

/// Which attempt is shown in full: the last, if none is named.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Wished {
    attempt: Option<u32>,
}

/// The last piece of the path: before it is the project, where there is one.
fn own(ids: &[(String, String)]) -> &str {
    ids.iter()
        .find(|(name, _)| name == "id")
        .map_or("", |(_, id)| id)
}

async fn page(
    visit: Visit,
    Path(ids): Path<Vec<(String, String)>>,
    Query(wished): Query<Wished>,
) -> Result<Response, Fault> {
    show(&visit, own(&ids), wished, None).await
}

async fn show(
    visit: &Visit,
    id: &str,
    wished: Wished,
    refused: Option<&str>,
) -> Result<Response, Fault> {
    let path = format!("/v1/deliveries/{}", segment(id));
    let whole: Whole = visit.get(&path, &[]).await?;
    let mut names = Names::none();
    names
        .add(visit, std::iter::once(&whole.delivery.endpoint_id))
        .await;
    let attempts = &whole.attempt_list;
    let of_number = |number| attempts.iter().find(|it| it.number == number);
    let shown = wished
        .attempt
        .and_then(of_number)
        .or_else(|| attempts.last());
    let request = request::of(visit, id, shown).await?;
    let is_live = matches!(&*whole.delivery.state, "pending" | "retrying" | "held")
        || visit.query.contains("said=resent");
    let number = shown.map_or_else(String::new, |it| format!("?attempt={}", it.number));
    let file = visit.to(&format!("/deliveries/{}/body{number}", segment(id)));
    let is_told = whole.delivery.state != "delivered";
    let body = html! {
        div #delivery data-live=[is_live.then_some("2")] {
            div.title-row { h1 { "Delivery " span.quiet { (whole.delivery.event_type) } } (badge(&whole.delivery.state)) }
            @if let Some(refused) = refused { div.trouble role="alert" { p { (refused) } } }
            p.sentence { (told::sentence(&whole.delivery)) }
            (advice(&whole))
            (actions(visit, &whole.delivery))
            (facts(visit, &whole.delivery, &names))
            h2 { "Attempts" }
            (line::line(visit, &whole, shown.map(|it| it.number)))
            @match shown {
                Some(attempt) => (attempt.show(&request, &file, is_told && Some(attempt.number) == attempts.last().map(|it| it.number))),
                None => (request::to_come(&request, &file)),
            }
        }
    };
    Ok(layout::page(visit, &format!("Delivery {id}"), &body))
}

/// What to do about the last failure, where it is not delivered.
fn advice(whole: &Whole) -> Markup {
    let failed = whole.delivery.state != "delivered";
    let last = whole.attempt_list.last().and_then(|it| it.error.as_deref());
    // A delivery that failed without an attempt has its reason in the delivery alone.
    let own = whole
        .delivery
        .last_error
        .as_deref()
        .and_then(|text| text.split_once(": "));
    let class = last.or(own.map(|(class, _)| class)).filter(|_| failed);
    let words = class.map(words);
    html! { @if let Some(words) = words {
        div.note { p { strong { (words.happened) } " " (words.advice) } }
    } }
}

fn actions(visit: &Visit, delivery: &Delivery) -> Markup {
    let path = |what: &str| format!("/deliveries/{}/{what}", segment(&delivery.id));
    let is_open = matches!(&*delivery.state, "pending" | "retrying" | "held");
    let ask = match &*delivery.state {
        "delivered" => {
            "Send it once more? The receiver has it already, and tells it by the event's id."
        }
        "failed" | "cancelled" => "Make one attempt now? If it fails, the delivery stays as it is.",
        _ => "Make one attempt now? The schedule goes on as it is, unless this attempt succeeds.",
    };
    html! {
        div.actions {
            @if visit.may("deliveries:write") {
                (action(visit, &path("resend"), "Resend now", Some(ask)))
                @if is_open { (action(visit, &path("cancel"), "Cancel", Some("Cancel this delivery? No attempt follows by itself any more. It can be resent later."))) }
            }
            a.button href={ (visit.to("/debugger")) "?delivery=" (delivery.id) } { "Check the signature" }
        }
    }
}

fn facts(visit: &Visit, delivery: &Delivery, names: &Names) -> Markup {
    html! {
        dl.facts.card {
            dt { "Event" } dd { a href=(visit.to(&events::address(&delivery.event_id))) { (delivery.event_id) } " · " (delivery.event_type) }
            dt { "Endpoint" } dd { a href=(visit.to(&format!("/endpoints/{}", segment(&delivery.endpoint_id)))) { (names.of(&delivery.endpoint_id)) } }
            @if visit.face == Face::Operator { dt { "Account" } dd { a href=(visit.to(&format!("/accounts/{}", segment(&delivery.account_id)))) { (delivery.account_id) } } }
            dt { "Made" } dd { (time(&delivery.created_at)) }
            @if delivery.finished_at.is_some() { dt { "Finished" } dd { (maybe(delivery.finished_at.as_deref())) } }
            dt { "Id" } dd { code { (delivery.id) } }
        }
    }
}

async fn resend(Path(ids): Path<Vec<(String, String)>>, posted: Posted) -> Result<Response, Fault> {
    act(&posted.visit, own(&ids), ("resend", "resent")).await
}

async fn cancel(Path(ids): Path<Vec<(String, String)>>, posted: Posted) -> Result<Response, Fault> {
    act(&posted.visit, own(&ids), ("cancel", "cancelled")).await
}

async fn act(visit: &Visit, id: &str, (what, said): (&str, &str)) -> Result<Response, Fault> {
    let path = format!("/v1/deliveries/{}/{what}", segment(id));
    let done = visit
        .send::<IgnoredAny>(Method::POST, &path, &[], None)
        .await;
    match done.or_form()? {
        Ok(_) => {
            let path = format!("/deliveries/{}?said={said}", segment(id));
            Ok(Redirect::to(&visit.to(&path)).into_response())
        }
        Err(problem) => {
            let page = show(visit, id, Wished::default(), Some(&problem.detail)).await?;
            let status =
                http::StatusCode::from_u16(problem.status).unwrap_or(http::StatusCode::CONFLICT);
            Ok((status, page).into_response())
        }
    }
}
