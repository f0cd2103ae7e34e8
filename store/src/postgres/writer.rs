//! The one task of a node that writes events and outcomes: takes all that is queued, commits it at
//! once, then answers.
//!
//! A commit whose answer was lost is not tried anew blindly: the same rows are written again under
//! the same numbers, and if they turn out to be there it had succeeded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::error::SqlState;

use super::append::{Inserts, Numbers};
use super::batch::{AppendDone, Batch, Outcomes, Queued, SettleDone};
use super::connect::{Connector, is_passing};
use super::gone;
use super::node::{Identity, Node};
use super::row_ids::RowIds;
use super::session::Session;
use super::settle::{Way, way_of};
use crate::append::{Append, Appended};
use crate::error::StoreError;
use crate::model::Settlement;

/// Outcomes wait at most this long for an event whose commit they can ride.
const SETTLE_DELAY: Duration = Duration::from_millis(5);
/// An event that could not be stored for this long is answered as such.
const APPEND_WITHIN: Duration = Duration::from_secs(10);
const RECONNECT_DELAY: Duration = Duration::from_millis(200);
const BATCH_EVENTS_MAX: usize = 2_000;
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Events that wait while the database cannot be reached; more are refused at once.
const QUEUED_EVENTS_MAX: usize = 20_000;
/// Times that a batch is tried again because another node took a name or a number.
const COLLISIONS_MAX: usize = 20;

/// What is asked of the writer.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are events: a box for each costs more"
)]
pub(super) enum Work {
    Append(Queued),
    Settle(Outcomes),
    Close(oneshot::Sender<()>),
}

/// The way to the writer.
#[derive(Clone)]
pub(super) struct Inbox {
    sender: mpsc::UnboundedSender<Work>,
    queued: Arc<AtomicUsize>,
}

impl Inbox {
    pub(super) fn append(&self, append: Append, done: AppendDone) {
        if self.queued.fetch_add(1, Ordering::Relaxed) >= QUEUED_EVENTS_MAX {
            self.queued.fetch_sub(1, Ordering::Relaxed);
            return done(append, Err(unreachable_for_long()));
        }
        let since = Instant::now();
        let work = Work::Append(Queued {
            append,
            done,
            since,
        });
        if let Err(mpsc::error::SendError(Work::Append(refused))) = self.sender.send(work) {
            (refused.done)(refused.append, Err(gone()));
        }
    }

    pub(super) fn settle(&self, settlements: Vec<Settlement>, done: SettleDone) {
        let work = Work::Settle(Outcomes { settlements, done });
        if let Err(mpsc::error::SendError(Work::Settle(refused))) = self.sender.send(work) {
            (refused.done)(Err(gone()));
        }
    }

    /// Resolves once everything queued before was answered.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.sender.send(Work::Close(done)).is_ok() {
            let _ = closed.await;
        }
    }
}

/// The writing task's state.
pub(super) struct Writer {
    connector: Connector,
    pool: Pool,
    node: Arc<Node>,
    work: mpsc::UnboundedReceiver<Work>,
    queued: Arc<AtomicUsize>,
    session: Option<Session>,
    identity: Identity,
    numbers: Numbers,
    closing: Option<oneshot::Sender<()>>,
}

/// Why a batch was not written.
enum Refusal {
    /// The database cannot be reached just now. Nothing was written.
    Unreachable(String),
    /// The connection was lost while it was written: whether it was is not known.
    InDoubt(String),
    /// This node was declared lost.
    Lost,
    /// Another node took one of its names or numbers.
    Collision,
    /// The database does not take it.
    Error(StoreError),
}

impl Refusal {
    fn of(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(&SqlState::DIVISION_BY_ZERO) => Self::Lost,
            Some(&SqlState::UNIQUE_VIOLATION) => Self::Collision,
            _ if is_passing(&error) => Self::Unreachable(StoreError::from(error).to_string()),
            _ => Self::Error(error.into()),
        }
    }
}

impl Writer {
    pub(super) fn new(connector: Connector, pool: Pool, node: Arc<Node>) -> (Self, Inbox) {
        let (sender, work) = mpsc::unbounded_channel();
        let queued: Arc<AtomicUsize> = Arc::default();
        let inbox = Inbox {
            sender,
            queued: Arc::clone(&queued),
        };
        let identity = node.identity();
        let writer = Self {
            connector,
            pool,
            node,
            work,
            queued,
            session: None,
            identity,
            numbers: numbers_of(identity),
            closing: None,
        };
        (writer, inbox)
    }

