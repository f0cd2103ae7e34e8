//! The store's methods: each is one transaction, the same on every engine.

use std::path::Path;
use std::sync::Arc;

use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, ProjectId};
use hookwright_core::time::UnixMs;

use crate::append::{Append, Appended};
use crate::change::Change;
use crate::error::StoreError;
use crate::model::*;
use crate::postgres::{PostgresOptions, PostgresStore};
use crate::sqlite::{SqliteOptions, SqliteStore};
use crate::vault::Vault;

/// The engines.
#[derive(Clone)]
pub enum Store {
    /// One machine, one file.
    Sqlite(SqliteStore),
    /// Many nodes, one database.
    Postgres(PostgresStore),
}

/// The same call on whichever engine there is. Groups of methods in files of their own are declared
/// below it.
macro_rules! on_engine {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Self::Sqlite($store) => $call,
            Self::Postgres($store) => $call,
        }
    };
}

mod asides;
mod attempts;
mod audit;
mod endpoint_list;
mod event_types;
mod health;
mod jobs;
mod keys;
mod looking;
mod notices;
mod purge;
mod replay;
mod retention;
mod rollups;
mod validation;

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Opens or makes the `SQLite` store in `folder`, migrates it, and takes sole ownership of it.
    pub fn open_sqlite(folder: &Path, vault: Vault, options: SqliteOptions) -> Result<Self> {
        SqliteStore::open(folder, vault, options).map(Self::Sqlite)
    }

    /// Opens the `PostgreSQL` store at `url`, migrates it, and joins its nodes.
    pub async fn open_postgres(url: &str, vault: Vault, options: PostgresOptions) -> Result<Self> {
        PostgresStore::open(url, vault, options)
            .await
            .map(Self::Postgres)
    }

    /// Calls `feed` for every change of routing facts, after its commit and before the method that
    /// made it returns. At most one feed; it must not block.
    pub fn set_feed(&self, feed: Arc<dyn Fn(&Change) + Send + Sync>) {
        on_engine!(self, s => s.set_feed(feed));
    }

    /// Resolves when a commit has failed and the process must stop; never otherwise.
    pub async fn stopped(&self) -> StoreError {
        on_engine!(self, s => s.stopped().await)
    }

    /// Commits what is queued and closes. Later calls fail.
    pub async fn close(&self) -> Result<()> {
        on_engine!(self, s => s.close().await)
    }

    // ---- projects, accounts, keys

    /// Makes a project with its default account and first key.
    pub async fn create_project(&self, new: NewProject) -> Result<Project> {
        on_engine!(self, s => s.create_project(new).await)
    }

    /// All projects, newest first.
    pub async fn projects(&self, page: Page) -> Result<Listed<Project>> {
        on_engine!(self, s => s.projects(page).await)
    }

    /// Changes a project.
    pub async fn update_project(&self, id: ProjectId, update: ProjectUpdate) -> Result<Project> {
        on_engine!(self, s => s.update_project(id, update).await)
    }

    /// Deletes a project: its keys and endpoints end at once, its events by retention.
    pub async fn delete_project(&self, id: ProjectId, now: UnixMs) -> Result<()> {
        on_engine!(self, s => s.delete_project(id, now).await)
    }

    /// Makes an account. [`StoreError::Exists`] when the project has one of this id.
    pub async fn create_account(
        &self,
        project_id: ProjectId,
        public_id: String,
        name: Option<String>,
        now: UnixMs,
    ) -> Result<Account> {
        on_engine!(self, s => s.create_account(project_id, public_id, name, now).await)
    }

    /// A project's accounts, newest first.
    pub async fn accounts(&self, project_id: ProjectId, page: Page) -> Result<Listed<Account>> {
        on_engine!(self, s => s.accounts(project_id, page).await)
    }

    /// The account that the scope names.
    pub async fn account(&self, scope: Scope) -> Result<Account> {
        on_engine!(self, s => s.account(scope).await)
    }

    /// Renames an account.
    pub async fn update_account(&self, scope: Scope, name: Option<String>) -> Result<Account> {
        on_engine!(self, s => s.update_account(scope, name).await)
    }

    /// Deletes an account: its keys and endpoints end at once, its events by retention.
    pub async fn delete_account(
        &self,
        project: ProjectId,
        id: AccountId,
        now: UnixMs,
    ) -> Result<()> {
        on_engine!(self, s => s.delete_account(project, id, now).await)
    }

    /// Makes a key.
    pub async fn create_key(&self, new: NewKey) -> Result<Key> {
        on_engine!(self, s => s.create_key(new).await)
    }

    /// Makes the root key be the one with this hash: adds it, and revokes other root keys if
    /// `only` is set.
    pub async fn put_root_key(&self, new: NewKey, only: bool) -> Result<()> {
        on_engine!(self, s => s.put_root_key(new, only).await)
    }

    /// Whether any root key exists.
    pub async fn has_root_key(&self) -> Result<bool> {
        on_engine!(self, s => s.has_root_key().await)
    }

    /// The key with this SHA-256, revoked and expired ones included.
    pub async fn key_by_hash(&self, hash: [u8; 32]) -> Result<Option<Key>> {
        on_engine!(self, s => s.key_by_hash(hash).await)
    }

    // ---- endpoints

    /// Makes an endpoint.
    pub async fn create_endpoint(&self, new: NewEndpoint) -> Result<Endpoint> {
        on_engine!(self, s => s.create_endpoint(new).await)
    }

    /// An endpoint by public id within the scope.
    pub async fn endpoint(&self, scope: Scope, public_id: String) -> Result<Endpoint> {
        on_engine!(self, s => s.endpoint(scope, public_id).await)
    }

    /// Endpoints within the scope, newest first.
    pub async fn endpoints(&self, scope: Scope, page: Page) -> Result<Listed<Endpoint>> {
        on_engine!(self, s => s.endpoints(scope, page).await)
    }

    /// Changes an endpoint within the scope.
    pub async fn update_endpoint(
        &self,
        scope: Scope,
        public_id: String,
        update: EndpointUpdate,
        now: UnixMs,
    ) -> Result<Endpoint> {
        on_engine!(self, s => s.update_endpoint(scope, public_id, update, now).await)
    }

    /// Disables an endpoint by row with a reason (410, failures); a no-op if it is not active.
    /// Says whether this call did it.
    pub async fn disable_endpoint(
        &self,
        id: EndpointId,
        reason: String,
        now: UnixMs,
    ) -> Result<bool> {
        on_engine!(self, s => s.disable_endpoint(id, reason, now).await)
    }

    /// Deletes an endpoint within the scope; its waiting deliveries fail visibly when they come due.
    pub async fn delete_endpoint(
        &self,
        scope: Scope,
        public_id: String,
        now: UnixMs,
    ) -> Result<()> {
        on_engine!(self, s => s.delete_endpoint(scope, public_id, now).await)
    }

    /// Everything that events are matched against, for a node's start.
    pub async fn routing(&self) -> Result<(Vec<Project>, Vec<Account>, Vec<Endpoint>)> {
        on_engine!(self, s => s.routing().await)
    }

    // ---- the walk of an event

    /// Queues an event with its deliveries. `done` is called once, on the store's own thread, after
    /// the commit that holds it (or after its failure); it must not block.
    pub fn append(
        &self,
        append: Append,
        done: impl FnOnce(Append, Result<Appended>) + Send + 'static,
    ) {
        on_engine!(self, s => s.append(append, Box::new(done)));
    }

    /// Whether a delivery that was leased under this token is surely still this process's own.
    /// Cheap: asked before each request.
    #[must_use]
    pub fn holds(&self, lease: Lease) -> bool {
        on_engine!(self, s => s.holds(lease))
    }

    /// Whether a lane that one node at a time may work on is surely this process's own. Cheap: asked
    /// before each request in such a lane. Never two at once.
    #[must_use]
    pub fn owns(&self, lane: EndpointId) -> bool {
        on_engine!(self, s => s.owns(lane))
    }

    /// Makes those of these lanes this node's own that nobody else owns. Answers which are its own
    /// now. A lane stays its own until it gives it up or is lost itself.
    pub async fn own_lanes(&self, lanes: Vec<(ProjectId, EndpointId)>) -> Result<Vec<EndpointId>> {
        on_engine!(self, s => s.own_lanes(lanes).await)
    }

    /// Gives lanes up that this node owns. From the first poll on [`Self::owns`] says no to them
    /// (where other nodes could take them), whatever comes of the call.
    pub async fn disown_lanes(&self, lanes: Vec<(ProjectId, EndpointId)>) -> Result<()> {
        on_engine!(self, s => s.disown_lanes(lanes).await)
    }

    /// Queues outcomes; they ride the next commit. `done` gets, per settlement, whether it was
    /// accepted: one under a lost lease is refused.
    pub fn settle(
        &self,
        settlements: Vec<Settlement>,
        done: impl FnOnce(Result<Vec<bool>>) + Send + 'static,
    ) {
        on_engine!(self, s => s.settle(settlements, Box::new(done)));
    }

    /// Leases due deliveries: for each lane at most as many as it has room for.
    pub async fn claim(
        &self,
        lanes: Vec<(EndpointId, usize)>,
        now: UnixMs,
    ) -> Result<Vec<Claimed>> {
        on_engine!(self, s => s.claim(lanes, now).await)
    }

    /// For each lane that has anything waiting in the store, when its earliest delivery is due.
    pub async fn lanes_waiting(&self) -> Result<Vec<(EndpointId, UnixMs)>> {
        on_engine!(self, s => s.lanes_waiting().await)
    }

    /// Makes up to `limit` of a lane's waiting deliveries due now, as when its endpoint was
    /// disabled. Answers how many.
    pub async fn hasten(&self, lane: EndpointId, limit: usize, now: UnixMs) -> Result<usize> {
        on_engine!(self, s => s.hasten(lane, limit, now).await)
    }

    /// For each of these lanes that has anything waiting, when its earliest delivery is due.
    pub async fn lanes_due(&self, lanes: Vec<EndpointId>) -> Result<Vec<(EndpointId, UnixMs)>> {
        on_engine!(self, s => s.lanes_due(lanes).await)
    }

    /// Gives leased deliveries back, due now.
    pub async fn release(&self, leased: Vec<Leased>, now: UnixMs) -> Result<()> {
        on_engine!(self, s => s.release(leased, now).await)
    }

    /// Makes deliveries whose first attempt was leased longer than a lease ago due again, and moves
    /// the low-water mark that recovery starts from. Cheap; called every few seconds.
    pub async fn reclaim(&self, now: UnixMs) -> Result<usize> {
        on_engine!(self, s => s.reclaim(now).await)
    }

    /// Asks for one attempt now, beside the schedule. Returns it leased.
    pub async fn resend(&self, scope: Scope, id: DeliveryId, now: UnixMs) -> Result<Claimed> {
        on_engine!(self, s => s.resend(scope, id, now).await)
    }

    // ---- retention (looking is in looking.rs)

    /// Removes finished events and deliveries accepted before `before`, at most `limit` events.
    /// Returns how many went: fewer than `limit` means that little or nothing is left for now.
    pub async fn prune(&self, before: UnixMs, limit: usize) -> Result<usize> {
        on_engine!(self, s => s.prune(before, limit).await)
    }

    /// Removes the payloads of finished events accepted before `before`, at most `limit` of them.
    /// Events and deliveries stay to be seen. Returns how many went, as [`Self::prune`].
    pub async fn prune_payloads(&self, before: UnixMs, limit: usize) -> Result<usize> {
        on_engine!(self, s => s.prune_payloads(before, limit).await)
    }
}
