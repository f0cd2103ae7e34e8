//! How statements are run within a change of routing facts, and how pages are cut.

use tokio_postgres::Row;

use super::lent::Transaction;
use super::{Parameters, Result};
use crate::model::{Listed, Page};

/// Runs a statement whose rows do not matter. Answers how many it touched.
pub(super) async fn execute(
    change: &Transaction<'_>,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<u64> {
    Ok(change.execute(sql, parameters).await?)
}

/// The first row of a statement, if it has one.
pub(super) async fn row_of(
    change: &Transaction<'_>,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Option<Row>> {
    Ok(change.query_opt(sql, parameters).await?)
}

/// A page of what was found; a full one has a next one.
pub(super) fn listed<T>(rows: Vec<T>, page: Page, row_of: impl Fn(&T) -> i64) -> Listed<T> {
    let next = rows.last().filter(|_| rows.len() >= page.limit).map(row_of);
    Listed {
        rows,
        next,
        prev: None,
    }
}
