//! Who this process is among the nodes, and how a node that is gone is noticed.
//!
//! A node says every two seconds that it lives. One that was silent for ten by the database's clock
//! is declared lost by any other: its row moves to `lost_nodes`, and from then on nothing can be
//! stored in its name (every writing transaction locks its own node's row first). If it lives after
//! all, it registers anew under another number: what it had leased under the old one is not its own.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use super::held::Held;
use super::lent::Pool;
use super::owners::Owned;
use super::row_ids::{self, NODE_SLOTS, SLOTS};
use super::{Result, rows_once};
use crate::error::StoreError;
use crate::model::Lease;

const BEAT_EVERY: Duration = Duration::from_secs(2);
/// Silence after which a node is lost, in seconds of the database's clock.
const SILENT_S_MAX: f64 = 10.0;
/// A node whose last beat is older than this stops sending: others may be about to take over.
const SURE_FOR: Duration = Duration::from_secs(8);
/// An event is stored within this time of its acceptance, or not at all.
const QUEUED_MS_MAX: i64 = 10 * 60 * 1000;
/// Tokens of one node; the node's number is the part above.
const TOKEN_BITS: u32 = 40;

/// This process as the other nodes know it.
#[derive(Debug)]
pub(super) struct Node {
    identity: RwLock<Identity>,
    /// The writer and the heartbeat find out at the same time: one of them registers.
    registering: tokio::sync::Mutex<()>,
    next_token: AtomicI64,
    /// When it was opened, by the caller's clock and by one that is never set.
    opened: (UnixMs, Instant),
    /// When the last beat that arrived was sent.
    sure_since: Mutex<Instant>,
    held: Mutex<Held>,
    owned: RwLock<Owned>,
    /// It was told to stop: it beats no more.
    left: AtomicBool,
}

/// A node's number, never used again, and its slot in row ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: i64,
    pub(super) slot: i64,
}

impl Identity {
    /// The tokens that were ever this node's: from, and before.
    pub(super) const fn tokens_of(id: i64) -> (i64, i64) {
        (id << TOKEN_BITS, (id + 1) << TOKEN_BITS)
    }
}

impl Node {
    pub(super) async fn register(pool: &Pool, now: UnixMs) -> Result<Self> {
        let sent = Instant::now();
        let opened = (now, sent);
        Ok(Self {
            identity: RwLock::new(register(pool, low_water_at(opened)).await?),
            opened,
            registering: tokio::sync::Mutex::default(),
            next_token: AtomicI64::new(1),
            sure_since: Mutex::new(sent),
            held: Mutex::default(),
            owned: RwLock::default(),
            left: AtomicBool::new(false),
        })
    }

