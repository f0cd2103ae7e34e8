//! Wire profiles and their event types, to look at.

use axum::Json;
use axum::extract::{Path, State};
use hookwright_wire::{Acknowledge, Algorithm, Profile, Retry};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::paging::PageOf;
use crate::problem::Problem;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Profiles", summary);
    Api::default()
        .get(
            "/v1/profiles",
            list,
            doc(
                "listProfiles",
                "Lists the wire formats that this server speaks, all on one page.",
            )
            .answer::<PageOf<ProfileShown>>(200),
        )
        .get(
            "/v1/profiles/{name}",
            read,
            doc("getProfile", "Shows one wire format.").answer::<ProfileShown>(200),
        )
}

/// A wire format with its delivery policy.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Profile")]
struct ProfileShown {
    name: String,
    /// What people call it.
    title: String,
    /// The media type of what is sent.
    content_type: String,
    /// How the body is canonicalised where an endpoint does not say.
    canonical_json: &'static str,
    /// Plain http is refused.
    https_only: bool,
    /// An attempt's deadline, in milliseconds.
    timeout_ms: u32,
    acknowledged_by: AcknowledgedBy,
    /// The headers that it sets.
    headers: Vec<String>,
    retry: RetryShown,
    /// The share of each delay that chance may add; 0 keeps the times exactly.
    jitter: f64,
    event_types: Vec<ProfileEventType>,
    /// Whether an endpoint must have a signing secret.
    secret_required: bool,
    /// Whether an endpoint can be signed for with an ed25519 key pair.
    ed25519: bool,
    /// Whether two secrets can sign a request at once, as in a rotation.
    two_signatures: bool,
}

/// Which statuses acknowledge.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum AcknowledgedBy {
    /// `2xx`: any of them.
    Class(&'static str),
    /// Only these.
    Codes(Vec<u16>),
}

/// When failed attempts are made again.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum RetryShown {
    /// Between each attempt and the next.
    Gaps { gaps_ms: Vec<u64> },
    /// From the first failure.
    Offsets { offsets_ms: Vec<u64> },
    /// Growing gaps.
    Exponential {
        initial_ms: u64,
        multiplier: f64,
        max_attempts: u32,
        max_delay_ms: u64,
    },
}

/// An event type that comes with a format.
#[derive(Serialize, JsonSchema)]
struct ProfileEventType {
    name: String,
    description: String,
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Json<PageOf<ProfileShown>>, Problem> {
    app.any_caller(&headers).await?;
    let profiles = app.engine.profiles().iter();
    Ok(Json(PageOf::whole(
        profiles.map(|profile| show(profile)).collect(),
    )))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Json<ProfileShown>, Problem> {
    app.any_caller(&headers).await?;
    let profile = app
        .engine
        .profiles()
        .get(&name)
        .ok_or_else(|| Problem::not_found("profile"))?;
    Ok(Json(show(profile)))
}

fn catalogue(profile: &Profile) -> Vec<ProfileEventType> {
    let show = |info: &hookwright_wire::EventTypeInfo| ProfileEventType {
        name: info.name.clone(),
        description: info.description.clone(),
    };
    profile.catalogue.iter().map(show).collect()
}

fn show(profile: &Profile) -> ProfileShown {
    let retry = match profile.retry.plan.clone() {
        Retry::Gaps { gaps_ms } => RetryShown::Gaps { gaps_ms },
        Retry::Offsets { offsets_ms } => RetryShown::Offsets { offsets_ms },
        Retry::Exponential {
            initial_ms,
            multiplier,
            max_attempts,
            max_delay_ms,
        } => RetryShown::Exponential {
            initial_ms,
            multiplier,
            max_attempts,
            max_delay_ms,
        },
    };
    let spelled = |name: &str| profile.spelling(name).unwrap_or(name).to_owned();
    ProfileShown {
        name: profile.name.clone(),
        title: profile.title.clone(),
        content_type: profile.content_type.clone(),
        canonical_json: profile.canonical_json.as_str(),
        https_only: profile.https_only,
        timeout_ms: profile.timeout_ms,
        acknowledged_by: match &profile.acknowledge {
            Acknowledge::Success2xx => AcknowledgedBy::Class("2xx"),
            Acknowledge::Codes(codes) => AcknowledgedBy::Codes(codes.clone()),
        },
        headers: profile.own_headers().map(spelled).collect(),
        retry,
        jitter: profile.retry.jitter,
        event_types: catalogue(profile),
        secret_required: profile.secret.required,
        ed25519: (profile.signatures.iter()).any(|it| it.algorithm == Algorithm::Ed25519),
        two_signatures: profile.accepts_list(),
    }
}
