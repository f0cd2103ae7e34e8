//! How rows that people look at are found: in the order of an index, never by reading all of them.

use futures_util::future::join;
use tokio_postgres::Row;

use super::lent::{Client, Pool, Transaction};
use super::{PLAIN_PLANS, Parameters, PostgresStore, READ_RETRY_DELAY, READS_TRIED_MAX, Result};
use crate::error::StoreError;

/// Beneath [`PLAIN_PLANS`]: a page comes out of its index in order. Fetching all that fits and
/// sorting it looks cheaper to a planner that takes a young table for small. And plans over many
/// partitions look worth a compilation, which takes a third of a second.
pub(super) const IN_ORDER: &str = "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; \
                                   SET LOCAL enable_incremental_sort = off; SET LOCAL jit = off";

impl PostgresStore {
    /// Rows of a statement that changes nothing and takes what it finds in the order of an index:
    /// tried again while the database cannot be reached.
    pub(super) async fn rows_by_index(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        let mut tries = 0;
        loop {
            tries += 1;
            match once(&self.shared.pool, sql, parameters).await {
                Err(StoreError::Unavailable(_)) if tries < READS_TRIED_MAX => {
                    tokio::time::sleep(READ_RETRY_DELAY).await;
                }
                result => return result,
            }
        }
    }

    /// The one row of such a statement.
    pub(super) async fn row_by_index(&self, sql: &str, parameters: Parameters<'_>) -> Result<Row> {
        let rows = self.rows_by_index(sql, parameters).await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)
    }
}

/// Begins a look at what there is: one transaction that ends by being dropped. Each statement is
/// planned for its own values, so that of the days only those are opened that can have its rows.
pub(super) async fn begin_look(client: &mut Client) -> Result<Transaction<'_>> {
    let transaction = client.transaction().await?;
    let settings =
        format!("{PLAIN_PLANS}; {IN_ORDER}; SET LOCAL plan_cache_mode = force_custom_plan");
    transaction.batch_execute(&settings).await?;
    Ok(transaction)
}

/// Does again what changes nothing, while the database cannot be reached.
pub(super) async fn tried_again<T, F>(look: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        match look().await {
            Err(StoreError::Unavailable(_)) if tries < READS_TRIED_MAX => {
                tokio::time::sleep(READ_RETRY_DELAY).await;
            }
            result => return result,
        }
    }
}

async fn once(pool: &Pool, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let settings = format!("{PLAIN_PLANS}; {IN_ORDER}");
    // Sent together. Nothing was changed, so the transaction ends by being dropped.
    let (set, rows) = join(
        transaction.batch_execute(&settings),
        transaction.query(sql, parameters),
    )
    .await;
    set?;
    Ok(rows?)
}
