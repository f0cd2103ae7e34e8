//! Endpoints paused, disabled and enabled, with the reason of who does it.

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use hookwright_core::limits::{MANAGEMENT_BODY_BYTES_MAX, STATUS_REASON_CHARS_MAX};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{EndpointStatus, EndpointUpdate};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::Api;
use crate::app::App;
use crate::body;
use crate::endpoint_health::shown_with_health;
use crate::endpoint_json::EndpointShown;
use crate::endpoints::paths::{At, at_four};
use crate::endpoints::{self, Named, scope, validation};
use crate::paging::{self, ListQuery};
use crate::problem::Problem;

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

pub(crate) fn api() -> Api {
    let api = at_four!("pause", "", "/{id}/pause").into_iter().fold(
        Api::default(),
        |api, At { path, id }| {
            let doc = endpoints::writing(id, "Pauses an endpoint.")
                .description("Its deliveries wait, those to come as well, until it is enabled.")
                .optional_body::<WhyNot>();
            api.post(path, pause, doc.answer::<EndpointShown>(200))
        },
    );
    let api =
        at_four!("disable", "", "/{id}/disable")
            .into_iter()
            .fold(api, |api, At { path, id }| {
                let doc = endpoints::writing(id, "Disables an endpoint.")
                    .description("Its deliveries fail, those that wait and those to come.")
                    .optional_body::<WhyNot>();
                api.post(path, disable, doc.answer::<EndpointShown>(200))
            });
    at_four!("enable", "", "/{id}/enable")
        .into_iter()
        .fold(api, |api, At { path, id }| {
            let doc = endpoints::writing(id, "Makes an endpoint active.").description(
                "Deliveries that have waited are made; those that have failed stay failed.",
            );
            api.post(path, enable, doc.answer::<EndpointShown>(200))
        })
}

/// Why an endpoint does not receive.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StatusReason")]
struct WhyNot {
    /// Shown as `status_reason`: 1 to 256 characters.
    #[schemars(length(min = 1, max = 256))]
    reason: Option<String>,
}

async fn pause(
    State(app): State<App>,
    Path(named): Path<Named>,
    query: QueryResult,
    request: Request,
) -> Result<Json<EndpointShown>, Problem> {
    set(&app, named, query, request, EndpointStatus::Paused).await
}

async fn disable(
    State(app): State<App>,
    Path(named): Path<Named>,
    query: QueryResult,
    request: Request,
) -> Result<Json<EndpointShown>, Problem> {
    set(&app, named, query, request, EndpointStatus::Disabled).await
}

async fn enable(
    State(app): State<App>,
    Path(named): Path<Named>,
    query: QueryResult,
    request: Request,
) -> Result<Json<EndpointShown>, Problem> {
    set(&app, named, query, request, EndpointStatus::Active).await
}

async fn set(
    app: &App,
    named: Named,
    query: QueryResult,
    request: Request,
    status: EndpointStatus,
) -> Result<Json<EndpointShown>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::EndpointsWrite)
        .await?;
    let scope = scope(app, &caller, &named, &paging::query(query)?)?;
    let reason = match status {
        EndpointStatus::Active => None,
        EndpointStatus::Paused | EndpointStatus::Disabled => {
            let input: WhyNot = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
            Some(checked(input.reason)?)
        }
    };
    let store = app.engine.store();
    let id = named.id();
    let (status, reason) = match status {
        EndpointStatus::Active => {
            let old = store.endpoint(scope, id.clone()).await?;
            validation::status(&old.settings, status, reason)
        }
        EndpointStatus::Paused | EndpointStatus::Disabled => (status, reason),
    };
    let update = EndpointUpdate {
        status: Some((status, reason)),
        ..EndpointUpdate::default()
    };
    let now = app.engine.now();
    let endpoint = store.update_endpoint(scope, id, update, now).await?;
    validation::ask_if_waiting(app, &endpoint);
    tracing::info!(
        endpoint = endpoint.public_id,
        status = status.as_str(),
        "endpoint status set"
    );
    Ok(Json(shown_with_health(app, &endpoint).await?))
}

fn checked(reason: Option<String>) -> Result<String, Problem> {
    let Some(reason) = reason else {
        return Ok("set through the API".to_owned());
    };
    if (1..=STATUS_REASON_CHARS_MAX).contains(&reason.chars().count()) {
        return Ok(reason);
    }
    let detail = format!("must have 1 to {STATUS_REASON_CHARS_MAX} characters");
    Err(Problem::field("/reason", detail))
}
