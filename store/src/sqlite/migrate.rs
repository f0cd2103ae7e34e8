//! Which migrations a file has had, and the ones it still needs: numbered, forward only.

use rusqlite::Connection;

use super::Result;
use crate::error::StoreError;

const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("migrations/0001_start.sql")),
    (2, include_str!("migrations/0002_resends_by_delivery.sql")),
    (3, include_str!("migrations/0003_lists_by_project.sql")),
    (4, include_str!("migrations/0004_management.sql")),
    (5, include_str!("migrations/0005_pages.sql")),
    (6, include_str!("migrations/0006_ended_jobs.sql")),
];

/// Applies what is missing, each migration in its own transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let version = check_readable(connection)?;
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| *number > version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
        tracing::info!(schema = number, "store migrated");
    }
    Ok(())
}

/// Which schema a file has. [`StoreError::Unreadable`] when this binary does not know it.
pub(super) fn check_readable(connection: &Connection) -> Result<i64> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let newest = MIGRATIONS.last().map_or(0, |(number, _)| *number);
    if version > newest {
        return Err(StoreError::Unreadable {
            what: "data directory",
            detail: format!(
                "it is of schema {version}, this binary knows up to {newest}\nhint: run the newer binary"
            ),
        });
    }
    Ok(version)
}
