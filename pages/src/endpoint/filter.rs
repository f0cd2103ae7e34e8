//! The filter of an endpoint by itself: seen, tried out, and saved.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Method, StatusCode};
use maud::html;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::body::filter;
use super::facts::pretty;
use super::filter_part::{self, Tried, part};
use super::model::{Endpoint, Named, api_path, done, head, load, page_path};
use super::problem::problem;
use crate::fault::{Fault, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::parts::field::trouble;
use crate::posted::{Fields, Form, Posted};
use crate::router::Pages;
use crate::visit::Visit;

pub(super) fn routes() -> Router<Pages> {
    Router::new().route("/endpoints/{id}/filter", get(show).post(act))
}

async fn show(visit: Visit, Path(named): Path<Named>) -> Result<Response, Fault> {
    let endpoint = load(&visit, &named.id).await?;
    let text = endpoint.filter.as_ref().map(pretty);
    let now = endpoint.filter.clone().unwrap_or_default();
    let form = Form::of(vec![
        ("filter".to_owned(), text.unwrap_or_default()),
        ("_seen".to_owned(), now.to_string()),
    ]);
    page(&visit, &endpoint, &form, None).await
}

async fn page(
    visit: &Visit,
    endpoint: &Endpoint,
    form: &Form,
    tried: Option<&Tried>,
) -> Result<Response, Fault> {
    let events = filter_part::events(visit, &endpoint.account_id).await?;
    let writes = visit.may("endpoints:write");
    let body = html! {
        (head(visit, endpoint, "/filter"))
        (trouble(form, &["filter", "filter_event", "filter_event_id", "filter_data"]))
        p { "Of the events that this endpoint subscribes to, it is sent those whose payload meets its filter." }
        form.stack.wide method="post" action=(visit.to(&page_path(&endpoint.id, "/filter"))) {
            (csrf_field(visit))
            input type="hidden" name="_seen" value=(form.value("_seen"));
            (part(visit, form, &events, tried))
            @if writes { div.actions {
                button.primary type="submit" name="do" value="save" { "Save the filter" }
                a.button href=(visit.to(&page_path(&endpoint.id, ""))) { "Cancel" }
            } }
        }
    };
    Ok(layout::page(visit, "Filter", &body))
}

async fn act(Path(named): Path<Named>, posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let endpoint = load(&visit, &named.id).await?;
    if fields.get("do") == Some("save") {
        return match save(&visit, &endpoint, &fields).await? {
            Ok(()) => Ok(done(&visit, &named.id, "/filter", "saved").into_response()),
            Err(problem) => refused(&visit, &endpoint, fields, problem).await,
        };
    }
    match filter_part::try_out(&visit, &fields).await? {
        Ok(tried) => page(&visit, &endpoint, &Form::of(fields.0), Some(&tried)).await,
        Err(problem) => refused(&visit, &endpoint, fields, problem).await,
    }
}

async fn refused(
    visit: &Visit,
    endpoint: &Endpoint,
    mut fields: Fields,
    problem: Problem,
) -> Result<Response, Fault> {
    if problem.status == StatusCode::CONFLICT.as_u16() {
        // Who saves again has been told.
        let now = endpoint.filter.clone().unwrap_or_default();
        fields.0.retain(|(name, _)| name != "_seen");
        fields.0.push(("_seen".to_owned(), now.to_string()));
    }
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let form = Form::refused(fields, problem);
    let page = page(visit, endpoint, &form, None).await?;
    Ok((status, page).into_response())
}

async fn save(
    visit: &Visit,
    endpoint: &Endpoint,
    fields: &Fields,
) -> Result<Result<(), Problem>, Fault> {
    let given = match filter(fields) {
        Ok(given) => given,
        Err(error) => return Ok(Err(problem(vec![error]))),
    };
    let now: Value = endpoint.filter.clone().unwrap_or_default();
    if fields.get("_seen") != Some(now.to_string().as_str()) {
        let mut overtaken = problem(Vec::new());
        overtaken.status = StatusCode::CONFLICT.as_u16();
        overtaken.detail = "Somebody else changed the filter since you opened this page. What you typed is below; saving again writes it over theirs.".to_owned();
        return Ok(Err(overtaken));
    }
    let body = json!({ "filter": given });
    let path = api_path(&endpoint.id, "");
    let sent = visit.send::<IgnoredAny>(Method::PATCH, &path, &[], Some(&body));
    Ok(sent.await.or_form()?.map(drop))
}
