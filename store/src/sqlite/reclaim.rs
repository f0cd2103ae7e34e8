//! How work comes back that nobody does any more: after a crash, and after a lost lease.
//!
//! Rows that have failed before carry their lease's end as due time and come back by themselves.
//! Rows on their first attempt carry none (it would cost an index entry each); they are found by
//! walking the rows from a low-water mark, below which no first attempt is outstanding.

use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, SqliteStore, jobs};

const MARK: &str = "low_water";

/// Makes everything due that an earlier run had leased, and begins a new run. Nobody else has the
/// file: no lease of an earlier run can still be worked on.
pub(super) fn recover(connection: &mut Connection, now: UnixMs) -> Result<()> {
    let transaction = connection.transaction()?;
    let mark = mark(&transaction)?;
    let first = transaction.execute(
        "UPDATE deliveries SET lease = 0, due_at = ?2 WHERE id >= ?1 AND state <= 9 AND due_at IS NULL",
        params![mark, now.0],
    )?;
    let later = transaction.execute(
        "UPDATE deliveries SET lease = 0, due_at = ?1
         WHERE lease > 0 AND state <= 9 AND due_at IS NOT NULL",
        [now.0],
    )?;
    transaction.execute(
        "UPDATE resends SET lease = 0, due_at = ?1 WHERE lease > 0",
        [now.0],
    )?;
    jobs::recover(&transaction)?;
    transaction.execute(
        "INSERT INTO meta (name, value) VALUES ('run', 1) ON CONFLICT DO UPDATE SET value = value + 1",
        [],
    )?;
    transaction.execute(
        "INSERT INTO meta (name, value)
         SELECT ?1, IFNULL(MAX(id), 0) + 1 FROM deliveries WHERE true
         ON CONFLICT DO UPDATE SET value = excluded.value",
        [MARK],
    )?;
    transaction.commit()?;
    if first + later > 0 {
        tracing::info!(deliveries = first + later, "deliveries recovered");
    }
    Ok(())
}

impl SqliteStore {
    pub(crate) async fn reclaim(&self, now: UnixMs) -> Result<usize> {
        let expired_at = now.0.saturating_sub(LEASE_MS as i64);
        let (lost, low) = self
            .read(move |connection| {
                let from = mark(connection)?;
                let lost = outstanding(connection, from, Some(expired_at))?;
                let low = outstanding(connection, from, None)?.first().copied();
                let end: i64 = connection.query_row(
                    "SELECT IFNULL(MAX(id), 0) + 1 FROM deliveries",
                    [],
                    |row| row.get(0),
                )?;
                Ok((lost, low.unwrap_or(end)))
            })
            .await?;
        self.write(move |writer| {
            let mut reclaim = writer.connection.prepare_cached(
                "UPDATE deliveries SET lease = 0, due_at = ?2
                 WHERE id = ?1 AND state <= 9 AND due_at IS NULL",
            )?;
            let mut reclaimed = 0;
            for id in &lost {
                reclaimed += reclaim.execute(params![id, now.0])?;
            }
            writer.connection.execute(
                "UPDATE meta SET value = ?2 WHERE name = ?1 AND value < ?2",
                params![MARK, low],
            )?;
            Ok(reclaimed)
        })
        .await
    }
}

pub(super) fn mark(connection: &Connection) -> Result<i64> {
    let mark = connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [MARK], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(mark.unwrap_or(0))
}

/// First attempts outstanding at or above `from`: those accepted before a time, or just the first.
fn outstanding(connection: &Connection, from: i64, before: Option<i64>) -> Result<Vec<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT id FROM deliveries
         WHERE id >= ?1 AND state <= 9 AND due_at IS NULL AND created_at <= IFNULL(?2, created_at)
         ORDER BY id LIMIT CASE WHEN ?2 IS NULL THEN 1 ELSE 10000 END",
    )?;
    let ids = select.query_map(params![from, before], |row| row.get(0))?;
    Ok(ids.collect::<std::result::Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_700_000_000_000);

    fn file() -> Connection {
        let mut connection = Connection::open_in_memory().expect("opened");
        super::super::migrate::migrate(&mut connection).expect("migrated");
        connection
    }

    fn insert(connection: &Connection, state: u8, due_at: Option<i64>) {
        connection
            .execute(
                "INSERT INTO deliveries (event_id, endpoint_id, state, created_at, lease, due_at, attempts, failed_attempts)
                 VALUES (1, 1, ?1, 0, 9, ?2, 0, 0)",
                params![state, due_at],
            )
            .expect("inserted");
    }

    #[test]
    fn the_mark_moves_to_the_end_at_every_start() {
        let mut connection = file();
        recover(&mut connection, NOW).expect("recovered");
        assert_eq!(mark(&connection).expect("read"), 1);
        for _ in 0..3 {
            insert(&connection, 2, None);
        }
        recover(&mut connection, NOW).expect("recovered");
        assert_eq!(mark(&connection).expect("read"), 4);
        assert_eq!(
            outstanding(&connection, 0, None).expect("read"),
            [0_i64; 0],
            "all are due"
        );
    }

    #[test]
    fn only_first_attempts_under_way_are_outstanding() {
        let connection = file();
        insert(&connection, 10, None);
        insert(&connection, 3, Some(5));
        insert(&connection, 2, None);
        insert(&connection, 2, None);
        assert_eq!(outstanding(&connection, 0, None).expect("read"), [3]);
        let all = outstanding(&connection, 0, Some(0)).expect("read");
        assert_eq!(all, [3, 4]);
        assert_eq!(outstanding(&connection, 4, None).expect("read"), [4]);
    }

    #[tokio::test]
    async fn the_mark_moves_past_what_is_settled() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let vault = crate::Vault::new(&[vec![7; 32]]).expect("32 bytes");
        let options = crate::SqliteOptions {
            now: NOW,
            commit_pace: std::time::Duration::ZERO,
        };
        let store = SqliteStore::open(folder.path(), vault, options).expect("opened");
        let add = |state| {
            store.write(move |writer| {
                insert(&writer.connection, state, None);
                Ok(())
            })
        };
        for (state, expected) in [(10, 2), (2, 2), (10, 2)] {
            add(state).await.expect("written");
            store.reclaim(UnixMs(0)).await.expect("reclaimed");
            assert_eq!(store.read(mark).await.expect("read"), expected);
        }
    }
}
