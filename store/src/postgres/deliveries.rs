//! Deliveries and attempts as they are looked at.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{DeliveryId, EndpointId, EventId};
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::drop_day::EDGE;
use super::{Parameters, PostgresStore, Result};
use crate::blob;
use crate::error::StoreError;
use crate::model::{Attempt, Delivery, DeliveryFilter, EndpointStatus, Listed, Page, Scope};

/// Rows looked at for one page: a list whose filter fits few rows ends early and goes on at its
/// cursor.
const SCANNED_ROWS_MAX: i64 = 50_000;

const COLUMNS: &str = "d.id, d.event_id, e.given_id, e.accepted_at, e.event_type, d.endpoint_id,
        p.public_id, a.public_id, d.state, d.attempts, d.due_at, d.lease, d.created_at,
        d.finished_at, d.last_class, d.last_status, d.first_attempt, p.status";
const JOINED: &str = "
    JOIN endpoints p ON p.project_id = d.project_id AND p.id = d.endpoint_id
    JOIN events e ON e.project_id = d.project_id AND e.id = d.event_id
    JOIN accounts a ON a.project_id = p.project_id AND a.id = p.account_id";
pub(super) const ATTEMPTS: &str = "SELECT number, body FROM attempts
    WHERE project_id = $1 AND delivery_id = $2 ORDER BY number";
const RANGE_OF_EVENT: &str = "SELECT first_delivery, fanout FROM events
    WHERE project_id = $1 AND id = $2 AND ($3::bigint IS NULL OR account_id = $3)";

/// Which rows a list walks, newest first. The parameters are those of [`page_of`].
pub(super) const OF_PROJECT: &str =
    "SELECT * FROM deliveries WHERE project_id = $1 AND id < $2 ORDER BY id DESC";
/// Another's endpoint has none. The project is not named again: its own index would do as well to
/// the planner, and hold everybody's rows.
pub(super) const OF_ENDPOINT: &str = "SELECT * FROM deliveries
    WHERE endpoint_id = (SELECT id FROM endpoints
                         WHERE project_id = $1 AND id = $7::bigint AND account_id = COALESCE($5, account_id))
          AND id < $2
    ORDER BY id DESC";
pub(super) const OF_EVENT: &str = "SELECT * FROM deliveries
    WHERE project_id = $1 AND id >= $8 AND id < $2 ORDER BY id DESC";

/// A page of the rows walked: project, before, rows to look at, rows to show, account, state,
/// endpoint (and an event's first delivery). It is cut before events are joined to it.
pub(super) fn page_of(walked: &str) -> String {
    format!(
        "SELECT {COLUMNS}
         FROM (SELECT d.* FROM ({walked} LIMIT $3) d
               JOIN endpoints p ON p.project_id = d.project_id AND p.id = d.endpoint_id
               WHERE p.account_id = COALESCE($5::bigint, p.account_id)
                     AND d.endpoint_id = COALESCE($7::bigint, d.endpoint_id)
                     AND ($6::smallint IS NULL
                          OR CASE WHEN d.state <= 9 AND p.status = 3 THEN 4 ELSE d.state END = $6)
               ORDER BY d.id DESC LIMIT $4) d
         {JOINED} ORDER BY d.id DESC"
    )
}

/// The last row that a page looked at, if it did not get to the end. It takes what [`page_of`]
/// takes, so it names all of it.
pub(super) fn floor_of(walked: &str) -> String {
    format!(
        "SELECT id FROM ({walked} OFFSET $3::bigint - 1 LIMIT 1) d
         WHERE ($4::bigint, $5::bigint, $6::smallint, $7::bigint) IS NOT DISTINCT FROM ($4, $5, $6, $7)"
    )
}

/// Its event's row is near its own, so that of most days nothing is opened.
pub(super) fn by_id() -> String {
    format!(
        "SELECT {COLUMNS} FROM deliveries d {JOINED}
         WHERE d.project_id = $1 AND d.id = $2 AND p.account_id = COALESCE($3::bigint, p.account_id)
               AND e.id > $2 - {EDGE}::bigint AND e.id < $2 + {EDGE}::bigint"
    )
}

impl PostgresStore {
    pub(crate) async fn delivery(
        &self,
        scope: Scope,
        id: DeliveryId,
        created_at: UnixMs,
    ) -> Result<(Delivery, Vec<Attempt>)> {
        let project = scope.project_id.0;
        let account = scope.account_id.map(|account| account.0);
        let rows = self
            .rows_by_index(&by_id(), &[&project, &id.0, &account])
            .await?;
        let row = rows.first().ok_or(StoreError::NotFound)?;
        let found = delivery(row)?;
        if found.created_at != created_at {
            return Err(StoreError::NotFound);
        }
        let mut attempts: Vec<Attempt> = first_attempt(row)?.into_iter().collect();
        for row in self.rows_by_index(ATTEMPTS, &[&project, &id.0]).await? {
            attempts.extend(later_attempt(&row)?);
        }
        attempts.sort_by_key(|attempt| attempt.number);
        Ok((found, attempts))
    }

