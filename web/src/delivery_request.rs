//! The request of an attempt, made again: bodies are not kept.

use axum::Json;
use axum::extract::{Path, State};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_delivery::NotMadeAgain;
use hookwright_store::Attempt;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::deliveries::row;
use crate::problem::Problem;
use crate::query::QueryText;
use crate::times;

pub(crate) fn api() -> Api {
    Api::default().get(
        "/v1/deliveries/{id}/request",
        request,
        Doc::new(
            "getDeliveryRequest",
            "Deliveries",
            "Shows what an attempt sent: its body is made again.",
        )
        .description(
            "Bodies are not kept. This one is made from the payload at the attempt's time, in the format that the endpoint has now. `is_exact` says whether it is, to the byte, what was sent. 410 `request_gone` once retention has removed the payload, or the endpoint was deleted.",
        )
        .scope(KeyScope::DeliveriesRead)
        .query::<RequestQuery>()
        .answer::<RequestShown>(200),
    )
}

/// Which attempt's request is asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RequestQuery {
    /// The project, where the key is a root key.
    project_id: Option<String>,
    /// The account, where the key is not an account's.
    account_id: Option<String>,
    /// The attempt's number; the last one's, if not given. A delivery without attempts has the
    /// request that would be made now.
    #[schemars(with = "Option<u32>", range(min = 1))]
    attempt: Option<String>,
}

/// A request, made again.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeliveryRequest")]
struct RequestShown {
    /// The attempt's number; null where none was made yet.
    attempt: Option<u32>,
    method: &'static str,
    /// Where the endpoint is now.
    url: String,
    /// When it was made, or would be (RFC 3339).
    at: String,
    /// The body, as text.
    body: String,
    /// Whether the body is, to the byte, what was sent: its signature is the one that was sent. False
    /// where the endpoint's settings or secret have changed since, or the format holds a random
    /// number; null where nothing was sent.
    is_exact: Option<bool>,
}

async fn request(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<RequestShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: RequestQuery = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let (row, created_at) = row(&id)?;
    let store = app.engine.store();
    let (delivery, attempts) = store.delivery(scope, row, created_at).await?;
    let attempt = chosen(&attempts, query.attempt.as_deref())?;
    let event = store
        .event(scope, delivery.event_id, delivery.event_accepted_at)
        .await?;
    let at = attempt.map_or_else(|| app.engine.now(), |attempt| attempt.started_at);
    let made = app.engine.request_again(delivery.endpoint_id, &event, at);
    let made = made.map_err(gone)?;
    let sent = attempt.map(|attempt| &*attempt.request_headers);
    let sent = sent.filter(|lines| !lines.is_empty());
    Ok(Json(RequestShown {
        attempt: attempt.map(|attempt| attempt.number),
        method: "POST",
        at: times::rfc3339(at),
        is_exact: sent.map(|lines| made.headers.iter().all(|header| is_among(lines, header))),
        body: String::from_utf8_lossy(&made.body).into_owned(),
        url: made.url,
    }))
}

fn chosen<'a>(
    attempts: &'a [Attempt],
    number: Option<&str>,
) -> Result<Option<&'a Attempt>, Problem> {
    let Some(text) = number else {
        return Ok(attempts.last());
    };
    let number: u32 = text
        .parse()
        .map_err(|_| Problem::query("attempt", "must be an attempt's number, from 1"))?;
    let found = attempts.iter().find(|attempt| attempt.number == number);
    found.map(Some).ok_or_else(|| Problem::not_found("attempt"))
}

/// Whether a header was sent with this very value.
fn is_among(lines: &str, (name, value): &(String, String)) -> bool {
    lines.lines().any(|line| {
        line.split_once(": ")
            .is_some_and(|(own, sent)| own == name && sent == value)
    })
}

fn gone(why: NotMadeAgain) -> Problem {
    Problem::request_gone(match why {
        NotMadeAgain::EndpointDeleted => {
            "the endpoint was deleted, and the format and secret that it was made with are gone"
        }
        NotMadeAgain::PayloadGone => "retention has removed the payload that it was made of",
        NotMadeAgain::Unfit => {
            "the payload cannot be put into the format that the endpoint has now"
        }
    })
}
