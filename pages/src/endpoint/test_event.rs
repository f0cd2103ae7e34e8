//! A test event for an endpoint: its type and payload, and what came of it.

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::facts::pretty;
use super::model::{Endpoint, Named, api_path, head, load, page_path};
use super::problem::wrong;
use crate::fault::{Fault, OrForm};
use crate::layout::{self, csrf_field};
use crate::offered::{self, EventType, Offered};
use crate::parts::field::{Field, trouble};
use crate::parts::show::{badge, block};
use crate::parts::times::length;
use crate::posted::{Fields, Form, Posted};
use crate::router::Pages;
use crate::visit::{Visit, segment};

pub(super) fn routes() -> Router<Pages> {
    Router::new().route("/endpoints/{id}/test", get(show).post(send))
}

/// What is shown on the page.
#[derive(Default, Deserialize)]
struct Asked {
    /// The type whose example is filled in.
    r#type: Option<String>,
    /// The delivery of the test that was sent.
    sent: Option<String>,
}

#[derive(Deserialize)]
struct Sent {
    delivery_id: String,
}

/// What came of the test.
#[derive(Deserialize)]
struct Delivery {
    id: String,
    event_type: String,
    state: String,
    attempt_list: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    status: Option<u16>,
    error: Option<String>,
    error_detail: Option<String>,
    response_body: String,
    timing: Timing,
}

#[derive(Deserialize)]
struct Timing {
    total_ms: f64,
}

async fn show(
    visit: Visit,
    Path(named): Path<Named>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let endpoint = load(&visit, &named.id).await?;
    let offered = offered::load(&visit).await?;
    let sent = match &asked.sent {
        Some(id) if visit.may("deliveries:read") => {
            let path = format!("/v1/deliveries/{}", segment(id));
            Some(visit.get::<Delivery>(&path, &[]).await?)
        }
        _ => None,
    };
    let asked_for = asked.r#type.filter(|name| !name.is_empty());
    let chosen = asked_for.or_else(|| {
        let sent = sent.as_ref().map(|it| it.event_type.clone());
        sent.or_else(|| offered.types.first().map(|it| it.name.clone()))
    });
    let chosen = chosen.unwrap_or_default();
    let known = offered.find(&visit, &chosen).await;
    let example = known.as_ref().and_then(EventType::example).map(pretty);
    let form = Form::of(vec![
        ("type".to_owned(), chosen),
        (
            "data".to_owned(),
            example.unwrap_or_else(|| "{\n  \"test\": true\n}".to_owned()),
        ),
    ]);
    Ok(page(&visit, &endpoint, &offered, &form, sent.as_ref()))
}

fn page(
    visit: &Visit,
    endpoint: &Endpoint,
    offered: &Offered,
    form: &Form,
    sent: Option<&Delivery>,
) -> Response {
    let address = visit.to(&page_path(&endpoint.id, "/test"));
    let body = html! {
        (head(visit, endpoint, "/test"))
        @if let Some(sent) = sent { (result(visit, sent)) }
        @if endpoint.status == "disabled" {
            p.note { "This endpoint is disabled: it is sent nothing, a test neither. Enable it first." }
        } @else if endpoint.status == "paused" {
            p.note { "This endpoint is paused: a test waits with all else until it is resumed." }
        }
        (trouble(form, &["type", "data"]))
        p { "A test goes to this endpoint alone, whatever it subscribes to. It is signed and sent like any other event and marked with the metadata " code { "test: true" } "." }
        @if !offered.types.is_empty() {
            form.filters method="get" action=(address) {
                (offered.choice(visit, "f-type", "Event type of the catalogue", form.value("type")))
                button type="submit" { "Fill in its example" }
            }
        }
        form.stack method="post" action=(address) {
            (csrf_field(visit))
            div.field {
                label for="test-type" { "Event type" }
                input #test-type name="type" type="text" value=(form.value("type"))
                    placeholder="as the wire format's first, or webhook.test"
                    aria-invalid=[form.error("type").map(|_| "true")];
                @if let Some(error) = form.error("type") { p.error role="alert" { (error.detail) } }
            }
            (Field::new("data", "Payload").hint("Any JSON. Empty is {\"test\": true}.").area(form, 10))
            div.actions { button.primary type="submit" { "Send the test" } }
        }
    };
    layout::page(visit, "Send a test", &body)
}

/// What came of it; watched until it ends.
fn result(visit: &Visit, sent: &Delivery) -> Markup {
    let page = visit.to(&format!("/deliveries/{}", segment(&sent.id)));
    let last = sent.attempt_list.last();
    html! {
        div #result.card data-live="1" {
            p.lead { (badge(&sent.state)) " " @match (sent.state.as_str(), last) {
                ("delivered", Some(attempt)) => {
                    "The receiver acknowledged the test"
                    @if let Some(status) = attempt.status { " with " (status) }
                    " after " (length(attempt.timing.total_ms)) "."
                }
                (_, Some(attempt)) => {
                    "The receiver did not acknowledge the test: "
                    @if let Some(status) = attempt.status { "it answered " (status) ", " }
                    @if let Some(error) = &attempt.error { code { (error) } ". " }
                    @if let Some(detail) = &attempt.error_detail { (detail) }
                }
                ("held", None) => "The test waits until the endpoint is resumed.",
                (_, None) => "The test is on its way.",
            } }
            @if let Some(attempt) = last {
                @if !attempt.response_body.is_empty() { (block("What it answered", &attempt.response_body)) }
            }
            p { a href=(page) { "Its delivery, with all that was sent and answered" } }
        }
    }
}

async fn send(Path(named): Path<Named>, posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let outcome = match body(&fields) {
        Ok(body) => {
            let path = api_path(&named.id, "/test");
            let sent = visit.send::<Sent>(Method::POST, &path, &[], Some(&body));
            sent.await.or_form()?
        }
        Err(detail) => Err(wrong("data", &detail)),
    };
    match outcome {
        Ok(sent) => {
            let page = visit.to(&page_path(&named.id, "/test"));
            let sent = segment(&sent.delivery_id);
            Ok(Redirect::to(&format!("{page}?sent={sent}")).into_response())
        }
        Err(problem) => {
            let endpoint = load(&visit, &named.id).await?;
            let offered = offered::load(&visit).await?;
            let status = StatusCode::from_u16(problem.status);
            let form = Form::refused(fields, problem);
            let page = page(&visit, &endpoint, &offered, &form, None);
            let status = status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            Ok((status, page).into_response())
        }
    }
}

fn body(fields: &Fields) -> Result<Value, String> {
    let mut body = json!({});
    if let Some(name) = fields.text("type") {
        body["type"] = json!(name);
    }
    if let Some(text) = fields.text("data") {
        let data: Value =
            serde_json::from_str(text).map_err(|error| format!("This is no JSON: {error}"))?;
        body["data"] = data;
    }
    Ok(body)
}
