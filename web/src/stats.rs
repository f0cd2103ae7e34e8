//! Statistics: how much, how well and how fast, by minute, hour or day.

use axum::Json;
use axum::extract::State;
use hookwright_core::limits::BACKLOG_COUNTED_MAX;
use hookwright_core::rollup::Counts;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{Backlog, Stretches, Subject};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::problem::Problem;
use crate::query::QueryText;
use crate::stats_shown::CountsShown;
use crate::stats_time::{at, covering, per_point};
use crate::times;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Statistics", summary).scope(KeyScope::DeliveriesRead);
    Api::default()
        .get(
            "/v1/stats",
            series,
            doc("getStats", "Counts by minute, hour or day, with totals and what is not delivered yet.")
                .description(
                    "Of the project, or of the one account, endpoint or event type that is named; an account's key sees its own account and endpoints. At most 1,500 minutes, hours or days a call; points in which nothing happened are left out. Counted by the node that did the work and written every 5 seconds: a crash can lose the last seconds of statistics, never events. Minutes are kept for 2 days, hours for 60, days for 750.",
                )
                .query::<StatsQuery>()
                .answer::<Stats>(200),
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
    /// How many of them one point counts: 1 (if not given) to 1,440. Such a point begins at a multiple
    /// of them, as 3 hours at 00:00, 03:00 and so on.
    #[schemars(with = "Option<u16>", range(min = 1, max = 1440))]
    per_point: Option<String>,
    /// From this time on (RFC 3339), rounded down to a whole point; 60 points if not given, or as many
    /// as may be asked for.
    since: Option<String>,
    /// Up to this time (RFC 3339), rounded up to a whole point; now if not given.
    until: Option<String>,
}

/// The words for how long a point is.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum WidthWord {
    Minute,
    Hour,
    Day,
}

/// A series of counts.
#[derive(Serialize, JsonSchema)]
struct Stats {
    /// What a point counts: minute, hour or day.
    width: &'static str,
    /// How many of them.
    per_point: i64,
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
    let per_point = per_point(query.per_point.as_deref())?;
    let stretches = covering(
        query.width.as_deref().unwrap_or("minute"),
        per_point,
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
    let step = stretches.width.seconds() * per_point;
    Ok(Json(Stats::new(
        stretches,
        per_point,
        &together(found, step),
        backlog,
    )))
}

/// Those that begin in the same point as one.
fn together(found: Vec<(i64, Counts)>, step: i64) -> Vec<(i64, Counts)> {
    let mut points: Vec<(i64, Counts)> = Vec::new();
    for (start, counts) in found {
        let start = start.div_euclid(step) * step;
        match points.last_mut() {
            Some((last, sum)) if *last == start => sum.merge(&counts),
            _ => points.push((start, counts)),
        }
    }
    points
}

impl Stats {
    fn new(
        stretches: Stretches,
        per_point: i64,
        found: &[(i64, Counts)],
        backlog: Option<Backlog>,
    ) -> Self {
        let mut totals = Counts::default();
        found.iter().for_each(|(_, counts)| totals.merge(counts));
        let point = |(start, counts): &(i64, Counts)| Point {
            at: at(*start),
            counts: CountsShown::new(counts),
        };
        Self {
            width: stretches.width.as_str(),
            per_point,
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
