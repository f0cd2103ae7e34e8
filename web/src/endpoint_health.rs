//! How is an endpoint doing? Since when all attempts fail, and what its circuit breaker does.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use hookwright_core::breaker::BreakerState;
use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_delivery::breaker_of;
use hookwright_store::{Endpoint, EndpointHealth};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::Api;
use crate::app::App;
use crate::endpoint_json::EndpointShown;
use crate::endpoints::paths::{At, at_four};
use crate::endpoints::{Named, scope, shown, writing};
use crate::paging::{self, ListQuery};
use crate::problem::Problem;
use crate::times;

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

/// How an endpoint is doing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EndpointHealth")]
pub(crate) struct HealthShown {
    /// Since when no attempt was acknowledged, once that has lasted for a minute; else null.
    failing_since: Option<String>,
    /// What the circuit breaker does; null where there is none.
    breaker: Option<BreakerShown>,
}

/// What an endpoint's circuit breaker does.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CircuitBreakerHealth")]
struct BreakerShown {
    /// `closed` (the endpoint is sent to), `open` (it is left alone) or `half_open` (it is tried with
    /// a few attempts).
    state: &'static str,
    /// Why, in words; null if it was always closed.
    reason: Option<String>,
    /// When an open one lets attempts through again: at that time, or with the next delivery after.
    until: Option<String>,
}

/// The health of endpoints on one page.
pub(crate) struct Known(HashMap<EndpointId, EndpointHealth>);

/// Reads how these endpoints of a project are doing.
pub(crate) async fn of(
    app: &App,
    project: ProjectId,
    endpoints: &[Endpoint],
) -> Result<Known, Problem> {
    let ids = endpoints.iter().map(|endpoint| endpoint.id).collect();
    let found = app.engine.store().endpoint_health(project, ids).await?;
    let known = found.into_iter().map(|it| (it.endpoint_id, it));
    Ok(Known(known.collect()))
}

impl Known {
    /// The health of one of them.
    pub(crate) fn show(&self, app: &App, endpoint: &Endpoint) -> HealthShown {
        let known = self.0.get(&endpoint.id);
        let failing_since = known.and_then(|it| it.failing_since);
        HealthShown {
            failing_since: failing_since.map(times::rfc3339),
            breaker: has_breaker(app, endpoint).then(|| BreakerShown {
                state: known.map_or(BreakerState::Closed, |it| it.breaker).as_str(),
                reason: known.and_then(|it| it.breaker_reason.clone()),
                until: known.and_then(|it| it.breaker_until).map(times::rfc3339),
            }),
        }
    }
}

fn has_breaker(app: &App, endpoint: &Endpoint) -> bool {
    let Some(project) = app.engine.project(endpoint.project_id) else {
        return false;
    };
    let name = endpoint.settings.profile.as_ref();
    let profile = app.engine.profiles().get(name.unwrap_or(&project.profile));
    profile.is_some_and(|profile| breaker_of(&endpoint.settings, &project, profile).is_some())
}

/// An endpoint with its health, as it is now.
pub(crate) async fn shown_with_health(
    app: &App,
    endpoint: &Endpoint,
) -> Result<EndpointShown, Problem> {
    let known = of(app, endpoint.project_id, std::slice::from_ref(endpoint)).await?;
    Ok(shown(app, endpoint, false).with_health(known.show(app, endpoint)))
}

pub(crate) fn api() -> Api {
    at_four!("close", "CircuitBreaker", "/{id}/circuit-breaker/close")
        .into_iter()
        .fold(Api::default(), |api, At { path, id }| {
            let doc = writing(id, "Closes an endpoint's circuit breaker.")
                .description(
                    "For when the receiver is known to be well again: what waits is sent at once. \
                     A breaker that is closed stays so.",
                )
                .answer::<EndpointShown>(200);
            api.post(path, close, doc)
        })
}

async fn close(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<EndpointShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsWrite).await?;
    let scope = scope(&app, &caller, &named, &paging::query(query)?)?;
    let store = app.engine.store();
    let endpoint = store
        .close_breaker(scope, named.id(), app.engine.now())
        .await?;
    tracing::info!(endpoint = endpoint.public_id, "circuit breaker closed");
    Ok(Json(shown_with_health(&app, &endpoint).await?))
}
