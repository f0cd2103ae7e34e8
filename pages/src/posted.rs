//! What a visitor sent with a form, read only if it came from one of our own pages.

mod multipart;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use url::form_urlencoded;

use crate::csrf;
use crate::fault::{Fault, FieldProblem, Problem};
use crate::router::Pages;
use crate::visit::Visit;

/// A form larger than this is refused. What a form can say is bounded by the API, far below.
const FORM_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A form that was sent, by whom. The only way to read one: the token is checked here.
pub(crate) struct Posted {
    pub(crate) visit: Visit,
    pub(crate) fields: Fields,
}

/// The fields of a form, in their order. A field that belongs to a field of the API is named by its
/// JSON pointer without the first slash: `url`, `retry_policy/max_attempts`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl FromRequest<Pages> for Posted {
    type Rejection = Fault;

    async fn from_request(request: Request, pages: &Pages) -> Result<Self, Fault> {
        use axum::extract::FromRequestParts;
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, pages).await?;
        let fields = Fields::sent(&parts.headers, body).await?;
        if !csrf::is_right(&visit.csrf, fields.get(csrf::FIELD)) {
            return Err(Fault::new(
                StatusCode::FORBIDDEN,
                "Nothing was done: the form did not come from this page, or it is of a session that ended. Go back, load the page anew and send the form again.",
            ));
        }
        Ok(Self { visit, fields })
    }
}

impl Fields {
    /// Reads the body of a form, with files in it or without.
    async fn sent(headers: &HeaderMap, body: axum::body::Body) -> Result<Self, Fault> {
        let body = Self::bytes(body).await?;
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let Some(boundary) = multipart::boundary(kind) else {
            return Ok(Self::of(&body));
        };
        let detail = "Nothing was done: the form did not arrive whole.";
        let fields = multipart::fields(body, boundary).await;
        fields
            .map(Self)
            .ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST, detail))
    }

    /// Reads the body of a form without files.
    pub(crate) async fn read(body: axum::body::Body) -> Result<Self, Fault> {
        Ok(Self::of(&Self::bytes(body).await?))
    }

    async fn bytes(body: axum::body::Body) -> Result<Bytes, Fault> {
        let body = Limited::new(body, FORM_BYTES_MAX).collect().await;
        let body = body.map_err(|_| {
            Fault::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Nothing was done: the form is larger than 2 MiB, or did not arrive whole.",
            )
        })?;
        Ok(body.to_bytes())
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The first of this name, if it is there: it may be empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.0.iter();
        all.find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// As [`Self::get`], without spaces around it; nothing if nothing is left.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// All of this name, those of a group of check boxes.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let all = self.0.iter().filter(|(own, _)| own == name);
        all.map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a check box was checked.
    pub(crate) fn is_checked(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// A form as it is shown: with what was typed, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: Fields,
    pub(crate) problem: Option<Problem>,
}

impl Form {
    /// A form to be filled in, with these values.
    pub(crate) fn of(fields: Vec<(String, String)>) -> Self {
        Self {
            fields: Fields(fields),
            problem: None,
        }
    }

    /// The same form again, with what is to be mended.
    pub(crate) fn refused(fields: Fields, problem: Problem) -> Self {
        Self {
            fields,
            problem: Some(problem),
        }
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or("")
    }

    /// What is wrong with this field, or with something in it.
    pub(crate) fn error(&self, name: &str) -> Option<&FieldProblem> {
        let within = |pointer: &str| {
            let rest = pointer.strip_prefix('/')?.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(())
        };
        let mut errors = self.problem.iter().flat_map(|problem| &problem.errors);
        errors.find(|error| within(&error.pointer).is_some())
    }
}
