//! How endpoints are doing, as it was written down last.

use hookwright_core::breaker::BreakerState;
use hookwright_core::ids::{EndpointId, ProjectId};
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, Row, params};

use super::{Result, SqliteStore, endpoints};
use crate::change::Change;
use crate::model::{CLOSED_BY_HAND, Endpoint, EndpointHealth, HealthChange, Scope};

const COLUMNS: &str = "project_id, endpoint_id, failing_since, breaker, breaker_reason, \
                       breaker_until, breaker_at";

impl SqliteStore {
    pub(crate) async fn put_health(&self, changes: Vec<HealthChange>) -> Result<()> {
        self.write(move |writer| {
            changes
                .iter()
                .try_for_each(|change| put(&writer.connection, change))
        })
        .await
    }

    pub(crate) async fn unwell(&self) -> Result<Vec<EndpointHealth>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM endpoint_health INDEXED BY endpoint_health_unwell
             WHERE failing_since IS NOT NULL OR breaker <> 0"
        );
        self.read(move |connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let rows = select.query_map([], health)?;
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn endpoint_health(
        &self,
        project: ProjectId,
        endpoints: Vec<EndpointId>,
    ) -> Result<Vec<EndpointHealth>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM endpoint_health WHERE endpoint_id = ?1 AND project_id = ?2"
        );
        self.read(move |connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let mut found = Vec::new();
            for endpoint in endpoints {
                let rows = select.query_map([endpoint.0, project.0], health)?;
                for row in rows {
                    found.push(row?);
                }
            }
            Ok(found)
        })
        .await
    }

    pub(crate) async fn close_breaker(
        &self,
        scope: Scope,
        public_id: String,
        now: UnixMs,
    ) -> Result<Endpoint> {
        let vault = std::sync::Arc::clone(&self.vault);
        self.change(move |writer| {
            let connection = &writer.connection;
            let id = endpoints::find(connection, &vault, scope, &public_id)?.id;
            put_breaker(
                connection,
                (scope.project_id, id),
                (BreakerState::Closed, CLOSED_BY_HAND, None),
                now,
            )?;
            connection
                .prepare_cached("UPDATE endpoints SET updated_at = ?2 WHERE id = ?1")?
                .execute([id.0, now.0])?;
            let endpoint = endpoints::by_id(connection, &vault, id)?;
            Ok((endpoint.clone(), Change::Endpoint(Box::new(endpoint))))
        })
        .await
    }
}

fn put(connection: &Connection, change: &HealthChange) -> Result<()> {
    if let Some(since) = change.failing_since {
        connection
            .prepare_cached(
                "INSERT INTO endpoint_health (endpoint_id, project_id, failing_since) VALUES (?1, ?2, ?3)
                 ON CONFLICT (endpoint_id) DO UPDATE SET failing_since = excluded.failing_since",
            )?
            .execute(params![
                change.endpoint_id.0,
                change.project_id.0,
                since.map(|since| since.0),
            ])?;
    }
    if let Some((breaker, at)) = &change.breaker {
        let lane = (change.project_id, change.endpoint_id);
        let shown = (breaker.state, breaker.reason.as_str(), breaker.until);
        put_breaker(connection, lane, shown, *at)?;
    }
    Ok(())
}

fn put_breaker(
    connection: &Connection,
    (project, endpoint): (ProjectId, EndpointId),
    (state, reason, until): (BreakerState, &str, Option<UnixMs>),
    at: UnixMs,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO endpoint_health (endpoint_id, project_id, breaker, breaker_reason, breaker_until, breaker_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (endpoint_id) DO UPDATE SET breaker = excluded.breaker,
                 breaker_reason = excluded.breaker_reason, breaker_until = excluded.breaker_until,
                 breaker_at = excluded.breaker_at",
        )?
        .execute(params![
            endpoint.0,
            project.0,
            state.code(),
            reason,
            until.map(|until| until.0),
            at.0,
        ])?;
    Ok(())
}

fn health(row: &Row<'_>) -> rusqlite::Result<EndpointHealth> {
    let time = |index| row.get::<_, Option<i64>>(index).map(|at| at.map(UnixMs));
    Ok(EndpointHealth {
        project_id: ProjectId(row.get(0)?),
        endpoint_id: EndpointId(row.get(1)?),
        failing_since: time(2)?,
        breaker: BreakerState::from_code(row.get(3)?).unwrap_or_default(),
        breaker_reason: row.get(4)?,
        breaker_until: time(5)?,
        breaker_at: time(6)?,
    })
}
