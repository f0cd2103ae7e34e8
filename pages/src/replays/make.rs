//! A new replay: what is chosen, how many deliveries that is, and only then begun.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Redirect, Response};
use hookwright_core::error_class::ErrorClass;
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;

use super::ask::{FIELDS, FURTHER, body};
use super::progress::skipped_words;
use super::{WHAT, what_words};
use crate::fault::{Fault, FieldProblem, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::parts::failure_words::words;
use crate::parts::field::{Field, trouble};
use crate::parts::list::ListOf;
use crate::parts::show::count;
use crate::posted::{Fields, Form, Posted};
use crate::visit::{Face, Visit};

const STATES: &[(&str, &str)] = &[
    ("", "all of them"),
    ("failed", "failed"),
    ("cancelled", "cancelled"),
    ("delivered", "delivered"),
];
/// How far back the form looks at first.
const SINCE_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Deserialize)]
struct Counted {
    count: u64,
    count_is_exact: bool,
    skipped: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Begun {
    id: String,
}

#[derive(Deserialize)]
struct Endpoint {
    id: String,
    #[serde(default)]
    name: Option<String>,
    url: String,
}

/// The form, filled in with what the address says: pages of endpoints and failures link here.
pub(super) async fn form(visit: Visit) -> Result<Response, Fault> {
    let mut fields = Fields::of(visit.query.as_bytes());
    if fields.text("since").is_none() {
        let since = (visit.pages.options.now)() - SINCE_MS;
        fields.0.push(("since".to_owned(), minute(since)));
    }
    let form = Form::of(fields.0);
    Ok(page(&visit, &form).await?.into_response())
}

pub(super) async fn posted(posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    match fields.get("step") {
        Some("change") => Ok(page(&visit, &Form::of(fields.0)).await?.into_response()),
        Some("begin") => match ask::<Begun>(&visit, &fields, false).await? {
            Ok(begun) => {
                let path = format!("/replays/{}?said=replay-begun", begun.id);
                Ok(Redirect::to(&visit.to(&path)).into_response())
            }
            Err(problem) => refused(&visit, fields, problem).await,
        },
        _ => match ask::<Counted>(&visit, &fields, true).await? {
            Ok(counted) => Ok(preview(&visit, &fields, &counted)),
            Err(problem) => refused(&visit, fields, problem).await,
        },
    }
}

async fn ask<T: serde::de::DeserializeOwned>(
    visit: &Visit,
    fields: &Fields,
    dry_run: bool,
) -> Result<Result<T, Problem>, Fault> {
    let body = body(fields, dry_run);
    let answer = visit
        .send(Method::POST, "/v1/replays", &[], Some(&body))
        .await;
    match answer {
        Err(Fault::Refused(problem)) if problem.status == 404 => Ok(Err(unknown(problem, fields))),
        answer => Ok(answer.or_form()?.map_err(beside_status)),
    }
}

/// The API has two fields where the form has one.
fn beside_status(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if matches!(&*error.pointer, "/status_class" | "/status_code") {
            "/status".clone_into(&mut error.pointer);
        }
    }
    problem
}

/// What is not there belongs beside the field that names it.
fn unknown(mut problem: Problem, fields: &Fields) -> Problem {
    let field = match (fields.text("event_id"), fields.text("endpoint_id")) {
        (Some(_), _) if problem.detail.contains("event") => "/event_id",
        (_, Some(_)) => "/endpoint_id",
        _ => "/account_id",
    };
    problem.errors.push(FieldProblem {
        pointer: field.to_owned(),
        detail: problem.detail.clone(),
    });
    problem
}

async fn refused(visit: &Visit, fields: Fields, problem: Problem) -> Result<Response, Fault> {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let page = page(visit, &Form::refused(fields, problem)).await?;
    Ok((status, page).into_response())
}

async fn page(visit: &Visit, form: &Form) -> Result<Response, Fault> {
    let endpoints: ListOf<Endpoint> = match visit.may("endpoints:read") {
        true => visit.get("/v1/endpoints", &[("limit", "250")]).await?,
        false => ListOf {
            data: Vec::new(),
            next_cursor: None,
            prev_cursor: None,
        },
    };
    let body = html! {
        nav.crumbs aria-label="Above this page" { a href=(visit.to("/replays")) { "Replays" } }
        h1 { "New replay" }
        p { "Delivers past events again, behind live traffic. Events keep their ids, so that receivers can tell what they have had. The next page says how many deliveries it is; nothing is sent before you begin it there." }
        (trouble(form, FIELDS))
        form.stack method="post" action=(visit.to("/replays/new")) {
            (csrf_field(visit))
            (Field::new("what", "What").required().select(form, WHAT))
            (endpoint_field(form, &endpoints))
            @if visit.face == Face::Operator && visit.who.account_id.is_none() {
                (Field::new("account_id", "Account").hint("Of this account only; of all accounts, if it is left empty.").input(form, "text"))
            }
            (Field::new("event_types", "Event types").hint("Several with spaces between them. user.* stands for all that begin with user.; all types, if it is left empty.").input(form, "text"))
            (Field::new("since", "Accepted from (UTC)").required().input(form, "datetime-local"))
            (Field::new("until", "until (UTC)").hint("Until now, if it is left empty.").input(form, "datetime-local"))
            (further(form))
            (Field::new("rate_per_second", "Deliveries a second at most").hint("1 to 10,000; 500, if it is left empty. Choose what the receiver can bear.").input(form, "number"))
            div.actions { button.primary type="submit" name="step" value="count" { "Count the deliveries" } }
        }
    };
    Ok(layout::page(visit, "New replay", &body))
}

