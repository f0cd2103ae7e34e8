//! An account renamed, or deleted.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use http::{Method, StatusCode};
use serde::de::IgnoredAny;
use serde_json::json;

use super::one::{account_id, page};
use super::path_of;
use crate::fault::{Fault, OrForm, Problem};
use crate::parts::confirm;
use crate::posted::{Fields, Form, Posted};
use crate::router::Pages;
use crate::visit::{Visit, segment};

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/accounts/{account_id}/rename", post(rename))
        .route("/accounts/{account_id}/delete", post(delete))
}

async fn rename(
    Path(path): Path<Vec<(String, String)>>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let id = account_id(&path);
    let input = json!({"name": fields.text("name")});
    let api = format!("/v1/accounts/{}", segment(id));
    let asked = visit.send::<IgnoredAny>(Method::PATCH, &api, &[], Some(&input));
    match asked.await.or_form()? {
        Ok(_) => Ok(to(&visit, &path_of(id), "saved")),
        Err(problem) => again(&visit, id, fields, problem).await,
    }
}

async fn delete(
    Path(path): Path<Vec<(String, String)>>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let id = account_id(&path);
    if let Err(problem) = confirm::typed(&fields, id) {
        return again(&visit, id, fields, problem).await;
    }
    let api = format!("/v1/accounts/{}", segment(id));
    let asked = visit.send::<IgnoredAny>(Method::DELETE, &api, &[], None);
    match asked.await.or_form()? {
        Ok(_) => Ok(to(&visit, "/accounts", "account-deleted")),
        Err(problem) => again(&visit, id, fields, problem).await,
    }
}

fn to(visit: &Visit, path: &str, said: &str) -> Response {
    Redirect::to(&format!("{}?said={said}", visit.to(path))).into_response()
}

async fn again(
    visit: &Visit,
    id: &str,
    fields: Fields,
    problem: Problem,
) -> Result<Response, Fault> {
    let page = page(visit, id, &Form::refused(fields, problem)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
