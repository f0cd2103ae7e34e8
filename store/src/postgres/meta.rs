//! Numbers that all nodes keep together: where a walk over old rows has got to.

use super::Result;
use super::lent::Transaction;

/// What is kept under a name; zero at first.
pub(super) async fn get(transaction: &Transaction<'_>, name: &str) -> Result<i64> {
    let sql = "SELECT value FROM meta WHERE name = $1";
    let rows = transaction.query_once(sql, &[&name]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

pub(super) async fn put(transaction: &Transaction<'_>, name: &str, value: i64) -> Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    transaction.execute_once(sql, &[&name, &value]).await?;
    Ok(())
}
