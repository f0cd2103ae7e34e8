//! An endpoint's signing secret: shown in full, and replaced with an overlap.

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use hookwright_core::limits::{
    MANAGEMENT_BODY_BYTES_MAX, ROTATION_OVERLAP_S_DEFAULT, ROTATION_OVERLAP_S_MAX,
};
use hookwright_core::rotation::Mode;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::time::UnixMs;
use hookwright_store::{Credentials, Endpoint, EndpointUpdate, PreviousSecret};
use hookwright_wire::public_key;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::app::App;
use crate::endpoint_json::{EndpointInput, EndpointShown, SecretType, check_secret};
use crate::endpoints::formats::Formats;
use crate::endpoints::paths::{At, at_four};
use crate::endpoints::secrets::{given_twice, made};
use crate::endpoints::{self, Named};
use crate::paging::{self, ListQuery};
use crate::problem::Problem;
use crate::{body, times};

type QueryResult = Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>;

pub(crate) fn api() -> Api {
    let api = at_four!("get", "Secret", "/{id}/secret").into_iter().fold(
        Api::default(),
        |api, At { path, id }| {
            let doc = endpoints::writing(id, "Shows an endpoint's signing secret in full.");
            api.get(path, reveal, doc.answer::<Revealed>(200))
        },
    );
    let api = at_four!("end", "SecretOverlap", "/{id}/secret/previous")
        .into_iter()
        .fold(api, |api, At { path, id }| {
            let doc = endpoints::writing(id, "Ends the overlap of a rotation now.")
                .description(
                    "The secret before the last rotation counts no more; the new one alone signs. \
                     Where none counts, nothing changes.",
                )
                .answer::<EndpointShown>(200);
            api.delete(path, end_overlap, doc)
        });
    at_four!("rotate", "Secret", "/{id}/secret/rotate")
        .into_iter()
        .fold(api, |api, At { path, id }| {
            let doc = endpoints::writing(id, "Replaces an endpoint's signing secret.")
                .description(
                    "The old one counts until `switches_at`. Where the format can carry two signatures \
                     (`mode` is `both`) both sign until then; where it cannot (`cut_over`) the old one \
                     alone signs until then, and the new one alone from then on. While an overlap lasts, \
                     only a rotation without one is possible.",
                )
                .optional_body::<Rotate>()
                .answer::<Rotated>(200);
            api.post(path, rotate, doc)
        })
}

/// A rotation.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SecretRotation")]
struct Rotate {
    /// The new secret; without it, one is made.
    secret: Option<String>,
    /// What kind of secret is made; `hmac` if not said.
    secret_type: Option<SecretType>,
    /// How long the old one goes on counting, 0 to 604,800 seconds; 86,400 if not said.
    #[schemars(range(min = 0, max = 604_800))]
    overlap_seconds: Option<u64>,
}

/// A secret just made or given.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RotatedSecret")]
struct Rotated {
    /// The new secret.
    secret: String,
    /// What receivers verify with, where it is an ed25519 key.
    public_key: Option<String>,
    /// `both` sign until `switches_at`, or the old one alone does (`cut_over`).
    mode: &'static str,
    /// From then on the new one signs alone.
    switches_at: String,
    /// Until when the old one counts; `null` where there is none any more.
    previous_valid_until: Option<String>,
}

/// A secret in full.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Secret")]
struct Revealed {
    /// `null` where the endpoint has none.
    secret: Option<String>,
    /// What receivers verify with, where it is an ed25519 key.
    public_key: Option<String>,
    /// The secret before the last rotation, while it counts.
    previous_secret: Option<String>,
    previous_valid_until: Option<String>,
}

async fn reveal(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<Revealed>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsWrite).await?;
    caller.must_see_secrets()?;
    let query = paging::query(query)?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    let scope = endpoints::scope(&app, &caller, &named, &query)?;
    let endpoint = app.engine.store().endpoint(scope, named.id()).await?;
    let formats = Formats::of(
        &app,
        &project,
        &EndpointInput::default(),
        &endpoint.settings,
    )?;
    let secret = endpoint.secrets.first().cloned();
    let previous = living_previous(&endpoint, app.engine.now());
    Ok(Json(Revealed {
        public_key: secret
            .as_deref()
            .and_then(|secret| public_key(&formats.first, secret)),
        secret,
        previous_secret: previous.map(|it| it.secret.clone()),
        previous_valid_until: previous.map(|it| times::rfc3339(it.until)),
    }))
}

