//! Deliveries: looked at with all their attempts, and resent.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::{DeliveryId, decode};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::time::UnixMs;
use hookwright_store::{EndpointStatus, Scope, StoreError};
use http::{HeaderMap, StatusCode};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::delivery_shown::{AttemptShown, DeliveryShown, DeliveryWithAttempts};
use crate::event_list::event_prefix;
use crate::list_filter::DeliveriesQuery;
use crate::paging::{Named, PageOf, page};
use crate::problem::Problem;
use crate::query::QueryText;
use crate::times;

/// What lists promise of their pages.
pub(crate) const PAGES: &str = "A page may have fewer items than `limit`, even none, before the list's end: it looks at a bounded number of rows. The list goes on while `next_cursor` is not null. By `error`, or by a status of 300 or more, deliveries that were delivered after all are found only if `state` names them.";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Deliveries", summary);
    Api::default()
        .get(
            "/v1/deliveries",
            list,
            doc("listDeliveries", "Lists deliveries, newest first.")
                .description(PAGES)
                .scope(KeyScope::DeliveriesRead)
                .query::<DeliveriesQuery>()
                .answer::<PageOf<DeliveryShown>>(200),
        )
        .get(
            "/v1/deliveries/{id}",
            read,
            doc("getDelivery", "Shows a delivery with its attempts.")
                .scope(KeyScope::DeliveriesRead)
                .query::<Named>()
                .answer::<DeliveryWithAttempts>(200),
        )
        .post(
            "/v1/deliveries/{id}/resend",
            resend,
            doc("resendDelivery", "Makes one attempt now, beside the schedule.")
                .description(
                    "It can end the delivery only by success: the automatic retries go on as if it had not been made. Answers the delivery as it was before.",
                )
                .scope(KeyScope::DeliveriesWrite)
                .query::<Named>()
                .answer::<DeliveryWithAttempts>(202),
        )
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<DeliveryShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: DeliveriesQuery = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let filter = query.filter(&app, scope).await?;
    let page = page(query.limit.as_deref(), query.cursor.as_deref())?;
    let page = app.engine.store().deliveries(scope, filter, page).await?;
    let prefix = event_prefix(&app, scope);
    Ok(Json(PageOf::new(page, |delivery| {
        DeliveryShown::new(delivery, &prefix)
    })))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<DeliveryWithAttempts>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: Named = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    Ok(Json(whole(&app, scope, &id).await?))
}

/// One attempt now, beside the schedule: it can end the delivery only by success.
async fn resend(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Response, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesWrite).await?;
    let query: Named = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let (row, _) = row(&id)?;
    let shown = whole(&app, scope, &id).await?;
    must_take_requests(&app, scope, &shown.delivery.endpoint_id).await?;
    let claimed = app
        .engine
        .store()
        .resend(scope, row, app.engine.now())
        .await?;
    app.engine.send_now(claimed);
    tracing::info!(delivery = id, "delivery resent");
    Ok((StatusCode::ACCEPTED, Json(shown)).into_response())
}

/// A resend to an endpoint that gets nothing would be a promise that nobody keeps.
async fn must_take_requests(app: &App, scope: Scope, endpoint: &str) -> Result<(), Problem> {
    match app
        .engine
        .store()
        .endpoint(scope, endpoint.to_owned())
        .await
    {
        Ok(endpoint) if endpoint.status == EndpointStatus::Disabled => {
            Err(Problem::endpoint_disabled("disabled; enable it first"))
        }
        Ok(_) => Ok(()),
        Err(StoreError::NotFound) => Err(Problem::endpoint_disabled(
            "deleted; publish the event again to another one",
        )),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn row(id: &str) -> Result<(DeliveryId, UnixMs), Problem> {
    let code = id.strip_prefix("dlv_").and_then(decode);
    code.map(|(at, row)| (DeliveryId(row), at))
        .ok_or_else(|| Problem::not_found("delivery"))
}

pub(crate) async fn whole(
    app: &App,
    scope: Scope,
    id: &str,
) -> Result<DeliveryWithAttempts, Problem> {
    let (row, created_at) = row(id)?;
    let (delivery, attempts) = app.engine.store().delivery(scope, row, created_at).await?;
    let planned = app.engine.planned_attempts(&delivery);
    Ok(DeliveryWithAttempts {
        delivery: DeliveryShown::new(&delivery, &event_prefix(app, scope)),
        attempt_list: attempts.iter().map(AttemptShown::new).collect(),
        planned_attempts: planned.into_iter().map(times::rfc3339).collect(),
    })
}
