//! Endpoints listed, and found by what they are.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use hookwright_core::limits::{METADATA_ENTRIES_MAX, URL_CHARS_MAX};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::subscription::check_event_type;
use hookwright_store::{Endpoint, EndpointFilter, EndpointStatus, Listed, Page, Scope};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::endpoint_json::EndpointShown;
use crate::endpoints::paths::{At, at_four};
use crate::endpoints::{Named, TAG, scope_of, shown};
use crate::paging::{PageOf, page};
use crate::problem::Problem;
use crate::query::QueryText;
use crate::{endpoint_health, endpoint_traffic};

pub(crate) fn api() -> Api {
    at_four!("list", "s", "")
        .into_iter()
        .fold(Api::default(), |api, At { path, id }| {
            let doc = Doc::new(id, TAG, "Lists endpoints, newest first.")
                .description(
                    "With a filter, a page may hold fewer than `limit` and still have a `next_cursor`: at most 5,000 endpoints are looked at for it.",
                )
                .scope(KeyScope::EndpointsRead)
                .query::<EndpointsQuery>()
                .answer::<PageOf<EndpointShown>>(200);
            api.get(path, list, doc)
        })
}

/// Which endpoints are listed: those that all of this is true of.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EndpointsQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// Of this account.
    account_id: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
    cursor: Option<String>,
    /// Of this status: active, paused or disabled.
    status: Option<String>,
    /// That events of this type are for, by name, by `user.*` or by `*`.
    event_type: Option<String>,
    /// Whose URL has this in it.
    url: Option<String>,
    /// `true`: only those that do not receive as they should, which are disabled, or no attempt to
    /// them was acknowledged for a minute, or their circuit breaker is not closed.
    #[schemars(with = "Option<bool>")]
    unwell: Option<String>,
    /// `true`: each with what went to it in the last 24 hours, by hour; that takes `deliveries:read`
    /// too.
    #[schemars(with = "Option<bool>")]
    traffic: Option<String>,
    /// Whose metadata has these entries, as `metadata[team]=billing`.
    metadata: Option<BTreeMap<String, String>>,
}

impl EndpointsQuery {
    fn filter(&mut self) -> Result<EndpointFilter, Problem> {
        let status = self.status.as_deref().map(|word| {
            let detail = "must be active, disabled or paused";
            EndpointStatus::parse(word).ok_or_else(|| Problem::query("status", detail))
        });
        if let Some(name) = &self.event_type {
            check_event_type(name)
                .map_err(|error| Problem::query("event_type", &error.to_string()))?;
        }
        let url = self.url.take();
        if url
            .as_ref()
            .is_some_and(|url| !(1..=URL_CHARS_MAX).contains(&url.chars().count()))
        {
            let detail = format!("must have 1 to {URL_CHARS_MAX} characters");
            return Err(Problem::query("url", &detail));
        }
        let metadata = self.metadata.take().unwrap_or_default();
        if metadata.len() > METADATA_ENTRIES_MAX {
            let detail = format!("may name at most {METADATA_ENTRIES_MAX} entries");
            return Err(Problem::query("metadata", &detail));
        }
        Ok(EndpointFilter {
            status: status.transpose()?,
            event_type: self.event_type.take(),
            url,
            metadata,
        })
    }
}

async fn list(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<EndpointShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsRead).await?;
    let mut query: EndpointsQuery = query.read()?;
    let (project, account) = (query.project_id.take(), query.account_id.take());
    let scope = scope_of(
        &app,
        &caller,
        &named,
        (project.as_deref(), account.as_deref()),
    )?;
    let page = page(query.limit.as_deref(), query.cursor.as_deref())?;
    let filter = query.filter()?;
    let with_traffic = yes("traffic", query.traffic.as_deref())?;
    if with_traffic {
        caller.must(KeyScope::DeliveriesRead)?;
    }
    let found = match yes("unwell", query.unwell.as_deref())? {
        true => unwell(&app, scope, &filter, page).await?,
        false => {
            let store = app.engine.store();
            store.endpoints_fitting(scope, filter, page).await?
        }
    };
    let project = scope.project_id;
    let known = endpoint_health::of(&app, project, &found.rows).await?;
    let traffic = match with_traffic {
        true => Some(endpoint_traffic::of(&app, project, &found.rows).await?),
        false => None,
    };
    Ok(Json(PageOf::new(found, |endpoint| {
        shown(&app, endpoint, false)
            .with_health(known.show(&app, endpoint))
            .with_traffic(traffic.as_ref().map(|it| it.show(endpoint.id)))
    })))
}

/// A parameter that is `true`, `false` or not given.
fn yes(name: &str, text: Option<&str>) -> Result<bool, Problem> {
    match text {
        Some("true") => Ok(true),
        None | Some("false") => Ok(false),
        Some(_) => Err(Problem::query(name, "must be true or false")),
    }
}

/// Those that do not receive as they should. They are few: the store knows who fails, and the engine
/// has all endpoints in memory.
async fn unwell(
    app: &App,
    scope: Scope,
    filter: &EndpointFilter,
    page: Page,
) -> Result<Listed<Endpoint>, Problem> {
    let failing = app.engine.store().unwell().await?;
    let failing = failing.iter().map(|it| it.endpoint_id).collect();
    let found = app.engine.endpoints_unwell(scope, &failing).into_iter();
    let before = page.before.unwrap_or(i64::MAX);
    let mut rows: Vec<Endpoint> = found
        .filter(|endpoint| endpoint.id.0 < before && filter.fits(endpoint))
        .take(page.limit + 1)
        .collect();
    let more = rows.len() > page.limit;
    rows.truncate(page.limit);
    let next = rows.last().map(|last| last.id.0).filter(|_| more);
    Ok(Listed {
        rows,
        next,
        prev: None,
    })
}
