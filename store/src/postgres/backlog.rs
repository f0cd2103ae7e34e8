//! What is not delivered yet: what waits, by the index of waiting rows, and first attempts under
//! way, by a walk from the nodes' lowest mark on.

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};

use super::{Parameters, PostgresStore, Result};
use crate::model::{Backlog, Scope};

/// Endpoints of an account whose lanes are looked at one by one: each is looked for in every day. Of
/// an account with more, what it has is found among all that waits in the project.
const LANES_MAX: usize = 100;
/// Rows of the project that are looked at for an account's, and for first attempts under way.
const ROWS_WALKED_MAX: i64 = 20_000;

const LANES: &str = "SELECT id FROM endpoints WHERE project_id = $1 AND account_id = $2 LIMIT $3";
/// How many wait in the project, and since when: counted in the index alone, where the rows' pages
/// have been at rest.
pub(super) const WAITING: &str = "
    SELECT count(*), (SELECT created_at FROM deliveries d
                      WHERE d.project_id = $1 AND d.id = min(waiting.id))
    FROM (SELECT d.id FROM deliveries d
          WHERE d.project_id = $1 AND d.due_at IS NOT NULL AND d.created_at >= 0
          ORDER BY d.id LIMIT $2) AS waiting";
/// Among those that wait in the project, those of an account.
pub(super) const WAITING_AMONG: &str = "
    SELECT count(*) FILTER (WHERE seen), min(created_at) FILTER (WHERE seen), count(*)
    FROM (SELECT d.created_at, EXISTS (
              SELECT FROM endpoints p WHERE p.project_id = d.project_id AND p.id = d.endpoint_id
                     AND p.account_id = $2) AS seen
          FROM deliveries d
          WHERE d.project_id = $1 AND d.due_at IS NOT NULL AND d.created_at >= 0
          ORDER BY d.id LIMIT $3) AS walked";
/// Of some lanes, up to so many of each: the first in the order in which they were made.
pub(super) const WAITING_OF: &str = "
    SELECT count(*), min(w.created_at)
    FROM (SELECT d.created_at FROM unnest($1::bigint[]) AS lane (endpoint_id), LATERAL (
              SELECT created_at FROM deliveries d
              WHERE d.endpoint_id = lane.endpoint_id AND d.due_at IS NOT NULL
              ORDER BY d.id LIMIT $2) AS d
          LIMIT $3) AS w";
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
        let lanes = match (endpoint, scope.account_id) {
            (Some(endpoint), _) => Some(vec![endpoint.0]),
            (None, Some(account)) => self.few_lanes(scope, account).await?,
            (None, None) => None,
        };
        match lanes {
            Some(lanes) => self.waiting_of(&lanes, limit, &mut found).await?,
            None => {
                let (project, account) = (scope.project_id, scope.account_id);
                self.waiting(project, account, limit, &mut found).await?;
            }
        }
        self.first_attempts(scope, endpoint, limit, &mut found)
            .await?;
        Ok(found)
    }

    /// The lanes of an account that has few.
    async fn few_lanes(&self, scope: Scope, account: AccountId) -> Result<Option<Vec<i64>>> {
        let most = LANES_MAX as i64 + 1;
        let rows = self
            .rows_by_index(LANES, &[&scope.project_id.0, &account.0, &most])
            .await?;
        let all = rows.iter().map(|row| row.get(0)).collect();
        Ok(Some(all).filter(|_| rows.len() <= LANES_MAX))
    }

    async fn waiting_of(&self, lanes: &[i64], limit: usize, found: &mut Backlog) -> Result<()> {
        let most = limit as i64 + 1;
        let row = self
            .row_by_index(WAITING_OF, &[&lanes, &most, &most])
            .await?;
        let (count, mut oldest_at) = (row.get::<_, i64>(0) as usize, row.get(1));
        if count > limit {
            // The oldest may be in a lane that was not come to.
            let row = self
                .row_by_index(WAITING_OF, &[&lanes, &1_i64, &i64::MAX])
                .await?;
            oldest_at = row.get(1);
        }
        found.is_exact &= count <= limit;
        found.add(count.min(limit), oldest_at);
        Ok(())
    }

    async fn waiting(
        &self,
        project: ProjectId,
        account: Option<AccountId>,
        limit: usize,
        found: &mut Backlog,
    ) -> Result<()> {
        let row = match account {
            Some(account) => {
                let parameters: Parameters<'_> = &[&project.0, &account.0, &ROWS_WALKED_MAX];
                let row = self.row_by_index(WAITING_AMONG, parameters).await?;
                found.is_exact &= row.get::<_, i64>(2) < ROWS_WALKED_MAX;
                row
            }
            None => {
                let most = limit as i64 + 1;
                self.row_by_index(WAITING, &[&project.0, &most]).await?
            }
        };
        let count = row.get::<_, i64>(0) as usize;
        found.is_exact &= count <= limit;
        found.add(count.min(limit), row.get(1));
        Ok(())
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
