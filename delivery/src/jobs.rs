//! Long work, step by step: which jobs this node works on, and when each does its next step.
//!
//! A step is one transaction that moves the job's place, its counts and its rows together: whoever
//! goes on after a crash repeats nothing and misses nothing. A job is one node's at a time, by a
//! lease that each step renews; a step under a lost lease does nothing.

mod broadcast;
mod choose;
mod handle;
mod purge;
mod replay;

use std::sync::Arc;

use hookwright_core::ids::EndpointId;
use hookwright_core::job_pace::Pace;
use hookwright_core::job_state::JobState;
use hookwright_core::limits::{
    JOB_ROWS_PER_SECOND_DEFAULT, JOB_SCANNED_ROWS_MAX, JOB_STEP_ROWS_MAX, JOBS_PER_NODE_MAX,
    REPLAY_IN_FLIGHT_MAX,
};
use hookwright_store::{EndpointStatus, HeldJob, Job, JobSpec, StepEnd, StoreError};
use tokio::task::JoinSet;

pub use purge::subject_digest;

use crate::engine::Shared;

/// How often the store is asked for jobs that nobody has.
const LOOK_MS: u64 = 1_000;
/// After a fault, a job rests this long.
const FAULT_REST_MS: u64 = 1_000;
/// Faults in a row that end a job. A store that cannot be reached is waited for, however long.
const FAULTS_MAX: u32 = 5;
/// A step is about so much of a second's work: more would come in bursts.
const STEPS_PER_SECOND: u32 = 50;

/// Rows looked at for each that a step may do.
const LOOKED_AT_FOR_EACH: usize = 2;

/// What a step did.
struct Stepped {
    /// The job after it.
    job: Job,
    /// Lanes that got something.
    lanes: Vec<EndpointId>,
}

/// Works on jobs for as long as nobody ends it.
pub(crate) async fn keep_working(shared: &Arc<Shared>) {
    // Dropped with this future: its tasks end.
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        if tasks.len() < JOBS_PER_NODE_MAX {
            match shared.store.take_job(shared.world.clock.now()).await {
                Ok(Some((job, lease))) => {
                    let held = HeldJob { id: job.id, lease };
                    tasks.spawn(work(Arc::clone(shared), job, held));
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "jobs not looked for"),
            }
        }
        tokio::select! {
            () = shared.new_job.notified() => {}
            () = shared.world.clock.sleep_ms(LOOK_MS) => {}
        }
    }
}

/// Works on a job until it ends, or is not this node's any more.
async fn work(shared: Arc<Shared>, mut job: Job, held: HeldJob) {
    let clock = &shared.world.clock;
    let rate = rows_per_second(&job.spec);
    let rows = ((rate / STEPS_PER_SECOND) as usize).clamp(1, JOB_STEP_ROWS_MAX);
    let mut pace = Pace::new(rate, clock.monotonic_us());
    let (mut lanes, mut faults) = (Vec::new(), 0);
    let mut looks_at = rows * LOOKED_AT_FOR_EACH;
    loop {
        wait_for_turn(&shared, &mut pace, &lanes).await;
        let before = job.progress.done;
        match step(&shared, &job, held, (rows, looks_at)).await {
            Ok(None) => return,
            Ok(Some(stepped)) => {
                faults = 0;
                job = stepped.job;
                if job.state.is_ended() {
                    return tracing::info!(
                        job = job.public_id,
                        state = job.state.as_str(),
                        done = job.progress.done,
                        "job ended"
                    );
                }
                let done = job.progress.done - before;
                pace.did(done, clock.monotonic_us());
                // Where nothing was found, nothing may be for long.
                looks_at = if done == 0 {
                    JOB_SCANNED_ROWS_MAX
                } else {
                    rows * LOOKED_AT_FOR_EACH
                };
                if !stepped.lanes.is_empty() {
                    lanes = stepped.lanes;
                }
            }
            Err(StoreError::Stopped(_)) => return,
            Err(error) => {
                tracing::error!(job = job.public_id, %error, "step of a job not done");
                faults += u32::from(!matches!(error, StoreError::Unavailable(_)));
                if faults >= FAULTS_MAX {
                    return give_up(&shared, &job, held, &error).await;
                }
                clock.sleep_ms(FAULT_REST_MS).await;
            }
        }
    }
}

