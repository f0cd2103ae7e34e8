//! Events as they are published.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use hookwright_core::limits::{EVENT_BODY_BYTES_MAX, GIVEN_ID_CHARS_MAX, JSON_DEPTH_MAX};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::subscription::check_event_type;
use hookwright_delivery::{Publish, Published};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::app::App;
use crate::auth::Caller;
use crate::endpoint_json::check_channels;
use crate::paging::{self, ListQuery};
use crate::problem::Problem;
use crate::{body, times};

pub(crate) type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/v1/events", post(publish))
}

/// An event as it is published. The payload stays raw.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventInput<'a> {
    /// The account that it is for, where the key is not an account's; made at its first use.
    #[serde(borrow)]
    pub(crate) account_id: Option<Cow<'a, str>>,
    /// Its type's name: at most 128 of letters, digits, `.`, `_` and `-`.
    #[serde(borrow, rename = "type")]
    pub(crate) event_type: Cow<'a, str>,
    /// The payload: any JSON, nested at most 100 deep.
    #[serde(borrow)]
    #[schemars(with = "Value")]
    pub(crate) data: &'a RawValue,
    /// An id of the publisher's own: 1 to 128 of letters, digits, `_`, `-` and `:`. An event of the
    /// same id is stored once.
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    /// When it happened (RFC 3339); now, if not given.
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    /// What it is about: any JSON.
    #[serde(borrow)]
    #[schemars(with = "Option<Value>")]
    subject: Option<&'a RawValue>,
    /// A trace id: at most 128 bytes.
    #[serde(borrow)]
    trace: Option<Cow<'a, str>>,
    /// Channels that it is published on: at most 16, of 1 to 128 characters.
    #[serde(default)]
    pub(crate) channels: Vec<String>,
}

pub(crate) async fn publish(
    State(app): State<App>,
    query: QueryResult,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::EventsWrite).await?;
    body::must_be_json(request.headers())?;
    let key = idempotency_key(request.headers())?;
    let query = paging::query(query)?;
    let bytes = body::read(request, EVENT_BODY_BYTES_MAX).await?;
    let published = publish_one(&app, &caller, &query, &bytes, key).await?;
    let answer = accepted(&published);
    let mut response = (StatusCode::ACCEPTED, answer).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    Ok(response)
}

/// Ids hold no character that JSON would escape.
fn accepted(published: &Published) -> String {
    format!(
        "{{\"id\":\"{}\",\"deliveries\":{}}}",
        published.id, published.deliveries
    )
}

/// Publishes the event that `bytes` hold: for a single request and for each event of a batch.
pub(crate) async fn publish_one(
    app: &App,
    caller: &Caller,
    query: &ListQuery,
    bytes: &Bytes,
    idempotency_key: Option<String>,
) -> Result<Published, Problem> {
    let input: EventInput<'_> = body::parse(bytes)?;
    let project = app.project(caller, query.project_id.as_deref())?;
    check(&input)?;
    let named = [
        input.account_id.as_deref(),
        query.account_id.as_deref(),
        None,
    ];
    let account = app.one_account(caller, project.id, named)?;
    let account_id = app.account_to_use(caller, project.id, account).await?;
    let time = input.time.as_deref().map(|text| {
        times::parse(text)
            .ok_or_else(|| Problem::field("/time", "must be RFC 3339, as 2024-01-15T10:31:15Z"))
    });
    let publish = Publish {
        project_id: project.id,
        account_id,
        event_type: input.event_type.as_ref().into(),
        given_id: input.id.map(Cow::into_owned),
        idempotency_key,
        time: time.transpose()?,
        subject: input.subject.map(|raw| raw.get().to_owned()),
        trace: input.trace.map(Cow::into_owned),
        channels: input.channels,
        metadata: BTreeMap::new(),
        deliver_at: None,
        only: None,
        payload: bytes.slice_ref(input.data.get().as_bytes()),
    };
    Ok(app.engine.publish(publish).await?)
}

/// Whether the event is one that can be published.
pub(crate) fn check(input: &EventInput<'_>) -> Result<(), Problem> {
    check_event_type(&input.event_type)
        .map_err(|error| Problem::field("/type", error.to_string()))?;
    if input.id.as_deref().is_some_and(|id| !is_given_id(id)) {
        let detail = format!(
            "an event's id is 1 to {GIVEN_ID_CHARS_MAX} of A-Z a-z 0-9 _ - : (no dot: Standard Webhooks)"
        );
        return Err(Problem::field("/id", detail));
    }
    if input
        .trace
        .as_deref()
        .is_some_and(|trace| trace.len() > GIVEN_ID_CHARS_MAX)
    {
        return Err(Problem::field(
            "/trace",
            format!("has more than {GIVEN_ID_CHARS_MAX} bytes"),
        ));
    }
    check_channels(&input.channels)?;
    check_depth("/data", input.data)?;
    input
        .subject
        .map_or(Ok(()), |subject| check_depth("/subject", subject))
}

fn is_given_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte);
    !id.is_empty() && id.len() <= GIVEN_ID_CHARS_MAX && id.bytes().all(fits)
}

/// Receivers' parsers have a bound too: what is nested deeper is refused here, where somebody can
/// still mend it.
fn check_depth(pointer: &str, raw: &RawValue) -> Result<(), Problem> {
    // Nearly always there are not so many brackets at all, which is quick to see.
    let opening = |byte: &&u8| **byte == b'{' || **byte == b'[';
    if raw.get().as_bytes().iter().filter(opening).count() <= JSON_DEPTH_MAX {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in raw.get().bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > JSON_DEPTH_MAX {
                    return Err(Problem::field(
                        pointer,
                        format!("is nested deeper than {JSON_DEPTH_MAX}"),
                    ));
                }
            }
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    Ok(())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=GIVEN_ID_CHARS_MAX).contains(&key.len()));
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        let detail = format!("the Idempotency-Key header must have 1 to {GIVEN_ID_CHARS_MAX} visible ASCII characters");
        Problem::field("Idempotency-Key", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_strings_only() {
        let raw = |text: String| RawValue::from_string(text).expect("JSON");
        let nested = |depth| raw(format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(check_depth("/data", &nested(JSON_DEPTH_MAX)).is_ok());
        assert!(check_depth("/data", &nested(JSON_DEPTH_MAX + 1)).is_err());
        let text = format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(500));
        assert!(check_depth("/data", &raw(text)).is_ok());
    }

    #[test]
    fn a_given_id_has_no_dot() {
        assert!(is_given_id("evt_9x8c7v6b5a4"));
        for bad in ["", "a.b", "a b", "é", "a\"b"] {
            assert!(!is_given_id(bad), "{bad}");
        }
        assert!(!is_given_id(&"x".repeat(GIVEN_ID_CHARS_MAX + 1)));
    }
}
