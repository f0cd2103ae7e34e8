//! Numbers that all nodes keep together: where a walk over old rows has got to.

use deadpool_postgres::GenericClient;

use super::Result;

/// What is kept under a name; zero at first.
pub(super) async fn get(client: &impl GenericClient, name: &str) -> Result<i64> {
    let sql = "SELECT value FROM meta WHERE name = $1";
    let row = client.query_opt(sql, &[&name]).await?;
    Ok(row.map_or(0, |row| row.get(0)))
}

pub(super) async fn put(client: &impl GenericClient, name: &str, value: i64) -> Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    client.execute(sql, &[&name, &value]).await?;
    Ok(())
}
