//! Events and deliveries as lines of JSON: all that a filter takes, page by page, in one answer.

use std::collections::{BTreeMap, HashMap};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use hookwright_core::limits::{EXPORT_ITEMS_AT_ONCE_MAX, EXPORT_PAYLOADS_AT_ONCE_MAX};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{
    Attempt, Delivery, DeliveryFilter, Event, EventFilter, Listed, Page, Scope, StoreError,
};
use http::{HeaderMap, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::delivery_shown::{AttemptShown, DeliveryShown};
use crate::event_list::{event_prefix, raw, show};
use crate::list_filter::{DeliveriesQuery, EventsQuery};
use crate::problem::Problem;
use crate::query::QueryText;

const NDJSON: &str = "application/x-ndjson";

const ABOUT: &str = "One JSON object on each line, each line ended by a newline; read page by page, so that what changes meanwhile may be seen as before or after. If reading fails midway the connection breaks before the answer's end: begin anew, or go on with `created_after`.";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Export", summary).description(ABOUT);
    Api::default()
        .get(
            "/v1/events/export",
            events,
            doc("exportEvents", "Exports events as NDJSON.")
                .scope(KeyScope::EventsRead)
                .query::<EventExportQuery>()
                .any_answer(200, NDJSON, None),
        )
        .get(
            "/v1/deliveries/export",
            deliveries,
            doc("exportDeliveries", "Exports deliveries as NDJSON.")
                .scope(KeyScope::DeliveriesRead)
                .query::<DeliveryExportQuery>()
                .any_answer(200, NDJSON, None),
        )
}

/// Which events are exported.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventExportQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// Of this account.
    account_id: Option<String>,
    /// Of this type, or as `user.*` of all types that begin so.
    r#type: Option<String>,
    /// Published on this channel, among others.
    channel: Option<String>,
    /// With this subject: text as it is, anything else as JSON.
    subject: Option<String>,
    /// Accepted then or later (RFC 3339).
    created_after: Option<String>,
    /// Accepted before then (RFC 3339).
    created_before: Option<String>,
    /// With these notes, each as `metadata[NAME]=VALUE`.
    metadata: Option<BTreeMap<String, String>>,
    /// `oldest` or `newest` first; newest if not given.
    order: Option<String>,
    /// `payload`: with their payloads.
    include: Option<String>,
}

impl EventExportQuery {
    /// As a list is asked for.
    fn list(self) -> EventsQuery {
        EventsQuery {
            project_id: self.project_id,
            account_id: self.account_id,
            r#type: self.r#type,
            channel: self.channel,
            subject: self.subject,
            created_after: self.created_after,
            created_before: self.created_before,
            metadata: self.metadata,
            ..EventsQuery::default()
        }
    }
}

/// Which deliveries are exported.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryExportQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// Of this account.
    account_id: Option<String>,
    /// To this endpoint.
    endpoint_id: Option<String>,
    /// Of this event.
    event_id: Option<String>,
    /// Of events of this type, or as `user.*` of all types that begin so.
    event_type: Option<String>,
    /// Deliveries in these states, with commas between them: pending, retrying, held, delivered,
    /// failed, cancelled.
    state: Option<String>,
    /// Last answered with a status of this class: 2xx, 3xx, 4xx or 5xx.
    status_class: Option<String>,
    /// Last answered with this status.
    #[schemars(with = "Option<u16>", range(min = 100, max = 599))]
    status_code: Option<String>,
    /// Last failed with this class, as `timeout`.
    error: Option<String>,
    /// Deliveries made then or later (RFC 3339).
    created_after: Option<String>,
    /// Deliveries made before then (RFC 3339).
    created_before: Option<String>,
    /// `oldest` or `newest` first; newest if not given.
    order: Option<String>,
    /// `attempts`: with their attempts.
    include: Option<String>,
}

impl DeliveryExportQuery {
    /// As a list is asked for.
    fn list(self) -> DeliveriesQuery {
        DeliveriesQuery {
            project_id: self.project_id,
            account_id: self.account_id,
            endpoint_id: self.endpoint_id,
            event_id: self.event_id,
            event_type: self.event_type,
            state: self.state,
            status_class: self.status_class,
            status_code: self.status_code,
            error: self.error,
            created_after: self.created_after,
            created_before: self.created_before,
            ..DeliveriesQuery::default()
        }
    }
}

/// A delivery's line.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    delivery: DeliveryShown,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt_list: Option<Vec<AttemptShown>>,
}

