//! How work comes back that nobody does any more: after a node was lost, and after a lost lease.
//!
//! Rows that have failed before carry their lease's end as due time and come back by themselves;
//! those of a claim whose commit was not answered come back sooner.
//! First attempts carry none (it would cost an index entry each): a node knows its own by batch,
//! see held.rs; a lost node's are looked for from its low-water mark on, by its tokens.

use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;

use super::held::Batch;
use super::node::Identity;
use super::{PLAIN_PLANS, PostgresStore, Result, jobs};

/// Deliveries that one call makes due.
const RECLAIMED_AT_ONCE: i64 = 10_000;

const OF_A_BATCH: &str = "
    UPDATE deliveries d SET lease = 0, due_at = $4 FROM (
        SELECT project_id, id FROM deliveries
        WHERE id BETWEEN $1 AND $2 AND lease = $3 AND state <= 9 AND due_at IS NULL
        LIMIT $5 FOR UPDATE SKIP LOCKED) lost
    WHERE d.project_id = lost.project_id AND d.id = lost.id";
const FIRST_ATTEMPTS_OF_A_NODE: &str = "
    UPDATE deliveries d SET lease = 0, due_at = $4 FROM (
        SELECT project_id, id FROM deliveries
        WHERE id >= $1 AND lease >= $2 AND lease < $3 AND state <= 9 AND due_at IS NULL
        LIMIT $5 FOR UPDATE SKIP LOCKED) lost
    WHERE d.project_id = lost.project_id AND d.id = lost.id";
const CLAIMS_OF_A_NODE: &str = "
    UPDATE deliveries d SET lease = 0, due_at = $3 FROM (
        SELECT project_id, id FROM deliveries
        WHERE lease >= $1 AND lease < $2 AND lease > 0 AND due_at IS NOT NULL
        LIMIT $4 FOR UPDATE SKIP LOCKED) lost
    WHERE d.project_id = lost.project_id AND d.id = lost.id";
const CLAIMS_IN_DOUBT: &str = "
    UPDATE deliveries SET lease = 0, due_at = $2
    WHERE lease = ANY($1) AND lease > 0 AND due_at IS NOT NULL";
const RESENDS_IN_DOUBT: &str = "UPDATE resends SET lease = 0, due_at = $2 WHERE lease = ANY($1)";
const RESENDS_OF_A_NODE: &str =
    "UPDATE resends SET lease = 0, due_at = $3 WHERE lease >= $1 AND lease < $2";

impl PostgresStore {
    pub(crate) async fn reclaim(&self, now: UnixMs) -> Result<usize> {
        let expired_at = UnixMs(now.0.saturating_sub(LEASE_MS as i64));
        let mut reclaimed = 0;
        for batch in self.shared.node.hold(|held| held.out_of_sight(expired_at)) {
            reclaimed += self.reclaim_batch(batch, expired_at, now).await?;
        }
        let in_doubt = self
            .shared
            .node
            .hold(|held| held.claims_in_doubt(expired_at));
        if !in_doubt.is_empty() {
            reclaimed += self.reclaim_claims(&in_doubt, now).await?;
        }
        Ok(reclaimed + self.take_all_over(now).await?)
    }

    /// What these claims took, if they were stored.
    async fn reclaim_claims(&self, leases: &[i64], now: UnixMs) -> Result<usize> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        let mut found = 0;
        for sql in [CLAIMS_IN_DOUBT, RESENDS_IN_DOUBT] {
            found += transaction.execute(sql, &[&leases, &now.0]).await?;
        }
        transaction.commit().await?;
        Ok(found as usize)
    }

    /// What is left of a batch of this node's own that it has lost sight of.
    async fn reclaim_batch(&self, batch: Batch, expired_at: UnixMs, now: UnixMs) -> Result<usize> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        let (first, last) = batch.rows;
        let found = transaction
            .execute(
                OF_A_BATCH,
                &[&first, &last, &batch.lease, &now.0, &RECLAIMED_AT_ONCE],
            )
            .await?;
        transaction.commit().await?;
        // One in doubt may be stored yet, by a server that was slow to read it: it is looked for
        // until its lease would have ended.
        if (found as i64) < RECLAIMED_AT_ONCE && batch.at <= expired_at {
            self.shared.node.hold(|held| held.forget(batch.lease));
        }
        Ok(found as usize)
    }

    /// Makes the work of all lost nodes due that nobody else is busy with.
    pub(super) async fn take_all_over(&self, now: UnixMs) -> Result<usize> {
        let mut found = 0;
        // A node that left in order has nothing left, and must not hide one that has.
        while let Some(of_a_node) = self.take_over(now).await? {
            found += of_a_node;
        }
        Ok(found)
    }

    /// Makes a lost node's work due, or some of it; `None` if no node is lost. One node at a time
    /// does that for each.
    async fn take_over(&self, now: UnixMs) -> Result<Option<usize>> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        let lost = transaction
            .query_opt(
                "SELECT id, low_water FROM lost_nodes ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
                &[],
            )
            .await?;
        let Some(lost) = lost else {
            return Ok(None);
        };
        let (id, low_water): (i64, i64) = (lost.get(0), lost.get(1));
        let (from, to) = Identity::tokens_of(id);
        let first = transaction
            .execute(
                FIRST_ATTEMPTS_OF_A_NODE,
                &[&low_water, &from, &to, &now.0, &RECLAIMED_AT_ONCE],
            )
            .await?;
        let claims = transaction
            .execute(CLAIMS_OF_A_NODE, &[&from, &to, &now.0, &RECLAIMED_AT_ONCE])
            .await?;
        transaction
            .execute(RESENDS_OF_A_NODE, &[&from, &to, &now.0])
            .await?;
        transaction.execute(jobs::OF_A_NODE, &[&from, &to]).await?;
        transaction
            .execute("DELETE FROM lane_owners WHERE node_id = $1", &[&id])
            .await?;
        let found = first + claims;
        if found == 0 {
            // A pass that found nothing is the last one: nothing can be stored in its name.
            transaction
                .execute("DELETE FROM lost_nodes WHERE id = $1", &[&id])
                .await?;
        }
        transaction.commit().await?;
        if found > 0 {
            tracing::warn!(
                node = id,
                deliveries = found,
                "a lost node's deliveries are due again"
            );
        }
        Ok(Some(found as usize))
    }
}
