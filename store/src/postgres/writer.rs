//! The one task of a node that writes events and outcomes: takes all that is queued, commits it at
//! once, then answers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::append::Numbers;
use super::attempt::Refusal;
use super::batch::{Batch, Queued};
use super::connect::Connector;
use super::lent::Pool;
use super::node::{Identity, Node};
use super::queue::{Inbox, Work, refuse, unreachable_for_long};
use super::row_ids::RowIds;
use super::session::Session;
use crate::append::Appended;
use crate::error::StoreError;

/// Outcomes wait at most this long for an event whose commit they can ride.
const SETTLE_DELAY: Duration = Duration::from_millis(5);
/// A close waits so long for a database that is away.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);
pub(super) const RECONNECT_DELAY: Duration = Duration::from_millis(200);
const BATCH_EVENTS_MAX: usize = 2_000;
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Times that a batch is tried again because another node took a name or a number.
const COLLISIONS_MAX: usize = 20;

/// The writing task's state.
pub(super) struct Writer {
    pub(super) connector: Connector,
    pool: Pool,
    pub(super) node: Arc<Node>,
    work: mpsc::UnboundedReceiver<Work>,
    /// Taken from `work` and not begun: what came while the database was away.
    set_aside: VecDeque<Work>,
    queued: Arc<AtomicUsize>,
    pub(super) session: Option<Session>,
    pub(super) identity: Identity,
    pub(super) numbers: Numbers,
    closing: Option<oneshot::Sender<()>>,
    /// Since when a close waits behind what the database does not take.
    close_waits: Option<Instant>,
}

impl Writer {
    pub(super) fn new(connector: Connector, pool: Pool, node: Arc<Node>) -> (Self, Inbox) {
        let (inbox, work) = Inbox::new();
        let queued = inbox.queued();
        let identity = node.identity();
        let writer = Self {
            connector,
            pool,
            node,
            work,
            set_aside: VecDeque::new(),
            queued,
            session: None,
            identity,
            numbers: numbers_of(identity),
            closing: None,
            close_waits: None,
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
                while let Some(work) = self.next_queued() {
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
        let first = match self.set_aside.pop_front() {
            Some(work) => work,
            None => self.work.recv().await?,
        };
        self.take(first, &mut batch, &mut bytes);
        let wait = tokio::time::sleep(SETTLE_DELAY);
        tokio::pin!(wait);
        loop {
            while batch.appends.len() < BATCH_EVENTS_MAX
                && bytes < BATCH_BYTES_MAX
                && self.closing.is_none()
            {
                let Some(work) = self.next_queued() else {
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

    fn next_queued(&mut self) -> Option<Work> {
        self.set_aside
            .pop_front()
            .or_else(|| self.work.try_recv().ok())
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
                    // If it was, its deliveries are found by the next sweep and sent.
                    answer_late(std::mem::take(&mut batch.appends));
                }
                Err(Refusal::Error(error)) => return Err((batch, error)),
            }
        }
        Ok(())
    }

    /// Waits before the next try; events that have waited too long are answered, and all of it when
    /// the node is to stop: other nodes send again what it could not settle.
    async fn pause(&mut self, batch: &mut Batch) {
        tokio::time::sleep(RECONNECT_DELAY).await;
        let (late, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.appends)
            .into_iter()
            .partition(Queued::is_late);
        batch.appends = rest;
        answer_late(late);
        self.answer_late_behind();
        let waited = self.close_waits.map(|since| since.elapsed());
        if waited.is_some_and(|waited| waited > CLOSE_WITHIN) {
            std::mem::take(batch).refuse(unreachable_for_long);
        }
    }

    /// A batch's outcomes are tried for ever: those behind it must not wait as long to be told.
    fn answer_late_behind(&mut self) {
        while let Ok(work) = self.work.try_recv() {
            if matches!(work, Work::Close(_)) {
                self.close_waits.get_or_insert_with(Instant::now);
            }
            self.set_aside.push_back(work);
        }
        let mut late = Vec::new();
        for work in std::mem::take(&mut self.set_aside) {
            match work {
                Work::Append(queued) if queued.is_late() => late.push(queued),
                other => self.set_aside.push_back(other),
            }
        }
        self.queued.fetch_sub(late.len(), Ordering::Relaxed);
        answer_late(late);
    }

    fn adopt_identity(&mut self) {
        let identity = self.node.identity();
        if identity != self.identity {
            self.identity = identity;
            self.numbers = numbers_of(identity);
        }
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

fn numbers_of(identity: Identity) -> Numbers {
    Numbers {
        events: RowIds::new(identity.slot),
        deliveries: RowIds::new(identity.slot),
    }
}

fn answer_late(late: Vec<Queued>) {
    for queued in late {
        (queued.done)(queued.append, Err(unreachable_for_long()));
    }
}
