//! Filters tried out on a payload, before they are saved.

use axum::Json;
use axum::extract::{Request, State};
use hookwright_core::limits::EVENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::body;
use crate::endpoint_json::check_filter;
use crate::problem::Problem;

pub(crate) fn api() -> Api {
    Api::default().post(
        "/v1/filters/test",
        test,
        Doc::new(
            "testFilter",
            "Endpoints",
            "Says whether a payload matches a filter, and if not, why.",
        )
        .description(
            "Nothing is stored. A filter that an endpoint could not have is refused as there.",
        )
        .scope(KeyScope::EndpointsRead)
        .body::<FilterTest>()
        .answer::<FilterTested>(200),
    )
}

/// A filter and a payload to try it on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FilterTest {
    /// As an endpoint's `filter`.
    #[schemars(with = "Map<String, Value>")]
    filter: Value,
    /// As an event's `data`.
    data: Value,
}

/// Whether the payload matches.
#[derive(Serialize, JsonSchema)]
struct FilterTested {
    matches: bool,
    /// Why it does not.
    reason: Option<FilterReason>,
}

/// The first condition that is not met.
#[derive(Serialize, JsonSchema)]
struct FilterReason {
    /// Which, as a JSON pointer into the filter.
    pointer: String,
    /// In words.
    detail: String,
}

async fn test(State(app): State<App>, request: Request) -> Result<Json<FilterTested>, Problem> {
    app.caller(request.headers(), KeyScope::EndpointsRead)
        .await?;
    let input: FilterTest = body::json(request, EVENT_BODY_BYTES_MAX).await?;
    let filter = check_filter("/filter", &input.filter)?;
    let reason = filter.unmet(&input.data).map(|unmet| FilterReason {
        pointer: unmet.pointer,
        detail: unmet.detail,
    });
    Ok(Json(FilterTested {
        matches: reason.is_none(),
        reason,
    }))
}
