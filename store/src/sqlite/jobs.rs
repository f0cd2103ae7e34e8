//! Jobs: made, looked at, paused, taken, and moved on within the transaction of a step.

use hookwright_core::ids::{AccountId, JobId, ProjectId};
use hookwright_core::job_state::{JobCommand, JobKind, JobState};
use hookwright_core::limits::{JOB_LEASE_MS, JOBS_OPEN_PER_PROJECT_MAX};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Result, SqliteStore, listed, notices};
use crate::error::StoreError;
use crate::job_row::{COLUMNS, Did, after_step, forget_content, from_json, state_of, to_json};
use crate::model::{HeldJob, Job, Lease, Listed, NewJob, Page, Scope, StepEnd};
use crate::notice;
use crate::walk::Span;

impl SqliteStore {
    pub(crate) async fn create_job(&self, new: NewJob) -> Result<Job> {
        self.write(move |writer| {
            let connection = &writer.connection;
            let open: i64 = connection.query_row(
                "SELECT COUNT(*) FROM jobs WHERE finished_at IS NULL AND project_id = ?1",
                [new.project_id.0],
                |row| row.get(0),
            )?;
            if open >= JOBS_OPEN_PER_PROJECT_MAX as i64 {
                return Err(StoreError::LimitReached {
                    what: "jobs that have not ended",
                    limit: JOBS_OPEN_PER_PROJECT_MAX,
                });
            }
            let made = connection.execute(
                "INSERT INTO jobs (public_id, project_id, account_id, kind, state, spec, progress,
                                   place, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) ON CONFLICT DO NOTHING",
                params![
                    new.public_id,
                    new.project_id.0,
                    new.account_id.map(|account| account.0),
                    new.spec.kind().code(),
                    JobState::Running.code(),
                    to_json(&new.spec)?,
                    to_json(&new.progress)?,
                    new.place,
                    new.now.0,
                ],
            )?;
            if made == 0 {
                return Err(StoreError::Exists(new.public_id));
            }
            by_row(connection, connection.last_insert_rowid())
        })
        .await
    }

    pub(crate) async fn job(&self, scope: Scope, kind: JobKind, public_id: String) -> Result<Job> {
        self.read(move |connection| by_public_id(connection, scope, kind, &public_id))
            .await
    }

    pub(crate) async fn jobs(
        &self,
        scope: Scope,
        kind: JobKind,
        page: Page,
    ) -> Result<Listed<Job>> {
        self.read(move |connection| {
            let span = Span::of(&page);
            let sql = format!(
                "SELECT {COLUMNS} FROM jobs WHERE project_id = ?1 AND kind = ?2 AND id > ?3 AND id < ?4
                     AND (?5 IS NULL OR account_id = ?5) ORDER BY id {} LIMIT ?6",
                span.order()
            );
            let mut select = connection.prepare_cached(&sql)?;
            let account = scope.account_id.map(|account| account.0);
            let values = params![
                scope.project_id.0,
                kind.code(),
                span.after,
                span.before,
                account,
                page.limit as i64
            ];
            let found = listed(select.query_map(values, raw)?, page, |raw| raw.id)?;
            let rows: Result<Vec<Job>> = found.rows.into_iter().map(job).collect();
            Ok(Listed {
                rows: rows?,
                next: found.next,
                prev: found.prev,
            })
        })
        .await
    }

    pub(crate) async fn command_job(
        &self,
        scope: Scope,
        (kind, public_id): (JobKind, String),
        command: JobCommand,
        now: UnixMs,
    ) -> Result<Job> {
        self.write(move |writer| {
            let mut job = by_public_id(&writer.connection, scope, kind, &public_id)?;
            match job.state.after(command) {
                Some(after) if after != job.state => {
                    job.state = after;
                    forget_content(&mut job);
                    put(&writer.connection, job, now, 0)
                }
                _ => Ok(job),
            }
        })
        .await
    }

    pub(crate) async fn take_job(&self, now: UnixMs) -> Result<Option<(Job, Lease)>> {
        let next = "SELECT id FROM jobs WHERE finished_at IS NULL AND state = 1
                        AND leased_until <= ?1 ORDER BY id LIMIT 1";
        let find = move |connection: &Connection| -> Result<Option<i64>> {
            let mut select = connection.prepare_cached(next)?;
            Ok(select.query_row([now.0], |row| row.get(0)).optional()?)
        };
        // Asked again and again: the writer is not troubled for nothing.
        if self.read(find).await?.is_none() {
            return Ok(None);
        }
        self.write(move |writer| {
            let Some(id) = find(&writer.connection)? else {
                return Ok(None);
            };
            let lease = writer.new_lease();
            writer.connection.execute(
                "UPDATE jobs SET lease = ?2, leased_until = ?3 WHERE id = ?1",
                params![id, lease.0, now.plus_ms(JOB_LEASE_MS).0],
            )?;
            Ok(Some((by_row(&writer.connection, id)?, lease)))
        })
        .await
    }

    pub(crate) async fn note_step(
        &self,
        held: HeldJob,
        (done, end): (u64, StepEnd),
        now: UnixMs,
    ) -> Result<Option<Job>> {
        self.write(move |writer| {
            let Some(job) = held_job(&writer.connection, held)? else {
                return Ok(None);
            };
            let did = Did {
                done,
                ..Did::default()
            };
            step(&writer.connection, job, (did, end), now).map(Some)
        })
        .await
    }

    pub(crate) async fn prune_jobs(
        &self,
        project: Option<ProjectId>,
        before: UnixMs,
        limit: usize,
    ) -> Result<usize> {
        let sql = "DELETE FROM jobs WHERE id IN (
                       SELECT id FROM jobs INDEXED BY jobs_ended
                       WHERE finished_at IS NOT NULL AND kind <> 3 AND finished_at < ?1
                           AND (?2 IS NULL OR project_id = ?2)
                       ORDER BY finished_at LIMIT ?3)";
        self.write(move |writer| {
            let mut delete = writer.connection.prepare_cached(sql)?;
            let project = project.map(|id| id.0);
            Ok(delete.execute(params![before.0, project, limit as i64])?)
        })
        .await
    }
}