/// What is asked of deliveries themselves. Where it is used it is open.
fn further(form: &Form) -> Markup {
    let is_used = |name: &&str| !form.value(name).is_empty() || form.error(name).is_some();
    let causes = ErrorClass::ALL.map(|class| (class.as_str(), words(class.as_str()).title));
    let causes: Vec<(&str, &str)> = std::iter::once(("", "any cause")).chain(causes).collect();
    html! {
        details.fold open[FURTHER.iter().any(is_used)] {
            summary { "Only some of these deliveries" }
            div.inner {
                (Field::new("states", "State").select(form, STATES))
                (Field::new("error_class", "Failed by").hint("The class of the last failure.").select(form, &causes))
                (Field::new("status", "Answer").hint("Last answered so: 5xx, or 503.").input(form, "text"))
                (Field::new("event_id", "Event").hint("Of this event only: evt_… or your own id.").input(form, "text"))
            }
        }
    }
}

/// A choice while it can be looked through; an id to type where there are more.
fn endpoint_field(form: &Form, endpoints: &ListOf<Endpoint>) -> Markup {
    let field = Field::new("endpoint_id", "Endpoint");
    if endpoints.data.is_empty() || endpoints.next_cursor.is_some() {
        let hint = "The endpoint's id; all endpoints, if it is left empty.";
        return field.hint(hint).input(form, "text");
    }
    let named: Vec<String> = endpoints
        .data
        .iter()
        .map(|endpoint| match endpoint.name.as_deref() {
            Some(name) if !name.is_empty() => format!("{name} · {}", endpoint.url),
            _ => endpoint.url.clone(),
        })
        .collect();
    let own = endpoints.data.iter().zip(&named);
    let own = own.map(|(endpoint, name)| (endpoint.id.as_str(), name.as_str()));
    let options: Vec<(&str, &str)> = std::iter::once(("", "all endpoints")).chain(own).collect();
    field.select(form, &options)
}

fn preview(visit: &Visit, fields: &Fields, counted: &Counted) -> Response {
    let said = |name: &str| fields.text(name).unwrap_or("");
    let at = |name: &str| said(name).replacen('T', " ", 1);
    let number = match counted.count_is_exact {
        true => count(counted.count),
        false => format!("at least {}", count(counted.count)),
    };
    let body = html! {
        h1 { "New replay" }
        section.card aria-label="What would be replayed" {
            p.large #counted { (number) @if counted.count == 1 { " delivery" } @else { " deliveries" } }
            @for (reason, number) in counted.skipped.iter().filter(|(_, number)| **number > 0) {
                p.quiet { (count(*number)) " more would be passed over. " (skipped_words(reason)) "." }
            }
            dl.facts {
                dt { "What" } dd { (what_words(said("what"))) }
                @if !said("endpoint_id").is_empty() { dt { "Endpoint" } dd { code { (said("endpoint_id")) } } }
                @if !said("account_id").is_empty() { dt { "Account" } dd { code { (said("account_id")) } } }
                @if !said("event_types").is_empty() { dt { "Event types" } dd { code { (said("event_types")) } } }
                @if !said("event_id").is_empty() { dt { "Event" } dd { code { (said("event_id")) } } }
                @if !said("states").is_empty() { dt { "Only in state" } dd { (said("states")) } }
                @if !said("status").is_empty() { dt { "Last answered" } dd { (said("status")) } }
                @if !said("error_class").is_empty() { dt { "Last failed by" } dd { (said("error_class").replace('_', " ")) } }
                dt { "Accepted from" } dd { (at("since")) " UTC" }
                dt { "until" } dd { @if said("until").is_empty() { "now" } @else { (at("until")) " UTC" } }
                dt { "Deliveries a second" } dd { "at most " @if said("rate_per_second").is_empty() { "500" } @else { (said("rate_per_second")) } }
            }
        }
        form method="post" action=(visit.to("/replays/new")) {
            (csrf_field(visit))
            @for name in FIELDS { input type="hidden" name=(name) value=(fields.get(name).unwrap_or("")); }
            div.actions {
                @if counted.count > 0 { button.primary type="submit" name="step" value="begin" { "Begin the replay" } }
                button type="submit" name="step" value="change" { "Change" }
            }
        }
    };
    layout::page(visit, "New replay", &body)
}

/// A moment as a browser's field for date and time takes it.
fn minute(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000));
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    format!("{date}T{hour:02}:{minute:02}")
}
