//! Statistics: how much, how well and how fast, by minute, hour or day.

use axum::Json;
use axum::extract::State;
use hookwright_core::limits::{BACKLOG_COUNTED_MAX, STATS_ENDPOINT_ROWS_MAX, STATS_ENDPOINTS_MAX};
use hookwright_core::rollup::Counts;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{Backlog, EndpointCounts, Scope, Stretches, Subject};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::problem::Problem;
use crate::query::QueryText;
use crate::stats_shown::CountsShown;
use crate::stats_time::{at, stretches};
use crate::times;

const ENDPOINTS_DEFAULT: usize = 10;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Statistics", summary).scope(KeyScope::DeliveriesRead);
    Api::default()
        .get(
            "/v1/stats",
            series,
            doc("getStats", "Counts by minute, hour or day, with totals and what is not delivered yet.")
                .description(
                    "Of the project, or of the one account, endpoint or event type that is named; an account's key sees its own account and endpoints. At most 1,500 points a call; points in which nothing happened are left out. Counted by the node that did the work and written every 5 seconds: a crash can lose the last seconds of statistics, never events. Minutes are kept for 2 days, hours for 60, days for 750.",
                )
                .query::<StatsQuery>()
                .answer::<Stats>(200),
        )
        .get(
            "/v1/stats/endpoints",
            worst,
            doc("listFailingEndpoints", "Lists the endpoints that fail most in some time.")
                .description(
                    "By the number of failures (failed attempts, and deliveries that failed without one), most first; endpoints without failures and deleted ones are left out. Adds up at most 50,000 rows of one endpoint and one minute, hour or day each, the newest first: `is_complete` says whether that was all.",
                )
                .query::<FailingQuery>()
                .answer::<FailingEndpoints>(200),
        )
}

/// Which counts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StatsQuery")]
struct StatsQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// Of this account.
    account_id: Option<String>,
    /// Of this endpoint.
    endpoint_id: Option<String>,
    /// Of this event type; not together with an account or an endpoint.
    event_type: Option<String>,
    /// What a point counts: minute (if not given), hour or day, in UTC.
    #[schemars(with = "Option<WidthWord>")]
    width: Option<String>,
    /// From this time on (RFC 3339), rounded down to a whole point; 60 points if not given.
    since: Option<String>,
    /// Up to this time (RFC 3339), rounded up to a whole point; now if not given.
    until: Option<String>,
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

/// The words for how long a point is.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum WidthWord {
    Minute,
    Hour,
    Day,
}

/// A series of counts.
#[derive(Serialize, JsonSchema)]
struct Stats {
    /// What a point counts: minute, hour or day.
    width: &'static str,
    /// When the first point begins.
    since: String,
    /// When the last point ends.
    until: String,
    /// The points in which something happened, oldest first.
    points: Vec<Point>,
    /// All points together.
    totals: CountsShown,
    /// When the oldest delivery was made that is neither acknowledged nor given up, whatever the
    /// time asked for; null where there is none, and for an event type.
    oldest_undelivered_at: Option<String>,
    /// How many such deliveries there are now; null for an event type.
    backlog: Option<usize>,
    /// Whether that is all of them: at most 10,000 are counted.
    backlog_is_exact: Option<bool>,
}

/// A minute, an hour or a day.
#[derive(Serialize, JsonSchema)]
struct Point {
    /// When it begins.
    at: String,
    #[serde(flatten)]
    counts: CountsShown,
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
    /// Failed attempts, and deliveries that failed without one.
    failures: u64,
    #[serde(flatten)]
    counts: CountsShown,
}

async fn series(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<Stats>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: StatsQuery = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let stretches = stretches(
        query.width.as_deref().unwrap_or("minute"),
        (query.since.as_deref(), query.until.as_deref()),
        app.engine.now(),
    )?;
    let store = app.engine.store();
    let endpoint = match &query.endpoint_id {
        Some(id) => Some(store.endpoint(scope, id.clone()).await?.id),
        None => None,
    };
    let subject = match (endpoint, query.event_type, scope.account_id) {
        (Some(endpoint), None, _) => Subject::Endpoint(endpoint),
        (None, Some(event_type), None) => Subject::EventType(event_type),
        (None, None, Some(account)) => Subject::Account(account),
        (None, None, None) => Subject::Project,
        (_, Some(_), _) => {
            let detail = "counts of a type are the whole project's: leave it out, or use a project's key and name neither an account nor an endpoint";
            return Err(Problem::query("event_type", detail));
        }
    };
    let backlog = match &subject {
        Subject::EventType(_) => None,
        _ => Some(store.backlog(scope, endpoint, BACKLOG_COUNTED_MAX).await?),
    };
    let found = store.rollups(scope.project_id, subject, stretches).await?;
    Ok(Json(Stats::new(stretches, &found, backlog)))
}

impl Stats {
    fn new(stretches: Stretches, found: &[(i64, Counts)], backlog: Option<Backlog>) -> Self {
        let mut totals = Counts::default();
        found.iter().for_each(|(_, counts)| totals.merge(counts));
        let point = |(start, counts): &(i64, Counts)| Point {
            at: at(*start),
            counts: CountsShown::new(counts),
        };
        Self {
            width: stretches.width.as_str(),
            since: at(stretches.since),
            until: at(stretches.until),
            points: found.iter().map(point).collect(),
            totals: CountsShown::new(&totals),
            oldest_undelivered_at: backlog.and_then(|it| it.oldest_at).map(times::rfc3339),
            backlog: backlog.map(|it| it.deliveries),
            backlog_is_exact: backlog.map(|it| it.is_exact),
        }
    }
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
    let limit = limit(query.limit.as_deref())?;
    let found = (app.engine.store())
        .rollups_by_endpoint(scope.project_id, stretches, STATS_ENDPOINT_ROWS_MAX)
        .await?;
    Ok(Json(FailingEndpoints {
        width: stretches.width.as_str(),
        since: at(stretches.since),
        until: at(stretches.until),
        is_complete: found.is_complete,
        data: failing(&app, scope, found, limit),
    }))
}

/// Those within the scope that fail most.
fn failing(app: &App, scope: Scope, found: EndpointCounts, limit: usize) -> Vec<FailingEndpoint> {
    let mut all: Vec<_> = found
        .endpoints
        .into_iter()
        .map(|(id, counts)| {
            (
                counts.errors().map(|(_, count)| count).sum::<u64>(),
                id,
                counts,
            )
        })
        .filter(|(failures, ..)| *failures > 0)
        .collect();
    all.sort_by(|(a, ..), (b, ..)| b.cmp(a));
    let shown = all.into_iter().filter_map(|(failures, id, counts)| {
        let (endpoint_id, account) = app.engine.endpoint(id)?;
        let seen = scope.account_id.is_none_or(|only| only == account);
        let account_id = app.engine.account_public_id(account)?.to_string();
        seen.then(|| FailingEndpoint {
            endpoint_id,
            account_id,
            failures,
            counts: CountsShown::new(&counts),
        })
    });
    shown.take(limit).collect()
}

fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else {
        return Ok(ENDPOINTS_DEFAULT);
    };
    let limit = text.parse().ok();
    limit
        .filter(|limit| (1..=STATS_ENDPOINTS_MAX).contains(limit))
        .ok_or_else(|| {
            let detail = format!("must be a number from 1 to {STATS_ENDPOINTS_MAX}");
            Problem::query("limit", &detail)
        })
}
