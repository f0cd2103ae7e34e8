//! Which endpoints fail most?

use std::cmp::Reverse;
use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use hookwright_core::ids::EndpointId;
use hookwright_core::limits::{STATS_ENDPOINT_ROWS_MAX, STATS_ENDPOINTS_MAX};
use hookwright_core::rollup::Counts;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{EndpointFailures, EndpointStretch, Scope, Stretches};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::paging::at_most;
use crate::problem::Problem;
use crate::query::QueryText;
use crate::stats::WidthWord;
use crate::stats_shown::CountsShown;
use crate::stats_time::{at, stretches};

const ENDPOINTS_DEFAULT: usize = 10;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Statistics", summary).scope(KeyScope::DeliveriesRead);
    Api::default()
        .get(
            "/v1/stats/endpoints",
            worst,
            doc("listFailingEndpoints", "Lists the endpoints that fail most in some time.")
                .description(
                    "By the number of failures (failed attempts, and deliveries that failed without one), most first; endpoints without failures and deleted ones are left out. Of each minute, hour or day the 10,000 that failed most are known; at most 50,000 such numbers are added up, the newest first: `is_complete` says whether that was all.",
                )
                .query::<FailingQuery>()
                .answer::<FailingEndpoints>(200),
        )
}

/// Which endpoints.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FailingQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// Of this account.
    account_id: Option<String>,
    /// Which counts are added up: by minute, hour (if not given) or day.
    #[schemars(with = "Option<WidthWord>")]
    width: Option<String>,
    /// From this time on (RFC 3339), rounded down; 60 minutes, hours or days if not given.
    since: Option<String>,
    /// Up to this time (RFC 3339), rounded up; now if not given.
    until: Option<String>,
    /// Endpoints at most: 1 to 100, 10 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 100))]
    limit: Option<String>,
}

/// The endpoints that fail most.
#[derive(Serialize, JsonSchema)]
struct FailingEndpoints {
    /// What was added up: minutes, hours or days.
    width: &'static str,
    /// When the first begins.
    since: String,
    /// When the last ends.
    until: String,
    /// Whether all of that time was added up.
    is_complete: bool,
    /// The endpoint that failed most, first.
    data: Vec<FailingEndpoint>,
}

/// An endpoint that fails.
#[derive(Serialize, JsonSchema)]
struct FailingEndpoint {
    endpoint_id: String,
    account_id: String,
    name: Option<String>,
    url: String,
    /// Failed attempts, and deliveries that failed without one.
    failures: u64,
    #[serde(flatten)]
    counts: CountsShown,
}

async fn worst(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<FailingEndpoints>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: FailingQuery = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let stretches = stretches(
        query.width.as_deref().unwrap_or("hour"),
        (query.since.as_deref(), query.until.as_deref()),
        app.engine.now(),
    )?;
    let limit = at_most(
        query.limit.as_deref(),
        ENDPOINTS_DEFAULT,
        STATS_ENDPOINTS_MAX,
    )?;
    let found = counted(&app, scope, stretches).await?;
    let data = failing(&app, scope, (found.endpoints, stretches), limit).await?;
    Ok(Json(FailingEndpoints {
        width: stretches.width.as_str(),
        since: at(stretches.since),
        until: at(stretches.until),
        is_complete: found.is_complete,
        data,
    }))
}

/// How often endpoints failed: those of an account that has few, or else of the whole project.
async fn counted(
    app: &App,
    scope: Scope,
    stretches: Stretches,
) -> Result<EndpointFailures, Problem> {
    let store = app.engine.store();
    let few = scope.account_id.map(|_| app.engine.endpoints_within(scope));
    if let Some(few) = few.filter(|few| few.len() <= STATS_ENDPOINTS_MAX) {
        let found = store.rollups_of_endpoints(scope.project_id, few, stretches);
        let sums = summed(found.await?);
        return Ok(EndpointFailures {
            endpoints: sums.iter().map(|(id, all)| (*id, failures(all))).collect(),
            is_complete: true,
        });
    }
    let most = STATS_ENDPOINT_ROWS_MAX;
    let found = store.failures_by_endpoint(scope.project_id, stretches, most);
    Ok(found.await?)
}

fn failures(counts: &Counts) -> u64 {
    counts.errors().map(|(_, count)| count).sum()
}

fn summed(found: Vec<EndpointStretch>) -> HashMap<EndpointId, Counts> {
    let mut sums: HashMap<EndpointId, Counts> = HashMap::new();
    for it in found {
        sums.entry(it.endpoint_id).or_default().merge(&it.counts);
    }
    sums
}

/// Those within the scope that fail most, with their times.
async fn failing(
    app: &App,
    scope: Scope,
    (counted, stretches): (Vec<(EndpointId, u64)>, Stretches),
    limit: usize,
) -> Result<Vec<FailingEndpoint>, Problem> {
    let mut all = counted;
    all.retain(|(_, failures)| *failures > 0);
    all.sort_by_key(|(id, failures)| Reverse((*failures, *id)));
    let seen = all.into_iter().filter_map(|(id, failures)| {
        let endpoint = app.engine.endpoint(id)?;
        let of_account = (scope.account_id).is_none_or(|only| only == endpoint.account_id);
        let account_id = app.engine.account_public_id(endpoint.account_id)?;
        (of_account && endpoint.project_id == scope.project_id)
            .then_some((failures, endpoint, account_id))
    });
    let seen: Vec<_> = seen.take(limit).collect();
    let ids = seen.iter().map(|(_, endpoint, _)| endpoint.id).collect();
    let store = app.engine.store();
    let whole = store.rollups_of_endpoints(scope.project_id, ids, stretches);
    let whole = summed(whole.await?);
    let shown = seen.into_iter().map(|(failures, endpoint, account_id)| {
        let counts = whole.get(&endpoint.id);
        FailingEndpoint {
            account_id: account_id.to_string(),
            failures,
            counts: counts.map_or_else(|| CountsShown::new(&Counts::default()), CountsShown::new),
            endpoint_id: endpoint.public_id,
            name: endpoint.settings.name,
            url: endpoint.settings.url,
        }
    });
    Ok(shown.collect())
}
