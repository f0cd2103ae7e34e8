//! Which rows were made in a stretch of time: rows are numbered as they are made.

use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension};

use super::Result;
use crate::model::Created;
use crate::walk::{Search, Span};

/// What of the span can have been made then. A clock that stepped back leaves rows that were not:
/// each row's own time is looked at too.
pub(super) fn narrowed(
    connection: &Connection,
    table: Table,
    span: Span,
    created: Created,
) -> Result<Span> {
    let from = created.from.map(|at| first_at(connection, table, at));
    let until = created.until.map(|at| first_at(connection, table, at));
    let (from, until) = (from.transpose()?, until.transpose()?);
    Ok(span.within(from.unwrap_or(0), until.unwrap_or(i64::MAX)))
}

/// A table whose rows are numbered in the order of time.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Events,
    Deliveries,
}

/// The first row made at a time or later; one above the last if there is none.
fn first_at(connection: &Connection, table: Table, at: UnixMs) -> Result<i64> {
    let (ends, next) = match table {
        Table::Events => (
            "SELECT (SELECT MIN(id) FROM events), (SELECT MAX(id) FROM events)",
            "SELECT id, accepted_at FROM events WHERE id >= ?1 ORDER BY id LIMIT 1",
        ),
        Table::Deliveries => (
            "SELECT (SELECT MIN(id) FROM deliveries), (SELECT MAX(id) FROM deliveries)",
            "SELECT id, created_at FROM deliveries WHERE id >= ?1 ORDER BY id LIMIT 1",
        ),
    };
    let (first, last): (Option<i64>, Option<i64>) = connection
        .prepare_cached(ends)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut search = Search::new(at, first.unwrap_or(0), last.map_or(0, |last| last + 1));
    let mut next = connection.prepare_cached(next)?;
    while let Some(asked) = search.ask() {
        let found = next
            .query_row([asked], |row| Ok((row.get(0)?, UnixMs(row.get(1)?))))
            .optional()?;
        search.tell(asked, found);
    }
    Ok(search.found())
}
