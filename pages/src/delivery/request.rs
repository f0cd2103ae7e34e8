//! The body of a request, which is not kept: the API makes it again from the payload.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use http::header;
use maud::{Markup, html};
use serde::Deserialize;

use super::attempt::Attempt;
use super::{Wished, own};
use crate::events::cut;
use crate::fault::{Fault, Problem};
use crate::parts::show::{block, count};
use crate::visit::{Visit, segment};

/// A request made again.
#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) url: String,
    pub(super) body: String,
    /// Whether its signature is the one that was sent.
    is_exact: Option<bool>,
}

/// What is known of a request's body.
pub(super) enum Request {
    Made(Made),
    /// It cannot be made any more.
    Gone(Problem),
}

/// The request of an attempt; that of the first one to come, where none was made.
pub(super) async fn of(
    visit: &Visit,
    id: &str,
    attempt: Option<&Attempt>,
) -> Result<Request, Fault> {
    let path = format!("/v1/deliveries/{}/request", segment(id));
    let number = attempt.map(|it| it.number.to_string()).unwrap_or_default();
    match visit.get(&path, &[("attempt", &number)]).await {
        Ok(made) => Ok(Request::Made(made)),
        Err(Fault::Refused(problem)) if matches!(problem.status, 403 | 404 | 409 | 410) => {
            Ok(Request::Gone(problem))
        }
        Err(fault) => Err(fault),
    }
}

impl Request {
    pub(super) const fn made(&self) -> Option<&Made> {
        match self {
            Self::Made(made) => Some(made),
            Self::Gone(_) => None,
        }
    }

    /// `file` is where the whole body is.
    pub(super) fn body_block(&self, file: &str) -> Markup {
        let made = match self {
            Self::Made(made) => made,
            Self::Gone(problem) => {
                return html! { p.note { "The body can no longer be shown: " (problem.detail) } };
            }
        };
        let (shown, is_cut) = cut(&made.body);
        html! {
            (block("Body", &shown))
            @if is_cut { p.note { "Only the first 16 KiB of " (count(made.body.len() as u64)) " bytes are shown." } }
            p { a href=(file) download { "The body as a file" } ", body.json" }
            @match made.is_exact {
                Some(true) => p.quiet { "Made again from the payload, and exactly what was sent: the signature fits." },
                Some(false) => p.quiet { "Made again from the payload in the format that the endpoint has now. Its settings or secret have changed since, or its format is never the same twice: the signature of then does not fit it." },
                None => {},
            }
        }
    }
}

/// What would be sent, where nothing was sent yet.
pub(super) fn to_come(request: &Request, file: &str) -> Markup {
    html! { section.card { h2 { "What would be sent" } (request.body_block(file)) } }
}

/// The body as a file, for the command.
pub(super) async fn body(
    visit: Visit,
    Path(ids): Path<Vec<(String, String)>>,
    Query(wished): Query<Wished>,
) -> Result<Response, Fault> {
    let path = format!("/v1/deliveries/{}/request", segment(own(&ids)));
    let number = wished
        .attempt
        .map(|number| number.to_string())
        .unwrap_or_default();
    let made: Made = visit.get(&path, &[("attempt", &number)]).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"body.json\"",
        ),
    ];
    Ok((headers, made.body).into_response())
}
