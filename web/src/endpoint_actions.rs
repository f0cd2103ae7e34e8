//! What can be done with an endpoint: a test event sent to it, and its receiver asked for consent.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use bytes::Bytes;
use hookwright_core::ids::encode;
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::subscription::check_event_type;
use hookwright_delivery::Publish;
use hookwright_store::{Endpoint, EndpointStatus, StoreError};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::Api;
use crate::app::App;
use crate::body;
use crate::endpoint_proof::ValidationShown;
use crate::endpoints::paths::{At, at_four};
use crate::endpoints::{self, Named};
use crate::event_input::check_depth;
use crate::events::stored;
use crate::paging::{self, ListQuery};
use crate::problem::Problem;

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

/// A test event's type where the profile names none.
const TEST_TYPE: &str = "webhook.test";
/// A test event's payload where none is given.
const TEST_DATA: &[u8] = br#"{"test":true}"#;

pub(crate) fn api() -> Api {
    let api = at_four!("test", "", "/{id}/test")
        .into_iter()
        .fold(Api::default(), |api, At { path, id }| {
            let doc = endpoints::writing(id, "Sends a test event to an endpoint.")
                .description(
                    "It goes to this endpoint alone, whatever it subscribes to, and is otherwise an event \
                     like any other, with the metadata `test`: `true`. A paused endpoint is sent it \
                     once it is resumed.",
                )
                .optional_body::<Test>()
                .answer::<Tested>(202);
            api.post(path, test, doc)
        });
    at_four!("validate", "", "/{id}/validate")
        .into_iter()
        .fold(api, |api, At { path, id }| {
            let doc = endpoints::writing(id, "Asks an endpoint's receiver for its consent, now.")
                .description(
                    "Answers once the receiver has answered, or its time is over. A consent makes an \
                     endpoint active that waits for it.",
                )
                .answer::<ValidationShown>(200);
            api.post(path, validate, doc)
        })
}

/// A test event.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TestEvent")]
struct Test {
    /// Its type; without it, the first one of the endpoint's profile, or `webhook.test`.
    r#type: Option<String>,
    /// Its payload, any JSON; without it, `{"test": true}`.
    #[schemars(with = "Option<Value>")]
    data: Option<Box<RawValue>>,
}

/// A test event that is on disk.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TestEventAccepted")]
struct Tested {
    event_id: String,
    delivery_id: String,
}

async fn test(
    State(app): State<App>,
    Path(named): Path<Named>,
    query: QueryResult,
    request: Request,
) -> Result<(StatusCode, Json<Tested>), Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::EndpointsWrite)
        .await?;
    let query = paging::query(query)?;
    let scope = endpoints::scope(&app, &caller, &named, &query)?;
    let input: Test = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let endpoint = app.engine.store().endpoint(scope, named.id()).await?;
    if endpoint.status == EndpointStatus::Disabled {
        return Err(Problem::endpoint_not_tested());
    }
    let event_type = match input.r#type {
        Some(given) => given,
        None => usual_type(&app, &endpoint),
    };
    check_event_type(&event_type).map_err(|error| Problem::field("/type", error.to_string()))?;
    let payload = match &input.data {
        Some(data) => {
            check_depth("/data", data)?;
            Bytes::copy_from_slice(data.get().as_bytes())
        }
        None => Bytes::from_static(TEST_DATA),
    };
    let publish = Publish {
        project_id: endpoint.project_id,
        account_id: endpoint.account_id,
        event_type: Arc::from(event_type),
        given_id: None,
        idempotency_key: None,
        time: None,
        subject: None,
        trace: None,
        channels: Vec::new(),
        metadata: [("test".to_owned(), "true".to_owned())].into(),
        deliver_at: None,
        only: Some(endpoint.id),
        payload,
    };
    let published = stored(&app, publish).await?;
    // It was deleted since.
    let first = published.first_delivery;
    let (delivery, at) = first.ok_or_else(|| Problem::not_found("endpoint"))?;
    tracing::info!(endpoint = endpoint.public_id, "endpoint tested");
    let tested = Tested {
        event_id: published.id,
        delivery_id: encode("dlv_", at, delivery.0),
    };
    Ok((StatusCode::ACCEPTED, Json(tested)))
}

/// The first type of the endpoint's profile.
fn usual_type(app: &App, endpoint: &Endpoint) -> String {
    let profile = endpoints::profile_of(app, endpoint);
    let catalogue = profile.as_ref().and_then(|it| it.catalogue.first());
    catalogue.map_or_else(|| TEST_TYPE.to_owned(), |known| known.name.clone())
}

async fn validate(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<ValidationShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsWrite).await?;
    let query = paging::query(query)?;
    let scope = endpoints::scope(&app, &caller, &named, &query)?;
    let endpoint = app.engine.store().endpoint(scope, named.id()).await?;
    if endpoint.settings.validation.is_none() {
        let detail = "is not set on this endpoint, so that there is nothing to ask its receiver; set it to \"cloudevents\" first";
        return Err(Problem::field("/validation", detail));
    }
    let outcome = app.engine.validate(endpoint.id).await;
    let outcome = outcome.ok_or_else(|| {
        StoreError::Unavailable("no outcome of a validation handshake was kept".to_owned())
    })?;
    Ok(Json(ValidationShown::new(&outcome)))
}
