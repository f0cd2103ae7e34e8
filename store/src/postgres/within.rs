//! How statements are run within a change of routing facts.

use tokio_postgres::Row;

use super::lent::Transaction;
use super::{Parameters, Result};

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
