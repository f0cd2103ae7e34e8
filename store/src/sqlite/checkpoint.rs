//! How the log goes back into the database without holding commits up.
//!
//! A thread copies the bulk while the writer goes on appending. What came meanwhile is little: the
//! writer copies that itself, between two commits, and the log starts over from its beginning.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::Connection;

use super::Result;
use crate::error::StoreError;

/// The log is copied back when it has this many pages.
const LOG_PAGES: i32 = 4_000;
/// A log of this many pages means that the thread does not keep up: the writer does it all.
const LOG_PAGES_MAX: i32 = 64_000;
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";

thread_local! {
    /// Pages in the log after this thread's last commit. The hook can carry no state of its own.
    static PAGES: Cell<i32> = const { Cell::new(0) };
}

/// The writer's side.
pub(super) struct Checkpointer {
    begin: SyncSender<()>,
    /// The bulk is copied: the rest is the writer's.
    copied: Arc<AtomicBool>,
    /// The thread was asked and has not answered yet.
    under_way: bool,
}

impl Checkpointer {
    /// Starts the thread, with a connection of its own, which ends with this.
    pub(super) fn start(connection: Connection) -> Result<Self> {
        let (begin, begun) = sync_channel(1);
        let copied = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&copied);
        std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || copy(&connection, &begun, &done))
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self {
            begin,
            copied,
            under_way: false,
        })
    }

    /// Begins to watch the writer's log; called on its thread.
    pub(super) fn watch(connection: &Connection) {
        connection.wal_hook(Some(|_, pages| {
            PAGES.set(pages);
            Ok(())
        }));
    }

    /// Does what is due between two commits. A checkpoint that fails loses nothing: the log stays.
    pub(super) fn after_commit(&mut self, connection: &Connection) {
        let pages = PAGES.get();
        if self.under_way {
            let copied = self.copied.swap(false, Ordering::Acquire);
            if copied || pages > LOG_PAGES_MAX {
                report(connection.query_row(CHECKPOINT, [], |_| Ok(())));
            }
            self.under_way = !copied;
        } else if pages >= LOG_PAGES {
            self.under_way = self.begin.try_send(()).is_ok();
        }
    }
}

fn copy(connection: &Connection, begun: &Receiver<()>, copied: &AtomicBool) {
    while begun.recv().is_ok() {
        // Twice: what the first leaves is what came while it copied much, the second leaves little.
        for _ in 0..2 {
            report(connection.query_row(CHECKPOINT, [], |_| Ok(())));
        }
        copied.store(true, Ordering::Release);
    }
}

fn report(outcome: rusqlite::Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "checkpoint not made");
    }
}
