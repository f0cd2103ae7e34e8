//! Deliveries that are withdrawn before they were delivered: one, or all that a filter takes.

use axum::Json;
use axum::extract::{Path, Request, State};
use hookwright_core::limits::{
    CANCELLED_AT_ONCE_MAX, CANCELLED_PER_CALL_MAX, MANAGEMENT_BODY_BYTES_MAX,
};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::state::DeliveryState;
use hookwright_store::Page;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::body;
use crate::deliveries::{row, whole};
use crate::delivery_shown::DeliveryWithAttempts;
use crate::list_filter::DeliveriesQuery;
use crate::paging::Named;
use crate::problem::Problem;
use crate::query::QueryText;

/// Pages of the list that one call walks: where little fits, a page may be empty.
const PAGES_MAX: usize = 100;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Deliveries", summary).scope(KeyScope::DeliveriesWrite);
    Api::default()
        .post(
            "/v1/deliveries/{id}/cancel",
            cancel_one,
            doc("cancelDelivery", "Cancels a delivery that is not finished.")
                .description("It is not sent any more. A request that is under way may still arrive: it is recorded, and if it is acknowledged, the delivery is delivered after all. A cancelled delivery can be resent. 409 `already_finished` if it was delivered, failed or was cancelled before.")
                .query::<Named>()
                .answer::<DeliveryWithAttempts>(200),
        )
        .post(
            "/v1/deliveries/cancel",
            cancel_many,
            doc("cancelDeliveries", "Cancels the unfinished deliveries of an endpoint or of an event.")
                .description("At most 10,000 in one call; while `more` is true, call again. Deliveries made meanwhile may be left out.")
                .query::<Named>()
                .body::<Cancel>()
                .answer::<Cancelled>(200),
        )
}

/// Which deliveries are cancelled: `endpoint_id` or `event_id` must be given.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cancel {
    /// To this endpoint.
    endpoint_id: Option<String>,
    /// Of this event.
    event_id: Option<String>,
    /// In these states, with commas between them: pending, retrying, held. All of them if not given.
    state: Option<String>,
    /// Of events of this type, or as `user.*` of all types that begin so.
    event_type: Option<String>,
    /// Made then or later (RFC 3339).
    created_after: Option<String>,
    /// Made before then (RFC 3339).
    created_before: Option<String>,
}

/// What was cancelled.
#[derive(Serialize, JsonSchema)]
struct Cancelled {
    /// How many.
    cancelled: usize,
    /// Whether there may be more: call again.
    more: bool,
}

async fn cancel_one(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<DeliveryWithAttempts>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesWrite).await?;
    let query: Named = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    // Found by its whole id first: a row alone is no proof of knowing it.
    whole(&app, scope, &id).await?;
    let (row, _) = row(&id)?;
    let store = app.engine.store();
    let cancelled = store.cancel(scope, vec![row], app.engine.now()).await?;
    if cancelled.is_empty() {
        return Err(Problem::already_finished());
    }
    app.engine.cancelled(cancelled);
    tracing::info!(delivery = id, "delivery cancelled");
    Ok(Json(whole(&app, scope, &id).await?))
}

async fn cancel_many(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Json<Cancelled>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::DeliveriesWrite)
        .await?;
    let named: Named = query.read()?;
    let scope = app.scope(
        &caller,
        named.project_id.as_deref(),
        named.account_id.as_deref(),
    )?;
    let input: Cancel = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let filter = asked(input)?.whose(&app, scope).await?;
    let live = |state: &DeliveryState| state.is_live();
    let mut filter = filter;
    if filter.states.is_empty() {
        filter.states = DeliveryState::ALL.into_iter().filter(live).collect();
    }
    if !filter.states.iter().all(live) {
        let detail = "must be pending, retrying or held: what is finished is not cancelled";
        return Err(Problem::field("/state", detail));
    }
    let mut done = Cancelled {
        cancelled: 0,
        more: true,
    };
    let mut page = Page::newest(CANCELLED_AT_ONCE_MAX);
    for _ in 0..PAGES_MAX {
        let store = app.engine.store();
        let listed = store.deliveries(scope, filter.clone(), page).await?;
        let ids = listed.rows.iter().map(|delivery| delivery.id).collect();
        let cancelled = store.cancel(scope, ids, app.engine.now()).await?;
        done.cancelled += cancelled.len();
        app.engine.cancelled(cancelled);
        page.before = listed.next;
        done.more = listed.next.is_some();
        if !done.more || done.cancelled + CANCELLED_AT_ONCE_MAX > CANCELLED_PER_CALL_MAX {
            break;
        }
    }
    tracing::info!(deliveries = done.cancelled, "deliveries cancelled");
    Ok(Json(done))
}

/// As a list is asked for.
fn asked(input: Cancel) -> Result<DeliveriesQuery, Problem> {
    if input.endpoint_id.is_none() && input.event_id.is_none() {
        let detail = "name the endpoint or the event (`event_id`) whose deliveries are cancelled";
        return Err(Problem::field("/endpoint_id", detail));
    }
    Ok(DeliveriesQuery {
        endpoint_id: input.endpoint_id,
        event_id: input.event_id,
        state: input.state,
        event_type: input.event_type,
        created_after: input.created_after,
        created_before: input.created_before,
        ..DeliveriesQuery::default()
    })
}