async fn events(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Response, Problem> {
    let caller = app.caller(&headers, KeyScope::EventsRead).await?;
    let query: EventExportQuery = query.read()?;
    let with_payloads = included(query.include.as_deref(), "payload")?;
    let page = first_page(
        query.order.as_deref(),
        if with_payloads {
            EXPORT_PAYLOADS_AT_ONCE_MAX
        } else {
            EXPORT_ITEMS_AT_ONCE_MAX
        },
    )?;
    let query = query.list();
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let export = Events {
        prefix: event_prefix(&app, scope),
        app,
        scope,
        filter: query.filter()?,
        with_payloads,
    };
    let lines = try_unfold((export, Some(page)), |(export, page)| async move {
        let Some(page) = page else { return Ok(None) };
        let (lines, next) = export.lines(page).await?;
        Ok::<_, StoreError>(Some((lines, (export, next))))
    });
    Ok(([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response())
}

async fn deliveries(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Response, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: DeliveryExportQuery = query.read()?;
    let with_attempts = included(query.include.as_deref(), "attempts")?;
    let page = first_page(query.order.as_deref(), EXPORT_ITEMS_AT_ONCE_MAX)?;
    let query = query.list();
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let export = Deliveries {
        prefix: event_prefix(&app, scope),
        scope,
        filter: query.filter(&app, scope).await?,
        app,
        with_attempts,
    };
    let lines = try_unfold((export, Some(page)), |(export, page)| async move {
        let Some(page) = page else { return Ok(None) };
        let (lines, next) = export.lines(page).await?;
        Ok::<_, StoreError>(Some((lines, (export, next))))
    });
    Ok(([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response())
}

struct Events {
    app: App,
    scope: Scope,
    prefix: String,
    filter: EventFilter,
    with_payloads: bool,
}

impl Events {
    async fn lines(&self, page: Page) -> Result<(Bytes, Option<Page>), StoreError> {
        let store = self.app.engine.store();
        let listed = store.events(self.scope, self.filter.clone(), page).await?;
        let mut payloads = HashMap::new();
        if self.with_payloads {
            let ids = listed.rows.iter().map(|event| event.id).collect();
            payloads.extend(store.payloads(self.scope, ids).await?);
        }
        let line = |event: &Event| {
            let mut shown = show(event, &self.prefix);
            shown.data = payloads.get(&event.id).and_then(|payload| raw(payload));
            shown
        };
        let next = next_page(page, &listed);
        Ok((lines(in_order(page, listed).iter().map(line))?, next))
    }
}

struct Deliveries {
    app: App,
    scope: Scope,
    prefix: String,
    filter: DeliveryFilter,
    with_attempts: bool,
}

impl Deliveries {
    async fn lines(&self, page: Page) -> Result<(Bytes, Option<Page>), StoreError> {
        let store = self.app.engine.store();
        let listed = store
            .deliveries(self.scope, self.filter.clone(), page)
            .await?;
        let mut attempts = HashMap::new();
        if self.with_attempts {
            let ids = listed.rows.iter().map(|delivery| delivery.id).collect();
            attempts.extend(store.attempts_of(self.scope, ids).await?);
        }
        let shown = |attempts: &Vec<Attempt>| attempts.iter().map(AttemptShown::new).collect();
        let line = |delivery: &Delivery| Line {
            delivery: DeliveryShown::new(delivery, &self.prefix),
            attempt_list: attempts.get(&delivery.id).map(shown),
        };
        let next = next_page(page, &listed);
        Ok((lines(in_order(page, listed).iter().map(line))?, next))
    }
}

fn included(include: Option<&str>, word: &str) -> Result<bool, Problem> {
    match include {
        None => Ok(false),
        Some(include) if include == word => Ok(true),
        Some(_) => Err(Problem::query("include", &format!("must be {word}"))),
    }
}

fn first_page(order: Option<&str>, limit: usize) -> Result<Page, Problem> {
    let page = Page::newest(limit);
    match order {
        None | Some("newest") => Ok(page),
        Some("oldest") => Ok(Page {
            after: Some(0),
            ..page
        }),
        Some(_) => Err(Problem::query("order", "must be newest or oldest")),
    }
}

/// The page after this one, the same way.
fn next_page<T>(page: Page, listed: &Listed<T>) -> Option<Page> {
    match page.after {
        None => listed.next.map(|row| Page {
            before: Some(row),
            ..page
        }),
        Some(_) => listed.prev.map(|row| Page {
            after: Some(row),
            ..page
        }),
    }
}

/// Pages are newest first, whichever way they are walked.
fn in_order<T>(page: Page, listed: Listed<T>) -> Vec<T> {
    let mut rows = listed.rows;
    if page.after.is_some() {
        rows.reverse();
    }
    rows
}

fn lines<T: Serialize>(items: impl Iterator<Item = T>) -> Result<Bytes, StoreError> {
    let mut lines = Vec::new();
    for item in items {
        serde_json::to_writer(&mut lines, &item)
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}
