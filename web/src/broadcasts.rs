//! Broadcasts: one event to every account of a project.

use std::borrow::Cow;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::job_state::JobKind;
use hookwright_core::limits::{EVENT_BODY_BYTES_MAX, JOB_ROWS_PER_SECOND_DEFAULT};
use hookwright_core::scope::Scope as KeyScope;
use hookwright_delivery::TypeCheck;
use hookwright_store::{
    BroadcastSpec, Job, JobProgress, JobSpec, KeyOwner, NewJob, Scope, StoreError, sha256_hex,
};
use http::{HeaderMap, StatusCode};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::body;
use crate::event_input::EventInput;
use crate::events::{idempotency_key, type_refused};
use crate::jobs_shown::BroadcastShown;
use crate::paging::{Named, OfProject};
use crate::problem::Problem;
use crate::query::QueryText;

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Broadcasts", summary);
    Api::default()
        .post(
            "/v1/events/broadcast",
            create,
            doc(
                "createBroadcast",
                "Publishes an event to every account of the project.",
            )
            .description(
                "As a job that goes on after a crash where it was, about 500 accounts each second. Each account gets an event of its own, once. Neither `account_id` nor `id` can be given; with the header `Idempotency-Key` (1 to 128 visible ASCII characters) it can be sent again and is broadcast once.",
            )
            .scope(KeyScope::EventsWrite)
            .query::<OfProject>()
            .body::<EventInput<'static>>()
            .answer::<BroadcastShown>(202),
        )
        .get(
            "/v1/broadcasts/{id}",
            read,
            doc("getBroadcast", "Shows how far a broadcast is.")
                .scope(KeyScope::EventsRead)
                .query::<Named>()
                .answer::<BroadcastShown>(200),
        )
}

async fn create(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::EventsWrite).await?;
    if let KeyOwner::Account(..) = caller.owner {
        let detail = "an account's key publishes to its own account; use a key of the project";
        return Err(Problem::forbidden(detail));
    }
    body::must_be_json(request.headers())?;
    let key = idempotency_key(request.headers())?;
    let query: Named = query.read()?;
    let bytes = body::read(request, EVENT_BODY_BYTES_MAX).await?;
    let input: EventInput<'_> = body::parse(&bytes)?;
    let project = app.project(&caller, query.project_id.as_deref())?;
    let everybody = "a broadcast goes to every account, as an event of its own: leave this out";
    if input.account_id.is_some() || query.account_id.is_some() {
        return Err(Problem::field("/account_id", everybody));
    }
    if input.id.is_some() {
        return Err(Problem::field("/id", everybody));
    }
    input.check()?;
    let checked = TypeCheck {
        event_type: &input.event_type,
        schema_version: input.schema_version,
        payload: input.data.get().as_bytes(),
    };
    let fits = app.engine.check_event_type(&project, checked);
    fits.map_err(|refused| type_refused(&input.event_type, refused))?;
    let public_id = match &key {
        // The same key makes the same id, which is made once.
        Some(key) => id_of(&format!("{}:{key}", project.public_id)),
        None => random_id("brc_", app.engine.random()),
    };
    let spec = spec(&app, &input, &bytes, key.is_some())?;
    let scope = Scope {
        project_id: project.id,
        account_id: None,
    };
    let new = NewJob {
        public_id: public_id.clone(),
        project_id: project.id,
        account_id: None,
        progress: JobProgress {
            total: Some(app.engine.count_accounts(project.id) as u64),
            total_is_exact: true,
            ..JobProgress::default()
        },
        spec: JobSpec::Broadcast(spec.clone()),
        place: 0,
        now: app.engine.now(),
    };
    let store = app.engine.store();
    let job = match store.create_job(new).await {
        Err(StoreError::Exists(_)) => {
            let before = store.job(scope, JobKind::Broadcast, public_id).await?;
            same(before, &spec.fingerprint)?
        }
        made => made?,
    };
    app.engine.job_made();
    tracing::info!(broadcast = job.public_id, "broadcast begun");
    Ok((StatusCode::ACCEPTED, Json(BroadcastShown::new(&job))).into_response())
}

fn spec(
    app: &App,
    input: &EventInput<'_>,
    bytes: &[u8],
    repeatable: bool,
) -> Result<BroadcastSpec, Problem> {
    Ok(BroadcastSpec {
        event_type: input.event_type.clone().into_owned(),
        data: Some(input.data.get().to_owned()),
        time: input.time()?.unwrap_or_else(|| app.engine.now()),
        subject: input.subject.map(|raw| raw.get().to_owned()),
        trace: input.trace.clone().map(Cow::into_owned),
        channels: input.channels.clone(),
        metadata: input.metadata.clone(),
        deliver_at: input.deliver_at(app.engine.now(), repeatable)?,
        rows_per_second: JOB_ROWS_PER_SECOND_DEFAULT,
        fingerprint: sha256_hex(bytes),
    })
}

/// The first result of a repetition, which must be the same to the byte.
fn same(job: Job, fingerprint: &str) -> Result<Job, Problem> {
    match &job.spec {
        JobSpec::Broadcast(spec) if spec.fingerprint == fingerprint => Ok(job),
        _ => Err(Problem::broadcast_conflict()),
    }
}

fn id_of(key: &str) -> String {
    let digest = sha256_hex(key.as_bytes());
    let number = digest.get(..32).unwrap_or_default();
    random_id("brc_", u128::from_str_radix(number, 16).unwrap_or_default())
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<BroadcastShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::EventsRead).await?;
    let query: Named = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let job = app
        .engine
        .store()
        .job(scope, JobKind::Broadcast, id)
        .await?;
    Ok(Json(BroadcastShown::new(&job)))
}
