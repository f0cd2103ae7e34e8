//! How endpoints are doing, as it was written down last.

use hookwright_core::breaker::BreakerState;
use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::change_log::Kind;
use super::endpoints::{self, COLUMNS as ENDPOINT, IN_SCOPE};
use super::within::{execute, row_of};
use super::{PLAIN_PLANS, PostgresStore, Result};
use crate::error::StoreError;
use crate::model::{CLOSED_BY_HAND, Endpoint, EndpointHealth, HealthChange, Scope};

const COLUMNS: &str = "project_id, endpoint_id, failing_since, breaker, breaker_reason, \
                       breaker_until, breaker_at";
/// In the order of their keys: two nodes that write of the same ones wait in one direction only.
const PUT_FAILING: &str = "
    INSERT INTO endpoint_health AS h (project_id, endpoint_id, failing_since)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (project_id, endpoint_id, since)
    ORDER BY project_id, endpoint_id
    ON CONFLICT (project_id, endpoint_id) DO UPDATE SET failing_since = excluded.failing_since";
const PUT_BREAKERS: &str = "
    INSERT INTO endpoint_health AS h
        (project_id, endpoint_id, breaker, breaker_reason, breaker_until, breaker_at)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::bigint[], $6::bigint[])
        AS u (project_id, endpoint_id, breaker, reason, until, at)
    ORDER BY project_id, endpoint_id
    ON CONFLICT (project_id, endpoint_id) DO UPDATE SET breaker = excluded.breaker,
        breaker_reason = excluded.breaker_reason, breaker_until = excluded.breaker_until,
        breaker_at = excluded.breaker_at";

#[derive(Default)]
struct Failing {
    projects: Vec<i64>,
    endpoints: Vec<i64>,
    since: Vec<Option<i64>>,
}

#[derive(Default)]
struct Breakers {
    projects: Vec<i64>,
    endpoints: Vec<i64>,
    states: Vec<i16>,
    reasons: Vec<String>,
    until: Vec<Option<i64>>,
    at: Vec<i64>,
}

impl PostgresStore {
    pub(crate) async fn put_health(&self, changes: Vec<HealthChange>) -> Result<()> {
        let (failing, breakers) = columns(changes);
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PLAIN_PLANS).await?;
        // A node that was declared lost knows nothing any more of how endpoints do.
        self.hold_own_place(&transaction).await?;
        if !failing.projects.is_empty() {
            let columns: super::Parameters<'_> =
                &[&failing.projects, &failing.endpoints, &failing.since];
            transaction.execute(PUT_FAILING, columns).await?;
        }
        if !breakers.projects.is_empty() {
            let columns: super::Parameters<'_> = &[
                &breakers.projects,
                &breakers.endpoints,
                &breakers.states,
                &breakers.reasons,
                &breakers.until,
                &breakers.at,
            ];
            transaction.execute(PUT_BREAKERS, columns).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    pub(crate) async fn unwell(&self) -> Result<Vec<EndpointHealth>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM endpoint_health WHERE failing_since IS NOT NULL OR breaker <> 0"
        );
        let rows = self.rows_by_index(&sql, &[]).await?;
        Ok(rows.iter().map(health).collect())
    }

    pub(crate) async fn endpoint_health(
        &self,
        project: ProjectId,
        endpoints: Vec<EndpointId>,
    ) -> Result<Vec<EndpointHealth>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM endpoint_health WHERE project_id = $1 AND endpoint_id = ANY($2)"
        );
        let endpoints: Vec<i64> = endpoints.into_iter().map(|endpoint| endpoint.0).collect();
        let rows = self.rows(&sql, &[&project.0, &endpoints]).await?;
        Ok(rows.iter().map(health).collect())
    }

    pub(crate) async fn close_breaker(
        &self,
        scope: Scope,
        public_id: String,
        now: UnixMs,
    ) -> Result<Endpoint> {
        let mut client = self.client().await?;
        let change = self.begin(&mut client).await?;
        let sql =
            format!("UPDATE endpoints SET updated_at = $4 WHERE {IN_SCOPE} RETURNING {ENDPOINT}");
        let account = scope.account_id.map(|account| account.0);
        let named: super::Parameters<'_> = &[&scope.project_id.0, &account, &public_id, &now.0];
        let found = row_of(&change, &sql, named).await?;
        let found = found.ok_or(StoreError::NotFound)?;
        let endpoint = endpoints::endpoint(&found, &self.shared.vault)?;
        let closed: super::Parameters<'_> = &[
            &vec![endpoint.project_id.0],
            &vec![endpoint.id.0],
            &vec![i16::from(BreakerState::Closed.code())],
            &vec![CLOSED_BY_HAND.to_owned()],
            &vec![None::<i64>],
            &vec![now.0],
        ];
        execute(&change, PUT_BREAKERS, closed).await?;
        self.commit(change, &[endpoints::moved(Kind::Endpoint, &endpoint)])
            .await?;
        Ok(endpoint)
    }
}

fn columns(changes: Vec<HealthChange>) -> (Failing, Breakers) {
    let (mut failing, mut breakers) = (Failing::default(), Breakers::default());
    for change in changes {
        if let Some(since) = change.failing_since {
            failing.projects.push(change.project_id.0);
            failing.endpoints.push(change.endpoint_id.0);
            failing.since.push(since.map(|since| since.0));
        }
        if let Some((breaker, at)) = change.breaker {
            breakers.projects.push(change.project_id.0);
            breakers.endpoints.push(change.endpoint_id.0);
            breakers.states.push(i16::from(breaker.state.code()));
            breakers.reasons.push(breaker.reason);
            breakers.until.push(breaker.until.map(|until| until.0));
            breakers.at.push(at.0);
        }
    }
    (failing, breakers)
}

fn health(row: &Row) -> EndpointHealth {
    let time = |index| row.get::<_, Option<i64>>(index).map(UnixMs);
    let code = u8::try_from(row.get::<_, i16>(3)).ok();
    EndpointHealth {
        project_id: ProjectId(row.get(0)),
        endpoint_id: EndpointId(row.get(1)),
        failing_since: time(2),
        breaker: code.and_then(BreakerState::from_code).unwrap_or_default(),
        breaker_reason: row.get(4),
        breaker_until: time(5),
        breaker_at: time(6),
    }
}