const fn rows_per_second(spec: &JobSpec) -> u32 {
    match spec {
        JobSpec::Replay(spec) => spec.rows_per_second,
        JobSpec::Broadcast(spec) => spec.rows_per_second,
        JobSpec::Purge(_) => JOB_ROWS_PER_SECOND_DEFAULT,
    }
}

/// Waits until the rate allows a step and live traffic leaves room for it.
async fn wait_for_turn(shared: &Shared, pace: &mut Pace, lanes: &[EndpointId]) {
    let clock = &shared.world.clock;
    loop {
        let mut wait = pace.wait_us(false, clock.monotonic_us());
        if wait.is_none() {
            let loaded = is_loaded(shared, lanes).await;
            wait = pace.wait_us(loaded, clock.monotonic_us());
        }
        match wait {
            None => return,
            Some(us) => clock.sleep_ms(us.div_ceil(1_000)).await,
        }
    }
}

/// Whether publishers are ahead of the lanes, or what the last steps gave these lanes is not sent.
async fn is_loaded(shared: &Shared, lanes: &[EndpointId]) -> bool {
    if shared.gate.is_busy() {
        return true;
    }
    let targets = lanes.iter().filter_map(|id| shared.routing.target(*id));
    let active: Vec<_> = targets
        .filter(|target| target.status() == EndpointStatus::Active)
        .collect();
    let held: usize = active.iter().map(|target| target.gauge.held()).sum();
    if active.is_empty() || held > REPLAY_IN_FLIGHT_MAX {
        return held > REPLAY_IN_FLIGHT_MAX;
    }
    let lanes = active.iter().map(|target| target.endpoint.id).collect();
    let now = shared.world.clock.now();
    let due = shared
        .store
        .deliveries_due(lanes, REPLAY_IN_FLIGHT_MAX + 1, now);
    // A fault shows in the step.
    due.await.is_ok_and(|due| held + due > REPLAY_IN_FLIGHT_MAX)
}

async fn step(
    shared: &Arc<Shared>,
    job: &Job,
    held: HeldJob,
    (rows, looks_at): (usize, usize),
) -> Result<Option<Stepped>, StoreError> {
    if shared.routing.project(job.project_id).is_none() {
        let end = StepEnd {
            place: job.place,
            ends: Some(JobState::Failed),
            error: Some("the project was deleted".to_owned()),
            ..StepEnd::default()
        };
        return note(shared, held, (0, end)).await;
    }
    match &job.spec {
        JobSpec::Replay(spec) => replay::step(shared, (job, spec), held, (rows, looks_at)).await,
        JobSpec::Broadcast(spec) => broadcast::step(shared, (job, spec), held, rows).await,
        JobSpec::Purge(spec) => purge::step(shared, (job, spec), held).await,
    }
}

async fn note(
    shared: &Shared,
    held: HeldJob,
    step: (u64, StepEnd),
) -> Result<Option<Stepped>, StoreError> {
    let now = shared.world.clock.now();
    let job = shared.store.note_step(held, step, now).await?;
    Ok(job.map(|job| Stepped {
        job,
        lanes: Vec::new(),
    }))
}

async fn give_up(shared: &Shared, job: &Job, held: HeldJob, error: &StoreError) {
    let end = StepEnd {
        place: job.place,
        ends: Some(JobState::Failed),
        error: Some(error.to_string()),
        ..StepEnd::default()
    };
    if let Err(error) = note(shared, held, (0, end)).await {
        // Its lease ends, and it is taken again.
        tracing::error!(job = job.public_id, %error, "job not ended");
    }
}
