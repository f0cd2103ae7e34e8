//! Deliveries and attempts as they are looked at.

use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{DeliveryId, EndpointId, EventId};
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, Row, params};

use super::{Result, SqliteStore};
use crate::blob;
use crate::error::StoreError;
use crate::model::{Attempt, Delivery, DeliveryFilter, EndpointStatus, Listed, Page, Scope};

/// Rows looked at for one page: a list whose filter fits few rows ends early and goes on at its
/// cursor.
const SCANNED_ROWS_MAX: usize = 50_000;

const SELECT: &str = "SELECT d.id, d.event_id, e.given_id, e.accepted_at, t.name, d.endpoint_id,
        p.public_id, a.public_id, d.state, d.attempts, d.due_at, d.lease, d.created_at, d.finished_at,
        d.last_class, d.last_status, d.first_attempt, p.status, p.project_id, p.account_id
    FROM deliveries d
    JOIN events e ON e.id = d.event_id
    JOIN event_types t ON t.id = e.type_id
    JOIN endpoints p ON p.id = d.endpoint_id
    JOIN accounts a ON a.id = p.account_id";

impl SqliteStore {
    pub(crate) async fn delivery(
        &self,
        scope: Scope,
        id: DeliveryId,
        created_at: UnixMs,
    ) -> Result<(Delivery, Vec<Attempt>)> {
        self.read(move |connection| {
            let mut select = connection.prepare_cached(&format!("{SELECT} WHERE d.id = ?1"))?;
            let mut rows = select.query([id.0])?;
            let row = rows.next()?.ok_or(StoreError::NotFound)?;
            let found = delivery(row)?;
            if found.created_at != created_at || !in_scope(row, scope)? {
                return Err(StoreError::NotFound);
            }
            let mut attempts: Vec<Attempt> = first_attempt(row)?.into_iter().collect();
            attempts.extend(later_attempts(connection, id)?);
            attempts.sort_by_key(|attempt| attempt.number);
            Ok((found, attempts))
        })
        .await
    }

    pub(crate) async fn deliveries(
        &self,
        scope: Scope,
        filter: DeliveryFilter,
        page: Page,
    ) -> Result<Listed<Delivery>> {
        self.read(
            move |connection| match (filter.event_id, filter.endpoint_id) {
                (Some(event), _) => of_event(connection, scope, filter, (event, page)),
                (None, Some(endpoint)) => of_endpoint(connection, scope, filter, (endpoint, page)),
                (None, None) => newest(connection, scope, filter, page),
            },
        )
        .await
    }
}

