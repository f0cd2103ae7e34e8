//! Which event types fail most?

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use hookwright_core::limits::{STATS_EVENT_TYPE_ROWS_MAX, STATS_EVENT_TYPES_MAX};
use hookwright_core::rollup::Counts;
use hookwright_core::scope::Scope as KeyScope;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::paging::at_most;
use crate::problem::Problem;
use crate::query::QueryText;
use crate::stats::WidthWord;
use crate::stats_time::{at, stretches};

const EVENT_TYPES_DEFAULT: usize = 10;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Statistics", summary).scope(KeyScope::DeliveriesRead);
    Api::default()
        .get(
            "/v1/stats/event-types",
            worst,
            doc("listFailingEventTypes", "Lists the event types that fail most in some time.")
                .description(
                    "By the number of failures (failed attempts, and deliveries that failed without one), most first; types without failures are left out. Counts of a type are the whole project's: an account's key is refused. Adds up at most 20,000 rows of one type and one minute, hour or day each, the newest first: `is_complete` says whether that was all.",
                )
                .query::<FailingTypesQuery>()
                .answer::<FailingEventTypes>(200),
        )
}

/// Which event types.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FailingTypesQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// Which counts are added up: by minute, hour (if not given) or day.
    #[schemars(with = "Option<WidthWord>")]
    width: Option<String>,
    /// From this time on (RFC 3339), rounded down; 60 minutes, hours or days if not given.
    since: Option<String>,
    /// Up to this time (RFC 3339), rounded up; now if not given.
    until: Option<String>,
    /// Event types at most: 1 to 100, 10 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 100))]
    limit: Option<String>,
}

/// The event types that fail most.
#[derive(Serialize, JsonSchema)]
struct FailingEventTypes {
    /// What was added up: minutes, hours or days.
    width: &'static str,
    /// When the first begins.
    since: String,
    /// When the last ends.
    until: String,
    /// Whether all of that time was added up.
    is_complete: bool,
    /// The type that failed most, first.
    data: Vec<FailingEventType>,
}

/// An event type that fails.
#[derive(Serialize, JsonSchema)]
struct FailingEventType {
    event_type: String,
    /// Failed attempts, and deliveries that failed without one.
    failures: u64,
    /// Failures by class.
    errors: BTreeMap<&'static str, u64>,
    /// Requests made, those of resends included.
    attempts: u64,
    /// Deliveries acknowledged, those that were resent by hand included.
    delivered: u64,
    /// Deliveries given up.
    failed: u64,
    /// The share of the deliveries that ended which were acknowledged, 0 to 1; null where none ended.
    success_rate: Option<f64>,
}

impl FailingEventType {
    fn new(event_type: String, counts: &Counts) -> Self {
        let errors: BTreeMap<_, _> = counts
            .errors()
            .map(|(class, count)| (class.as_str(), count))
            .collect();
        Self {
            event_type,
            failures: errors.values().sum(),
            errors,
            attempts: counts.attempts,
            delivered: counts.delivered,
            failed: counts.failed,
            success_rate: counts.success_rate(),
        }
    }
}

async fn worst(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<FailingEventTypes>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: FailingTypesQuery = query.read()?;
    let scope = app.scope(&caller, query.project_id.as_deref(), None)?;
    if scope.account_id.is_some() {
        let detail = "counts of event types are the whole project's: use a project's key";
        return Err(Problem::forbidden(detail));
    }
    let stretches = stretches(
        query.width.as_deref().unwrap_or("hour"),
        (query.since.as_deref(), query.until.as_deref()),
        app.engine.now(),
    )?;
    let limit = at_most(
        query.limit.as_deref(),
        EVENT_TYPES_DEFAULT,
        STATS_EVENT_TYPES_MAX,
    )?;
    let most = STATS_EVENT_TYPE_ROWS_MAX;
    let store = app.engine.store();
    let found = store.rollups_by_event_type(scope.project_id, stretches, most);
    let found = found.await?;
    let all = found.event_types.into_iter();
    let mut data: Vec<_> = all
        .map(|(name, counts)| FailingEventType::new(name, &counts))
        .filter(|it| it.failures > 0)
        .collect();
    data.sort_by(|a, b| (b.failures, &a.event_type).cmp(&(a.failures, &b.event_type)));
    data.truncate(limit);
    Ok(Json(FailingEventTypes {
        width: stretches.width.as_str(),
        since: at(stretches.since),
        until: at(stretches.until),
        is_complete: found.is_complete,
        data,
    }))
}
