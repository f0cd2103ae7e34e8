//! Event types out of an OpenAPI document: first what would change, then the change.

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::fault::{Fault, FieldProblem, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::parts::field::{Field, trouble};
use crate::posted::{Form, Posted};
use crate::visit::{Visit, segment};

#[derive(Deserialize)]
struct Imported {
    dry_run: bool,
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    outcome: String,
    reason: Option<String>,
    version: Option<u32>,
}

pub(super) async fn form(visit: Visit) -> Result<Response, Fault> {
    Ok(page(&visit, &Form::default(), None))
}

pub(super) async fn posted(posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let dry_run = fields.get("step") != Some("import");
    let document = match serde_json::from_str::<Value>(fields.get("document").unwrap_or("")) {
        Ok(document) => document,
        Err(error) => {
            let problem = faulty(format!("is not JSON: {error}"));
            return Ok(refused(&visit, Form::refused(fields, problem)));
        }
    };
    let query = [("dry_run", if dry_run { "true" } else { "false" })];
    let path = "/v1/event-types/import";
    let answer = visit
        .send::<Imported>(Method::POST, path, &query, Some(&document))
        .await;
    match answer.or_form()? {
        Ok(imported) => Ok(page(&visit, &Form::of(fields.0), Some(&imported))),
        Err(problem) => {
            let problem = faulty(problem.detail);
            Ok(refused(&visit, Form::refused(fields, problem)))
        }
    }
}

fn faulty(detail: String) -> Problem {
    Problem {
        title: "Unprocessable Entity".to_owned(),
        status: 422,
        code: "invalid_field".to_owned(),
        detail: detail.clone(),
        errors: vec![FieldProblem {
            pointer: "/document".to_owned(),
            detail,
        }],
    }
}

fn refused(visit: &Visit, form: Form) -> Response {
    let page = page(visit, &form, None);
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

fn page(visit: &Visit, form: &Form, imported: Option<&Imported>) -> Response {
    let done = imported.is_some_and(|imported| !imported.dry_run);
    let body = html! {
        nav.crumbs aria-label="Above this page" { a href=(visit.to("/catalogue")) { "Catalogue" } }
        h1 { "Import from OpenAPI" }
        @if let Some(imported) = imported { (results(visit, imported)) }
        @else { p { "Each entry of an OpenAPI 3.1 document's " code { "webhooks" } " becomes an event type, with its description, schema and example. Types that the document does not name stay as they are." } }
        (trouble(form, &["document"]))
        @if !done { form.stack.wide method="post" action=(visit.to("/catalogue/import")) {
            (csrf_field(visit))
            (Field::new("document", "OpenAPI document").required().hint("As JSON, 2 MiB at most.").area(form, 16))
            div.actions {
                @if imported.is_some() { button.primary type="submit" name="step" value="import" { "Import" } }
                button type="submit" name="step" value="look" { "See what would change" }
            }
        } }
    };
    layout::page(visit, "Import from OpenAPI", &body)
}

fn results(visit: &Visit, imported: &Imported) -> Markup {
    let tone = |outcome: &str| match outcome {
        "created" | "updated" => "good",
        "refused" => "bad",
        _ => "calm",
    };
    html! {
        section #outcome aria-label="What becomes of each entry" {
            @if imported.dry_run { p { strong { "Nothing is changed yet." } " This is what would become of each entry." } }
            @else { p.said role="status" { "The document was imported." } }
            @if imported.data.is_empty() { p.note { "The document has no webhooks: there is nothing to import." } }
            @else { div.scroll { table {
                thead { tr { th scope="col" { "Event type" } th scope="col" { @if imported.dry_run { "Would be" } @else { "Was" } } th.number scope="col" { "Version" } th scope="col" { "Why" } } }
                tbody { @for entry in &imported.data { tr {
                    td { a href=(visit.to(&format!("/catalogue/{}", segment(&entry.name)))) { code { (entry.name) } } }
                    td { span.badge data-tone=(tone(&entry.outcome)) { (entry.outcome) } }
                    td.number { @match entry.version { Some(number) => (number), None => span.none { "–" } } }
                    td { (entry.reason.as_deref().unwrap_or("")) }
                } } }
            } } }
        }
    }
}