/// The secret before the last rotation, while it counts.
fn living_previous(endpoint: &Endpoint, now: UnixMs) -> Option<&PreviousSecret> {
    let previous = endpoint.credentials.previous.as_ref();
    previous.filter(|previous| now < previous.until)
}

async fn rotate(
    State(app): State<App>,
    Path(named): Path<Named>,
    query: QueryResult,
    request: Request,
) -> Result<Json<Rotated>, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::EndpointsWrite)
        .await?;
    let query = paging::query(query)?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    let scope = endpoints::scope(&app, &caller, &named, &query)?;
    let input: Rotate = body::json_or_nothing(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let overlap_s = overlap_s(&input)?;
    let id = named.id();
    let old = app.engine.store().endpoint(scope, id.clone()).await?;
    let now = app.engine.now();
    if let Some(living) = living_previous(&old, now)
        && overlap_s > 0
    {
        return Err(Problem::rotation_in_progress(&times::rfc3339(living.until)));
    }
    let formats = Formats::of(&app, &project, &EndpointInput::default(), &old.settings)?;
    let rules = formats.rules(&app);
    let secret = match (input.secret, input.secret_type) {
        (Some(_), Some(_)) => return Err(given_twice()),
        (Some(given), None) => given,
        (None, kind) => made(&app, &rules, kind.unwrap_or_default())?,
    };
    check_secret(&secret, &rules)?;
    let until = now.plus_ms(overlap_s * 1_000);
    let based_on = (old.secrets.clone(), old.credentials.clone());
    let previous = old.secrets.into_iter().next().filter(|_| overlap_s > 0);
    let previous = previous.map(|secret| PreviousSecret { secret, until });
    let valid_until = previous.as_ref().map(|_| times::rfc3339(until));
    let credentials = Credentials {
        previous,
        ..old.credentials
    };
    let update = EndpointUpdate {
        secrets: Some((vec![secret.clone()], credentials)),
        based_on: Some(based_on),
        ..EndpointUpdate::default()
    };
    let store = app.engine.store();
    let endpoint = store.update_endpoint(scope, id, update, now).await?;
    tracing::info!(endpoint = endpoint.public_id, "secret rotated");
    Ok(Json(Rotated {
        public_key: public_key(rules.profile, &secret),
        secret,
        mode: Mode::of(formats.carry_two_signatures()).as_str(),
        switches_at: valid_until.clone().unwrap_or_else(|| times::rfc3339(now)),
        previous_valid_until: valid_until,
    }))
}

async fn end_overlap(
    State(app): State<App>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Json<EndpointShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::EndpointsWrite).await?;
    let scope = endpoints::scope(&app, &caller, &named, &paging::query(query)?)?;
    let id = named.id();
    let store = app.engine.store();
    let old = store.endpoint(scope, id.clone()).await?;
    if old.credentials.previous.is_none() {
        return Ok(Json(endpoints::shown(&app, &old, false)));
    }
    let credentials = Credentials {
        previous: None,
        ..old.credentials.clone()
    };
    let update = EndpointUpdate {
        secrets: Some((old.secrets.clone(), credentials)),
        based_on: Some((old.secrets, old.credentials)),
        ..EndpointUpdate::default()
    };
    let now = app.engine.now();
    let endpoint = store.update_endpoint(scope, id, update, now).await?;
    tracing::info!(endpoint = endpoint.public_id, "secret's overlap ended");
    Ok(Json(endpoints::shown(&app, &endpoint, false)))
}

fn overlap_s(input: &Rotate) -> Result<u64, Problem> {
    let overlap_s = input.overlap_seconds.unwrap_or(ROTATION_OVERLAP_S_DEFAULT);
    if overlap_s > ROTATION_OVERLAP_S_MAX {
        let detail = format!("must be 0 to {ROTATION_OVERLAP_S_MAX} seconds");
        return Err(Problem::field("/overlap_seconds", detail));
    }
    Ok(overlap_s)
}
