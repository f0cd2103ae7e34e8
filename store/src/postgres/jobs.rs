//! Jobs: made, looked at, paused, taken, and moved on within the transaction of a step.

use hookwright_core::ids::{AccountId, JobId, ProjectId};
use hookwright_core::job_state::{JobCommand, JobKind, JobState};
use hookwright_core::limits::{JOB_LEASE_MS, JOBS_OPEN_PER_PROJECT_MAX};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::lent::Transaction;
use super::{PLAIN_PLANS, Parameters, PostgresStore, Result, notices};
use crate::error::StoreError;
use crate::job_row::{COLUMNS, Did, after_step, forget_content, from_json, state_of, to_json};
use crate::model::{HeldJob, Job, Lease, Listed, NewJob, Page, Scope, StepEnd};
use crate::notice;
use crate::walk::{Span, page_in_order};

const NEXT: &str =
    "SELECT id FROM jobs WHERE finished_at IS NULL AND state = 1 AND leased_until <= $1
    ORDER BY id LIMIT 1";
const PUT: &str =
    "UPDATE jobs SET state = $2, spec = $3, progress = $4, place = $5, updated_at = $6,
        finished_at = $7, leased_until = $8::bigint, lease = CASE WHEN $8::bigint = 0 THEN 0 ELSE lease END
    WHERE id = $1";
/// Those that ended before a time, of a project or of all, the oldest first.
pub(super) const PRUNE: &str = "DELETE FROM jobs j USING (
        SELECT id FROM jobs
        WHERE finished_at IS NOT NULL AND kind <> 3 AND finished_at < $1
            AND ($2::bigint IS NULL OR project_id = $2)
        ORDER BY finished_at LIMIT $3) old
    WHERE j.id = old.id";

impl PostgresStore {
    pub(crate) async fn create_job(&self, new: NewJob) -> Result<Job> {
        let open = "SELECT count(*) FROM jobs WHERE finished_at IS NULL AND project_id = $1";
        let open: i64 = self.row(open, &[&new.project_id.0]).await?.get(0);
        if open >= JOBS_OPEN_PER_PROJECT_MAX as i64 {
            return Err(StoreError::LimitReached {
                what: "jobs that have not ended",
                limit: JOBS_OPEN_PER_PROJECT_MAX,
            });
        }
        let sql = format!(
            "INSERT INTO jobs (public_id, project_id, account_id, kind, state, spec, progress, place,
                               created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING
             RETURNING {COLUMNS}"
        );
        let account = new.account_id.map(|account| account.0);
        let client = self.client().await?;
        let made = client
            .query_opt(
                &sql,
                &[
                    &new.public_id,
                    &new.project_id.0,
                    &account,
                    &i16::from(new.spec.kind().code()),
                    &i16::from(JobState::Running.code()),
                    &to_json(&new.spec)?,
                    &to_json(&new.progress)?,
                    &new.place,
                    &new.now.0,
                ],
            )
            .await?;
        job(&made.ok_or(StoreError::Exists(new.public_id))?)
    }

    pub(crate) async fn job(&self, scope: Scope, kind: JobKind, public_id: String) -> Result<Job> {
        let account = scope.account_id.map(|account| account.0);
        let kind = i16::from(kind.code());
        let sql = by_public_id("");
        job(&self
            .row(&sql, &[&public_id, &scope.project_id.0, &kind, &account])
            .await?)
    }

    pub(crate) async fn jobs(
        &self,
        scope: Scope,
        kind: JobKind,
        page: Page,
    ) -> Result<Listed<Job>> {
        let span = Span::of(&page);
        let sql = format!(
            "SELECT {COLUMNS} FROM jobs WHERE project_id = $1 AND kind = $2 AND id > $3 AND id < $4
                 AND ($5::bigint IS NULL OR account_id = $5) ORDER BY id {} LIMIT $6",
            span.order()
        );
        let project = scope.project_id.0;
        let account = scope.account_id.map(|account| account.0);
        let (kind, limit) = (i16::from(kind.code()), page.limit as i64);
        let parameters: Parameters<'_> =
            &[&project, &kind, &span.after, &span.before, &account, &limit];
        let rows = self.rows(&sql, parameters).await?;
        let jobs: Result<Vec<Job>> = rows.iter().map(job).collect();
        Ok(page_in_order(jobs?, &page, |job| job.id.0))
    }