/// The job, if it runs and is still its holder's.
pub(super) fn held_job(connection: &Connection, held: HeldJob) -> Result<Option<Job>> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1 AND lease = ?2 AND state = 1");
    let found = connection
        .prepare_cached(&sql)?
        .query_row([held.id.0, held.lease.0], raw)
        .optional()?;
    found.map(job).transpose()
}

/// Writes what a step did to its job, which stays its holder's.
pub(super) fn step(
    connection: &Connection,
    before: Job,
    (did, end): (Did, StepEnd),
    now: UnixMs,
) -> Result<Job> {
    let after = after_step(before, did, end);
    put(connection, after, now, now.plus_ms(JOB_LEASE_MS).0)
}

/// Nobody works on any: the file has a new owner.
pub(super) fn recover(connection: &Connection) -> Result<()> {
    connection.execute(
        "UPDATE jobs SET lease = 0, leased_until = 0 WHERE finished_at IS NULL",
        [],
    )?;
    Ok(())
}

/// Writes a job; one that is leased until 0 loses its holder.
fn put(connection: &Connection, job: Job, now: UnixMs, leased_until: i64) -> Result<Job> {
    let finished_at = job.state.is_ended().then_some(now);
    connection
        .prepare_cached(
            "UPDATE jobs SET state = ?2, spec = ?3, progress = ?4, place = ?5, updated_at = ?6,
                    finished_at = ?7, leased_until = ?8, lease = CASE WHEN ?8 = 0 THEN 0 ELSE lease END
             WHERE id = ?1",
        )?
        .execute(params![
            job.id.0,
            job.state.code(),
            to_json(&job.spec)?,
            to_json(&job.progress)?,
            job.place,
            now.0,
            finished_at.map(|at| at.0),
            leased_until,
        ])?;
    if let Some(notice) = notice::of_job(&job)?
        && notices::wanted(connection, job.project_id, job.account_id)?
    {
        notices::write(connection, job.project_id, &notice, now)?;
    }
    Ok(Job {
        updated_at: now,
        finished_at,
        ..job
    })
}

fn by_row(connection: &Connection, id: i64) -> Result<Job> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
    job(connection.prepare_cached(&sql)?.query_row([id], raw)?)
}

fn by_public_id(
    connection: &Connection,
    scope: Scope,
    kind: JobKind,
    public_id: &str,
) -> Result<Job> {
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE public_id = ?1 AND project_id = ?2 AND kind = ?3
             AND (?4 IS NULL OR account_id = ?4)"
    );
    let account = scope.account_id.map(|account| account.0);
    let values = params![public_id, scope.project_id.0, kind.code(), account];
    job(connection.prepare_cached(&sql)?.query_row(values, raw)?)
}

/// A row whose documents are still to be read.
struct Raw {
    id: i64,
    spec: String,
    progress: String,
    state: u8,
    rest: (String, i64, Option<i64>, i64),
    times: (i64, i64, Option<i64>),
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        id: row.get(0)?,
        rest: (row.get(1)?, row.get(2)?, row.get(3)?, row.get(7)?),
        state: row.get(4)?,
        spec: row.get(5)?,
        progress: row.get(6)?,
        times: (row.get(8)?, row.get(9)?, row.get(10)?),
    })
}

fn job(raw: Raw) -> Result<Job> {
    let (public_id, project, account, place) = raw.rest;
    let (created_at, updated_at, finished_at) = raw.times;
    Ok(Job {
        id: JobId(raw.id),
        public_id,
        project_id: ProjectId(project),
        account_id: account.map(AccountId),
        state: state_of(raw.state)?,
        spec: from_json(&raw.spec)?,
        progress: from_json(&raw.progress)?,
        place,
        created_at: UnixMs(created_at),
        updated_at: UnixMs(updated_at),
        finished_at: finished_at.map(UnixMs),
    })
}