    /// Works until closed, or until the last handle is gone.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.next().await {
            let mut batches = vec![batch];
            while let Some(batch) = batches.pop() {
                match self.store(batch).await {
                    Ok(()) => {}
                    // Part of it is not taken: the rest must not suffer for it.
                    Err((batch, error)) => match batch.split() {
                        Ok((first, second)) => batches.extend([second, first]),
                        Err(single) => {
                            tracing::error!(%error, "refused by the database");
                            let reason = error.to_string();
                            single.refuse(|| StoreError::Engine(reason.clone()));
                        }
                    },
                }
            }
            if let Some(done) = self.closing.take() {
                self.work.close();
                while let Ok(work) = self.work.try_recv() {
                    refuse(work);
                }
                let _ = done.send(());
                return;
            }
        }
    }

    /// All that is queued, within bounds; outcomes alone wait a moment for an event.
    async fn next(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        let first = self.work.recv().await?;
        self.take(first, &mut batch, &mut bytes);
        let wait = tokio::time::sleep(SETTLE_DELAY);
        tokio::pin!(wait);
        loop {
            while batch.appends.len() < BATCH_EVENTS_MAX
                && bytes < BATCH_BYTES_MAX
                && self.closing.is_none()
            {
                let Ok(work) = self.work.try_recv() else {
                    break;
                };
                self.take(work, &mut batch, &mut bytes);
            }
            if !batch.appends.is_empty() || self.closing.is_some() {
                return Some(batch);
            }
            tokio::select! {
                () = &mut wait => return Some(batch),
                work = self.work.recv() => match work {
                    Some(work) => self.take(work, &mut batch, &mut bytes),
                    None => return Some(batch),
                },
            }
        }
    }

    fn take(&mut self, work: Work, batch: &mut Batch, bytes: &mut usize) {
        match work {
            Work::Append(queued) => {
                self.queued.fetch_sub(1, Ordering::Relaxed);
                *bytes += queued.append.payload.len();
                batch.appends.push(queued);
            }
            Work::Settle(outcomes) => batch.outcomes.push(outcomes),
            Work::Close(done) => self.closing = Some(done),
        }
    }

    /// Writes a batch and answers it, however long the database is away; comes back with it when
    /// the database refuses it.
    async fn store(&mut self, mut batch: Batch) -> std::result::Result<(), (Batch, StoreError)> {
        let mut collisions = 0;
        while !batch.is_empty() {
            self.adopt_identity();
            match self.attempt(&batch).await {
                Ok((answers, accepted)) => {
                    self.answer(batch, answers, accepted);
                    return Ok(());
                }
                Err(Refusal::Lost) => {
                    if let Err(error) = self.node.register_anew(&self.pool, self.identity).await {
                        tracing::warn!(%error, "not able to register this node");
                        self.pause(&mut batch).await;
                    }
                }
                Err(Refusal::Collision) if collisions < COLLISIONS_MAX => {
                    collisions += 1;
                    self.numbers.events.skip_tick();
                    self.numbers.deliveries.skip_tick();
                }
                Err(Refusal::Collision) => {
                    return Err((batch, StoreError::Engine("its ids are taken".to_owned())));
                }
                Err(Refusal::Unreachable(error)) => {
                    tracing::warn!(error, "the database cannot be reached");
                    self.session = None;
                    self.pause(&mut batch).await;
                }
                Err(Refusal::InDoubt(error)) => {
                    tracing::error!(error, "not known whether a batch was stored");
                    self.session = None;
                    // If it was, its deliveries are found by their age and sent.
                    answer_late(std::mem::take(&mut batch.appends));
                }
                Err(Refusal::Error(error)) => return Err((batch, error)),
            }
        }
        Ok(())
    }

    /// Waits before the next try; events that have waited too long are answered.
    async fn pause(&mut self, batch: &mut Batch) {
        tokio::time::sleep(RECONNECT_DELAY).await;
        let (late, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.appends)
            .into_iter()
            .partition(|queued| queued.since.elapsed() > APPEND_WITHIN);
        batch.appends = rest;
        answer_late(late);
    }

    fn adopt_identity(&mut self) {
        let identity = self.node.identity();
        if identity != self.identity {
            self.identity = identity;
            self.numbers = numbers_of(identity);
        }
    }

    /// Decides what is to be written, and writes it.
    async fn attempt(&mut self, batch: &Batch) -> std::result::Result<Answers, Refusal> {
        let session = session(&mut self.session, &self.connector).await?;
        let names = session.names(&batch.appends).await.map_err(Refusal::of)?;
        let lease = self.node.new_lease();
        let inserts =
            Inserts::of(&batch.appends, names, &mut self.numbers, lease).map_err(Refusal::Error)?;
        let settlements: Vec<(&Settlement, Way)> = batch
            .outcomes
            .iter()
            .flat_map(|outcomes| &outcomes.settlements)
            .map(|settlement| (settlement, way_of(settlement)))
            .collect();
        if let Some(leased) = inserts.leased() {
            // Before it is written: if the answer is lost, its deliveries are found by age.
            self.node.hold(|held| held.add(leased));
        }
        let written = self.write(&inserts, settlements, batch).await;
        if written.is_err() && !matches!(written, Err(Refusal::InDoubt(_))) {
            self.node.hold(|held| held.forget(inserts.lease));
        }
        Ok((inserts.answers, written?))
    }

    /// Writes it until it is known whether it was written, or until that cannot be known for too
    /// long.
    async fn write(
        &mut self,
        inserts: &Inserts<'_>,
        mut settlements: Vec<(&Settlement, Way)>,
        batch: &Batch,
    ) -> std::result::Result<Vec<bool>, Refusal> {
        let mut in_doubt = false;
        loop {
            let reason = match session(&mut self.session, &self.connector).await {
                Err(refusal) if !in_doubt => return Err(refusal),
                Err(_) => "no connection".to_owned(),
                Ok(session) => {
                    let written = session.write(self.identity.id, inserts, &settlements).await;
                    match written.map_err(Refusal::of) {
                        Ok(accepted) => {
                            let accepted = accepted.of(&settlements);
                            return Ok(self.again(&mut settlements, accepted, in_doubt).await);
                        }
                        Err(Refusal::Unreachable(reason)) => reason,
                        Err(refusal) if !in_doubt => return Err(refusal),
                        // An earlier try may have been written after all.
                        Err(refusal) => match is_stored(session, inserts).await {
                            Ok(true) => return Ok(vec![true; settlements.len()]),
                            Ok(false) => return Err(refusal),
                            Err(error) => error.to_string(),
                        },
                    }
                }
            };
            in_doubt = true;
            self.session = None;
            let is_late = |queued: &Queued| queued.since.elapsed() > APPEND_WITHIN;
            if batch.appends.is_empty() || batch.appends.iter().any(is_late) {
                return Err(Refusal::InDoubt(reason));
            }
            tracing::warn!(
                reason,
                "connection lost while a batch was written; trying again"
            );
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    /// First successes that were not taken as such: a person's attempt may have come before.
    async fn again(
        &mut self,
        settlements: &mut [(&Settlement, Way)],
        mut accepted: Vec<bool>,
        in_doubt: bool,
    ) -> Vec<bool> {
        if in_doubt {
            // Those that the first try settled are refused now.
            return vec![true; settlements.len()];
        }
        let missed: Vec<usize> = (0..settlements.len())
            .filter(|index| !accepted[*index] && settlements[*index].1 == Way::FirstDelivered)
            .collect();
        if missed.is_empty() {
            return accepted;
        }
        let otherwise: Vec<_> = missed
            .iter()
            .map(|index| (settlements[*index].0, Way::Otherwise))
            .collect();
        let Some(session) = &self.session else {
            return accepted;
        };
        match session
            .write(self.identity.id, &Inserts::default(), &otherwise)
            .await
        {
            Ok(second) => {
                for (index, taken) in missed.into_iter().zip(second.of(&otherwise)) {
                    accepted[index] = taken;
                }
            }
            // Their leases end, and they are sent again: at least once.
            Err(error) => tracing::warn!(%error, "outcomes not stored"),
        }
        accepted
    }

    fn answer(&self, batch: Batch, answers: Vec<Appended>, accepted: Vec<bool>) {
        self.node.hold(|held| {
            let all = batch.outcomes.iter().flat_map(|it| &it.settlements);
            all.filter(|it| !it.manual)
                .for_each(|settlement| held.give(settlement.lease.0));
        });
        let mut accepted = accepted.into_iter();
        for outcomes in batch.outcomes {
            let count = outcomes.settlements.len();
            (outcomes.done)(Ok(accepted.by_ref().take(count).collect()));
        }
        for (queued, answer) in batch.appends.into_iter().zip(answers) {
            (queued.done)(queued.append, Ok(answer));
        }
    }
}

type Answers = (Vec<Appended>, Vec<bool>);

/// The connection, made if there is none.
async fn session<'a>(
    session: &'a mut Option<Session>,
    connector: &Connector,
) -> std::result::Result<&'a Session, Refusal> {
    if session.is_none() {
        *session = Some(Session::open(connector).await.map_err(|error| {
            // Nothing was sent: whatever it is, it is no fault of the batch.
            Refusal::Unreachable(StoreError::from(error).to_string())
        })?);
    }
    match session {
        Some(session) => Ok(session),
        None => Err(Refusal::Unreachable("no connection".to_owned())),
    }
}

