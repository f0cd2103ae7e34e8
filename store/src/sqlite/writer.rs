//! The one thread that writes: takes all that is queued, commits it at once, then answers.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwright_core::ids::ProjectId;
use rusqlite::Connection;
use tokio::sync::watch;

use super::checkpoint::Checkpointer;
use super::queue::{AfterCommit, Next, Queue, SettleDone, Work};
use super::{AppendOutcome, Result, append, settle};
use crate::error::StoreError;
use crate::model::Lease;

/// A batch at least this large is a sign of load: then commits are paced.
const PACED_APPENDS_MIN: usize = 96;
/// Claims within one run of the process; the run's number is the part above.
const CLAIMS_PER_RUN_BITS: u32 = 32;

/// The writer's connection and what it keeps in memory. Row numbers are handed out here.
pub(crate) struct Writer {
    pub(super) connection: Connection,
    pub(super) next_event: i64,
    pub(super) next_delivery: i64,
    pub(super) next_lease: i64,
    /// Room to reserve for the first attempt: as much as the last one needed.
    pub(super) attempt_bytes: usize,
    pub(super) event_types: HashMap<(ProjectId, Arc<str>), i64>,
    checkpointer: Checkpointer,
    /// Sole ownership of the folder. Last, so that it ends when the file is closed.
    _lock: File,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        checkpointer: Checkpointer,
        lock: File,
    ) -> Result<Self> {
        let read = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let next_event = read(
            "SELECT 1 + MAX(IFNULL((SELECT MAX(id) FROM events), 0),
                            IFNULL((SELECT value FROM meta WHERE name = 'last_event'), 0))",
        )?;
        let next_delivery = read(
            "SELECT 1 + MAX(IFNULL((SELECT MAX(id) FROM deliveries), 0),
                            IFNULL((SELECT value FROM meta WHERE name = 'last_delivery'), 0))",
        )?;
        let run = read("SELECT value FROM meta WHERE name = 'run'")?;
        Ok(Self {
            next_event,
            next_delivery,
            next_lease: (run << CLAIMS_PER_RUN_BITS) + 1,
            attempt_bytes: 0,
            event_types: HashMap::new(),
            checkpointer,
            connection,
            _lock: lock,
        })
    }

    /// A fencing token that no claim had before, in this run or an earlier one.
    pub(super) fn new_lease(&mut self) -> Lease {
        self.next_lease += 1;
        Lease(self.next_lease)
    }

    /// Runs `work` so that its failure undoes it alone and not the whole commit.
    pub(super) fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.connection.execute_batch("SAVEPOINT job")?;
        let outcome = work(self);
        self.connection.execute_batch(if outcome.is_ok() {
            "RELEASE job"
        } else {
            "ROLLBACK TO job; RELEASE job"
        })?;
        outcome
    }

    /// Works until closed, or until a commit fails.
    pub(super) fn run(
        mut self,
        queue: &Queue,
        pace: Duration,
        stop: &watch::Sender<Option<String>>,
    ) {
        Checkpointer::watch(&self.connection);
        let mut not_before = None;
        loop {
            let work = match queue.next(not_before) {
                Next::Work(work) => work,
                Next::Close(done) => {
                    refuse(queue.refuse(), "the store is closed");
                    // Leaves a small file; what the log holds is safe without it.
                    let _ = self
                        .connection
                        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
                    drop(self);
                    let _ = done.send(());
                    return;
                }
            };
            let started = Instant::now();
            not_before = (work.appends.len() >= PACED_APPENDS_MIN).then(|| started + pace);
            if let Err(reason) = self.commit(work) {
                tracing::error!(reason, "store stopped: a commit failed");
                refuse(queue.refuse(), &reason);
                let _ = stop.send(Some(reason));
                return;
            }
            self.checkpointer.after_commit(&self.connection);
        }
    }

    /// One commit. An error means that the commit itself failed and that nothing can be known of
    /// it: it is not tried again.
    fn commit(&mut self, work: Work) -> std::result::Result<(), String> {
        if let Err(error) = self.connection.execute_batch("BEGIN IMMEDIATE") {
            refuse(work, &error.to_string());
            return Err(error.to_string());
        }
        let rows = (self.next_event, self.next_delivery);
        let mut broken = false;
        let settled = settle_all(self, work.settles, &mut broken);
        let appended = append_all(self, work.appends, &mut broken);
        if broken {
            return self.roll_back(rows, settled, appended, work.jobs);
        }
        let jobs: Vec<AfterCommit> = work.jobs.into_iter().map(|job| job(self)).collect();
        let committed = self
            .connection
            .execute_batch("COMMIT")
            .map_err(|error| error.to_string());
        match &committed {
            Ok(()) => {
                settled.into_iter().for_each(|(done, result)| done(result));
                appended
                    .into_iter()
                    .for_each(|(append, done, result)| done(append, result));
                jobs.into_iter().for_each(|after| after(Ok(())));
            }
            Err(reason) => {
                let stopped = || StoreError::Stopped(reason.clone());
                settled
                    .into_iter()
                    .for_each(|(done, _)| done(Err(stopped())));
                appended
                    .into_iter()
                    .for_each(|(append, done, _)| done(append, Err(stopped())));
                jobs.into_iter().for_each(|after| after(Err(reason)));
            }
        }
        committed
    }

    /// A statement failed (as when the disk is full): nothing of this batch is kept, everybody in
    /// it is told so, and the store goes on.
    fn roll_back(
        &mut self,
        (next_event, next_delivery): (i64, i64),
        settled: Vec<(SettleDone, Result<Vec<bool>>)>,
        appended: Vec<AppendOutcome>,
        jobs: Vec<super::queue::Job>,
    ) -> std::result::Result<(), String> {
        let reason = settled
            .iter()
            .filter_map(|(_, result)| result.as_ref().err())
            .chain(
                appended
                    .iter()
                    .filter_map(|(_, _, result)| result.as_ref().err()),
            )
            .map(ToString::to_string)
            .next()
            .unwrap_or_default();
        tracing::error!(reason, "batch rolled back");
        // The engine ends some transactions by itself, as when the disk is full.
        let undone = if self.connection.is_autocommit() {
            Ok(())
        } else {
            self.connection
                .execute_batch("ROLLBACK")
                .map_err(|error| error.to_string())
        };
        (self.next_event, self.next_delivery) = (next_event, next_delivery);
        self.event_types.clear();
        let failed = || StoreError::Engine(reason.clone());
        settled
            .into_iter()
            .for_each(|(done, _)| done(Err(failed())));
        appended
            .into_iter()
            .for_each(|(append, done, _)| done(append, Err(failed())));
        undone?;
        // Jobs are undone one by one: they get a commit of their own.
        if jobs.is_empty() {
            Ok(())
        } else {
            self.commit(Work {
                jobs,
                ..Work::default()
            })
        }
    }
}

