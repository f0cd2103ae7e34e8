//! What is not delivered yet: what waits, by the index of waiting rows, and first attempts under
//! way, by a walk from the low-water mark on.

use std::collections::HashMap;

use hookwright_core::ids::EndpointId;
use rusqlite::{Connection, OptionalExtension, params};

use super::reclaim::mark;
use super::{Result, SqliteStore};
use crate::model::{Backlog, Scope};

/// Lanes that are looked at for one answer.
const LANES_MAX: usize = 10_000;
/// Rows that are looked at for first attempts under way.
const ROWS_WALKED_MAX: i64 = 20_000;

impl SqliteStore {
    pub(crate) async fn backlog(
        &self,
        scope: Scope,
        endpoint: Option<EndpointId>,
        limit: usize,
    ) -> Result<Backlog> {
        self.read(move |connection| {
            let mut looked = Looked {
                connection,
                scope,
                only: endpoint.map(|endpoint| endpoint.0),
                limit,
                seen: HashMap::new(),
                found: Backlog {
                    is_exact: true,
                    ..Backlog::default()
                },
            };
            looked.waiting()?;
            looked.first_attempts()?;
            Ok(looked.found)
        })
        .await
    }
}

struct Looked<'a> {
    connection: &'a Connection,
    scope: Scope,
    only: Option<i64>,
    limit: usize,
    seen: HashMap<i64, bool>,
    found: Backlog,
}

impl Looked<'_> {
    /// Hops from lane to lane, as `lanes_waiting` does.
    fn waiting(&mut self) -> Result<()> {
        if let Some(only) = self.only {
            return self.lane(only);
        }
        let mut next = self.connection.prepare_cached(
            "SELECT endpoint_id FROM deliveries
             WHERE state <= 9 AND due_at IS NOT NULL AND endpoint_id > ?1
             ORDER BY endpoint_id LIMIT 1",
        )?;
        let mut lane = i64::MIN;
        for _ in 0..LANES_MAX {
            let Some(id) = next.query_row([lane], |row| row.get(0)).optional()? else {
                return Ok(());
            };
            lane = id;
            self.lane(lane)?;
        }
        self.found.is_exact = false;
        Ok(())
    }

    /// Counts one lane. The oldest is looked for in every lane, the number only up to the limit.
    fn lane(&mut self, lane: i64) -> Result<()> {
        if !self.is_seen(lane)? {
            return Ok(());
        }
        let mut select = self.connection.prepare_cached(
            "SELECT id FROM deliveries
             WHERE endpoint_id = ?1 AND state <= 9 AND due_at IS NOT NULL ORDER BY id LIMIT ?2",
        )?;
        let left = self.limit.saturating_sub(self.found.deliveries);
        let mut rows = select.query(params![lane, left as i64 + 1])?;
        let (mut first, mut count) = (None, 0);
        while let Some(row) = rows.next()? {
            first.get_or_insert(row.get::<_, i64>(0)?);
            count += 1;
        }
        if count > left {
            (count, self.found.is_exact) = (left, false);
        }
        if let Some(first) = first {
            let mut made = self
                .connection
                .prepare_cached("SELECT created_at FROM deliveries WHERE id = ?1")?;
            let at = made.query_row([first], |row| row.get(0))?;
            self.found.add(count, Some(at));
        }
        Ok(())
    }

    fn first_attempts(&mut self) -> Result<()> {
        let from = mark(self.connection)?;
        let to = from.saturating_add(ROWS_WALKED_MAX);
        let mut walk = self.connection.prepare_cached(
            "SELECT endpoint_id, created_at FROM deliveries
             WHERE id >= ?1 AND id < ?2 AND state <= 9 AND due_at IS NULL",
        )?;
        let mut rows = walk.query([from, to])?;
        while let Some(row) = rows.next()? {
            let (lane, created_at): (i64, i64) = (row.get(0)?, row.get(1)?);
            if self.only.is_some_and(|only| only != lane) || !self.is_seen(lane)? {
                continue;
            }
            if self.found.deliveries >= self.limit {
                self.found.is_exact = false;
                self.found.add(0, Some(created_at));
            } else {
                self.found.add(1, Some(created_at));
            }
        }
        let last: i64 =
            self.connection
                .query_row("SELECT IFNULL(MAX(id), 0) FROM deliveries", [], |row| {
                    row.get(0)
                })?;
        self.found.is_exact &= last < to;
        Ok(())
    }

    /// Whether the lane's endpoint is in the scope.
    fn is_seen(&mut self, lane: i64) -> Result<bool> {
        if let Some(seen) = self.seen.get(&lane) {
            return Ok(*seen);
        }
        let mut select = self.connection.prepare_cached(
            "SELECT project_id = ?2 AND account_id = IFNULL(?3, account_id) FROM endpoints WHERE id = ?1",
        )?;
        let account = self.scope.account_id.map(|account| account.0);
        let seen = select
            .query_row(params![lane, self.scope.project_id.0, account], |row| {
                row.get(0)
            })
            .optional()?
            .unwrap_or(false);
        self.seen.insert(lane, seen);
        Ok(seen)
    }
}
