//! How leased deliveries are given back, and what waits is made due before its time.

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use super::{PLAIN_PLANS, PostgresStore, Result};
use crate::model::Leased;

const RELEASE: &str = "
    UPDATE deliveries d SET lease = 0, due_at = $4
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (project_id, id, lease)
    WHERE d.project_id = u.project_id AND d.id = u.id AND d.lease = u.lease AND d.state <= 9";
/// One: a claim may have taken several of one delivery under its token.
const RELEASE_RESEND: &str = "
    UPDATE resends SET lease = 0, due_at = $4 WHERE project_id = $1 AND id =
        (SELECT MIN(id) FROM resends WHERE project_id = $1 AND delivery_id = $2 AND lease = $3)";
const HASTEN: &str = "
    UPDATE deliveries d SET due_at = $2 FROM (
        SELECT project_id, id FROM deliveries
        WHERE endpoint_id = $1 AND due_at IS NOT NULL AND due_at > $2 AND lease = 0
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) waiting
    WHERE d.project_id = waiting.project_id AND d.id = waiting.id";

impl PostgresStore {
    pub(crate) async fn release(&self, leased: Vec<Leased>, now: UnixMs) -> Result<()> {
        if leased.is_empty() {
            return Ok(());
        }
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        let automatic = leased.iter().filter(|held| !held.manual);
        let mut columns = (Vec::new(), Vec::new(), Vec::new());
        for held in automatic {
            columns.0.push(held.project_id.0);
            columns.1.push(held.id.0);
            columns.2.push(held.lease.0);
        }
        if !columns.0.is_empty() {
            transaction
                .execute(RELEASE, &[&columns.0, &columns.1, &columns.2, &now.0])
                .await?;
        }
        for held in leased.iter().filter(|held| held.manual) {
            transaction
                .execute(
                    RELEASE_RESEND,
                    &[&held.project_id.0, &held.id.0, &held.lease.0, &now.0],
                )
                .await?;
        }
        transaction.commit().await?;
        self.shared
            .node
            .hold(|held| columns.2.iter().for_each(|lease| held.give(*lease)));
        Ok(())
    }

    pub(crate) async fn hasten(
        &self,
        lane: EndpointId,
        limit: usize,
        now: UnixMs,
    ) -> Result<usize> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        let hastened = transaction
            .execute(HASTEN, &[&lane.0, &now.0, &(limit as i64)])
            .await?;
        transaction.commit().await?;
        Ok(hastened as usize)
    }
}
