//! Events as they are looked at.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use hookwright_core::ids::{EventId, decode, encode};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{DeliveryFilter, Event, EventFilter, Listed, Page, Scope, StoreError};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::list_filter::EventsQuery;
use crate::paging::{Named, PageOf, page};
use crate::problem::Problem;
use crate::query::QueryText;
use crate::times;

/// Deliveries of an event that are counted at once.
const DELIVERIES_AT_ONCE: usize = 1_000;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Events", summary).scope(KeyScope::EventsRead);
    Api::default()
        .get(
            "/v1/events",
            list,
            doc("listEvents", "Lists events, newest first, without their payloads.")
                .description("A page may have fewer items than `limit`, even none, before the list's end: it looks at a bounded number of rows. The list goes on while `next_cursor` is not null.")
                .query::<EventsQuery>()
                .answer::<PageOf<EventShown>>(200),
        )
        .get(
            "/v1/events/{id}",
            read,
            doc("getEvent", "Shows an event with its payload.")
                .description(
                    "By the id that its publisher gave or the one that was made for it. The payload is shown to the byte as it was published; it is left out once retention has removed it.",
                )
                .query::<Named>()
                .answer::<EventShown>(200),
        )
}

/// An event as it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub(crate) struct EventShown {
    /// The id that its publisher gave, or the one that was made for it.
    id: String,
    r#type: String,
    account_id: String,
    /// When it happened (RFC 3339).
    time: String,
    /// As it was published; null if none was.
    subject: Option<Value>,
    trace: Option<String>,
    channels: Vec<String>,
    /// The publisher's own notes, by name.
    metadata: BTreeMap<String, String>,
    /// When its deliveries became due, if not at once (RFC 3339).
    deliver_at: Option<String>,
    /// How many deliveries it was accepted with.
    deliveries: u32,
    /// When it was accepted (RFC 3339).
    created_at: String,
    /// How many of its deliveries are in each state, replayed ones included; only where one event is
    /// shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_states: Option<BTreeMap<&'static str, u32>>,
    /// The payload, to the byte as it was published; only where one event is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub(crate) data: Option<Box<RawValue>>,
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<EventShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::EventsRead).await?;
    let query: EventsQuery = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let page = page(query.limit.as_deref(), query.cursor.as_deref())?;
    let filter = query.filter()?;
    let page = match &query.id {
        Some(id) => the_one(&app, scope, id, &filter).await?,
        None => app.engine.store().events(scope, filter, page).await?,
    };
    let prefix = event_prefix(&app, scope);
    Ok(Json(PageOf::new(page, |event| show(event, &prefix))))
}

/// The event of an id, if there is one and it fits.
async fn the_one(
    app: &App,
    scope: Scope,
    id: &str,
    filter: &EventFilter,
) -> Result<Listed<Event>, Problem> {
    let found = match find(app, scope, id).await {
        Err(problem) if problem.is_not_found() => None,
        found => Some(found?),
    };
    Ok(Listed {
        rows: found
            .into_iter()
            .filter(|event| filter.takes(event))
            .collect(),
        next: None,
        prev: None,
    })
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<EventShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::EventsRead).await?;
    let query: Named = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let event = find(&app, scope, &id).await?;
    Ok(Json(EventShown {
        delivery_states: Some(states(&app, scope, &event).await?),
        data: payload(&event),
        ..show(&event, &event_prefix(&app, scope))
    }))
}

/// Its deliveries, counted as they are listed: as many as endpoints received it.
async fn states(
    app: &App,
    scope: Scope,
    event: &Event,
) -> Result<BTreeMap<&'static str, u32>, Problem> {
    let mut states = BTreeMap::new();
    let mut page = Page::newest(DELIVERIES_AT_ONCE);
    loop {
        let filter = DeliveryFilter {
            event_id: Some(event.id),
            ..DeliveryFilter::default()
        };
        let listed = app.engine.store().deliveries(scope, filter, page).await?;
        for delivery in &listed.rows {
            *states.entry(delivery.state.as_str()).or_default() += 1;
        }
        let Some(next) = listed.next else {
            return Ok(states);
        };
        page.before = Some(next);
    }
}

fn payload(event: &Event) -> Option<Box<RawValue>> {
    raw(event.payload.as_ref()?)
}

/// Raw, so that nothing of it changes.
pub(crate) fn raw(payload: &[u8]) -> Option<Box<RawValue>> {
    let text = std::str::from_utf8(payload).ok()?;
    RawValue::from_string(text.to_owned()).ok()
}

/// An event by the id that was made for it, or the one that its publisher gave.
pub(crate) async fn find(app: &App, scope: Scope, id: &str) -> Result<Event, Problem> {
    let store = app.engine.store();
    let made = match decode(id) {
        Some((accepted_at, row)) => store.event(scope, EventId(row), accepted_at).await,
        None => Err(StoreError::NotFound),
    };
    match made {
        Err(StoreError::NotFound) => match store.event_by_given_id(scope, id.to_owned()).await {
            Err(StoreError::NotFound) => Err(Problem::not_found("event")),
            found => Ok(found?),
        },
        found => Ok(found?),
    }
}

/// What the ids of a project's events begin with.
pub(crate) fn event_prefix(app: &App, scope: Scope) -> String {
    let project = app.engine.project(scope.project_id);
    let profile = project.and_then(|project| app.engine.profiles().get(&project.profile).cloned());
    profile.map_or_else(|| "evt_".to_owned(), |profile| profile.ids.event.clone())
}

pub(crate) fn show(event: &Event, prefix: &str) -> EventShown {
    let subject = event.subject.as_deref();
    let made = || encode(prefix, event.accepted_at, event.id.0);
    EventShown {
        id: event.given_id.clone().unwrap_or_else(made),
        r#type: event.event_type.clone(),
        account_id: event.account_public_id.clone(),
        time: times::rfc3339(event.time),
        subject: subject.and_then(|raw| serde_json::from_str(raw).ok()),
        trace: event.trace.clone(),
        channels: event.channels.clone(),
        metadata: event.metadata.clone(),
        deliver_at: event.deliver_at.map(times::rfc3339),
        deliveries: event.fanout,
        created_at: times::rfc3339(event.accepted_at),
        delivery_states: None,
        data: None,
    }
}