    pub(crate) async fn command_job(
        &self,
        scope: Scope,
        (kind, public_id): (JobKind, String),
        command: JobCommand,
        now: UnixMs,
    ) -> Result<Job> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let account = scope.account_id.map(|account| account.0);
        let kind = i16::from(kind.code());
        let found = transaction
            .query_opt(
                &by_public_id("FOR UPDATE"),
                &[&public_id, &scope.project_id.0, &kind, &account],
            )
            .await?;
        let mut job = job(&found.ok_or(StoreError::NotFound)?)?;
        match job.state.after(command) {
            Some(after) if after != job.state => {
                job.state = after;
                forget_content(&mut job);
                let job = put(&transaction, job, now, 0).await?;
                transaction.commit().await?;
                Ok(job)
            }
            _ => Ok(job),
        }
    }

    pub(crate) async fn take_job(&self, now: UnixMs) -> Result<Option<(Job, Lease)>> {
        // Asked again and again: rows are locked only if there is something to take.
        if self.rows(NEXT, &[&now.0]).await?.is_empty() {
            return Ok(None);
        }
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        self.hold_own_place(&transaction).await?;
        let lease = self.shared.node.new_lease();
        let sql = format!(
            "UPDATE jobs SET lease = $2, leased_until = $3
             WHERE id = ({NEXT} FOR UPDATE SKIP LOCKED) RETURNING {COLUMNS}"
        );
        let until = now.plus_ms(JOB_LEASE_MS).0;
        let taken = transaction
            .query_opt(&sql, &[&now.0, &lease.0, &until])
            .await?;
        let taken = taken.map(|row| job(&row)).transpose()?;
        transaction.commit().await?;
        Ok(taken.map(|job| (job, lease)))
    }

    pub(crate) async fn note_step(
        &self,
        held: HeldJob,
        (done, end): (u64, StepEnd),
        now: UnixMs,
    ) -> Result<Option<Job>> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let Some(job) = held_job(&transaction, held).await? else {
            return Ok(None);
        };
        let did = Did {
            done,
            ..Did::default()
        };
        let job = step(&transaction, job, (did, end), now).await?;
        transaction.commit().await?;
        Ok(Some(job))
    }

    pub(crate) async fn prune_jobs(
        &self,
        project: Option<ProjectId>,
        before: UnixMs,
        limit: usize,
    ) -> Result<usize> {
        let (project, at_most) = (project.map(|id| id.0), limit as i64);
        let parameters: Parameters<'_> = &[&before.0, &project, &at_most];
        let gone = self.client().await?.execute(PRUNE, parameters).await?;
        Ok(usize::try_from(gone).unwrap_or(limit))
    }
}

/// The job, if it runs and is still its holder's; nobody else changes it until the transaction ends.
pub(super) async fn held_job(transaction: &Transaction<'_>, held: HeldJob) -> Result<Option<Job>> {
    transaction.batch_execute(PLAIN_PLANS).await?;
    let sql =
        format!("SELECT {COLUMNS} FROM jobs WHERE id = $1 AND lease = $2 AND state = 1 FOR UPDATE");
    let found = transaction
        .query_opt(&sql, &[&held.id.0, &held.lease.0])
        .await?;
    found.map(|row| job(&row)).transpose()
}

/// Writes what a step did to its job, which stays its holder's.
pub(super) async fn step(
    transaction: &Transaction<'_>,
    before: Job,
    (did, end): (Did, StepEnd),
    now: UnixMs,
) -> Result<Job> {
    let after = after_step(before, did, end);
    put(transaction, after, now, now.plus_ms(JOB_LEASE_MS).0).await
}

/// What a lost node worked on may be taken at once, by its tokens.
pub(super) const OF_A_NODE: &str = "UPDATE jobs SET lease = 0, leased_until = 0
    WHERE finished_at IS NULL AND lease >= $1 AND lease < $2";

/// Writes a job; one that is leased until 0 loses its holder.
async fn put(
    transaction: &Transaction<'_>,
    job: Job,
    now: UnixMs,
    leased_until: i64,
) -> Result<Job> {
    let finished_at = job.state.is_ended().then_some(now);
    transaction
        .execute(
            PUT,
            &[
                &job.id.0,
                &i16::from(job.state.code()),
                &to_json(&job.spec)?,
                &to_json(&job.progress)?,
                &job.place,
                &now.0,
                &finished_at.map(|at| at.0),
                &leased_until,
            ],
        )
        .await?;
    if let Some(notice) = notice::of_job(&job)?
        && notices::wanted(transaction, job.project_id, job.account_id).await?
    {
        notices::write(transaction, job.project_id, &notice, now).await?;
    }
    Ok(Job {
        updated_at: now,
        finished_at,
        ..job
    })
}

fn by_public_id(lock: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM jobs WHERE public_id = $1 AND project_id = $2 AND kind = $3
             AND ($4::bigint IS NULL OR account_id = $4) {lock}"
    )
}

fn job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: JobId(row.get(0)),
        public_id: row.get(1),
        project_id: ProjectId(row.get(2)),
        account_id: row.get::<_, Option<i64>>(3).map(AccountId),
        state: state_of(u8::try_from(row.get::<_, i16>(4)).unwrap_or(0))?,
        spec: from_json(row.get(5))?,
        progress: from_json(row.get(6))?,
        place: row.get(7),
        created_at: UnixMs(row.get(8)),
        updated_at: UnixMs(row.get(9)),
        finished_at: row.get::<_, Option<i64>>(10).map(UnixMs),
    })
}
