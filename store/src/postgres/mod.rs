//! The engine for many nodes: one `PostgreSQL`, one writer connection per node, a pool for the rest.

mod accounts;
mod append;
mod asides;
mod attempt;
mod audit;
mod backlog;
mod batch;
mod browser_keys;
mod by_index;
mod cancel;
mod change_log;
mod claim;
mod connect;
mod contents;
#[cfg(test)]
mod day_facts;
mod deliveries;
mod delivery_list;
mod delivery_rows;
mod drop_day;
mod endpoints;
mod event_list;
mod event_types;
mod events;
mod failing;
mod fitting;
mod follow;
mod forget_account;
mod health;
#[cfg(test)]
mod heard;
mod held;
mod import;
mod in_order;
mod jobs;
mod keys;
mod known;
mod lanes;
mod lent;
mod listen;
mod meta;
mod migrate;
mod names;
mod node;
mod notices;
mod one_go;
mod owners;
mod parameter;
mod partitions;
#[cfg(test)]
mod plans;
mod projects;
mod prune;
mod prune_class;
mod prune_moved;
mod prune_payloads;
mod purge;
mod queue;
mod reclaim;
mod release;
mod remove_dropped;
mod replay;
mod replay_apply;
mod reread;
mod resend;
mod rollups;
mod row_ids;
#[cfg(test)]
mod scratch;
mod seal;
mod session;
mod settle;
mod statement;
mod time_span;
mod validation;
mod windows;
mod within;
mod writer;

use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;
use tokio_postgres::Row;

pub use asides::Hearing;
pub use connect::PostgresOptions;
pub(crate) use import::{Held, Import};
pub use statement::Prepare;

use crate::change::Change;
use crate::error::StoreError;
use crate::model::Lease;
use crate::vault::Vault;
use asides::Asides;
use change_log::{ChangeLog, Moved};
use connect::Connector;
use lent::{Client, Pool, Transaction};
use node::Node;
use parameter::Parameters;
use writer::Writer;

pub(crate) type Result<T> = std::result::Result<T, StoreError>;
type Feed = Arc<OnceLock<Arc<dyn Fn(&Change) + Send + Sync>>>;

/// Times that a read is tried while the database cannot be reached.
const READS_TRIED_MAX: usize = 5;
const READ_RETRY_DELAY: std::time::Duration = std::time::Duration::from_millis(200);

/// Statements find a few rows of big tables by their keys. While a table's statistics are young the
/// planner takes it for small and would read all of it.
const PLAIN_PLANS: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; \
                           SET LOCAL enable_mergejoin = off; SET LOCAL jit = off; \
                           SET LOCAL idle_in_transaction_session_timeout = '10s'";

/// A handle on the engine; clones share it.
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    node: Arc<Node>,
    log: ChangeLog,
    feed: Feed,
    asides: Asides,
    vault: Arc<Vault>,
    writer: queue::Inbox,
    /// Dropped with the last handle: the store's thread ends.
    _alive: oneshot::Sender<()>,
}

impl PostgresStore {
    /// Connects, migrates, registers this process as a node and starts what runs in its background.
    pub(crate) async fn open(url: &str, vault: Vault, options: PostgresOptions) -> Result<Self> {
        let (alive, ended) = oneshot::channel();
        let (start, started) = oneshot::channel();
        let runtime = run_thread(started, ended)?;
        let connector = Connector::new(url, &options, runtime.clone())?;
        let mut first = connector.connect().await?;
        migrate::migrate(&mut first).await?;
        import::check_finished(&first).await?;
        seal::check(&first, &vault).await?;
        let pool = connector.pool()?;
        partitions::make_ahead(&pool, options.now).await?;
        let node = Arc::new(Node::register(&pool, options.now).await?);
        let feed = Feed::default();
        let vault = Arc::new(vault);
        let asides = Asides::new(&connector, &runtime);
        let log = ChangeLog::follow(&runtime, &connector, &feed, asides.ear(), &vault).await?;
        runtime.spawn(node::keep_beating(Arc::clone(&node), pool.clone()));
        let (writer, inbox) = Writer::new(connector, pool.clone(), Arc::clone(&node));
        let _ = start.send(writer);
        let store = Self {
            shared: Arc::new(Shared {
                pool,
                node,
                log,
                feed,
                asides,
                vault,
                writer: inbox,
                _alive: alive,
            }),
        };
        // What a node left behind is due at once, not at somebody's next look.
        store.take_all_over(options.now).await?;
        Ok(store)
    }

