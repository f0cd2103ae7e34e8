//! A project deleted, once its id was typed.

use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, StatusCode};
use serde::de::IgnoredAny;

use super::{api, page};
use crate::fault::{Fault, OrForm};
use crate::parts::confirm;
use crate::posted::{Form, Posted};

pub(super) async fn delete(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let id = visit.project_id.clone().unwrap_or_default();
    let refused = match confirm::typed(&fields, &id) {
        Err(problem) => problem,
        Ok(()) => {
            let api = api(&visit)?;
            let asked = visit.send_plain::<IgnoredAny>(Method::DELETE, &api, None);
            match asked.await.or_form()? {
                Ok(_) => return Ok(Redirect::to("/ui?said=project-deleted").into_response()),
                Err(problem) => problem,
            }
        }
    };
    let page = page(&visit, None, &Form::refused(fields, refused)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