    pub(crate) async fn deliveries(
        &self,
        scope: Scope,
        filter: DeliveryFilter,
        page: Page,
    ) -> Result<Listed<Delivery>> {
        let project = scope.project_id.0;
        let account = scope.account_id.map(|account| account.0);
        let state = filter.state.map(|state| i16::from(state.code()));
        let endpoint = filter.endpoint_id.map(|endpoint| endpoint.0);
        let (before, limit) = (page.before.unwrap_or(i64::MAX), page.limit as i64);
        if let Some(event) = filter.event_id {
            let (first, end) = self.range_of_event(scope, event).await?;
            let before = before.min(end);
            let parameters: Parameters<'_> = &[
                &project,
                &before,
                &SCANNED_ROWS_MAX,
                &limit,
                &account,
                &state,
                &endpoint,
                &first,
            ];
            return self.walk(OF_EVENT, page, parameters).await;
        }
        let walked = endpoint.map_or(OF_PROJECT, |_| OF_ENDPOINT);
        let parameters: Parameters<'_> = &[
            &project,
            &before,
            &SCANNED_ROWS_MAX,
            &limit,
            &account,
            &state,
            &endpoint,
        ];
        self.walk(walked, page, parameters).await
    }

    /// An event's deliveries lie side by side.
    async fn range_of_event(&self, scope: Scope, event: EventId) -> Result<(i64, i64)> {
        let account = scope.account_id.map(|account| account.0);
        let row = self
            .row(RANGE_OF_EVENT, &[&scope.project_id.0, &event.0, &account])
            .await?;
        let first: i64 = row.get(0);
        Ok((first, first + i64::from(row.get::<_, i32>(1))))
    }

    async fn walk(
        &self,
        walked: &str,
        page: Page,
        parameters: Parameters<'_>,
    ) -> Result<Listed<Delivery>> {
        let rows = self.rows_by_index(&page_of(walked), parameters).await?;
        let rows: Vec<Delivery> = rows.iter().map(delivery).collect::<Result<_>>()?;
        let last = rows.last().map(|row| row.id.0);
        if rows.len() >= page.limit {
            return Ok(Listed {
                rows,
                next: last,
                prev: None,
            });
        }
        let floor = self.rows_by_index(&floor_of(walked), parameters).await?;
        let floor: Option<i64> = floor.first().map(|row| row.get(0));
        // Newer rows that came in between move the floor up, but no row is shown twice for that.
        let next = floor.map(|floor| last.map_or(floor, |last| last.min(floor)));
        Ok(Listed {
            rows,
            next,
            prev: None,
        })
    }
}

fn first_attempt(row: &Row) -> Result<Option<Attempt>> {
    blob::decode(row.get::<_, Option<&[u8]>>(16).unwrap_or_default())
}

/// The number was given when the row was written; the one inside is from before.
fn later_attempt(row: &Row) -> Result<Option<Attempt>> {
    let number = row.get::<_, i32>(0).unsigned_abs();
    let attempt = blob::decode(row.get::<_, &[u8]>(1))?;
    Ok(attempt.map(|attempt| Attempt { number, ..attempt }))
}

fn delivery(row: &Row) -> Result<Delivery> {
    let code: i16 = row.get(8);
    let stored = u8::try_from(code).ok().and_then(DeliveryState::from_code);
    let stored = stored.ok_or_else(|| StoreError::Unreadable {
        what: "delivery",
        detail: format!("unknown state {code}"),
    })?;
    let paused = row.get::<_, i16>(17) == EndpointStatus::Paused as i16;
    let state = if stored.is_live() && paused {
        DeliveryState::Held
    } else {
        stored
    };
    let leased = row.get::<_, i64>(11) > 0;
    let due_at: Option<i64> = row.get(10);
    // Delivered at the first attempt: the time rests in the attempt.
    let finished_at = match row.get::<_, Option<i64>>(13) {
        // It was given up before, and is not now.
        Some(_) if stored.is_live() => None,
        Some(at) => Some(UnixMs(at)),
        None if stored == DeliveryState::Delivered => first_attempt(row)?.map(|attempt| {
            let total_ms = u64::from(attempt.timing.total_us) / 1000;
            attempt.started_at.plus_ms(total_ms)
        }),
        None => None,
    };
    let class = row.get::<_, Option<i16>>(14);
    let class = class.and_then(|code| u8::try_from(code).ok());
    let status = row.get::<_, Option<i16>>(15);
    Ok(Delivery {
        id: DeliveryId(row.get(0)),
        event_id: EventId(row.get(1)),
        event_given_id: row.get(2),
        event_accepted_at: UnixMs(row.get(3)),
        event_type: row.get(4),
        endpoint_id: EndpointId(row.get(5)),
        endpoint_public_id: row.get(6),
        account_public_id: row.get(7),
        state,
        attempts: row.get::<_, i32>(9).unsigned_abs(),
        next_attempt_at: due_at
            .filter(|_| stored.is_live() && !leased && !paused)
            .map(UnixMs),
        created_at: UnixMs(row.get(12)),
        finished_at,
        last_error: class
            .and_then(ErrorClass::from_code)
            .map(|class| (class, status.map(i16::unsigned_abs))),
    })
}
