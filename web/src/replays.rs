//! Replays: past events delivered again, as a job that survives a restart.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use hookwright_core::ids::random_id;
use hookwright_core::job_state::{JobCommand, JobKind};
use hookwright_core::limits::MANAGEMENT_BODY_BYTES_MAX;
use hookwright_core::scope::Scope as KeyScope;
use hookwright_store::{Job, JobProgress, JobSpec, NewJob, Scope};
use http::{HeaderMap, StatusCode};

use crate::api::{Api, Doc};
use crate::app::App;
use crate::body;
use crate::jobs_shown::{ReplayCount, ReplayShown};
use crate::paging::{List, Named, PageOf, page};
use crate::problem::Problem;
use crate::query::QueryText;
use crate::replay_input::{ReplayInput, ReplayPlan};

const ALL: &str = "/v1/replays";

pub(crate) fn api() -> Api {
    let doc = |id, summary| Doc::new(id, "Replays", summary);
    let told = |id, summary| {
        doc(id, summary)
            .scope(KeyScope::DeliveriesWrite)
            .query::<Named>()
            .answer::<ReplayShown>(200)
    };
    Api::default()
        .post(
            ALL,
            create,
            doc("createReplay", "Delivers past events again.")
                .description(
                    "As a job that goes on after a crash where it was, at a rate, and behind live traffic. Its events keep their ids, so that receivers can tell what they have had. With `dry_run` nothing is done: it answers 200 with how many deliveries it would be about.",
                )
                .scope(KeyScope::DeliveriesWrite)
                .query::<Named>()
                .body::<ReplayInput>()
                .answer::<ReplayCount>(200)
                .answer::<ReplayShown>(202),
        )
        .get(
            ALL,
            list,
            doc("listReplays", "Lists replays, newest first.")
                .scope(KeyScope::DeliveriesRead)
                .query::<List>()
                .answer::<PageOf<ReplayShown>>(200),
        )
        .get(
            "/v1/replays/{id}",
            read,
            doc("getReplay", "Shows how far a replay is.")
                .scope(KeyScope::DeliveriesRead)
                .query::<Named>()
                .answer::<ReplayShown>(200),
        )
        .post(
            "/v1/replays/{id}/pause",
            pause,
            told("pauseReplay", "Lets a replay rest after the step under way."),
        )
        .post(
            "/v1/replays/{id}/resume",
            resume,
            told("resumeReplay", "Lets a paused replay go on where it was."),
        )
        .post(
            "/v1/replays/{id}/cancel",
            cancel,
            told(
                "cancelReplay",
                "Ends a replay. What it has done stays done.",
            ),
        )
}

async fn create(
    State(app): State<App>,
    query: QueryText,
    request: Request,
) -> Result<Response, Problem> {
    let caller = app
        .caller(request.headers(), KeyScope::DeliveriesWrite)
        .await?;
    let query: Named = query.read()?;
    let input: ReplayInput = body::json(request, MANAGEMENT_BODY_BYTES_MAX).await?;
    let project = app.project(&caller, query.project_id.as_deref())?.id;
    let account = [
        input.account_id.as_deref(),
        query.account_id.as_deref(),
        None,
    ];
    let account = app.one_account(&caller, project, account)?;
    let scope = app.scope(&caller, query.project_id.as_deref(), account)?;
    let ReplayPlan {
        spec,
        place,
        scope,
        counted_rows,
    } = input.plan(&app, scope).await?;
    let (count, count_is_exact, skipped) = app
        .engine
        .count_replay(scope, &spec, place, counted_rows)
        .await?;
    if input.dry_run {
        let answer = ReplayCount {
            count,
            count_is_exact,
            skipped,
        };
        return Ok(Json(answer).into_response());
    }
    let new = NewJob {
        public_id: random_id("rpl_", app.engine.random()),
        project_id: scope.project_id,
        account_id: scope.account_id,
        spec: JobSpec::Replay(spec),
        progress: JobProgress {
            total: Some(count),
            total_is_exact: count_is_exact,
            ..JobProgress::default()
        },
        place,
        now: app.engine.now(),
    };
    let job = app.engine.store().create_job(new).await?;
    app.engine.job_made();
    tracing::info!(replay = job.public_id, count, "replay begun");
    Ok((StatusCode::ACCEPTED, Json(ReplayShown::new(&job))).into_response())
}

async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    query: QueryText,
) -> Result<Json<PageOf<ReplayShown>>, Problem> {
    let caller = app.caller(&headers, KeyScope::DeliveriesRead).await?;
    let query: List = query.read()?;
    let scope = app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )?;
    let page = page(query.limit.as_deref(), query.cursor.as_deref())?;
    let jobs = app
        .engine
        .store()
        .jobs(scope, JobKind::Replay, page)
        .await?;
    Ok(Json(PageOf::new(jobs, ReplayShown::new)))
}

async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<ReplayShown>, Problem> {
    let scope = scope(&app, &headers, KeyScope::DeliveriesRead, query).await?;
    let job = app.engine.store().job(scope, JobKind::Replay, id).await?;
    Ok(Json(ReplayShown::new(&job)))
}

async fn scope(
    app: &App,
    headers: &HeaderMap,
    needs: KeyScope,
    query: QueryText,
) -> Result<Scope, Problem> {
    let caller = app.caller(headers, needs).await?;
    let query: Named = query.read()?;
    app.scope(
        &caller,
        query.project_id.as_deref(),
        query.account_id.as_deref(),
    )
}

async fn pause(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<ReplayShown>, Problem> {
    command(&app, &headers, (id, query), JobCommand::Pause).await
}

async fn resume(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<ReplayShown>, Problem> {
    command(&app, &headers, (id, query), JobCommand::Resume).await
}

async fn cancel(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: QueryText,
) -> Result<Json<ReplayShown>, Problem> {
    command(&app, &headers, (id, query), JobCommand::Cancel).await
}

async fn command(
    app: &App,
    headers: &HeaderMap,
    (id, query): (String, QueryText),
    command: JobCommand,
) -> Result<Json<ReplayShown>, Problem> {
    let scope = scope(app, headers, KeyScope::DeliveriesWrite, query).await?;
    let store = app.engine.store();
    let before: Job = store.job(scope, JobKind::Replay, id.clone()).await?;
    if before.state.after(command).is_none() {
        return Err(Problem::job_ended(before.state.as_str()));
    }
    let job = store
        .command_job(scope, (JobKind::Replay, id), command, app.engine.now())
        .await?;
    // It may have ended in between.
    if Some(job.state) != before.state.after(command) {
        return Err(Problem::job_ended(job.state.as_str()));
    }
    app.engine.job_made();
    tracing::info!(
        replay = job.public_id,
        state = job.state.as_str(),
        "replay told"
    );
    Ok(Json(ReplayShown::new(&job)))
}
