//! The live stream: what happens, as server-sent events, for as long as the reader stays.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::encode;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_delivery::{Doing, DoingKind, Listener, NotListening, Told, Wanted};
use hookwright_store::StoreError;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::Caller;
use crate::event_list::event_prefix;
use crate::problem::Problem;
use crate::query::QueryText;
use crate::times;

/// How often a stream says that it lives, and its key is looked at again.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(crate) fn api() -> Api {
    let doc = Doc::new("streamEvents", "Statistics", "Tells what happens, as it happens.")
        .description(
            "Server-sent events: each `data` is a JSON object as below, with an `id` that counts from 1 on this connection; a comment every 15 seconds. Nothing is repeated after a reconnection. A reader that is too slow is told how many it missed, by `event: lagged` with `{\"missed\": n}`. Of several nodes, each tells what all do, what the others do up to a quarter of a second later; not behind a pooler, where each tells only what it does itself. At most 256 streams are open at once on a node. The stream ends when the server stops or the key no longer opens it. Events accepted need the scope \"events:read\" as well, and are not shown for an endpoint.",
        )
        .scope(KeyScope::DeliveriesRead)
        .query::<StreamQuery>()
        .any_answer(
            200,
            "text/event-stream",
            Some(|generator| generator.subschema_for::<StreamedDoing>()),
        );
    Api::default().get("/v1/stream", stream, doc)
}

/// What is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StreamQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// Of this account only.
    account_id: Option<String>,
    /// Of this endpoint only.
    endpoint_id: Option<String>,
    /// Which, separated by commas: accepted, attempted, delivered, failed. All that the key may see
    /// if not given.
    types: Option<String>,
}

/// One thing that happened.
#[derive(Serialize, JsonSchema)]
struct StreamedDoing {
    /// accepted: an event is on disk. attempted: a request was made. delivered: a delivery was
    /// acknowledged. failed: a delivery was given up.
    r#type: &'static str,
    /// When.
    at: String,
    event_id: String,
    event_type: String,
    #[serde(flatten)]
    delivery: Option<StreamedDelivery>,
}

/// The delivery that it is about.
#[derive(Serialize, JsonSchema)]
struct StreamedDelivery {
    delivery_id: String,
    /// Null where the endpoint is gone.
    endpoint_id: Option<String>,
    /// The attempt's number, from 1; null where none was made.
    attempt: Option<u32>,
    /// What the endpoint answered; null where it did not.
    status: Option<u16>,
    /// The class of failure; null where there was none.
    error: Option<&'static str>,
}

/// What a slow reader is told.
#[derive(Serialize)]
struct Lagged {
    missed: u64,
}

async fn stream(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Response, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: StreamQuery = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let kinds = kinds(&caller, query.types.as_deref())?;
    let endpoint_id = match query.endpoint_id {
        Some(id) => Some(app.engine.store().endpoint(scope, id).await?.id),
        None => None,
    };
    let wanted = Wanted {
        project_id: scope.project_id,
        account_id: scope.account_id,
        endpoint_id,
        kinds,
    };
    let listener = app.engine.listen(wanted).map_err(|error| match error {
        NotListening::Full => Problem::too_many_streams(),
        NotListening::Stopping => StoreError::Stopped("no new stream".to_owned()).into(),
    })?;
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = Reader {
        heartbeat,
        prefix: event_prefix(&app, scope),
        app,
        headers,
        listener,
        told: 0,
    };
    // Said at once, so that who listens knows that nothing is missed from here on.
    let opening = futures_util::stream::iter([Ok(Event::default().comment("listening"))]);
    let events = unfold(reader, |mut reader| async {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let all = futures_util::StreamExt::chain(opening, events);
    Ok(Sse::new(all).into_response())
}

struct Reader {
    heartbeat: Interval,
    app: App,
    headers: HeaderMap,
    prefix: String,
    listener: Listener,
    told: u64,
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        let told = tokio::select! {
            told = self.listener.next() => told?,
            _ = self.heartbeat.tick() => {
                // It may have been revoked, or have expired.
                let caller = self.app.caller(&self.headers, KeyScope::DeliveriesRead).await;
                return caller.ok().map(|_| Event::default().comment(""));
            }
        };
        let event = match told {
            Told::Missed(missed) => Event::default()
                .event("lagged")
                .json_data(Lagged { missed }),
            Told::Doing(doing) => {
                self.told += 1;
                let id = self.told.to_string();
                Event::default()
                    .id(id)
                    .json_data(show(&doing, &self.prefix))
            }
        };
        event.ok()
    }
}

fn kinds(caller: &Caller, types: Option<&str>) -> Result<Vec<DoingKind>, Problem> {
    let sees_events = caller.scopes.allows(KeyScope::EventsRead);
    let Some(types) = types else {
        let mut all = DoingKind::ALL.to_vec();
        all.retain(|kind| sees_events || *kind != DoingKind::Accepted);
        return Ok(all);
    };
    let parse = |word: &str| {
        DoingKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
    };
    let kinds: Option<Vec<_>> = types.split(',').map(parse).collect();
    let detail =
        "must be one or more of accepted, attempted, delivered, failed, separated by commas";
    let kinds = kinds.ok_or_else(|| Problem::query("types", detail))?;
    if kinds.contains(&DoingKind::Accepted) {
        caller.must(KeyScope::EventsRead)?;
    }
    Ok(kinds)
}

fn show(doing: &Doing, prefix: &str) -> StreamedDoing {
    let made_id = || encode(prefix, doing.event_accepted_at, doing.event_id.0);
    StreamedDoing {
        r#type: doing.kind.as_str(),
        at: times::rfc3339(doing.at),
        event_id: doing.event_given_id.clone().unwrap_or_else(made_id),
        event_type: doing.event_type.to_string(),
        delivery: doing.delivery.as_ref().map(|it| StreamedDelivery {
            delivery_id: encode("dlv_", it.created_at, it.id.0),
            endpoint_id: it.endpoint.clone(),
            attempt: it.attempt,
            status: it.status,
            error: it.error.map(ErrorClass::as_str),
        }),
    }
}
