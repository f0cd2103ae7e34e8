//! What is shown when a page cannot be, in words and with a way out?

use std::fmt::Display;

use axum::Extension;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http_body_util::BodyExt;
use maud::html;
use serde::Deserialize;

use crate::layout;
use crate::router::OPERATOR;

/// A refusal of the API.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Problem {
    pub(crate) title: String,
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) detail: String,
    /// Which fields are wrong.
    #[serde(default)]
    pub(crate) errors: Vec<FieldProblem>,
}

/// A field that is wrong.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FieldProblem {
    /// A JSON pointer into what was sent.
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

/// Marks an answer to somebody who is not signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedOut;

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// The API refused.
    Refused(Problem),
}

impl Fault {
    pub(crate) const fn signed_out() -> Self {
        Self::SignedOut
    }

    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::Refused(Problem {
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: String::new(),
            detail: detail.into(),
            errors: Vec::new(),
        })
    }

    pub(crate) fn no_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is no page at this address.")
    }

    /// What an answer of the API that is none says.
    pub(crate) async fn of(answer: Response) -> Self {
        let bytes = match answer.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Self::internal(&error),
        };
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => problem.into(),
            Err(error) => Self::internal(&error),
        }
    }

    /// Our own fault: the cause goes to the log.
    pub(crate) fn internal(error: &(impl Display + ?Sized)) -> Self {
        tracing::error!(%error, "a page could not be made");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server failed to make this page. Try again; the server's log says why.",
        )
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        match problem.status {
            401 => Self::SignedOut,
            _ => Self::Refused(problem),
        }
    }
}

/// What a form can answer by showing itself again with the faults beside its fields.
pub(crate) trait OrForm<T> {
    /// What was done, or what is to be mended by the visitor; everything else stays a fault.
    fn or_form(self) -> Result<Result<T, Problem>, Fault>;
}

impl<T> OrForm<T> for Result<T, Fault> {
    fn or_form(self) -> Result<Result<T, Problem>, Fault> {
        match self {
            Ok(done) => Ok(Ok(done)),
            Err(Fault::Refused(problem)) if matches!(problem.status, 400 | 403 | 409 | 422) => {
                Ok(Err(problem))
            }
            Err(fault) => Err(fault),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let problem = match self {
            Self::SignedOut => {
                // The guard shows something else in the portal.
                let to = Redirect::to(&format!("{OPERATOR}/sign-in"));
                return (Extension(SignedOut), to).into_response();
            }
            Self::Refused(problem) => problem,
        };
        let page = layout::bare(
            &problem.title,
            &html! {
                h1 { (problem.title) }
                p { (problem.detail) }
                p { a href="/" { "To the start" } }
            },
        );
        let status = StatusCode::from_u16(problem.status);
        (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), page).into_response()
    }
}
