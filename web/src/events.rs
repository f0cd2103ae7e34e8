//! Events as they are published.

use std::borrow::Cow;
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hookwright_core::limits::{EVENT_BODY_BYTES_MAX, GIVEN_ID_CHARS_MAX};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_delivery::{Publish, Published, TypeCheck, TypeRefused};
use hookwright_store::{OPERATIONAL_ACCOUNT, Project};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::Caller;
use crate::body;
use crate::event_input::EventInput;
use crate::paging::Named;
use crate::problem::Problem;

/// How long a publisher waits for the store. A database that cannot be reached is answered for after 10 s; one that
/// stands still says nothing, and neither does a disk.
const STORED_WITHIN: Duration = Duration::from_secs(12);

pub(crate) type QueryResult = Result<Query<Named>, axum::extract::rejection::QueryRejection>;

pub(crate) fn api() -> Api {
    Api::default().post(
        "/v1/events",
        publish,
        Doc::new("publishEvent", "Events", "Publishes an event.")
            .description(
                "It is on disk with all its deliveries when this answers. With an `id`, or the header `Idempotency-Key` (1 to 128 visible ASCII characters), it can be sent again without being published twice, as long as the first is kept by retention.",
            )
            .scope(KeyScope::EventsWrite)
            .query::<Named>()
            .body::<EventInput<'static>>()
            .answer::<Accepted>(202),
    )
}

/// An event that was accepted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EventAccepted")]
pub(crate) struct Accepted {
    /// The id that its publisher gave, or the one that was made for it.
    id: String,
    /// How many deliveries it has.
    deliveries: u32,
}

impl From<Published> for Accepted {
    fn from(published: Published) -> Self {
        Self {
            id: published.id,
            deliveries: published.deliveries,
        }
    }
}

pub(crate) async fn publish(
    State(app): State<App>,
    query: QueryResult,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::EventsWrite).await?;
    body::must_be_json(request.headers())?;
    let key = idempotency_key(request.headers())?;
    let query = named(query)?;
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

pub(crate) fn named(query: QueryResult) -> Result<Named, Problem> {
    query
        .map(|Query(query)| query)
        .map_err(|error| Problem::query("?", &error.body_text()))
}

/// An [`Accepted`]. Ids hold no character that JSON would escape.
fn accepted(published: &Published) -> String {
    format!(
        "{{\"id\":\"{}\",\"deliveries\":{}}}",
        published.id, published.deliveries
    )
}

/// Refuses what the project, as it is now, does not take: by account, type or schema.
pub(crate) fn check_content(
    app: &App,
    project: &Project,
    account: Option<&str>,
    input: &EventInput<'_>,
) -> Result<(), Problem> {
    if account == Some(OPERATIONAL_ACCOUNT) {
        return Err(Problem::reserved_account(OPERATIONAL_ACCOUNT));
    }
    let checked = TypeCheck {
        event_type: &input.event_type,
        schema_version: input.schema_version,
        payload: input.data.get().as_bytes(),
    };
    let fits = app.engine.check_event_type(project, checked);
    fits.map_err(|refused| type_refused(&input.event_type, refused))
}

/// Publishes the event that `bytes` hold: for a single request and for each event of a batch.
pub(crate) async fn publish_one(
    app: &App,
    caller: &Caller,
    query: &Named,
    bytes: &Bytes,
    idempotency_key: Option<String>,
) -> Result<Published, Problem> {
    let input: EventInput<'_> = body::parse(bytes)?;
    let project = app.project(caller, query.project_id.as_deref())?;
    input.check()?;
    let named = [
        input.account_id.as_deref(),
        query.account_id.as_deref(),
        None,
    ];
    let account = app.one_account(caller, project.id, named)?;
    check_content(app, &project, account, &input)?;
    let repeatable = input.id.is_some() || idempotency_key.is_some();
    let (time, deliver_at) = (
        input.time()?,
        input.deliver_at(app.engine.now(), repeatable)?,
    );
    let _under_way = match &idempotency_key {
        None => None,
        Some(key) => Some(app.under_way.begin(project.id, key)?),
    };
    let account_id = app.account_to_use(caller, project.id, account).await?;
    let publish = Publish {
        project_id: project.id,
        account_id,
        event_type: input.event_type.as_ref().into(),
        given_id: input.id.map(Cow::into_owned),
        idempotency_key,
        time,
        subject: input.subject.map(|raw| raw.get().to_owned()),
        trace: input.trace.map(Cow::into_owned),
        channels: input.channels,
        metadata: input.metadata,
        deliver_at,
        only: None,
        payload: bytes.slice_ref(input.data.get().as_bytes()),
    };
    stored(app, publish).await
}

/// Publishes, and waits for the store as long as a publisher should have to.
pub(crate) async fn stored(app: &App, publish: Publish) -> Result<Published, Problem> {
    let published = tokio::time::timeout(STORED_WITHIN, app.engine.publish(publish)).await;
    // It may be stored later, and is delivered then: the same id is the same event.
    let late = |_| Problem::unavailable("the store did not answer in time");
    Ok(published.map_err(late)??)
}

/// Why an event of this type is not accepted.
pub(crate) fn type_refused(name: &str, refused: TypeRefused) -> Problem {
    match refused {
        TypeRefused::Unknown => Problem::unknown_event_type(name),
        TypeRefused::Archived => Problem::event_type_archived(name),
        TypeRefused::NoSuchVersion { versions } => {
            let versions: Vec<String> = versions.iter().map(u32::to_string).collect();
            let detail = if versions.is_empty() {
                format!("the event type \"{name}\" has no versions; leave this out")
            } else {
                format!(
                    "the event type \"{name}\" has the versions {}",
                    versions.join(", ")
                )
            };
            Problem::field("/schema_version", detail)
        }
        TypeRefused::Mismatch(mismatch) => {
            Problem::schema_mismatch(&mismatch.pointer, &mismatch.message)
        }
    }
}

pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
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
