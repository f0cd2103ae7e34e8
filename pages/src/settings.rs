//! What has the project chosen for all that is in it?

mod delete;
mod input;
mod portal;
mod portal_input;
mod portal_sample;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::de::IgnoredAny;

use crate::fault::{Fault, OrForm};
use crate::layout::{self, csrf_field};
use crate::parts::confirm;
use crate::parts::field::{Field, check, trouble};
use crate::parts::times::time;
use crate::posted::{Form, Posted};
use crate::router::Pages;
use crate::settings::input::{BREAKER, BREAKER_ON, FIELDS, Project};
use crate::visit::{Visit, segment};

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/settings", get(show).post(save))
        .route("/settings/portal", get(portal::show).post(portal::save))
        .route("/settings/delete", post(delete::delete))
}

/// Where the API has the project.
fn api(visit: &Visit) -> Result<String, Fault> {
    // The portal has no settings: its session opens an account.
    let id = visit.project_id.as_deref().ok_or_else(Fault::no_page)?;
    Ok(format!("/v1/projects/{}", segment(id)))
}

async fn show(visit: Visit) -> Result<Response, Fault> {
    page(&visit, None, &Form::default()).await
}

/// The page; `typed` is the form of settings as it was sent, if it was refused.
async fn page(visit: &Visit, typed: Option<&Form>, deletion: &Form) -> Result<Response, Fault> {
    let project: Project = visit.send_plain(Method::GET, &api(visit)?, None).await?;
    let now = input::form_of(&project);
    let form = typed.unwrap_or(&now);
    let may = visit.may("settings:write");
    let body = html! {
        h1 { "Settings" }
        dl.facts {
            dt { "Project" } dd { code { (project.id) } }
            dt { "Wire format" } dd { code { (project.profile) } span.quiet { " – chosen when the project was made; an endpoint may have another" } }
            dt { "Made" } dd { (time(&project.created_at)) }
        }
        @if !may { p.note { "You see these settings and may not change them: that needs a key with the scope settings:write." } }
        (trouble(form, FIELDS))
        form.stack method="post" action=(visit.to("/settings")) {
            (csrf_field(visit))
            fieldset disabled[!may] { legend { "General" } (general(form)) }
            fieldset disabled[!may] { legend { "Event types" } (event_types(visit, form)) }
            fieldset disabled[!may] { legend { "Retention" } (retention(form)) }
            fieldset disabled[!may] { legend { "Endpoints that fail" } (failing(form)) }
            @if may { div { button.primary type="submit" { "Save" } } }
        }
        h2 { "Customer portal" }
        p { "What your customers see: its name, logo and colours, and which sites may show it within their pages." }
        div.actions { a.button href=(visit.to("/settings/portal")) { "Customer portal" } }
        h2 { "Alerts" }
        p.quiet { "Alerts by e-mail or chat come in a later version. Until then, watch " a href="/metrics" { code { "/metrics" } }
            ", or subscribe an endpoint to the operational events." }
        @if visit.may("data:purge") {
            h2 { "Remove data for good" }
            p { "Of an account, of an event, or of whom events are about." }
            div.actions { a.button href=(visit.to("/purges")) { "Purges" } }
        }
        @if visit.is_root() && visit.may("projects:write") {
            h2 { "Delete the project" }
            p { "Its keys and endpoints end at once. Its events go when their retention ends." }
            (confirm::ask(visit, &visit.to("/settings/delete"), &project.id, "Delete the project", deletion))
        }
    };
    Ok(layout::page(visit, "Settings", &body))
}

fn general(form: &Form) -> Markup {
    let modes = [("true", "Live"), ("false", "Test")];
    html! {
        (Field::new("name", "Name").required().input(form, "text"))
        (Field::new("livemode", "Mode").required()
            .hint("What formats that tell live data from test data say about its events.").select(form, &modes))
    }
}

fn event_types(visit: &Visit, form: &Form) -> Markup {
    html! {
        (check(form, "settings/refuse_unknown_event_types", "true", "Refuse events of types that are not in the catalogue"))
        (check(form, "settings/public_catalogue", "true", "Let anybody read the catalogue, without a key"))
        @if let Some(id) = &visit.project_id { p.hint { "It is then at " code { "/v1/catalogue/" (id) } "." } }
    }
}

fn retention(form: &Form) -> Markup {
    html! {
        p.hint { "Days, 1 to 3650. Empty: as long as the server keeps data (--retention-days), which is also the most." }
        (Field::new("settings/retention/deliveries", "Events and deliveries").hint("With all that is theirs.").input(form, "number"))
        (Field::new("settings/retention/payloads", "Payloads").hint("What was published; no longer than deliveries.").input(form, "number"))
        (Field::new("settings/retention/attempts", "Attempts").hint("What was sent and answered; no longer than deliveries.").input(form, "number"))
    }
}

fn failing(form: &Form) -> Markup {
    let breaker_error = form
        .error(BREAKER)
        .filter(|error| error.pointer == format!("/{BREAKER}"));
    html! {
        (Field::new("settings/disable_after_days", "Disable an endpoint after so many days of nothing but failures")
            .hint("0 to 365; 0 is never. Empty: what the server does by itself, 5 days.").input(form, "number"))
        (check(form, BREAKER_ON, "on", "A circuit breaker for endpoints that have none of their own"))
        @if let Some(error) = breaker_error { p.error role="alert" { (error.detail) } }
        (Field::new("settings/circuit_breaker/failure_rate", "It opens at this share of failed attempts")
            .hint("Above 0, at most 1; 0.5 is half. Empty here and below: as usual.").input(form, "text"))
        (Field::new("settings/circuit_breaker/min_attempts", "Attempts before it judges").hint("1 to 10000; usually 20.").input(form, "number"))
        (Field::new("settings/circuit_breaker/window_seconds", "Within so many seconds").hint("1 to 3600; usually 60.").input(form, "number"))
        (Field::new("settings/circuit_breaker/open_seconds", "Seconds that it stays open").hint("1 to 3600; usually 30.").input(form, "number"))
        (Field::new("settings/circuit_breaker/half_open_attempts", "Trial attempts before it closes").hint("1 to 100; usually 3.").input(form, "number"))
    }
}

async fn save(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let asked = visit
        .send_plain::<IgnoredAny>(Method::PATCH, &api(&visit)?, Some(&input::change(&fields)))
        .await;
    match asked.or_form()? {
        Ok(_) => {
            let to = format!("{}?said=saved", visit.to("/settings"));
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) => {
            let form = Form::refused(fields, problem);
            let page = page(&visit, Some(&form), &Form::default()).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}
