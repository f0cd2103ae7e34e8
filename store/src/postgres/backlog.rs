//! What is not delivered yet: what waits, by the index of waiting rows, and first attempts under
//! way, by a walk from the nodes' lowest mark on.

use hookwright_core::ids::EndpointId;

use super::{PostgresStore, Result};
use crate::model::{Backlog, Scope};

/// Lanes that are looked at for one answer: each is looked for in every day.
const LANES_MAX: i64 = 2_000;
/// Rows of the project that are looked at for first attempts under way.
const ROWS_WALKED_MAX: i64 = 20_000;

/// Hops from lane to lane, as lanes.rs does.
const LANES: &str = "
    WITH RECURSIVE lanes AS (
        (SELECT endpoint_id FROM deliveries
         WHERE due_at IS NOT NULL ORDER BY endpoint_id, due_at LIMIT 1)
        UNION ALL
        SELECT next.endpoint_id FROM lanes, LATERAL (
            SELECT endpoint_id FROM deliveries
            WHERE due_at IS NOT NULL AND endpoint_id > lanes.endpoint_id
            ORDER BY endpoint_id, due_at LIMIT 1) next
    )
    SELECT lane.endpoint_id, EXISTS (
        SELECT FROM endpoints p WHERE p.project_id = $1 AND p.id = lane.endpoint_id
               AND p.account_id = COALESCE($2, p.account_id))
    FROM (SELECT endpoint_id FROM lanes LIMIT $3) AS lane";
/// Of each lane, the first rows in the order in which they were made.
pub(super) const WAITING: &str = "
    SELECT d.created_at FROM deliveries d
    WHERE d.endpoint_id = $1 AND d.due_at IS NOT NULL ORDER BY d.id LIMIT $2";
pub(super) const FIRST_ATTEMPTS: &str = "
    SELECT d.created_at, d.state <= 9 AND d.due_at IS NULL
           AND d.endpoint_id = COALESCE($3, d.endpoint_id)
           AND ($4::bigint IS NULL OR EXISTS (
               SELECT FROM endpoints p WHERE p.project_id = d.project_id AND p.id = d.endpoint_id
                      AND p.account_id = $4))
    FROM deliveries d WHERE d.project_id = $1 AND d.id >= $2 ORDER BY d.id LIMIT $5";

impl PostgresStore {
    pub(crate) async fn backlog(
        &self,
        scope: Scope,
        endpoint: Option<EndpointId>,
        limit: usize,
    ) -> Result<Backlog> {
        let mut found = Backlog {
            is_exact: true,
            ..Backlog::default()
        };
        let lanes = match endpoint {
            Some(endpoint) => vec![endpoint.0],
            None => self.lanes_with_backlog(scope, &mut found).await?,
        };
        for lane in lanes {
            let left = limit.saturating_sub(found.deliveries);
            let rows = self
                .rows_by_index(WAITING, &[&lane, &(left as i64 + 1)])
                .await?;
            found.is_exact &= rows.len() <= left;
            found.add(rows.len().min(left), rows.first().map(|row| row.get(0)));
        }
        self.first_attempts(scope, endpoint, limit, &mut found)
            .await?;
        Ok(found)
    }

    async fn lanes_with_backlog(&self, scope: Scope, found: &mut Backlog) -> Result<Vec<i64>> {
        let account = scope.account_id.map(|account| account.0);
        let project = scope.project_id.0;
        let rows = self
            .rows_by_index(LANES, &[&project, &account, &LANES_MAX])
            .await?;
        found.is_exact &= (rows.len() as i64) < LANES_MAX;
        let seen = rows.iter().filter(|row| row.get(1));
        Ok(seen.map(|row| row.get(0)).collect())
    }

    async fn first_attempts(
        &self,
        scope: Scope,
        endpoint: Option<EndpointId>,
        limit: usize,
        found: &mut Backlog,
    ) -> Result<()> {
        let mark = "SELECT COALESCE(MIN(low_water), 0) FROM
                        (SELECT low_water FROM nodes UNION ALL SELECT low_water FROM lost_nodes) AS marks";
        let mark: i64 = self.row(mark, &[]).await?.get(0);
        let endpoint = endpoint.map(|endpoint| endpoint.0);
        let account = scope.account_id.map(|account| account.0);
        let rows = self
            .rows_by_index(
                FIRST_ATTEMPTS,
                &[
                    &scope.project_id.0,
                    &mark,
                    &endpoint,
                    &account,
                    &ROWS_WALKED_MAX,
                ],
            )
            .await?;
        found.is_exact &= (rows.len() as i64) < ROWS_WALKED_MAX;
        let mut under_way = rows.iter().filter(|row| row.get(1)).peekable();
        let oldest_at = under_way.peek().map(|row| row.get(0));
        let left = limit.saturating_sub(found.deliveries);
        let count = under_way.count();
        found.is_exact &= count <= left;
        found.add(count.min(left), oldest_at);
        Ok(())
    }
}
