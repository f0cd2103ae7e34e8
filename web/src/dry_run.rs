//! What would become of an event, endpoint by endpoint, and why? Nothing is stored and nothing sent.

use axum::Json;
use axum::extract::{Path, Request, State};
use hookwright_core::limits::EVENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::wants::{Concern, Offered};
use hookwright_delivery::{Verdict, Would, explain};
use hookwright_store::{DEFAULT_ACCOUNT, Endpoint, EndpointStatus, KeyOwner, Scope};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::body;
use crate::event_input::EventInput;
use crate::event_list::find;
use crate::events::check_content;
use crate::paging::{List, PageOf, page};
use crate::problem::Problem;
use crate::query::QueryText;

pub(crate) fn api() -> Api {
    Api::default()
        .post(
            "/v1/events/dry-run",
            dry_run,
            Doc::new("dryRunEvent", "Events", "Says what would become of an event, and why.")
                .description(
                    "Takes what publishing takes. Nothing is stored and nothing is sent. Answers for each endpoint of the account, newest first.",
                )
                .scope(KeyScope::EndpointsRead)
                .query::<List>()
                .body::<EventInput<'static>>()
                .answer::<PageOf<EndpointMatch>>(200),
        )
        .get(
            "/v1/events/{id}/matches",
            matches,
            Doc::new("listEventMatches", "Events", "Says which endpoints would get an event today, and why.")
                .description(
                    "Asks the endpoints of the event's account as they are now, newest first. Needs the scope `endpoints:read` as well.",
                )
                .scope(KeyScope::EventsRead)
                .query::<List>()
                .answer::<PageOf<EndpointMatch>>(200),
        )
}

/// What would become of an event at an endpoint.
#[derive(Serialize, JsonSchema)]
struct EndpointMatch {
    endpoint_id: String,
    /// `deliver`; `hold`: the endpoint is paused, and the delivery would wait; `fail`: the endpoint
    /// is disabled; `skip`: there would be no delivery; `unknown`: the payload is not kept any more.
    would: &'static str,
    /// Everything that was asked, in this order: status, event_type, channels, filter.
    reasons: Vec<MatchReason>,
}

/// What was asked, and what speaks for or against the event.
#[derive(Serialize, JsonSchema)]
struct MatchReason {
    /// `status`, `event_type`, `channels` or `filter`.
    about: &'static str,
    /// Whether it speaks for a delivery; null if it cannot be known.
    passed: Option<bool>,
    /// In words.
    detail: String,
    /// Of a filter: the condition that is not met, as a JSON pointer into it.
    pointer: Option<String>,
}

/// An event, as far as it is asked about.
struct Event {
    event_type: String,
    channels: Vec<String>,
    payload: Option<Value>,
}

async fn dry_run(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Json<PageOf<EndpointMatch>>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::EndpointsRead)
        .await?;
    body::must_be_json(request.headers())?;
    let query: List = query.read()?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    let bytes = body::read(request, EVENT_BODY_BYTES_MAX).await?;
    let input: EventInput<'_> = body::parse(&bytes)?;
    input.check()?;
    let named = [
        input.account_id.as_deref(),
        query.account_id.as_deref(),
        None,
    ];
    let named = app.one_account(&caller, project.id, named)?;
    check_content(&app, &project, named, &input)?;
    input.time()?;
    input.deliver_at(app.engine.now(), true)?;
    // Publishing would make an account that is not there; this makes nothing.
    let account = match (caller.owner, named) {
        (KeyOwner::Account(_, own), None) => own,
        (_, named) => app.account_seen_by(&caller, project.id, named.unwrap_or(DEFAULT_ACCOUNT))?,
    };
    let event = Event {
        payload: serde_json::from_str(input.data.get()).ok(),
        event_type: input.event_type.into_owned(),
        channels: input.channels,
    };
    let scope = Scope {
        project_id: project.id,
        account_id: Some(account),
    };
    all(&app, scope, event, &query).await
}

async fn matches(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<PageOf<EndpointMatch>>, Problem> {
    let caller = app.caller(&headers, KeyScope::EventsRead).await?;
    caller.must(KeyScope::EndpointsRead)?;
    let query: List = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let found = find(&app, scope, &id).await?;
    let payload = found.payload.as_ref();
    let event = Event {
        payload: payload.and_then(|payload| serde_json::from_slice(payload).ok()),
        event_type: found.event_type,
        channels: found.channels,
    };
    let scope = Scope {
        account_id: Some(found.account_id),
        ..scope
    };
    all(&app, scope, event, &query).await
}

async fn all(
    app: &App,
    scope: Scope,
    event: Event,
    query: &List,
) -> Result<Json<PageOf<EndpointMatch>>, Problem> {
    let page = page(query.limit.as_deref(), query.cursor.as_deref())?;
    let found = app.engine.store().endpoints(scope, page).await?;
    // A page of costly filters takes longer than other requests should wait.
    let judged = tokio::task::spawn_blocking(move || PageOf::new(found, |it| judge(it, &event)));
    judged
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error.to_string()))
}

fn judge(endpoint: &Endpoint, event: &Event) -> EndpointMatch {
    let offered = Offered {
        event_type: &event.event_type,
        channels: &event.channels,
        payload: event.payload.as_ref(),
    };
    let endpoint_id = endpoint.public_id.clone();
    let mut reasons = vec![about_status(endpoint)];
    match explain(endpoint, offered) {
        Ok(Verdict {
            would,
            reasons: all,
        }) => {
            reasons.extend(all.into_iter().map(|reason| MatchReason {
                about: match reason.concern {
                    Concern::EventType => "event_type",
                    Concern::Channels => "channels",
                    Concern::Filter => "filter",
                },
                passed: reason.speaks_for,
                detail: reason.detail,
                pointer: reason.pointer,
            }));
            EndpointMatch {
                endpoint_id,
                would: word(would),
                reasons,
            }
        }
        // Settings of another version: the publish path leaves such an endpoint out as well.
        Err(detail) => {
            reasons.push(MatchReason {
                about: "event_type",
                passed: Some(false),
                detail: format!("its settings cannot be read: {detail}"),
                pointer: None,
            });
            EndpointMatch {
                endpoint_id,
                would: word(Would::Skip),
                reasons,
            }
        }
    }
}

fn about_status(endpoint: &Endpoint) -> MatchReason {
    let detail = match endpoint.status {
        EndpointStatus::Active => "the endpoint is active",
        EndpointStatus::Paused => "the endpoint is paused: its deliveries wait until it is enabled",
        EndpointStatus::Disabled => "the endpoint is disabled: its deliveries fail at once",
    };
    MatchReason {
        about: "status",
        passed: Some(endpoint.status == EndpointStatus::Active),
        detail: detail.to_owned(),
        pointer: None,
    }
}

const fn word(would: Would) -> &'static str {
    match would {
        Would::Deliver => "deliver",
        Would::Hold => "hold",
        Would::Fail => "fail",
        Would::Skip => "skip",
        Would::Unknown => "unknown",
    }
}
