//! Where a store under test lives, and what is done to it from outside: the only part of the suite
//! that knows one engine from another.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hookwright_core::time::UnixMs;
use hookwright_store::{SqliteOptions, Store, StoreError, Vault};
use tempfile::TempDir;

use super::database::Database;

/// The engines that the suite runs on.
#[derive(Clone, Copy)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An event of this given id makes the engine fail, once the place is poisoned.
pub const POISON: &str = "poison";

/// What the engine does about it.
#[derive(Clone, Copy)]
pub enum Failure {
    /// The statement that would insert the event fails.
    Statement,
    /// The same, and the engine gives the whole transaction up by itself, as when the disk is full.
    Transaction,
    /// The event is inserted, and then its first delivery fails.
    Delivery,
    /// A project of this name takes the whole commit with it; where commits can fail by themselves,
    /// an event of this given id does too.
    Commit,
}

/// One store's home, removed when nobody has it any more.
#[derive(Clone)]
pub enum Place {
    Sqlite(Arc<TempDir>),
    Postgres(Arc<Database>),
}

impl Place {
    /// A place with nothing in it.
    pub async fn empty(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(Arc::new(TempDir::new().expect("a folder"))),
            Engine::Postgres => Self::Postgres(Arc::new(Database::make().await)),
        }
    }

    /// Whose place it is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Opens what is there.
    pub async fn open(&self, now: UnixMs) -> Result<Store, StoreError> {
        let vault = Vault::new(&[vec![7; 32]]).expect("32 bytes");
        match self {
            Self::Sqlite(folder) => {
                let commit_pace = Duration::ZERO;
                Store::open_sqlite(folder.path(), vault, SqliteOptions { now, commit_pace })
            }
            Self::Postgres(database) => database.open(vault, now).await,
        }
    }

    /// Whether several nodes may have it open at once.
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// Whether a store that cannot know what reached the disk refuses all further work. One that
    /// asks the database afterwards goes on.
    pub fn stops_after_a_failed_commit(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(_) => false,
        }
    }

    /// The place as a crash of every node would leave it: what was committed, and nobody who closed it.
    pub async fn after_a_crash(&self) -> Self {
        match self {
            Self::Sqlite(folder) => {
                let copy = TempDir::new().expect("a folder");
                for name in ["hookwright.db", "hookwright.db-wal"] {
                    copy_if_there(folder.path(), copy.path(), name);
                }
                Self::Sqlite(Arc::new(copy))
            }
            Self::Postgres(database) => {
                database.lose_every_node().await;
                Self::Postgres(Arc::clone(database))
            }
        }
    }

    /// Makes the engine fail at an event named [`POISON`], from outside and while it is open.
    pub async fn poison(&self, failure: Failure) {
        match self {
            Self::Sqlite(folder) => {
                let raise = |how| format!("BEGIN SELECT RAISE({how}, 'made to fail'); END");
                let at_event = "BEFORE INSERT ON events WHEN NEW.given_id = 'poison'";
                let at_delivery = "BEFORE INSERT ON deliveries WHEN EXISTS (
                    SELECT 1 FROM events WHERE id = NEW.event_id AND given_id = 'poison')";
                let at_project = "BEFORE INSERT ON projects WHEN NEW.name = 'poison'";
                let trigger = match failure {
                    Failure::Statement => format!("{at_event} {}", raise("ABORT")),
                    Failure::Transaction => format!("{at_event} {}", raise("ROLLBACK")),
                    Failure::Delivery => format!("{at_delivery} {}", raise("ABORT")),
                    Failure::Commit => format!("{at_project} {}", raise("ROLLBACK")),
                };
                rusqlite::Connection::open(folder.path().join("hookwright.db"))
                    .and_then(|file| file.execute_batch(&format!("CREATE TRIGGER t {trigger}")))
                    .expect("poisoned");
            }
            Self::Postgres(database) => database.poison(failure).await,
        }
    }

    /// Every byte that the engine keeps, the log included.
    pub async fn stored_bytes(&self) -> Vec<u8> {
        match self {
            Self::Sqlite(folder) => fs::read_dir(folder.path())
                .expect("a folder")
                .flat_map(|file| fs::read(file.expect("a file").path()).expect("read"))
                .collect(),
            Self::Postgres(database) => database.stored_bytes().await,
        }
    }
}

fn copy_if_there(from: &Path, to: &Path, name: &str) {
    if from.join(name).exists() {
        fs::copy(from.join(name), to.join(name)).expect("copied");
    }
}
