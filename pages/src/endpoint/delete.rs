//! An endpoint deleted for good, once its name was typed.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{Method, StatusCode};
use maud::html;
use serde::de::IgnoredAny;

use super::model::{Endpoint, Named, api_path, head, load, page_path};
use super::problem::wrong;
use crate::fault::Fault;
use crate::layout::{self, csrf_field};
use crate::parts::field::Field;
use crate::posted::{Form, Posted};
use crate::router::Pages;
use crate::visit::Visit;

/// What is typed to confirm: the endpoint's id, which is of one line whatever its name is.
const TYPED: &str = "typed";

pub(super) fn routes() -> Router<Pages> {
    Router::new().route("/endpoints/{id}/delete", get(show).post(delete))
}

async fn show(visit: Visit, Path(named): Path<Named>) -> Result<Response, Fault> {
    let endpoint = load(&visit, &named.id).await?;
    Ok(page(&visit, &endpoint, &Form::default()))
}

fn page(visit: &Visit, endpoint: &Endpoint, form: &Form) -> Response {
    let field = Field::new(TYPED, "Type the endpoint's id to delete it").required();
    let body = html! {
        (head(visit, endpoint, "/delete"))
        h2 { "Delete this endpoint" }
        p { "Nothing is sent to " code { (endpoint.url) } " any more, deliveries that wait for it fail, and its secrets are gone. "
            "Past deliveries stay in the log. This cannot be undone; to stop for a while, pause it instead." }
        p { "Its id is " code { (endpoint.id) } "." }
        form.stack method="post" action=(visit.to(&page_path(&endpoint.id, "/delete"))) {
            (csrf_field(visit))
            (field.input(form, "text"))
            div.actions {
                button.danger type="submit" { "Delete for good" }
                a.button href=(visit.to(&page_path(&endpoint.id, ""))) { "Keep it" }
            }
        }
    };
    layout::page(visit, "Delete this endpoint", &body)
}

async fn delete(Path(named): Path<Named>, posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let endpoint = load(&visit, &named.id).await?;
    if fields.text(TYPED) != Some(endpoint.id.as_str()) {
        let problem = wrong(TYPED, "This is not the endpoint's id. Nothing was deleted.");
        let form = Form::refused(fields, problem);
        let page = page(&visit, &endpoint, &form);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let path = api_path(&endpoint.id, "");
    let _: IgnoredAny = visit.send(Method::DELETE, &path, &[], None).await?;
    let list = visit.to("/endpoints");
    Ok(Redirect::to(&format!("{list}?said=endpoint-deleted")).into_response())
}
