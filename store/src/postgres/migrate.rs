//! Which migrations a database has had, and the ones it still needs: numbered, forward only.
//!
//! Nodes of the version before go on serving while a new one migrates: a migration may add what
//! they do not know, and takes away only what the version before no longer used.

use tokio_postgres::Client;

use super::Result;
use crate::error::StoreError;

const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("migrations/0001_start.sql")),
    (2, include_str!("migrations/0002_management.sql")),
    (3, include_str!("migrations/0003_pages.sql")),
    (4, include_str!("migrations/0004_ended_jobs.sql")),
    (5, include_str!("migrations/0005_status_since.sql")),
];
/// One node at a time migrates a database.
const LOCK: i64 = 0x686f_6f6b_6d69_6772;

/// Applies what is missing, each migration in its own transaction.
pub(super) async fn migrate(client: &mut Client) -> Result<()> {
    let mut applied = 0;
    while apply_next(client).await? {
        applied += 1;
    }
    if applied > 0 {
        tracing::info!(migrations = applied, "database migrated");
    }
    Ok(())
}

/// Applies the next one that is missing; says whether there was one.
async fn apply_next(client: &mut Client) -> Result<bool> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
        .await?;
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS hookwright_schema (version bigint NOT NULL);
             INSERT INTO hookwright_schema SELECT 0 WHERE NOT EXISTS (SELECT FROM hookwright_schema)",
        )
        .await?;
    let version: i64 = transaction
        .query_typed_one("SELECT version FROM hookwright_schema", &[])
        .await?
        .get(0);
    let newest = MIGRATIONS.last().map_or(0, |(number, _)| *number);
    if version > newest {
        return Err(StoreError::Unreadable {
            what: "database",
            detail: format!(
                "it is of schema {version}, this binary knows up to {newest}\nhint: run the newer binary"
            ),
        });
    }
    let Some((number, sql)) = MIGRATIONS.iter().find(|(number, _)| *number > version) else {
        return Ok(false);
    };
    transaction.batch_execute(sql).await?;
    transaction
        .batch_execute(&format!("UPDATE hookwright_schema SET version = {number}"))
        .await?;
    transaction.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::scratch::check;

    #[test]
    fn endpoints_of_before_have_their_status_since_their_last_change() {
        check(async |scratch| {
            let mut client = scratch.connect().await;
            for (_, sql) in &MIGRATIONS[..4] {
                client.batch_execute(sql).await.expect("applied");
            }
            let version = "CREATE TABLE hookwright_schema (version bigint NOT NULL);
                           INSERT INTO hookwright_schema VALUES (4)";
            client.batch_execute(version).await.expect("numbered");
            let row = |name, at| {
                format!(
                    "INSERT INTO endpoints (project_id, account_id, public_id, settings, secrets,
                                            status, created_at, updated_at)
                     VALUES (1, 1, '{name}', '{{}}', '', 2, 3, {at})"
                )
            };
            client
                .batch_execute(&row("ep_a", 9))
                .await
                .expect("written");
            migrate(&mut client).await.expect("migrated");
            // A node of the version before goes on meanwhile.
            client
                .batch_execute(&row("ep_b", 5))
                .await
                .expect("written");
            let sql = format!(
                "SELECT {} FROM endpoints ORDER BY id",
                crate::postgres::endpoints::COLUMNS
            );
            let rows = client.query(&sql, &[]).await.expect("read");
            let since: Vec<i64> = rows.iter().map(|row| row.get(10)).collect();
            assert_eq!(since, [9, 5]);
        });
    }
}
