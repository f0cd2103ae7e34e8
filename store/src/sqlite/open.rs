//! How the file is opened: settings, sole ownership, recovery, the writer thread.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hookwright_core::time::UnixMs;
use rusqlite::Connection;
use tokio::sync::watch;

use super::checkpoint::Checkpointer;
use super::queue::Queue;
use super::readers::Readers;
use super::writer::Writer;
use super::{Result, SqliteStore, migrate, reclaim};
use crate::error::StoreError;
use crate::vault::Vault;

const PAGE_BYTES: i64 = 8 * 1024;
const WRITER_CACHE_KIB: i64 = 48 * 1024;

/// How the embedded engine is run.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// Now: what recovery calls due.
    pub now: UnixMs,
    /// Under load, the least time from one commit to the next.
    pub commit_pace: Duration,
}

impl SqliteStore {
    pub(crate) fn open(folder: &Path, vault: Vault, options: SqliteOptions) -> Result<Self> {
        let engine = |error: std::io::Error| {
            StoreError::Engine(format!("cannot use \"{}\": {error}", folder.display()))
        };
        fs::create_dir_all(folder).map_err(engine)?;
        let lock = File::create(folder.join("lock")).map_err(engine)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse(folder.display().to_string()));
            }
            Err(TryLockError::Error(error)) => return Err(engine(error)),
        }
        let path = folder.join("hookwright.db");
        let mut connection = connect(&path)?;
        migrate::migrate(&mut connection)?;
        reclaim::recover(&mut connection, options.now)?;

        let queue = Arc::new(Queue::default());
        let (stop, stopped) = watch::channel(None);
        let checkpointer = Checkpointer::start(connect(&path)?)?;
        let writer = Writer::new(connection, checkpointer, lock)?;
        let inbox = Arc::clone(&queue);
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&inbox, options.commit_pace, &stop))
            .map_err(engine)?;
        Ok(Self {
            queue,
            readers: Arc::new(Readers::new(path)),
            feed: Arc::new(OnceLock::new()),
            vault: Arc::new(vault),
            stopped,
            revived: Arc::default(),
        })
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    #[cfg(test)]
    super::plans::note(&connection);
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // FULL: the log is synced at every commit, before anything is acknowledged.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}
