//! Which rows were made in a stretch of time: row ids hold the time.

use hookwright_core::time::UnixMs;

use super::Result;
use super::import::MOVED_ROWS_END;
use super::lent::Transaction;
use super::row_ids::lowest_at;
use crate::model::{Created, Scope};
use crate::walk::{Search, Span};

/// Ids may be some ticks ahead of the time: a node that made more than a tick has borrows from the
/// next ones. A clock that was set back leaves rows further ahead, which a list until a time misses.
const AHEAD_MS: u64 = 4 * 1024;

/// A table whose rows are numbered in the order of time.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Events,
    Deliveries,
}

/// The rows that were moved here have other numbers: they are in the order of time, too.
const NEWEST_MOVED: [&str; 2] = [
    "SELECT id, accepted_at FROM events
     WHERE project_id = $1 AND id < 1099511627776 ORDER BY id DESC LIMIT 1",
    "SELECT id, created_at FROM deliveries
     WHERE project_id = $1 AND id < 1099511627776 ORDER BY id DESC LIMIT 1",
];
const NEXT_MOVED: [&str; 2] = [
    "SELECT id, accepted_at FROM events
     WHERE project_id = $1 AND id >= $2 AND id < 1099511627776 ORDER BY id LIMIT 1",
    "SELECT id, created_at FROM deliveries
     WHERE project_id = $1 AND id >= $2 AND id < 1099511627776 ORDER BY id LIMIT 1",
];

/// What of the span can have been made then; each row's own time is looked at too.
pub(super) async fn narrowed(
    transaction: &Transaction<'_>,
    (scope, table): (Scope, Table),
    span: Span,
    created: Created,
) -> Result<Span> {
    if created == Created::default() {
        return Ok(span);
    }
    let newest = transaction
        .query_opt(NEWEST_MOVED[table as usize], &[&scope.project_id.0])
        .await?;
    let newest = newest.map(|row| (row.get(0), UnixMs(row.get(1))));
    let mut span = span;
    if let Some(from) = created.from {
        let first = match newest {
            Some((last, at)) if at >= from => {
                first_moved(transaction, (scope, table), from, last).await?
            }
            _ => lowest_at(from).max(MOVED_ROWS_END),
        };
        span = span.within(first, i64::MAX);
    }
    if let Some(until) = created.until {
        let end = match newest {
            Some((last, at)) if at >= until => {
                first_moved(transaction, (scope, table), until, last).await?
            }
            _ => lowest_at(until.plus_ms(AHEAD_MS)).max(MOVED_ROWS_END),
        };
        span = span.within(0, end);
    }
    Ok(span)
}

/// The first moved row made at a time or later.
async fn first_moved(
    transaction: &Transaction<'_>,
    (scope, table): (Scope, Table),
    at: UnixMs,
    last: i64,
) -> Result<i64> {
    let mut search = Search::new(at, 0, last + 1);
    while let Some(asked) = search.ask() {
        let found = transaction
            .query_opt(NEXT_MOVED[table as usize], &[&scope.project_id.0, &asked])
            .await?;
        search.tell(asked, found.map(|row| (row.get(0), UnixMs(row.get(1)))));
    }
    Ok(search.found())
}
