//! What is read out of a data folder to be moved to another engine. Nothing in it is changed.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use hookwright_core::time::UnixMs;
use ring::digest::{Context, SHA256};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::{Result, migrate};
use crate::error::StoreError;
use crate::moved::{Batch, Cell, Table};

/// What a batch holds at most, but for one row more.
const BATCH_ROWS_MAX: usize = 5_000;
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
const CACHE_KIB: i64 = 64 * 1024;

/// A data folder that no server has open, and none can open meanwhile.
pub(crate) struct Export {
    connection: Connection,
    /// Sole ownership of the folder.
    _lock: File,
}

impl Export {
    /// [`StoreError::InUse`] while a server runs on the folder.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let name = folder.display();
        let path = folder.join("hookwright.db");
        if !path.exists() {
            return Err(StoreError::Unusable(format!(
                "there is no store in \"{name}\"\nhint: give the folder that the server had as --data-dir"
            )));
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"));
        let lock =
            lock.map_err(|error| StoreError::Unusable(format!("cannot use \"{name}\": {error}")))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(name.to_string())),
            Err(TryLockError::Error(error)) => return Err(StoreError::Engine(error.to_string())),
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        let version = migrate::check_readable(&connection)?;
        if !migrate::is_newest(version) {
            return Err(StoreError::Unusable(format!(
                "the store in \"{name}\" is of an older version (schema {version})\nhint: start `hookwright serve` of this version on it once, which brings it up to date; stop it, and move it then"
            )));
        }
        Ok(Self {
            connection,
            _lock: lock,
        })
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: Table) -> Result<u64> {
        let sql = format!("SELECT COUNT(*) FROM {}", table.name());
        let count: i64 = self.connection.query_row(&sql, [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// A number that is another one for every other store, and for this one after a server has run
    /// on it once more.
    pub(crate) fn fingerprint(&self) -> Result<i64> {
        let mut hash = Context::new(&SHA256);
        for sql in [
            "SELECT value FROM meta WHERE name = 'run'",
            "SELECT public_id FROM projects ORDER BY id",
            "SELECT public_id FROM keys ORDER BY id",
            "SELECT public_id FROM endpoints ORDER BY id",
        ] {
            let mut select = self.connection.prepare(sql)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                match row.get_ref(0)? {
                    ValueRef::Integer(number) => hash.update(&number.to_le_bytes()),
                    ValueRef::Text(text) => hash.update(text),
                    _ => {}
                }
                hash.update(b"\0");
            }
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hash.finish().as_ref()[..8]);
        Ok(i64::from_le_bytes(first))
    }

    /// Hands over a table's rows above `after` in batches, until there are no more or `take` says
    /// that nobody wants them. What a server had leased is due `now`, as after a restart.
    pub(crate) fn read(
        &self,
        table: Table,
        after: i64,
        now: UnixMs,
        mut take: impl FnMut(Batch) -> bool,
    ) -> Result<()> {
        let mut select = self.connection.prepare(rows_of(table))?;
        let mut rows = match select.parameter_count() {
            1 => select.query([after])?,
            _ => select.query([after, now.0])?,
        };
        let mut batch = Batch::default();
        while let Some(row) = rows.next()? {
            let place: i64 = row.get(0)?;
            let is_full = batch.rows.len() >= BATCH_ROWS_MAX || batch.size >= BATCH_BYTES_MAX;
            // Rows of one number stay together: the next batch begins above it.
            if is_full && place != batch.place && !take(std::mem::take(&mut batch)) {
                return Ok(());
            }
            batch.push(place, cells(row)?);
        }
        if !batch.rows.is_empty() {
            take(batch);
        }
        Ok(())
    }
}

/// All columns after the first, which is the place.
fn cells(row: &Row<'_>) -> Result<Vec<Cell>> {
    let columns = row.as_ref().column_count();
    let cell = |column| {
        Ok(match row.get_ref(column)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
            ValueRef::Real(_) => {
                return Err(StoreError::Unreadable {
                    what: "data folder",
                    detail: format!("column {column} holds a fraction"),
                });
            }
        })
    };
    (1..columns).map(cell).collect()
}