    pub(super) fn identity(&self) -> Identity {
        *self.identity.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fencing token that no claim had before.
    pub(super) fn new_lease(&self) -> Lease {
        let (first, _) = Identity::tokens_of(self.identity().id);
        Lease(first + self.next_token.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether what is leased under this token is surely still this node's own.
    pub(super) fn holds(&self, lease: Lease) -> bool {
        let (from, to) = Identity::tokens_of(self.identity().id);
        lease.0 >= from && lease.0 < to && self.is_sure()
    }

    /// Whether this lane is surely this node's own.
    pub(super) fn owns(&self, lane: EndpointId) -> bool {
        let owned = self.owned.read().unwrap_or_else(PoisonError::into_inner);
        owned.has(self.identity().id, lane) && self.is_sure()
    }

    /// Does something to what this node remembers of the lanes that it owns.
    pub(super) fn own(&self, work: impl FnOnce(&mut Owned)) {
        work(&mut self.owned.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn is_sure(&self) -> bool {
        let since = self.sure_since.lock();
        since.unwrap_or_else(PoisonError::into_inner).elapsed() < SURE_FOR
    }

    /// Takes a new number, if it still has the one that was found to be lost.
    pub(super) async fn register_anew(&self, pool: &Pool, lost: Identity) -> Result<()> {
        let _only = self.registering.lock().await;
        if self.identity() != lost || self.left.load(Ordering::Relaxed) {
            return Ok(());
        }
        let sent = Instant::now();
        let fresh = register(pool, low_water_at(self.opened)).await?;
        tracing::warn!(
            lost = lost.id,
            node = fresh.id,
            "declared lost by another node; registered anew"
        );
        // In this order: what the writer adds under the new number must stay.
        self.hold(Held::clear);
        *self
            .identity
            .write()
            .unwrap_or_else(PoisonError::into_inner) = fresh;
        self.beaten(sent);
        Ok(())
    }

    /// Leaves: its lanes are anybody's, and whatever it still has leased is another's to take over.
    pub(super) async fn leave(&self, pool: &Pool) -> Result<()> {
        self.left.store(true, Ordering::Relaxed);
        let id = self.identity().id;
        rows_once(
            pool,
            "WITH given AS (DELETE FROM lane_owners WHERE node_id = $1),
             gone AS (DELETE FROM nodes WHERE id = $1 RETURNING id, low_water)
             INSERT INTO lost_nodes (id, low_water) SELECT id, low_water FROM gone",
            &[&id],
        )
        .await?;
        Ok(())
    }

    /// Does something to what this node holds.
    pub(super) fn hold<T>(&self, work: impl FnOnce(&mut Held) -> T) -> T {
        work(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn beaten(&self, sent: Instant) {
        *self
            .sure_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = sent;
    }
}

/// Below this row nothing can be that is yet to be stored: what is queued now was accepted a while
/// ago, but not long ago.
fn low_water_at((now, since): (UnixMs, Instant)) -> i64 {
    let elapsed = since.elapsed().as_millis() as u64;
    let now = now.plus_ms(elapsed);
    row_ids::lowest_at(UnixMs(now.0 - QUEUED_MS_MAX))
}

async fn register(pool: &Pool, low_water: i64) -> Result<Identity> {
    // Two that choose the same slot at once: one of them chooses again.
    for _ in 0..NODE_SLOTS {
        let rows = rows_once(
            pool,
            "INSERT INTO nodes (id, slot, low_water)
             SELECT n.id, s.slot, $2 FROM (SELECT nextval('node_ids') AS id) n, LATERAL (
                 SELECT slot FROM generate_series(0, $1::bigint - 2) AS slot
                 WHERE NOT EXISTS (SELECT FROM nodes WHERE nodes.slot = slot.slot)
                 ORDER BY (slot - n.id) & ($1::bigint - 1) LIMIT 1) s
             ON CONFLICT DO NOTHING RETURNING id, slot::bigint",
            &[&SLOTS, &low_water],
        )
        .await?;
        if let Some(row) = rows.first() {
            return Ok(Identity {
                id: row.get(0),
                slot: row.get(1),
            });
        }
    }
    Err(StoreError::Unusable(format!(
        "the database has {NODE_SLOTS} nodes already\nhint: stop some of them"
    )))
}

/// Says that this node lives, and judges the others, until the store's thread ends.
pub(super) async fn keep_beating(node: Arc<Node>, pool: Pool) {
    let mut sure_since = Instant::now();
    loop {
        tokio::time::sleep(BEAT_EVERY).await;
        if node.left.load(Ordering::Relaxed) {
            return;
        }
        // After a time in which nobody could reach the database all look silent: who was silent
        // himself lets the others speak first.
        let may_judge = sure_since.elapsed().as_secs_f64() > SILENT_S_MAX;
        if let Err(error) = beat(&node, &pool, may_judge).await {
            tracing::warn!(%error, "not able to say that this node lives");
            sure_since = Instant::now();
        }
        if !node.is_sure() {
            sure_since = Instant::now();
        }
    }
}

async fn beat(node: &Node, pool: &Pool, may_judge: bool) -> Result<()> {
    let identity = node.identity();
    let sent = Instant::now();
    let low_water = node.hold(|held| held.low_water(low_water_at(node.opened)));
    let found = rows_once(
        pool,
        "UPDATE nodes SET seen_at = now(), low_water = GREATEST(low_water, $2) WHERE id = $1 RETURNING id",
        &[&identity.id, &low_water],
    )
    .await?;
    if found.is_empty() {
        return node.register_anew(pool, identity).await;
    }
    node.beaten(sent);
    if may_judge {
        let lost = rows_once(
            pool,
            "WITH gone AS (
                 DELETE FROM nodes WHERE seen_at < now() - make_interval(secs => $1) AND id <> $2
                 RETURNING id, low_water)
             INSERT INTO lost_nodes (id, low_water) SELECT id, low_water FROM gone RETURNING id",
            &[&SILENT_S_MAX, &identity.id],
        )
        .await?;
        for row in lost {
            tracing::warn!(
                node = row.get::<_, i64>(0),
                "node lost: silent for {SILENT_S_MAX} s"
            );
        }
    }
    Ok(())
}
