//! The one place where errors become HTTP: RFC 9457 problem documents with stable codes.

mod deliveries;
mod document;
mod jobs;

use axum::Json;
use axum::response::{IntoResponse, Response};
use hookwright_core::limits::{BATCH_EVENTS_MAX, EVENT_BODY_BYTES_MAX, STREAMS_MAX};
use hookwright_delivery::PublishError;
use hookwright_store::StoreError;
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use document::FieldProblem;
pub(crate) use document::ProblemDocument;

/// Why an event of a batch was refused.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BatchError {
    /// The HTTP status that the event alone would have been answered with.
    status: u16,
    /// What happened, in a word that does not change.
    code: &'static str,
    /// What happened and what to do about it, for people.
    detail: String,
    /// Which field is wrong, as a JSON pointer (RFC 6901) into the event, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
}

impl From<Problem> for BatchError {
    fn from(problem: Problem) -> Self {
        Self {
            status: problem.status.as_u16(),
            code: problem.code,
            detail: problem.detail,
            pointer: problem.pointer,
        }
    }
}

/// An error as the API answers it.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    /// Which field is wrong, as a JSON pointer.
    pointer: Option<String>,
    /// The rate that was exceeded, in requests per second.
    rate: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            pointer: None,
            rate: None,
        }
    }

    pub(crate) fn no_such_path() -> Self {
        let detail =
            "there is nothing at this path; the API lives under /v1, see README.md for its routes";
        Self::new(StatusCode::NOT_FOUND, "no_such_path", detail)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "this path does not take this method; the Allow header lists those it takes";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        let detail = format!(
            "there is no such {what}, or this key may not see it; check the id and the key"
        );
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Whether it says that there is no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    pub(crate) fn missing_scope(scope: &str) -> Self {
        let detail =
            format!("this key lacks the scope \"{scope}\"; use one that has it, or make one");
        Self::new(StatusCode::FORBIDDEN, "missing_scope", detail)
    }

    /// A full bucket is a second's worth: within a second there is room again.
    pub(crate) fn rate_limited(rate: u32) -> Self {
        let detail = format!(
            "this API key may make {rate} requests per second; nothing was done: wait a second and \
             try again, publish in batches, or give the key a higher rate_limit"
        );
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
        Self {
            rate: Some(rate),
            ..problem
        }
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = format!(
            "the body is larger than {limit} bytes; put large data elsewhere and send a reference"
        );
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    pub(crate) fn body_unreadable(detail: &str) -> Self {
        let detail = format!("the body could not be read: {detail}; send it again");
        Self::new(StatusCode::BAD_REQUEST, "body_unreadable", detail)
    }

    pub(crate) fn body_timeout(seconds: u64) -> Self {
        let detail = format!(
            "the body was not complete within {seconds} s; nothing was stored: send it again"
        );
        Self::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail)
    }

    pub(crate) fn not_json() -> Self {
        let detail = "the body must be JSON; set Content-Type: application/json";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            detail,
        )
    }

    pub(crate) fn invalid_json(error: &serde_json::Error) -> Self {
        let detail =
            format!("the body is not valid JSON: {error}; mend it there and send it again");
        Self::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
    }

    /// Valid JSON of another shape.
    pub(crate) fn wrong_shape(error: &serde_json::Error) -> Self {
        let detail = format!(
            "the body is JSON of another shape: {error}; see the field's description in README.md"
        );
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail)
    }

    pub(crate) fn field(pointer: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", detail);
        Self {
            pointer: Some(pointer.to_owned()),
            ..problem
        }
    }

    pub(crate) fn query(name: &str, detail: &str) -> Self {
        let detail = format!("query parameter \"{name}\": {detail}");
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", detail)
    }

    pub(crate) fn exists(what: &str) -> Self {
        let detail = format!("{what} of this id exists already; choose another id or use that one");
        Self::new(StatusCode::CONFLICT, "already_exists", detail)
    }

    pub(crate) fn too_many_events() -> Self {
        let detail = format!("a batch holds 1 to {BATCH_EVENTS_MAX} events; split it");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "batch_size", detail)
    }

    pub(crate) fn event_too_large() -> Self {
        Self::too_large(EVENT_BODY_BYTES_MAX)
    }

    pub(crate) fn already_finished() -> Self {
        let detail = "nothing was cancelled: the delivery was delivered, failed or was cancelled before; its state says which";
        Self::new(StatusCode::CONFLICT, "already_finished", detail)
    }

    pub(crate) fn endpoint_disabled(how: &str) -> Self {
        let detail = format!("nothing was resent: the delivery's endpoint is {how}");
        Self::new(StatusCode::CONFLICT, "endpoint_disabled", detail)
    }

    pub(crate) fn too_many_streams() -> Self {
        let detail = format!(
            "{STREAMS_MAX} streams are open already, which is the most on one node; close some, or try again later"
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", detail)
    }

    pub(crate) fn endpoint_not_tested() -> Self {
        let detail = "nothing was sent: the endpoint is disabled; enable it first";
        Self::new(StatusCode::CONFLICT, "endpoint_disabled", detail)
    }

    pub(crate) fn rotation_in_progress(until: &str) -> Self {
        let detail = format!(
            "nothing was changed: the secret before the last rotation counts until {until}; wait until then, end its overlap (DELETE .../secret/previous), or rotate without one (\"overlap_seconds\": 0)"
        );
        Self::new(StatusCode::CONFLICT, "rotation_in_progress", detail)
    }

    fn event_conflict() -> Self {
        let detail = "this id was used for an event with other content; nothing was stored: \
                      give a new event a new id, or send exactly the first one again";
        Self::new(StatusCode::CONFLICT, "event_conflict", detail)
    }

    fn idempotency_key_reused() -> Self {
        let detail = "this Idempotency-Key was used for an event with other content; nothing was stored: \
                      give a new event a new key, or send exactly the first one again";
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            detail,
        )
    }

    /// A request that is not answered yet carries the same key.
    pub(crate) fn idempotency_in_progress() -> Self {
        let detail = "a request with this Idempotency-Key is being answered just now; \
                      wait for its answer, or send this one again in a moment";
        Self::new(StatusCode::CONFLICT, "idempotency_in_progress", detail)
    }

    /// `pointer` is into the payload.
    pub(crate) fn schema_mismatch(pointer: &str, message: &str) -> Self {
        let detail = format!(
            "the payload is not as its event type's schema says: {message}; \
             mend the payload, or name the version that it is of as \"schema_version\""
        );
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "schema_mismatch", detail);
        Self {
            pointer: Some(format!("/data{pointer}")),
            ..problem
        }
    }

    pub(crate) fn unknown_event_type(name: &str) -> Self {
        let detail = format!(
            "there is no event type \"{name}\", and this project publishes no others; \
             describe it with POST /v1/event-types, or mend the name"
        );
        let problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown_event_type",
            detail,
        );
        Self {
            pointer: Some("/type".to_owned()),
            ..problem
        }
    }

    pub(crate) fn event_type_archived(name: &str) -> Self {
        let detail = format!(
            "the event type \"{name}\" is archived; publish another, \
             or take it out of the archive with PATCH /v1/event-types/{name}"
        );
        let problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "event_type_archived",
            detail,
        );
        Self {
            pointer: Some("/type".to_owned()),
            ..problem
        }
    }

    pub(crate) fn reserved_account(name: &str) -> Self {
        let detail = format!(
            "events of the account \"{name}\" are this server's own; publish to another account"
        );
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "reserved_account", detail);
        Self {
            pointer: Some("/account_id".to_owned()),
            ..problem
        }
    }

    /// Others kept changing the same thing meanwhile.
    pub(crate) fn changed_meanwhile() -> Self {
        let detail = "others are changing this just now, and nothing was changed; try again";
        Self::new(StatusCode::CONFLICT, "changed_meanwhile", detail)
    }

    /// Our own fault: the detail goes to the log.
    pub(crate) fn internal(detail: &str) -> Self {
        tracing::error!(detail, "request failed");
        let detail = "the server failed; nothing is known to be stored: try again, and tell the operator if it lasts";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// What the store says goes to the log.
    pub(crate) fn unavailable(detail: &str) -> Self {
        tracing::error!(detail, "request refused");
        let detail = "the server is stopping, or its store has stopped or cannot be reached; try again in a moment, with the same id";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Changed => Self::changed_meanwhile(),
            StoreError::NotFound => Self::not_found("object"),
            StoreError::Exists(what) => Self::exists(&format!("\"{what}\"")),
            StoreError::LimitReached { what, limit } => {
                let detail = format!("the limit of {limit} {what} is reached; delete some first");
                Self::new(StatusCode::CONFLICT, "limit_reached", detail)
            }
            StoreError::Last(what) => {
                let detail =
                    format!("this is the last {what}, and one is needed; make another one first");
                Self::new(StatusCode::CONFLICT, "last_one", detail)
            }
            StoreError::Stopped(reason) | StoreError::Unavailable(reason) => {
                Self::unavailable(&reason)
            }
            error => Self::internal(&error.to_string()),
        }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Conflict => Self::event_conflict(),
            PublishError::KeyReused => Self::idempotency_key_reused(),
            PublishError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let detail = &self.detail;
        let document = ProblemDocument {
            r#type: format!("/errors#{}", self.code),
            title: title.to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: detail.clone(),
            errors: self.pointer.clone().map(|pointer| {
                let detail = detail.clone();
                vec![FieldProblem { pointer, detail }]
            }),
        };
        let mut response = (self.status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(rate) = self.rate {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            for (name, value) in [
                ("ratelimit-policy", format!("\"key\";q={rate};w=1")),
                ("ratelimit", "\"key\";r=0;t=1".to_owned()),
            ] {
                if let Ok(value) = HeaderValue::try_from(value) {
                    headers.insert(name, value);
                }
            }
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