/// Whether a batch is there: all of it is, or nothing.
async fn is_stored(
    session: &Session,
    inserts: &Inserts<'_>,
) -> std::result::Result<bool, tokio_postgres::Error> {
    match inserts.first_event() {
        Some(first) => session.is_stored(first).await,
        None => Ok(false),
    }
}

fn answer_late(late: Vec<Queued>) {
    for queued in late {
        (queued.done)(queued.append, Err(unreachable_for_long()));
    }
}

fn numbers_of(identity: Identity) -> Numbers {
    Numbers {
        events: RowIds::new(identity.slot),
        deliveries: RowIds::new(identity.slot),
    }
}

fn refuse(work: Work) {
    match work {
        Work::Append(queued) => (queued.done)(queued.append, Err(gone())),
        Work::Settle(outcomes) => (outcomes.done)(Err(gone())),
        Work::Close(done) => drop(done),
    }
}

fn unreachable_for_long() -> StoreError {
    StoreError::Unavailable("not within 10 s; publish again with the same id".to_owned())
}

impl super::PostgresStore {
    pub(crate) fn append(&self, append: Append, done: AppendDone) {
        self.shared.writer.append(append, done);
    }

    pub(crate) fn settle(&self, settlements: Vec<Settlement>, done: SettleDone) {
        self.shared.writer.settle(settlements, done);
    }
}