fn settle_all(
    writer: &mut Writer,
    settles: Vec<(Vec<crate::model::Settlement>, SettleDone)>,
    broken: &mut bool,
) -> Vec<(SettleDone, Result<Vec<bool>>)> {
    settles
        .into_iter()
        .map(|(settlements, done)| {
            let result = unless(broken, || settle::settle(writer, &settlements));
            (done, result)
        })
        .collect()
}

fn append_all(
    writer: &mut Writer,
    appends: Vec<(crate::append::Append, super::queue::AppendDone)>,
    broken: &mut bool,
) -> Vec<AppendOutcome> {
    let lease = writer.new_lease();
    appends
        .into_iter()
        .map(|(append, done)| {
            let result = unless(broken, || append::append(writer, &append, lease));
            (append, done, result)
        })
        .collect()
}

/// Does no more once something failed: the transaction may have ended, and what runs outside one
/// is kept by itself.
fn unless<T>(broken: &mut bool, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if *broken {
        return Err(StoreError::Engine("not tried".to_owned()));
    }
    let result = work();
    *broken = result.is_err();
    result
}

fn refuse(work: Work, reason: &str) {
    let stopped = || StoreError::Stopped(reason.to_owned());
    work.settles
        .into_iter()
        .for_each(|(_, done)| done(Err(stopped())));
    work.appends
        .into_iter()
        .for_each(|(append, done)| done(append, Err(stopped())));
    // A job that is dropped drops its answer's sender: its caller reads that as closed.
}
