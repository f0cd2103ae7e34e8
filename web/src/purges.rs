//! Purges: an account's, an event's or a subject's data removed for good, with a receipt.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::job_state::JobKind;
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_core::time::UnixMs;
use hookwright_delivery::subject_digest;
use hookwright_store::{
    JobProgress, JobSpec, KeyOwner, NewJob, OPERATIONAL_ACCOUNT, PurgeOf, PurgeSpec, Scope,
};
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::{Api, Doc};
use crate::app::App;
use crate::auth::{Caller, hash_of};
use crate::body;
use crate::event_list::find;
use crate::jobs_shown::PurgeShown;
use crate::paging::{ListOfProject, OfProject, PageOf};
use crate::problem::Problem;
use crate::query::QueryText;

pub(crate) fn api() -> Api {
    let doc = |id, summary| {
        Doc::new(id, "Purges", summary)
            .scope(KeyScope::DataPurge)
            .query::<OfProject>()
    };
    Api::default()
        .post(
            "/v1/purges",
            create,
            doc(
                "createPurge",
                "Removes data for good: of an account, of an event, or of a subject.",
            )
            .description(
                "As a job that goes on after a crash where it was. Events go with their deliveries, attempts, payloads, ids and idempotency keys, whether they are finished or not; a request that is under way may still arrive. An account's keys and endpoints end at once, as when it is deleted; with the last event, what they held is removed too: names, URLs, headers, secrets, and the account's own id but for this receipt. A purge of a subject looks at every event of the project that was accepted before it: there is no index of subjects. What is removed here stays in backups for as long as those are kept.",
            )
            .body::<PurgeInput>()
            .answer::<PurgeShown>(202),
        )
        .get(
            "/v1/purges",
            list,
            Doc::new("listPurges", "Purges", "Lists the receipts of purges, newest first.")
                .scope(KeyScope::DataPurge)
                .query::<ListOfProject>()
                .answer::<PageOf<PurgeShown>>(200),
        )
        .get(
            "/v1/purges/{id}",
            read,
            doc("getPurge", "Shows a purge's receipt, which is kept for good.")
                .answer::<PurgeShown>(200),
        )
}

/// Whose data is removed: give one of the three.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PurgeInput {
    /// All of this account: its events, endpoints and keys.
    account_id: Option<String>,
    /// This event.
    event_id: Option<String>,
    /// Every event of the project with this subject: any JSON, compared without regard to spaces and
    /// the order of members.
    #[schemars(with = "Option<Value>")]
    subject: Option<Box<RawValue>>,
}

async fn create(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app.caller(request.headers(), KeyScope::DataPurge).await?;
    let headers = request.headers().clone();
    let query: OfProject = query.read()?;
    let input: PurgeInput = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let scope = project_scope(&app, &caller, query.project_id.as_deref())?;
    let (of, place, end_row) = target(&app, &caller, scope, &input).await?;
    let new = NewJob {
        public_id: random_id("prg_", app.engine.random()),
        project_id: scope.project_id,
        account_id: None,
        spec: JobSpec::Purge(PurgeSpec {
            of,
            key: app.keys.who(&hash_of(&headers)?).map(|who| who.key_id),
            end_row,
        }),
        progress: JobProgress::default(),
        place,
        now: app.engine.now(),
    };
    let job = app.engine.store().create_job(new).await?;
    app.engine.job_made();
    tracing::info!(purge = job.public_id, "purge begun");
    Ok((StatusCode::ACCEPTED, Json(PurgeShown::new(&job))).into_response())
}

/// An account's key removes nothing: what it sees belongs to the project.
fn project_scope(app: &App, caller: &Caller, project: Option<&str>) -> Result<Scope, Problem> {
    if let KeyOwner::Account(..) = caller.owner {
        let detail = "an account's key removes no data for good; use a key of the project";
        return Err(Problem::forbidden(detail));
    }
    Ok(Scope {
        project_id: app.project(caller, project)?.id,
        account_id: None,
    })
}

/// Whose data, and the rows between which it lies.
async fn target(
    app: &App,
    caller: &Caller,
    scope: Scope,
    input: &PurgeInput,
) -> Result<(PurgeOf, i64, i64), Problem> {
    match (&input.account_id, &input.event_id, &input.subject) {
        (Some(id), None, None) => {
            if id == OPERATIONAL_ACCOUNT {
                return Err(Problem::reserved_account(OPERATIONAL_ACCOUNT));
            }
            let account = app.account_seen_by(caller, scope.project_id, id)?;
            Ok((PurgeOf::Account(account.0, id.clone()), -1, i64::MAX))
        }
        (None, Some(id), None) => {
            let row = find(app, scope, id).await?.id.0;
            Ok((PurgeOf::Event(row, id.clone()), row - 1, row + 1))
        }
        (None, None, Some(subject)) => {
            let digest = subject_digest(subject.get())
                .ok_or_else(|| Problem::field("/subject", "must be JSON"))?;
            let store = app.engine.store();
            let rows = store.rows_since(scope.project_id, UnixMs(0)).await?;
            Ok((PurgeOf::Subject(digest), -1, rows.events.1))
        }
        _ => {
            let detail = "name one of account_id, event_id and subject";
            Err(Problem::field("", detail))
        }
    }
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<PurgeShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::DataPurge).await?;
    let query: ListOfProject = query.read()?;
    let scope = project_scope(&app, &caller, query.project_id.as_deref())?;
    let store = app.engine.store();
    let jobs = store.jobs(scope, JobKind::Purge, query.page()?).await?;
    Ok(Json(PageOf::new(jobs, PurgeShown::new)))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<PurgeShown>, Problem> {
    let caller = app.caller(&headers, KeyScope::DataPurge).await?;
    let query: OfProject = query.read()?;
    let scope = project_scope(&app, &caller, query.project_id.as_deref())?;
    let job = app.engine.store().job(scope, JobKind::Purge, id).await?;
    Ok(Json(PurgeShown::new(&job)))
}