/// An event's deliveries lie side by side.
fn of_event(
    connection: &Connection,
    scope: Scope,
    filter: DeliveryFilter,
    (event, page): (EventId, Page),
) -> Result<Listed<Delivery>> {
    let range = connection
        .prepare_cached(
            "SELECT first_delivery, fanout FROM events
             WHERE id = ?1 AND project_id = ?2 AND account_id = IFNULL(?3, account_id)",
        )?
        .query_row(
            params![event.0, scope.project_id.0, scope.account_id.map(|id| id.0)],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?;
    let sql = format!("{SELECT} WHERE d.id >= ?1 AND d.id < ?2 ORDER BY d.id DESC");
    let mut select = connection.prepare_cached(&sql)?;
    let end = page.before.unwrap_or(i64::MAX).min(range.0 + range.1);
    let rows = select.query(params![range.0, end])?;
    Ok(Walk::new(scope, filter, page).take(rows)?.listed())
}

/// Walks the buckets of the endpoint's index, newest first.
fn of_endpoint(
    connection: &Connection,
    scope: Scope,
    filter: DeliveryFilter,
    (endpoint, page): (EndpointId, Page),
) -> Result<Listed<Delivery>> {
    let sql = format!(
        "{SELECT} WHERE d.id >> 16 = ?1 AND d.endpoint_id = ?2 AND d.id < ?3 ORDER BY d.id DESC"
    );
    let mut select = connection.prepare_cached(&sql)?;
    let newest: i64 =
        connection.query_row("SELECT IFNULL(MAX(id), 0) FROM deliveries", [], |row| {
            row.get(0)
        })?;
    let before = page.before.unwrap_or(i64::MAX).min(newest + 1);
    let mut walk = Walk::new(scope, filter, page);
    for bucket in (0..=before >> 16).rev() {
        walk = walk.take(select.query(params![bucket, endpoint.0, before])?)?;
        if walk.ended {
            break;
        }
    }
    Ok(walk.listed())
}

fn newest(
    connection: &Connection,
    scope: Scope,
    filter: DeliveryFilter,
    page: Page,
) -> Result<Listed<Delivery>> {
    let sql = format!("{SELECT} WHERE d.id < ?1 ORDER BY d.id DESC");
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query([page.before.unwrap_or(i64::MAX)])?;
    Ok(Walk::new(scope, filter, page).take(rows)?.listed())
}

/// A page being filled.
struct Walk {
    scope: Scope,
    filter: DeliveryFilter,
    page: Page,
    found: Vec<Delivery>,
    last: Option<i64>,
    scanned: usize,
    ended: bool,
}

impl Walk {
    fn new(scope: Scope, filter: DeliveryFilter, page: Page) -> Self {
        Self {
            scope,
            filter,
            page,
            found: Vec::new(),
            last: None,
            scanned: 0,
            ended: false,
        }
    }

    fn take(mut self, mut rows: rusqlite::Rows<'_>) -> Result<Self> {
        while !self.ended {
            let Some(row) = rows.next()? else { break };
            self.scanned += 1;
            self.last = Some(row.get(0)?);
            let fits = in_scope(row, self.scope)?
                && self
                    .filter
                    .endpoint_id
                    .is_none_or(|id| row.get(5) == Ok(id.0));
            if fits {
                let delivery = delivery(row)?;
                if self
                    .filter
                    .state
                    .is_none_or(|state| state == delivery.state)
                {
                    self.found.push(delivery);
                }
            }
            self.ended = self.found.len() >= self.page.limit || self.scanned >= SCANNED_ROWS_MAX;
        }
        Ok(self)
    }

    fn listed(self) -> Listed<Delivery> {
        Listed {
            rows: self.found,
            next: self.last.filter(|_| self.ended),
            prev: None,
        }
    }
}

fn in_scope(row: &Row<'_>, scope: Scope) -> Result<bool> {
    let project: i64 = row.get(18)?;
    let account: i64 = row.get(19)?;
    Ok(project == scope.project_id.0 && scope.account_id.is_none_or(|id| id.0 == account))
}

fn first_attempt(row: &Row<'_>) -> Result<Option<Attempt>> {
    let bytes: Option<Vec<u8>> = row.get(16)?;
    blob::decode(bytes.as_deref().unwrap_or_default())
}

fn later_attempts(connection: &Connection, id: DeliveryId) -> Result<Vec<Attempt>> {
    let mut select = connection
        .prepare_cached("SELECT body FROM attempts WHERE delivery_id = ?1 ORDER BY id")?;
    let mut rows = select.query([id.0])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        attempts.extend(blob::decode(&row.get::<_, Vec<u8>>(0)?)?);
    }
    Ok(attempts)
}

fn delivery(row: &Row<'_>) -> Result<Delivery> {
    let code: u8 = row.get(8)?;
    let stored = DeliveryState::from_code(code).ok_or_else(|| StoreError::Unreadable {
        what: "delivery",
        detail: format!("unknown state {code}"),
    })?;
    let paused = row.get::<_, u8>(17)? == EndpointStatus::Paused as u8;
    let state = if stored.is_live() && paused {
        DeliveryState::Held
    } else {
        stored
    };
    let leased = row.get::<_, i64>(11)? > 0;
    let due_at: Option<i64> = row.get(10)?;
    // Delivered at the first attempt: the time rests in the attempt.
    let finished_at = match row.get::<_, Option<i64>>(13)? {
        // It was given up before, and is not now.
        Some(_) if stored.is_live() => None,
        Some(at) => Some(UnixMs(at)),
        None if stored == DeliveryState::Delivered => first_attempt(row)?.map(|attempt| {
            attempt
                .started_at
                .plus_ms(u64::from(attempt.timing.total_us) / 1000)
        }),
        None => None,
    };
    let class: Option<u8> = row.get(14)?;
    let status: Option<u16> = row.get(15)?;
    Ok(Delivery {
        id: DeliveryId(row.get(0)?),
        event_id: EventId(row.get(1)?),
        event_given_id: row.get(2)?,
        event_accepted_at: UnixMs(row.get(3)?),
        event_type: row.get(4)?,
        endpoint_id: EndpointId(row.get(5)?),
        endpoint_public_id: row.get(6)?,
        account_public_id: row.get(7)?,
        state,
        attempts: row.get(9)?,
        next_attempt_at: due_at
            .filter(|_| stored.is_live() && !leased && !paused)
            .map(UnixMs),
        created_at: UnixMs(row.get(12)?),
        finished_at,
        last_error: class
            .and_then(ErrorClass::from_code)
            .map(|class| (class, status)),
    })
}
