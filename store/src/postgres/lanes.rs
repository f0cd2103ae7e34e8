//! Which lanes have something waiting, and when the earliest of it is due.

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use super::{PLAIN_PLANS, PostgresStore, Result};

/// Hops from endpoint to endpoint through the index of due rows: its cost is the number of lanes
/// that wait, not of the deliveries that do.
const WAITING: &str = "
    WITH RECURSIVE lanes AS (
        (SELECT endpoint_id, due_at FROM deliveries
         WHERE due_at IS NOT NULL ORDER BY endpoint_id, due_at LIMIT 1)
        UNION ALL
        SELECT next.endpoint_id, next.due_at FROM lanes, LATERAL (
            SELECT endpoint_id, due_at FROM deliveries
            WHERE due_at IS NOT NULL AND endpoint_id > lanes.endpoint_id
            ORDER BY endpoint_id, due_at LIMIT 1) next
    )
    SELECT endpoint_id, MIN(due_at) FROM (
        SELECT * FROM lanes UNION ALL SELECT endpoint_id, MIN(due_at) FROM resends GROUP BY endpoint_id
    ) AS found GROUP BY endpoint_id";
const DUE: &str = "
    SELECT wanted.id, LEAST(
        (SELECT due_at FROM deliveries d
         WHERE d.endpoint_id = wanted.id AND d.due_at IS NOT NULL ORDER BY d.due_at LIMIT 1),
        (SELECT due_at FROM resends r WHERE r.endpoint_id = wanted.id ORDER BY r.due_at LIMIT 1))
    FROM unnest($1::bigint[]) AS wanted (id)";

impl PostgresStore {
    pub(crate) async fn lanes_waiting(&self) -> Result<Vec<(EndpointId, UnixMs)>> {
        self.lanes(WAITING, None).await
    }

    pub(crate) async fn lanes_due(
        &self,
        lanes: Vec<EndpointId>,
    ) -> Result<Vec<(EndpointId, UnixMs)>> {
        let lanes = lanes.into_iter().map(|lane| lane.0).collect();
        self.lanes(DUE, Some(lanes)).await
    }

    async fn lanes(&self, sql: &str, lanes: Option<Vec<i64>>) -> Result<Vec<(EndpointId, UnixMs)>> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        let rows = match &lanes {
            Some(lanes) => transaction.query(sql, &[lanes]).await?,
            None => transaction.query(sql, &[]).await?,
        };
        transaction.commit().await?;
        let found = rows.iter().filter_map(|row| {
            let due_at: Option<i64> = row.get(1);
            Some((EndpointId(row.get(0)), UnixMs(due_at?)))
        });
        Ok(found.collect())
    }
}
