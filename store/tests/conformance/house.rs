//! What a fact starts from: an empty store of some engine, and short ways to use it.

use std::ops::Deref;
use std::time::Duration;

use hookwright_core::ids::{AccountId, DeliveryId, ProjectId};
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Account, Attempt, Claimed, Delivery, DeliveryFilter, Endpoint, Listed, NewEndpoint, Page,
    Scope, Settlement, Store, StoreError,
};
use tokio::sync::oneshot;

use super::build::{a_key, a_project, an_endpoint};
use super::place::{Engine, Place};

/// When everything happens, unless a fact says otherwise.
pub const NOW: UnixMs = UnixMs(1_700_000_000_000);
/// Only bounds a test that hangs: no fact depends on it.
const PATIENCE: Duration = Duration::from_secs(600);
/// Where a store can be shared.
const NODES: usize = 3;

/// A store and its place.
pub struct House {
    // Dropped before its place is removed.
    store: Store,
    place: Place,
}

impl Deref for House {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Runs one fact on a new, empty store.
pub fn run<F: Future<Output = ()>>(engine: Engine, fact: impl FnOnce(House) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let fact = async { fact(House::empty(engine).await).await };
        tokio::time::timeout(PATIENCE, fact)
            .await
            .expect("a fact ends");
    });
}

/// A project with its default account.
#[derive(Clone, Copy, Debug)]
pub struct Tenant {
    pub project: ProjectId,
    pub account: AccountId,
}

impl Tenant {
    pub fn of(account: &Account) -> Self {
        Self {
            project: account.project_id,
            account: account.id,
        }
    }

    pub fn scope(self) -> Scope {
        Scope {
            account_id: Some(self.account),
            ..self.project_scope()
        }
    }

    pub fn project_scope(self) -> Scope {
        Scope {
            project_id: self.project,
            account_id: None,
        }
    }
}

impl House {
    async fn empty(engine: Engine) -> Self {
        let place = Place::empty(engine).await;
        let store = place.open(NOW).await.expect("an empty store opens");
        Self { store, place }
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Another empty store of the same engine.
    pub async fn another(&self) -> Self {
        Self::empty(self.place.engine()).await
    }

    /// This node and all others that may have the store open at once, as many as a fact needs.
    pub async fn nodes(&self) -> Vec<Self> {
        let (store, place) = (self.store.clone(), self.place.clone());
        let mut nodes = vec![Self { store, place }];
        while self.place.is_shared() && nodes.len() < NODES {
            let store = self.place.open(NOW).await.expect("another node joins");
            let place = self.place.clone();
            nodes.push(Self { store, place });
        }
        nodes
    }

    /// Closes in good order and opens again.
    pub async fn reopened(self, now: UnixMs) -> Self {
        self.store.close().await.expect("closed");
        let store = self.place.open(now).await.expect("opened again");
        Self { store, ..self }
    }

    /// Opens what a crash at this moment would leave.
    pub async fn crashed(&self, now: UnixMs) -> Self {
        let place = self.place.after_a_crash().await;
        let store = place.open(now).await.expect("opened after a crash");
        Self { store, place }
    }

    /// Makes a project; its default account is the tenant's.
    pub async fn tenant(&self, name: &str) -> Tenant {
        let project = self.create_project(a_project(name)).await.expect("made");
        let accounts = self.accounts(project.id, all()).await.expect("listed");
        Tenant::of(&accounts.rows[0])
    }

    /// Makes another account in the tenant's project.
    pub async fn neighbour(&self, tenant: Tenant, public_id: &str) -> Tenant {
        let made = self.create_account(tenant.project, public_id.to_owned(), None, NOW);
        Tenant::of(&made.await.expect("made"))
    }

    /// The tenant's project's account of this id.
    pub async fn account_named(&self, tenant: Tenant, public_id: &str) -> Tenant {
        let accounts = self.accounts(tenant.project, all()).await.expect("listed");
        let found = accounts.rows.iter().find(|it| it.public_id == public_id);
        Tenant::of(found.expect("an account"))
    }

    pub async fn endpoint_of(&self, tenant: Tenant, public_id: &str) -> Endpoint {
        self.make_endpoint(an_endpoint(tenant, public_id)).await
    }

    pub async fn make_endpoint(&self, new: NewEndpoint) -> Endpoint {
        self.create_endpoint(new).await.expect("made")
    }

    pub async fn key_of(&self, tenant: Tenant, public_id: &str) -> hookwright_store::Key {
        let owner = hookwright_store::KeyOwner::Account(tenant.project, tenant.account);
        self.create_key(a_key(public_id, owner))
            .await
            .expect("made")
    }

    /// Settles one and says whether it was accepted.
    pub async fn settle_one(&self, settlement: impl Into<Settlement>) -> bool {
        self.settle_all(vec![settlement.into()]).await[0]
    }

    pub async fn settle_all(&self, settlements: Vec<Settlement>) -> Vec<bool> {
        self.begin_settle(settlements)
            .await
            .expect("a settlement is answered")
            .expect("settled")
    }

    /// Settles without waiting.
    pub fn begin_settle(
        &self,
        settlements: Vec<Settlement>,
    ) -> oneshot::Receiver<Result<Vec<bool>, StoreError>> {
        let (done, answer) = oneshot::channel();
        self.settle(settlements, move |result| {
            let _ = done.send(result);
        });
        answer
    }

    /// Claims up to `room` of one lane.
    pub async fn claim_lane(&self, lane: &Endpoint, room: usize, now: UnixMs) -> Vec<Claimed> {
        self.claim(vec![(lane.id, room)], now)
            .await
            .expect("claimed")
    }

    /// A delivery made at [`NOW`].
    pub async fn see(&self, tenant: Tenant, id: DeliveryId) -> (Delivery, Vec<Attempt>) {
        self.delivery(tenant.scope(), id, NOW).await.expect("seen")
    }

    /// Every delivery that fits, walked page by page.
    pub async fn walk(&self, scope: Scope, filter: DeliveryFilter, limit: usize) -> Vec<Delivery> {
        rows_by_page(limit, |page| self.deliveries(scope, filter.clone(), page)).await
    }
}

/// A page with room for all that a fact makes.
pub fn all() -> Page {
    Page::newest(1_000)
}

/// All rows of a list, walked page by page.
pub async fn rows_by_page<T, F>(limit: usize, list: impl Fn(Page) -> F) -> Vec<T>
where
    F: Future<Output = Result<Listed<T>, StoreError>>,
{
    let mut found = Vec::new();
    let mut before = None;
    for _ in 0..10_000 {
        let listed = list(Page {
            before,
            ..Page::newest(limit)
        })
        .await
        .expect("listed");
        assert!(listed.rows.len() <= limit, "a page keeps to its limit");
        found.extend(listed.rows);
        let Some(next) = listed.next else {
            return found;
        };
        assert!(before.is_none_or(|last| next < last), "a walk moves on");
        before = Some(next);
    }
    panic!("a walk ends");
}
