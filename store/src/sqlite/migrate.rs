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
    (7, include_str!("migrations/0007_status_since.sql")),
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

/// Whether a file has all that this binary reads.
pub(super) fn is_newest(version: i64) -> bool {
    MIGRATIONS
        .last()
        .is_some_and(|(number, _)| *number == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the version before wrote it.
    fn of_version(version: i64) -> Connection {
        let connection = Connection::open_in_memory().expect("opened");
        for (_, sql) in MIGRATIONS.iter().filter(|(number, _)| *number <= version) {
            connection.execute_batch(sql).expect("applied");
        }
        connection
            .pragma_update(None, "user_version", version)
            .expect("numbered");
        connection
    }

    #[test]
    fn endpoints_of_before_have_their_status_since_their_last_change() {
        let mut connection = of_version(6);
        let rows = "INSERT INTO endpoints (project_id, account_id, public_id, settings, secrets, status,
                                           status_reason, created_at, updated_at)
                    VALUES (1, 1, 'ep_a', '{}', x'00', 2, 'gone', 3, 9), (1, 1, 'ep_b', '{}', x'00', 1, NULL, 4, 4)";
        connection.execute_batch(rows).expect("written");
        migrate(&mut connection).expect("migrated");
        let version = check_readable(&connection).expect("readable");
        assert!(is_newest(version) && !is_newest(6));
        let since: Vec<(String, i64)> = connection
            .prepare("SELECT public_id, status_since FROM endpoints ORDER BY id")
            .and_then(|mut select| {
                let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect()
            })
            .expect("read");
        assert_eq!(since, [("ep_a".to_owned(), 9), ("ep_b".to_owned(), 4)]);
        migrate(&mut connection).expect("nothing is left to do");
    }
}
