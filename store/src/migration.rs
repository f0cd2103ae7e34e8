//! How a whole store moves from the embedded engine into `PostgreSQL`, and how it is known that all
//! of it arrived.

use std::path::Path;

use hookwright_core::time::UnixMs;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::blob;
use crate::error::StoreError;
use crate::moved::{Batch, Cell, Place, Table};
use crate::postgres::{Held, Import, PostgresOptions};
use crate::sqlite::Export;
use crate::vault::Vault;

/// Batches that are read ahead of those written.
const BATCHES_AHEAD: usize = 2;
/// Where `sqlite/export.rs` has an endpoint's public id and secrets, and an attempt's number and
/// body.
const ENDPOINT: (usize, usize) = (3, 5);
const ATTEMPT: (usize, usize) = (2, 3);

type Result<T> = std::result::Result<T, StoreError>;

/// A move that is ready to begin or to go on. Nobody else has the source while it exists.
pub struct Migration {
    export: Export,
    import: Import,
    vaults: Vaults,
    now: UnixMs,
    fingerprint: i64,
    held: Held,
    totals: [u64; Table::ALL.len()],
}

/// What opens the source's secrets, and what seals them in the target.
struct Vaults {
    source: Vault,
    target: Vault,
}

/// How far a table is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The table's name.
    pub table: &'static str,
    /// Rows that were in the target before this run.
    pub before: u64,
    /// Rows that are in the target.
    pub rows: u64,
    /// Rows that the source has.
    pub of: u64,
}

/// A table counted on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The table's name.
    pub table: &'static str,
    /// Rows of the source.
    pub source: u64,
    /// Rows of the target.
    pub target: u64,
}

impl Migration {
    /// Opens the embedded store in `folder`, which no server may have open and which is not changed,
    /// and the database at `url`, which must be empty or hold a part of the same store. Nothing is
    /// moved yet; all secrets were opened with `source`.
    pub async fn open(
        (folder, source): (&Path, Vault),
        (url, target): (&str, Vault),
        options: PostgresOptions,
    ) -> Result<Self> {
        let vaults = Vaults { source, target };
        let export = Export::open(folder)?;
        let fingerprint = export.fingerprint()?;
        let mut sealed = Ok(());
        export.read(Table::Endpoints, 0, options.now, |batch| {
            sealed = vaults.adapt(Table::Endpoints, batch).map(|_| ());
            sealed.is_ok()
        })?;
        sealed?;
        let mut totals = [0; Table::ALL.len()];
        for (total, table) in totals.iter_mut().zip(Table::ALL) {
            *total = export.count(table)?;
        }
        let import = Import::open(url, &options).await?;
        Ok(Self {
            held: import.held(fingerprint).await?,
            export,
            import,
            vaults,
            now: options.now,
            fingerprint,
            totals,
        })
    }

    /// Whether an earlier run has finished: nothing is left to do.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.held == Held::All
    }

    /// Whether an earlier run was interrupted: this one goes on.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.held == Held::Part
    }

    /// Moves what is not there yet, a few thousand rows in each transaction, and counts both sides.
    /// Only when all counts are equal may nodes serve from the database afterwards. After a failure,
    /// or the process's end, the next run goes on.
    pub async fn run(mut self, mut tell: impl FnMut(Progress)) -> Result<Vec<Counted>> {
        match self.held {
            Held::Nothing => {
                self.import
                    .begin(self.fingerprint, &self.vaults.target)
                    .await?;
            }
            Held::Part | Held::All => self.import.resume(&self.vaults.target).await?,
        }
        let mut places = [Place::default(); Table::ALL.len()];
        for (place, table) in places.iter_mut().zip(Table::ALL) {
            *place = self.import.place(table).await?;
        }
        let before = places;
        let (export, mut batches) = read_ahead(self.export, self.vaults, places, self.now);
        while let Some((at, batch)) = batches.recv().await {
            let table = Table::ALL[at];
            places[at] = self.import.write(table, places[at], &batch).await?;
            tell(Progress {
                table: table.name(),
                before: before[at].rows,
                rows: places[at].rows,
                of: self.totals[at],
            });
        }
        // The source stays nobody else's until the target is finished.
        let _export = export
            .await
            .map_err(|error| StoreError::Engine(error.to_string()))??;
        let mut counted = Vec::new();
        for (table, source) in Table::ALL.into_iter().zip(self.totals) {
            counted.push(Counted {
                table: table.name(),
                source,
                target: self.import.count(table).await?,
            });
        }
        if counted.iter().all(Counted::is_equal) {
            self.import.finish().await?;
        }
        Ok(counted)
    }
}

impl Counted {
    /// Whether both sides have as many.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.source == self.target
    }
}

type Batches = mpsc::Receiver<(usize, Batch)>;

/// Reads on a thread of its own while the database writes. Gives the source back at the end.
fn read_ahead(
    export: Export,
    vaults: Vaults,
    places: [Place; Table::ALL.len()],
    now: UnixMs,
) -> (JoinHandle<Result<Export>>, Batches) {
    let (send, batches) = mpsc::channel(BATCHES_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        for (at, (table, place)) in Table::ALL.into_iter().zip(places).enumerate() {
            let mut outcome = Ok(());
            export.read(table, place.last, now, |batch| {
                match vaults.adapt(table, batch) {
                    // Refused when the writing failed: it has said why.
                    Ok(batch) => send.blocking_send((at, batch)).is_ok(),
                    Err(error) => {
                        outcome = Err(error);
                        false
                    }
                }
            })?;
            outcome?;
        }
        Ok(export)
    });
    (reading, batches)
}

impl Vaults {
    /// Writes anew what the engines keep in different ways.
    fn adapt(&self, table: Table, mut batch: Batch) -> Result<Batch> {
        for row in &mut batch.rows {
            match table {
                Table::Endpoints => self.seal_anew(row)?,
                Table::Attempts => number(row)?,
                _ => {}
            }
        }
        Ok(batch)
    }

    fn seal_anew(&self, row: &mut [Cell]) -> Result<()> {
        let (id, secrets) = ENDPOINT;
        let (Cell::Text(id), Cell::Bytes(sealed)) = (&row[id], &row[secrets]) else {
            return Err(unreadable("endpoint", "it has no id or no secrets"));
        };
        let plain = self.source.open(id, sealed);
        let plain =
            plain.map_err(|error| StoreError::Unusable(format!("endpoint {id}: {error}")))?;
        let sealed = self.target.seal(id, &plain);
        row[secrets] = Cell::Bytes(sealed.map_err(|error| StoreError::Engine(error.to_string()))?);
        Ok(())
    }
}

/// The number that is inside an attempt becomes a column.
fn number(row: &mut [Cell]) -> Result<()> {
    let (number, body) = ATTEMPT;
    let Cell::Bytes(bytes) = &row[body] else {
        return Err(unreadable("attempt", "it is empty"));
    };
    let attempt = blob::decode(bytes)?.ok_or_else(|| unreadable("attempt", "it is empty"))?;
    row[number] = Cell::Integer(i64::from(attempt.number));
    Ok(())
}

fn unreadable(what: &'static str, detail: &str) -> StoreError {
    StoreError::Unreadable {
        what,
        detail: detail.to_owned(),
    }
}
