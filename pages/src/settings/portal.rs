//! How does the customers' portal look, and who may show it?

use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::api;
use super::portal_input::{CARRIED, FIELDS, Kept, Look, carry, change, form_of, named};
use super::portal_sample::samples;
use crate::fault::{Fault, OrForm};
use crate::layout::{self, csrf_field};
use crate::parts::field::{Field, check, trouble};
use crate::posted::{Form, Posted};
use crate::visit::Visit;

/// The part of a project that this page is about.
#[derive(Deserialize)]
struct Project {
    name: String,
    settings: Settings,
}

#[derive(Deserialize)]
struct Settings {
    portal: Kept,
}

pub(super) async fn show(visit: Visit) -> Result<Response, Fault> {
    page(&visit, None).await
}

/// The page; `typed` is the form as it was sent, if it was not saved.
async fn page(visit: &Visit, typed: Option<&Form>) -> Result<Response, Fault> {
    let project: Project = visit.send_plain(Method::GET, &api(visit)?, None).await?;
    let kept = project.settings.portal;
    let now = form_of(&kept);
    let form = typed.unwrap_or(&now);
    let look = Look::of(form, &kept, &project.name);
    let may = visit.may("settings:write");
    let body = html! {
        p.crumbs { a href=(visit.to("/settings")) { "Settings" } }
        h1 { "Customer portal" }
        p { "The portal is this dashboard as one customer sees it: its own endpoints, events and deliveries, in your name and colours. "
            "Your server asks for a link with " code { "POST /v1/portal-sessions" } " and sends the customer's browser there; on an account's page you can make one by hand." }
        div.actions { a.button href=(visit.to("/accounts")) { "Choose an account to look at its portal" } }
        (trouble(form, FIELDS))
        section aria-labelledby="sample" {
            h2 #sample { @if typed.is_some() { "As it would look" } @else { "As it looks" } }
            @if typed.is_some_and(|it| it.problem.is_none()) {
                p.note role="status" { "This is a preview. Nothing is saved until you press “Save”." }
            }
            (samples(&look))
        }
        @if !may { p.note { "You see this and may not change it: that needs a key with the scope settings:write." } }
        form.stack method="post" action=(visit.to("/settings/portal")) enctype="multipart/form-data" {
            (csrf_field(visit))
            fieldset disabled[!may] { legend { "Look" } (fields(form, &look)) }
            fieldset disabled[!may] { legend { "Within your own page" } (frames(form)) }
            @if may { div.actions {
                button.primary type="submit" { "Save" }
                button type="submit" name="do" value="preview" { "Preview" }
                a.button href=(visit.to("/settings")) { "Cancel" }
            } }
        }
    };
    Ok(layout::page(visit, "Customer portal", &body))
}

fn fields(form: &Form, look: &Look<'_>) -> Markup {
    let error = form.error("settings/portal/logo");
    html! {
        (Field::new("settings/portal/name", "Name").hint("What the portal is called, at most 80 characters. Empty: the project's name.").input(form, "text"))
        div.field {
            label for="f-settings-portal-logo" { "Logo" " " span.optional { "optional" } }
            input #f-settings-portal-logo name="settings/portal/logo" type="file" accept="image/png,image/jpeg,image/webp,image/svg+xml"
                aria-describedby="f-settings-portal-logo-hint f-settings-portal-logo-error" aria-invalid=[error.map(|_| "true")];
            p.hint #f-settings-portal-logo-hint { "PNG, JPEG, WebP or SVG, at most 48 kB; shown 28 pixels high in place of the name. Without a new one the present one stays." }
            @if let Some(error) = error { p.error #f-settings-portal-logo-error role="alert" { (error.detail) } }
            @if let Some(carried) = form.fields.text(CARRIED) {
                p.hint { "The picture that you chose is kept here until you save." }
                input type="hidden" name=(CARRIED) value=(carried);
            }
        }
        @if look.logo.is_some() { (check(form, "no_logo", "true", "No logo: show the name")) }
        (colour(form, "settings/portal/accent", "Colour", "Of buttons and links, as #rrggbb. Where text in it could not be read on light ground it is darkened until it can be. Empty: the standard blue."))
        (colour(form, "settings/portal/accent_dark", "Colour on dark ground", "For those whose device is in dark mode; lightened where needed. Empty: the colour above."))
    }
}

/// Typed, or picked where there is a script.
fn colour(form: &Form, name: &str, label: &str, hint: &str) -> Markup {
    let picked = form.value(name);
    let id = format!("f-{}", name.replace('/', "-"));
    html! {
        div.colour {
            (Field::new(name, label).hint(hint).input(form, "text"))
            input type="color" data-picks=(id) value=(if picked.is_empty() { "#4353d9" } else { picked }) aria-label={ "Pick: " (label) } hidden;
        }
    }
}

fn frames(form: &Form) -> Markup {
    html! {
        (Field::new("settings/portal/frame_origins", "Sites that may show the portal in a frame")
            .hint("Their origins, one a line, such as https://app.example.com: at most 20. All other sites are refused by the customer's browser. Empty: it is a page of its own.")
            .area(form, 3))
    }
}

pub(super) async fn save(Posted { visit, mut fields }: Posted) -> Result<Response, Fault> {
    carry(&mut fields);
    if fields.get("do") == Some("preview") {
        return page(&visit, Some(&Form::of(fields.0))).await;
    }
    let body = change(&fields);
    let api = api(&visit)?;
    let asked = visit.send_plain::<IgnoredAny>(Method::PATCH, &api, Some(&body));
    match asked.await.or_form()? {
        Ok(_) => {
            let to = format!("{}?said=saved", visit.to("/settings/portal"));
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) => {
            let problem = named(problem, &fields);
            let page = page(&visit, Some(&Form::refused(fields, problem))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}