    pub(crate) fn set_feed(&self, feed: Arc<dyn Fn(&Change) + Send + Sync>) {
        // A second feed is a mistake in the wiring; the first stays.
        let _ = self.shared.feed.set(feed);
    }

    /// Whether a delivery leased under this token is surely still this node's own.
    pub(crate) fn holds(&self, lease: Lease) -> bool {
        self.shared.node.holds(lease)
    }

    /// Never: a database that is away is waited for.
    pub(crate) async fn stopped(&self) -> StoreError {
        std::future::pending().await
    }

    /// Commits what is queued and leaves the circle of nodes.
    pub(crate) async fn close(&self) -> Result<()> {
        self.shared.writer.close().await;
        self.shared.node.leave(&self.shared.pool).await
    }

    /// Keeps this node from being declared lost until the transaction ends; fails if it was.
    async fn hold_own_place(&self, transaction: &Transaction<'_>) -> Result<()> {
        let id = self.shared.node.identity().id;
        let living = transaction
            .query_opt("SELECT FROM nodes WHERE id = $1 FOR KEY SHARE", &[&id])
            .await?;
        living.map(|_| ()).ok_or_else(|| {
            StoreError::Unavailable("this node was declared lost and registers anew".to_owned())
        })
    }

    /// A pooled connection.
    async fn client(&self) -> Result<Client> {
        Ok(self.shared.pool.get().await?)
    }

    /// Rows of a statement that changes nothing: tried again while the database cannot be reached.
    async fn rows(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>> {
        let mut tries = 0;
        loop {
            tries += 1;
            match rows_once(&self.shared.pool, sql, parameters).await {
                Err(StoreError::Unavailable(_)) if tries < READS_TRIED_MAX => {
                    tokio::time::sleep(READ_RETRY_DELAY).await;
                }
                result => return result,
            }
        }
    }

    /// The one row of a statement that changes nothing. [`StoreError::NotFound`] when there is none.
    async fn row(&self, sql: &str, parameters: Parameters<'_>) -> Result<Row> {
        let rows = self.rows(sql, parameters).await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)
    }

    /// Begins a change of routing facts: one at a time in the whole database, so that the change log
    /// is in the order of the commits. Ends with [`Self::commit`]; dropped, it is undone.
    async fn begin<'a>(&self, client: &'a mut Client) -> Result<Transaction<'a>> {
        let transaction = client.transaction().await?;
        change_log::lock(&transaction).await?;
        Ok(transaction)
    }

    /// Commits a change with what it moved, and returns once this node's own feed was told of it.
    async fn commit(&self, transaction: Transaction<'_>, moved: &[Moved]) -> Result<()> {
        let last = change_log::write(&transaction, moved).await?;
        transaction.commit().await?;
        self.shared.log.told(last).await;
        Ok(())
    }
}

async fn rows_once(pool: &Pool, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>> {
    let client = pool.get().await?;
    Ok(client.query(sql, parameters).await?)
}

fn gone() -> StoreError {
    StoreError::Stopped("the store is closed".to_owned())
}

/// The thread that the connections, the writer and the background tasks live on, until `ended`
/// resolves: the store has no handles any more.
fn run_thread(
    started: oneshot::Receiver<Writer>,
    ended: oneshot::Receiver<()>,
) -> Result<tokio::runtime::Handle> {
    let failed = |error: std::io::Error| StoreError::Engine(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || runtime.block_on(live(started, ended)))
        .map_err(failed)?;
    Ok(handle)
}

async fn live(started: oneshot::Receiver<Writer>, ended: oneshot::Receiver<()>) {
    let work = async {
        if let Ok(writer) = started.await {
            writer.run().await;
        }
        // Closed: whoever has a handle may still read.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = work => {}
        _ = ended => {}
    }
}
