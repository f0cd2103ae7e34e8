//! Attempts as they are looked at: of one delivery, and across deliveries.

use axum::Json;
use axum::extract::{Path, State};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{AttemptFilter, AttemptPage, AttemptPlace, DeliveryFilter, Towards};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::cursor::Cursor;
use crate::deliveries::row;
use crate::delivery_shown::{AttemptOfDelivery, AttemptShown};
use crate::event_list::event_prefix;
use crate::list_filter::DeliveriesQuery;
use crate::paging::{PageOf, items};
use crate::problem::Problem;
use crate::query::QueryText;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Deliveries", summary).scope(KeyScope::DeliveriesRead);
    Api::default()
        .get(
            "/v1/attempts",
            list,
            doc("listAttempts", "Lists attempts: of the newest deliveries first, and of each the last one first.")
                .description("`status_class`, `status_code` and `error` are of the attempt itself; all else is of its delivery. A page may have fewer items than `limit`, even none, before the list's end: it looks at a bounded number of deliveries. The list goes on while `next_cursor` is not null.")
                .query::<DeliveriesQuery>()
                .answer::<PageOf<AttemptOfDelivery>>(200),
        )
        .get(
            "/v1/deliveries/{id}/attempts",
            of_delivery,
            doc("listAttemptsOfDelivery", "Lists a delivery's attempts, the last one first.")
                .query::<OfDeliveryQuery>()
                .answer::<PageOf<AttemptShown>>(200),
        )
}

/// Which of a delivery's attempts are asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfDeliveryQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// The account, where the key is not an account's.
    account_id: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<AttemptOfDelivery>>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: DeliveriesQuery = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let page = page(query.limit.as_deref(), query.cursor.as_deref())?;
    let (status, error) = (query.status()?, query.error()?);
    let filter = AttemptFilter {
        deliveries: DeliveryFilter {
            failed_once: error.is_some() || status.is_some_and(|(first, _)| first >= 300),
            ..query.whose(&app, scope).await?
        },
        status,
        error,
    };
    let listed = app.engine.store().attempts(scope, &filter, page).await?;
    let prefix = event_prefix(&app, scope);
    let shown = |(delivery, attempt): &(_, _)| AttemptOfDelivery::new(delivery, attempt, &prefix);
    Ok(Json(PageOf::between(
        listed.rows.iter().map(shown).collect(),
        cursor(Towards::Older, listed.next),
        cursor(Towards::Newer, listed.prev),
    )))
}

fn page(limit: Option<&str>, cursor: Option<&str>) -> Result<AttemptPage, Problem> {
    let cursor = cursor.map(Cursor::decode).transpose()?;
    let place = |cursor: Cursor| AttemptPlace {
        row: cursor.row,
        number: cursor.within,
    };
    Ok(AttemptPage {
        from: cursor.map(place),
        towards: cursor.map_or(Towards::Older, |cursor| cursor.towards),
        limit: items(limit)?,
    })
}

fn cursor(towards: Towards, place: Option<AttemptPlace>) -> Option<String> {
    let cursor = |place: AttemptPlace| Cursor {
        within: place.number,
        ..Cursor::new(towards, place.row)
    };
    place.map(|place| cursor(place).encode())
}

async fn of_delivery(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<PageOf<AttemptShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: OfDeliveryQuery = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let limit = items(query.limit.as_deref())?;
    let cursor = query.cursor.as_deref().map(Cursor::decode).transpose()?;
    let (row, created_at) = row(&id)?;
    let (_, mut attempts) = app.engine.store().delivery(scope, row, created_at).await?;
    let number = cursor.map_or(i64::MAX, |cursor| cursor.row);
    let all = attempts.len();
    match cursor.map(|cursor| cursor.towards) {
        None | Some(Towards::Older) => {
            attempts.retain(|attempt| i64::from(attempt.number) < number);
            attempts.drain(..attempts.len().saturating_sub(limit));
        }
        Some(Towards::Newer) => {
            attempts.retain(|attempt| i64::from(attempt.number) > number);
            attempts.truncate(limit);
        }
    }
    let first = attempts.first().map(|attempt| i64::from(attempt.number));
    let last = attempts.last().map(|attempt| i64::from(attempt.number));
    let older = first.filter(|number| *number > 1);
    let newer = last.filter(|number| *number < all as i64);
    attempts.reverse();
    Ok(Json(PageOf::between(
        attempts.iter().map(AttemptShown::new).collect(),
        older.map(|number| Cursor::new(Towards::Older, number).encode()),
        newer.map(|number| Cursor::new(Towards::Newer, number).encode()),
    )))
}