/// A table's rows above a number in the order of their numbers: the number, then the columns in the
/// order of `postgres/import.rs`.
const fn rows_of(table: Table) -> &'static str {
    match table {
        Table::Projects => {
            "SELECT id, id, public_id, name, profile, livemode, created_at, deleted_at, settings
             FROM projects WHERE id > ?1 ORDER BY id"
        }
        Table::Accounts => {
            "SELECT id, project_id, id, public_id, name, created_at, deleted_at
             FROM accounts WHERE id > ?1 ORDER BY id"
        }
        Table::Keys => {
            "SELECT id, IFNULL(project_id, 0), id, public_id, account_id, name, hash, hint, scopes,
                    created_at, expires_at, revoked_at, kind, rate_limit, last_used_at, parent_id,
                    portal, link_hash, link_until
             FROM keys WHERE id > ?1 ORDER BY id"
        }
        Table::Catalogue => {
            "SELECT id, id, project_id, name, document, created_at, updated_at
             FROM catalogue WHERE id > ?1 ORDER BY id"
        }
        Table::EndpointHealth => {
            "SELECT endpoint_id, project_id, endpoint_id, failing_since, breaker, breaker_reason,
                    breaker_until, breaker_at
             FROM endpoint_health WHERE endpoint_id > ?1 ORDER BY endpoint_id"
        }
        Table::LateDeliveries => {
            "SELECT l.event_id, e.project_id, l.event_id, l.delivery_id
             FROM late_deliveries l CROSS JOIN events e ON e.id = l.event_id
             WHERE l.event_id > ?1 ORDER BY l.event_id"
        }
        // Nobody works on them any more.
        Table::Jobs => {
            "SELECT id, id, public_id, project_id, account_id, kind, state, spec, progress, place,
                    created_at, updated_at, finished_at, 0, 0
             FROM jobs WHERE id > ?1 ORDER BY id"
        }
        Table::Notices => {
            "SELECT id, id, project_id, event_type, body, made_at
             FROM notices WHERE id > ?1 ORDER BY id"
        }
        Table::Rollups => {
            "SELECT start, project_id, subject, width, start, counts
             FROM rollups WHERE start > ?1 ORDER BY start"
        }
        Table::Audit => {
            "SELECT id, id, project_id, account_id, document
             FROM audit WHERE id > ?1 ORDER BY id"
        }
        Table::Endpoints => {
            "SELECT id, project_id, id, account_id, public_id, settings, secrets, status,
                    status_reason, created_at, updated_at, deleted_at, status_since
             FROM endpoints WHERE id > ?1 ORDER BY id"
        }
        Table::Events => {
            "SELECT e.id, e.project_id, e.id, e.account_id, t.name, e.accepted_at, e.time,
                    e.given_id, e.extra, e.first_delivery, e.fanout, e.payload
             FROM events e CROSS JOIN event_types t ON t.id = e.type_id
             WHERE e.id > ?1 ORDER BY e.id"
        }
        Table::EventNames => {
            "SELECT event_id, project_id, name, event_id, fingerprint
             FROM event_names WHERE event_id > ?1 ORDER BY event_id"
        }
        // As sqlite/reclaim.rs recovers them. Room that was reserved for an attempt stays behind.
        Table::Deliveries => {
            "SELECT d.id, e.project_id, d.id, d.event_id, d.endpoint_id, d.created_at, 0,
                    CASE WHEN d.state > 9 THEN NULL
                         WHEN d.lease > 0 OR d.due_at IS NULL THEN ?2 ELSE d.due_at END,
                    d.first_failed_at, d.finished_at, d.attempts, d.failed_attempts, d.state,
                    d.last_class, d.last_status,
                    CASE WHEN substr(d.first_attempt, 1, 1) <> x'00' THEN d.first_attempt END
             FROM deliveries d CROSS JOIN events e ON e.id = d.event_id
             WHERE d.id > ?1 ORDER BY d.id"
        }
        // The attempt's number is inside the last column.
        Table::Attempts => {
            "SELECT a.id, e.project_id, a.delivery_id, NULL, a.body
             FROM attempts a CROSS JOIN deliveries d ON d.id = a.delivery_id
                  CROSS JOIN events e ON e.id = d.event_id
             WHERE a.id > ?1 ORDER BY a.id"
        }
        Table::Resends => {
            "SELECT r.id, e.project_id, r.id, r.delivery_id, r.endpoint_id, 0,
                    CASE WHEN r.lease > 0 THEN ?2 ELSE r.due_at END
             FROM resends r CROSS JOIN deliveries d ON d.id = r.delivery_id
                  CROSS JOIN events e ON e.id = d.event_id
             WHERE r.id > ?1 ORDER BY r.id"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_700_000_000_000);

    /// A folder with two names for each of many events, one for the first, and what a server wrote at its start.
    fn folder(events: usize) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let mut connection = Connection::open(folder.path().join("hookwright.db")).expect("opened");
        migrate::migrate(&mut connection).expect("migrated");
        let sql = format!(
            "INSERT INTO meta VALUES ('run', 1);
             WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {events})
             INSERT INTO event_names SELECT 1, kind || id, id, x'00'
             FROM n, (SELECT 'i:' AS kind UNION ALL SELECT 'k:')
             WHERE id > 1 OR kind = 'i:'"
        );
        connection.execute_batch(&sql).expect("inserted");
        folder
    }

    fn batches(export: &Export, after: i64) -> Vec<Batch> {
        let mut batches = Vec::new();
        let read = export.read(Table::EventNames, after, NOW, |batch| {
            batches.push(batch);
            true
        });
        read.expect("read");
        batches
    }

    #[test]
    fn batches_follow_one_another_and_part_no_event() {
        let folder = folder(BATCH_ROWS_MAX);
        let export = Export::open(folder.path()).expect("opened");
        let all = batches(&export, 0);
        assert!(all.len() > 1);
        let rows: usize = all.iter().map(|batch| batch.rows.len()).sum();
        assert_eq!(
            rows as u64,
            export.count(Table::EventNames).expect("counted")
        );
        for (index, batch) in all.iter().enumerate() {
            let next = all.get(index + 1).map(|next| next.rows[0][2].clone());
            assert_ne!(
                next,
                Some(Cell::Integer(batch.place)),
                "a name is left behind"
            );
            let left: usize = all[index + 1..].iter().map(|batch| batch.rows.len()).sum();
            let again = batches(&export, batch.place);
            let again: usize = again.iter().map(|batch| batch.rows.len()).sum();
            assert_eq!(again, left, "from its place on");
        }
    }

    #[test]
    fn reading_ends_when_nobody_takes() {
        let folder = folder(2 * BATCH_ROWS_MAX);
        let export = Export::open(folder.path()).expect("opened");
        let mut taken = 0;
        let read = export.read(Table::EventNames, 0, NOW, |_| {
            taken += 1;
            false
        });
        read.expect("read");
        assert_eq!(taken, 1);
    }

    #[test]
    fn another_run_of_a_server_is_noticed() {
        let folder = folder(1);
        let before = Export::open(folder.path()).expect("opened").fingerprint();
        let again = Export::open(folder.path()).expect("opened").fingerprint();
        let connection = Connection::open(folder.path().join("hookwright.db")).expect("opened");
        connection
            .execute("UPDATE meta SET value = value + 1 WHERE name = 'run'", [])
            .expect("as a start does");
        let after = Export::open(folder.path()).expect("opened").fingerprint();
        let [before, again, after] = [before, again, after].map(|it| it.expect("read"));
        assert_eq!(before, again);
        assert_ne!(before, after);
    }

    #[test]
    fn a_folder_is_one_processs_at_a_time() {
        let folder = folder(1);
        let export = Export::open(folder.path()).expect("opened");
        let second = Export::open(folder.path()).map(|_| ());
        assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
        drop(export);
        assert!(Export::open(folder.path()).is_ok());
    }
}
