//! An endpoint made, and changed.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{Method, StatusCode};
use maud::html;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use url::form_urlencoded;

use super::body::{body, forget_secrets};
use super::filter_part::{self, Tried};
use super::form::{Choice, Kept, Shown, form};
use super::model::{Named, api_path, done, head, load, page_path};
use super::profiles;
use super::secret::made_page;
use super::values::{changed_since, seen, values};
use crate::fault::{Fault, OrForm, Problem};
use crate::layout;
use crate::offered;
use crate::posted::{Fields, Form, Posted};
use crate::router::Pages;
use crate::visit::Visit;

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/endpoints/new", get(new).post(create))
        .route("/endpoints/{id}/edit", get(edit).post(change))
}

/// Why a form is shown again.
enum Again {
    /// Its filter was tried out.
    Tried(Tried),
    /// It was refused.
    Refused(Problem),
    /// Somebody else changed the endpoint meanwhile.
    Overtaken,
}

async fn choice(visit: &Visit, account: &str) -> Result<Choice, Fault> {
    Ok(Choice {
        offered: offered::load(visit).await?,
        profiles: profiles::load(visit).await?,
        events: filter_part::events(visit, account).await?,
    })
}

/// The form for a new one, filled in with what the address says (a type, an account, a URL).
async fn new(visit: Visit) -> Result<Response, Fault> {
    let fields = form_urlencoded::parse(visit.query.as_bytes()).into_owned();
    show_new(&visit, Form::of(fields.collect()), None).await
}

async fn show_new(
    visit: &Visit,
    mut filled: Form,
    tried: Option<&Tried>,
) -> Result<Response, Fault> {
    let again = forget_secrets(&mut filled.fields);
    let choice = choice(visit, filled.value("account_id")).await?;
    let shown = Shown {
        address: visit.to("/endpoints/new"),
        new: true,
        form: &filled,
        tried,
        back: visit.to("/endpoints"),
        kept: Kept::default(),
    };
    let body = html! {
        p.crumbs { a href=(visit.to("/endpoints")) { "Endpoints" } }
        h1 { "New endpoint" }
        @if again { (secrets_again()) }
        (form(visit, &shown, &choice))
    };
    Ok(layout::page(visit, "New endpoint", &body))
}

fn secrets_again() -> maud::Markup {
    html! { p.note { "Secrets that you typed are not shown again: type them once more before you save." } }
}

#[derive(Deserialize)]
struct Made {
    id: String,
    secret: Option<String>,
}

async fn create(posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    if fields.get("do") == Some("test") {
        return match filter_part::try_out(&visit, &fields).await? {
            Ok(tried) => show_new(&visit, Form::of(fields.0), Some(&tried)).await,
            Err(problem) => refused_new(&visit, fields, problem).await,
        };
    }
    let sent = match body(&fields) {
        Ok(body) => {
            let sent = visit.send::<Made>(Method::POST, "/v1/endpoints", &[], Some(&body));
            sent.await.or_form()?
        }
        Err(problem) => Err(problem),
    };
    match sent {
        // Who may not have it shown later sees it now, once.
        Ok(Made {
            id,
            secret: Some(secret),
        }) if !visit.sees_secrets() => made_page(&visit, &id, &secret).await,
        Ok(made) => Ok(done(&visit, &made.id, "", "endpoint-made").into_response()),
        Err(problem) => refused_new(&visit, fields, problem).await,
    }
}

async fn refused_new(visit: &Visit, fields: Fields, problem: Problem) -> Result<Response, Fault> {
    let status = status_of(&problem);
    let page = show_new(visit, Form::refused(fields, problem), None).await?;
    Ok((status, page).into_response())
}

fn status_of(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

async fn edit(visit: Visit, Path(named): Path<Named>) -> Result<Response, Fault> {
    let now: Value = visit.get(&api_path(&named.id, ""), &[]).await?;
    let offered = offered::load(&visit).await?;
    let form = Form::of(values(&now, &offered.types));
    show_edit(&visit, &named.id, form, None, false).await
}

async fn show_edit(
    visit: &Visit,
    id: &str,
    mut filled: Form,
    tried: Option<&Tried>,
    overtaken: bool,
) -> Result<Response, Fault> {
    let endpoint = load(visit, id).await?;
    let again = forget_secrets(&mut filled.fields);
    let choice = choice(visit, &endpoint.account_id).await?;
    let shown = Shown {
        address: visit.to(&page_path(id, "/edit")),
        new: false,
        form: &filled,
        tried,
        back: visit.to(&page_path(id, "")),
        kept: Kept::of(&endpoint),
    };
    let body = html! {
        (head(visit, &endpoint, "/edit"))
        @if overtaken {
            div.trouble role="alert" {
                p { strong { "Nothing was saved." } " Somebody else changed this endpoint since you opened this form. "
                    "What you typed is below; look at "
                    a href=(shown.back) { "the endpoint as it is now" }
                    ". Saving again writes your settings over theirs." }
            }
        }
        @if again { (secrets_again()) }
        (form(visit, &shown, &choice))
    };
    Ok(layout::page(visit, "Settings", &body))
}

async fn change(Path(named): Path<Named>, posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, mut fields } = posted;
    let again = if fields.get("do") == Some("test") {
        match filter_part::try_out(&visit, &fields).await? {
            Ok(tried) => Again::Tried(tried),
            Err(problem) => Again::Refused(problem),
        }
    } else {
        match save(&visit, &named.id, &mut fields).await? {
            None => return Ok(saved(&visit, &named.id).into_response()),
            Some(again) => again,
        }
    };
    let (status, form, tried, overtaken) = match again {
        Again::Tried(tried) => (StatusCode::OK, Form::of(fields.0), Some(tried), false),
        Again::Overtaken => (StatusCode::CONFLICT, Form::of(fields.0), None, true),
        Again::Refused(problem) => {
            let status = status_of(&problem);
            (status, Form::refused(fields, problem), None, false)
        }
    };
    let page = show_edit(&visit, &named.id, form, tried.as_ref(), overtaken).await?;
    Ok((status, page).into_response())
}

fn saved(visit: &Visit, id: &str) -> Redirect {
    done(visit, id, "", "saved")
}

/// Saves a form, unless it cannot be read, the API refuses, or the endpoint changed meanwhile.
async fn save(visit: &Visit, id: &str, fields: &mut Fields) -> Result<Option<Again>, Fault> {
    let body = match body(fields) {
        Ok(body) => body,
        Err(problem) => return Ok(Some(Again::Refused(problem))),
    };
    let path = api_path(id, "");
    let now: Value = visit.get(&path, &[]).await?;
    if changed_since(fields, &now) {
        // Who saves again has been told.
        fields.0.retain(|(name, _)| name != "_seen");
        fields.0.push(("_seen".to_owned(), seen(&now)));
        return Ok(Some(Again::Overtaken));
    }
    let sent = visit.send::<IgnoredAny>(Method::PATCH, &path, &[], Some(&body));
    Ok(sent.await.or_form()?.err().map(Again::Refused))
}
