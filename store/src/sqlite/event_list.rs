//! Which events a list shows, and where they are found.

use hookwright_core::ids::AccountId;
use hookwright_core::limits::LIST_ROWS_SCANNED_MAX;
use rusqlite::{Connection, Rows, params};

use super::buckets::{BUCKET_BITS, buckets, end_of};
use super::events::{COLUMNS, FROM, event};
use super::time_span::{Table, narrowed};
use super::{Result, SqliteStore};
use crate::model::{Event, EventFilter, Listed, Page, Scope};
use crate::walk::{Part, Span, page_of};

impl SqliteStore {
    pub(crate) async fn events(
        &self,
        scope: Scope,
        filter: EventFilter,
        page: Page,
    ) -> Result<Listed<Event>> {
        self.read(move |connection| {
            let span = narrowed(connection, Table::Events, Span::of(&page), filter.created)?;
            let mut walk = Walk {
                scope,
                filter: &filter,
                limit: page.limit,
                room: LIST_ROWS_SCANNED_MAX,
                part: Part::default(),
            };
            match scope.account_id {
                Some(account) => of_account(connection, account, span, &mut walk)?,
                None => of_project(connection, span, &mut walk)?,
            }
            Ok(page_of(vec![walk.part], &page, |event| event.id.0))
        })
        .await
    }
}

/// Walks the buckets of the account's index.
fn of_account(
    connection: &Connection,
    account: AccountId,
    span: Span,
    walk: &mut Walk<'_>,
) -> Result<()> {
    let sql = format!(
        "SELECT {COLUMNS} {FROM}
         WHERE e.id >> {BUCKET_BITS} = ?3 AND e.account_id = ?4 AND e.id > ?1 AND e.id < ?2
         ORDER BY e.id {}",
        span.order()
    );
    let mut select = connection.prepare_cached(&sql)?;
    let newest: i64 = connection.query_row("SELECT IFNULL(MAX(id), 0) FROM events", [], |row| {
        row.get(0)
    })?;
    let span = span.within(0, newest + 1);
    for bucket in buckets(span) {
        if walk.take(select.query(params![span.after, span.before, bucket, account.0])?)? {
            return Ok(());
        }
        // Looking is not free where there is nothing.
        walk.room = walk.room.saturating_sub(1);
        walk.part.reached = Some(end_of(bucket, span.towards));
        if walk.room == 0 {
            return Ok(());
        }
    }
    walk.part.reached = None;
    Ok(())
}

fn of_project(connection: &Connection, span: Span, walk: &mut Walk<'_>) -> Result<()> {
    let sql = format!(
        "SELECT {COLUMNS} {FROM} WHERE e.id > ?1 AND e.id < ?2 ORDER BY e.id {}",
        span.order()
    );
    let mut select = connection.prepare_cached(&sql)?;
    if !span.is_empty() {
        walk.take(select.query(params![span.after, span.before])?)?;
    }
    Ok(())
}

/// A page being filled.
struct Walk<'a> {
    scope: Scope,
    filter: &'a EventFilter,
    limit: usize,
    room: usize,
    part: Part<Event>,
}

impl Walk<'_> {
    /// Takes rows until the page or the room is full; says whether it is.
    fn take(&mut self, mut rows: Rows<'_>) -> Result<bool> {
        while let Some(row) = rows.next()? {
            self.part.reached = Some(row.get(0)?);
            self.room = self.room.saturating_sub(1);
            if row.get::<_, i64>(1)? == self.scope.project_id.0 {
                let event = event(row)?;
                if self.filter.takes(&event) {
                    self.part.rows.push(event);
                }
            }
            if self.part.rows.len() >= self.limit || self.room == 0 {
                return Ok(true);
            }
        }
        self.part.reached = None;
        Ok(false)
    }
}
