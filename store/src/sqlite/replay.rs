//! What a replay looks at: past deliveries and events, in the order of their rows.

use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, ProjectId};
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::deliveries::by_id;
use super::delivery_list::is_taken;
use super::{Result, SqliteStore};
use crate::error::StoreError;
use crate::event_row::Extra;
use crate::model::{DeliveryFilter, Looked, PastDelivery, PastEvent, RowsSince, Scope, Stretch};

/// Clocks are set back now and then: rows are in the order of their times to this.
const DISORDER_MS: i64 = 10 * 60 * 1000;
/// Rows of one bucket of the indexes that are walked.
const BUCKET_BITS: u32 = 16;

const DELIVERY: &str = "SELECT d.id, d.state, d.endpoint_id, t.name, e.accepted_at,
        e.payload IS NOT NULL, p.project_id, p.account_id
    FROM deliveries d JOIN events e ON e.id = d.event_id JOIN event_types t ON t.id = e.type_id
    JOIN endpoints p ON p.id = d.endpoint_id";
const EVENT: &str =
    "SELECT e.id, e.account_id, e.project_id, t.name AS type, e.accepted_at, e.given_id,
        e.extra, e.payload IS NOT NULL AS has_payload, e.first_delivery, e.fanout
    FROM events e JOIN event_types t ON t.id = e.type_id";

impl SqliteStore {
    pub(crate) async fn rows_since(&self, _project: ProjectId, since: UnixMs) -> Result<RowsSince> {
        self.read(move |connection| {
            Ok(RowsSince {
                deliveries: since_row(connection, ("deliveries", "created_at"), since)?,
                events: since_row(connection, ("events", "accepted_at"), since)?,
            })
        })
        .await
    }

    pub(crate) async fn past_deliveries(
        &self,
        scope: Scope,
        filter: DeliveryFilter,
        stretch: Stretch,
    ) -> Result<Looked<PastDelivery>> {
        self.read(move |connection| {
            let (rows, place, ended) = match (filter.event_id, filter.endpoint_id) {
                (Some(event), _) => of_event(connection, event, stretch)?,
                _ if filter.takes_only_failed() => failed(connection, stretch)?,
                (None, Some(endpoint)) => of_endpoint(connection, endpoint, stretch)?,
                (None, None) => all(connection, stretch)?,
            };
            let mut found = Vec::new();
            for row in rows {
                if row.is_within(scope) && row.fits(connection, &filter)? {
                    found.push(row.past);
                }
            }
            Ok(Looked {
                found,
                place,
                ended,
            })
        })
        .await
    }

    pub(crate) async fn past_events(
        &self,
        scope: Scope,
        stretch: Stretch,
    ) -> Result<Looked<PastEvent>> {
        self.read(move |connection| {
            walk_events(connection, scope, stretch, |connection, row| {
                Ok(Some(past_event(connection, row)?))
            })
        })
        .await
    }

    pub(crate) async fn deliveries_due(
        &self,
        lanes: Vec<EndpointId>,
        limit: usize,
        now: UnixMs,
    ) -> Result<usize> {
        self.read(move |connection| {
            let mut due = 0;
            for sql in [
                "SELECT 1 FROM deliveries WHERE endpoint_id = ?1 AND due_at <= ?2 AND state <= 9
                     AND due_at IS NOT NULL LIMIT ?3",
                "SELECT 1 FROM resends WHERE endpoint_id = ?1 AND due_at <= ?2 LIMIT ?3",
            ] {
                let mut select = connection.prepare_cached(sql)?;
                for lane in &lanes {
                    let mut rows = select.query(params![lane.0, now.0, limit as i64])?;
                    while rows.next()?.is_some() {
                        due += 1;
                    }
                }
            }
            Ok(due)
        })
        .await
    }

    pub(crate) async fn accounts_after(
        &self,
        project: ProjectId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<AccountId>> {
        self.read(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id FROM accounts WHERE project_id = ?1 AND id > ?2 AND deleted_at IS NULL
                 ORDER BY id LIMIT ?3",
            )?;
            let rows = select.query_map(params![project.0, after, limit as i64], |row| {
                row.get(0).map(AccountId)
            })?;
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        })
        .await
    }
}

/// The row before the first of this time or later, and the row after the last: found by halving, as
/// rows are in the order of their times.
fn since_row(
    connection: &Connection,
    (table, column): (&str, &str),
    since: UnixMs,
) -> Result<(i64, i64)> {
    let sql = format!("SELECT IFNULL(MAX(id), 0) + 1 FROM {table}");
    let end: i64 = connection
        .prepare_cached(&sql)?
        .query_row([], |row| row.get(0))?;
    let sql = format!("SELECT id, {column} FROM {table} WHERE id >= ?1 ORDER BY id LIMIT 1");
    let mut at = connection.prepare_cached(&sql)?;
    let wanted = since.0.saturating_sub(DISORDER_MS);
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        let row: Option<(i64, i64)> = at
            .query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match row {
            Some((id, time)) if time < wanted => low = id + 1,
            _ => high = middle,
        }
    }
    Ok((low - 1, end))
}

/// A past delivery, and whose it is.
struct Past {
    past: PastDelivery,
    project: i64,
    account: i64,
}

impl Past {
    fn is_within(&self, scope: Scope) -> bool {
        self.project == scope.project_id.0 && scope.account_id.is_none_or(|id| id.0 == self.account)
    }

    /// Whether a filter takes it. Its own row is read only where attempts are asked for.
    fn fits(&self, connection: &Connection, filter: &DeliveryFilter) -> Result<bool> {
        let state = DeliveryState::from_code(self.past.state);
        if filter
            .endpoint_id
            .is_some_and(|id| id != self.past.endpoint_id)
            || !state.is_some_and(|state| filter.takes_state(state))
        {
            return Ok(false);
        }
        if !filter.asks_of_attempts() {
            return Ok(true);
        }
        match by_id(connection, self.past.id) {
            Ok(found) => is_taken(connection, filter, &found, false),
            // Retention was just here.
            Err(StoreError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

type Walked = (Vec<Past>, i64, bool);

/// The few that are in these states are in indexes of their own.
fn failed(connection: &Connection, stretch: Stretch) -> Result<Walked> {
    let mut rows = Vec::new();
    for state in [11, 12] {
        let sql = format!(
            "{DELIVERY} WHERE d.state = {state} AND d.id > ?1 AND d.id < ?2 ORDER BY d.id LIMIT ?3"
        );
        let mut select = connection.prepare_cached(&sql)?;
        let values = params![stretch.after, stretch.end, stretch.rows as i64];
        for row in select.query_map(values, past)? {
            rows.push(row?);
        }
    }
    rows.sort_by_key(|row: &Past| row.past.id);
    Ok(cut(rows, stretch))
}

/// The deliveries that an event was accepted with lie side by side; later ones are few.
fn of_event(connection: &Connection, event: EventId, stretch: Stretch) -> Result<Walked> {
    let first: Option<(i64, i64)> = connection
        .prepare_cached("SELECT first_delivery, fanout FROM events WHERE id = ?1")?
        .query_row([event.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (first, fanout) = first.unwrap_or_default();
    let mut late =
        connection.prepare_cached("SELECT delivery_id FROM late_deliveries WHERE event_id = ?1")?;
    let late = late.query_map([event.0], |row| row.get::<_, i64>(0))?;
    let mut parts = vec![(first - 1, first + fanout)];
    for id in late {
        let id = id?;
        parts.push((id - 1, id + 1));
    }
    let sql = format!("{DELIVERY} WHERE d.id > ?1 AND d.id < ?2 ORDER BY d.id LIMIT ?3");
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = Vec::new();
    for (after, end) in parts {
        let (after, end) = (after.max(stretch.after), end.min(stretch.end));
        for row in select.query_map(params![after, end, stretch.rows as i64], past)? {
            rows.push(row?);
        }
    }
    rows.sort_by_key(|row: &Past| row.past.id);
    Ok(cut(rows, stretch))
}

fn all(connection: &Connection, stretch: Stretch) -> Result<Walked> {
    let sql = format!("{DELIVERY} WHERE d.id > ?1 AND d.id < ?2 ORDER BY d.id LIMIT ?3");
    let mut select = connection.prepare_cached(&sql)?;
    let values = params![stretch.after, stretch.end, stretch.rows as i64];
    let rows: Vec<Past> = select
        .query_map(values, past)?
        .collect::<std::result::Result<_, _>>()?;
    Ok(cut(rows, stretch))
}

/// At most as many as were to be looked at; where they end, and whether that is the end of all.
fn cut(mut rows: Vec<Past>, stretch: Stretch) -> Walked {
    let ended = rows.len() < stretch.rows;
    rows.truncate(stretch.rows);
    let last = rows.last().map(|row| row.past.id.0).filter(|_| !ended);
    let place = last.unwrap_or_else(|| stretch.after.max(stretch.end - 1));
    (rows, place, ended)
}

/// Walks the buckets of the endpoint's index, oldest first.
fn of_endpoint(connection: &Connection, endpoint: EndpointId, stretch: Stretch) -> Result<Walked> {
    let sql = format!(
        "{DELIVERY} WHERE d.id > ?3 AND d.id < ?4 AND d.id >> {BUCKET_BITS} = ?1 AND d.endpoint_id = ?2
         ORDER BY d.id LIMIT ?5"
    );
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = Vec::new();
    for bucket in buckets(connection, "deliveries", stretch)? {
        let room = stretch.rows - rows.len();
        let values = params![bucket, endpoint.0, stretch.after, stretch.end, room as i64];
        for row in select.query_map(values, past)? {
            rows.push(row?);
        }
        if rows.len() >= stretch.rows {
            break;
        }
    }
    Ok(cut(rows, stretch))
}

/// The buckets that a stretch of a table lies in, no further than there are rows.
fn buckets(
    connection: &Connection,
    table: &str,
    stretch: Stretch,
) -> Result<std::ops::RangeInclusive<i64>> {
    let sql = format!("SELECT IFNULL(MAX(id), 0) FROM {table}");
    let last: i64 = connection
        .prepare_cached(&sql)?
        .query_row([], |row| row.get(0))?;
    Ok(stretch.after.max(0) >> BUCKET_BITS..=stretch.end.min(last) >> BUCKET_BITS)
}

fn past(row: &Row<'_>) -> rusqlite::Result<Past> {
    Ok(Past {
        past: PastDelivery {
            id: DeliveryId(row.get(0)?),
            state: row.get(1)?,
            endpoint_id: EndpointId(row.get(2)?),
            event_type: row.get(3)?,
            accepted_at: UnixMs(row.get(4)?),
            has_payload: row.get(5)?,
        },
        project: row.get(6)?,
        account: row.get(7)?,
    })
}

/// Events of an account by the buckets of its index, of a project among everybody's: oldest first.
/// `map` says what is made of a row of [`EVENT`].
pub(super) fn walk_events<T>(
    connection: &Connection,
    scope: Scope,
    stretch: Stretch,
    map: impl Fn(&Connection, &Row<'_>) -> Result<Option<T>>,
) -> Result<Looked<T>> {
    let (mut found, mut looked, mut place) = (Vec::new(), 0, stretch.after);
    let mut take = |row: &Row<'_>| -> Result<()> {
        looked += 1;
        place = row.get("id")?;
        if row.get::<_, i64>("project_id")? == scope.project_id.0 {
            found.extend(map(connection, row)?);
        }
        Ok(())
    };
    if let Some(account) = scope.account_id {
        let sql = format!(
            "{EVENT} WHERE e.id > ?3 AND e.id < ?4 AND e.id >> {BUCKET_BITS} = ?1 AND e.account_id = ?2
             ORDER BY e.id LIMIT ?5"
        );
        let mut select = connection.prepare_cached(&sql)?;
        let mut left = stretch.rows;
        for bucket in buckets(connection, "events", stretch)? {
            let values = params![bucket, account.0, stretch.after, stretch.end, left as i64];
            let mut rows = select.query(values)?;
            while let Some(row) = rows.next()? {
                take(row)?;
                left -= 1;
            }
            if left == 0 {
                break;
            }
        }
    } else {
        let sql = format!("{EVENT} WHERE e.id > ?1 AND e.id < ?2 ORDER BY e.id LIMIT ?3");
        let mut select = connection.prepare_cached(&sql)?;
        let mut rows = select.query(params![stretch.after, stretch.end, stretch.rows as i64])?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
    }
    let ended = looked < stretch.rows;
    Ok(Looked {
        found,
        place: if ended {
            stretch.after.max(stretch.end - 1)
        } else {
            place
        },
        ended,
    })
}

fn past_event(connection: &Connection, row: &Row<'_>) -> Result<PastEvent> {
    let id: i64 = row.get("id")?;
    let extra: Option<String> = row.get("extra")?;
    let extra: Extra = extra
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    let first: i64 = row.get("first_delivery")?;
    let fanout: i64 = row.get("fanout")?;
    let mut endpoints = connection.prepare_cached(
        "SELECT endpoint_id FROM deliveries WHERE id >= ?1 AND id < ?2
         UNION ALL SELECT d.endpoint_id
         FROM late_deliveries l JOIN deliveries d ON d.id = l.delivery_id WHERE l.event_id = ?3",
    )?;
    let endpoints = endpoints.query_map([first, first + fanout, id], |row| {
        row.get(0).map(EndpointId)
    })?;
    Ok(PastEvent {
        id: EventId(id),
        account_id: AccountId(row.get("account_id")?),
        event_type: row.get("type")?,
        accepted_at: UnixMs(row.get("accepted_at")?),
        channels: extra.channels,
        metadata: extra.metadata,
        deliver_at: extra.deliver_at.map(UnixMs),
        has_payload: row.get("has_payload")?,
        endpoints: endpoints.collect::<std::result::Result<_, _>>()?,
    })
}
