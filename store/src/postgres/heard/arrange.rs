//! What a fact of several nodes starts from: a database of its own, and nodes that say what they hear.

use std::sync::Arc;
use std::time::Duration;

use hookwright_core::ids::{AccountId, ProjectId};
use hookwright_core::time::UnixMs;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::mpsc;

use crate::change::Change;
use crate::model::{
    EndpointSettings, EndpointStatus, KeyOwner, NewEndpoint, NewKey, NewProject, Page, Project,
};
use crate::postgres::connect::Connector;
use crate::postgres::{PostgresOptions, PostgresStore, Prepare};
use crate::vault::Vault;

pub(super) const NOW: UnixMs = UnixMs(1_700_000_000_000);
/// Only bounds a test that hangs: no fact depends on it.
const PATIENCE: Duration = Duration::from_secs(120);
/// Each of 32 such bytes, the one that seals first.
pub(super) const MASTER_KEYS: &[u8] = &[7];

/// A database that several nodes share.
pub(super) struct Shared {
    url: String,
}

/// What one node was told, as short words.
pub(super) struct Heard(mpsc::UnboundedReceiver<String>);

impl Shared {
    pub(super) async fn node(&self, master_keys: &[u8]) -> (PostgresStore, Heard) {
        let keys: Vec<_> = master_keys.iter().map(|byte| vec![*byte; 32]).collect();
        let vault = Vault::new(&keys).expect("32 bytes");
        let store = PostgresStore::open(&self.url, vault, options()).await;
        let store = store.expect("opened");
        let (said, heard) = mpsc::unbounded_channel();
        store.set_feed(Arc::new(move |change| {
            let _ = said.send(word(change));
        }));
        (store, Heard(heard))
    }

    pub(super) async fn sql(&self, sql: &str) {
        run_sql(&self.url, sql).await;
    }
}

impl Heard {
    /// What is told up to this word, which must come.
    pub(super) async fn until(&mut self, last: &str) -> Vec<String> {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|word| word != last) {
            heard.push(self.0.recv().await.expect("told"));
        }
        heard
    }

    /// What was told already.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

fn word(change: &Change) -> String {
    match change {
        Change::Project(project) => format!("project {}", project.name),
        Change::ProjectDeleted(id) => format!("project {} deleted", id.0),
        Change::Account(account) => format!("account {}", account.public_id),
        Change::AccountDeleted(_, id) => format!("account {} deleted", id.0),
        Change::Endpoint(endpoint) => format!("endpoint {}", endpoint.public_id),
        Change::EndpointDeleted(_, id) => format!("endpoint {} deleted", id.0),
        Change::EventTypes(_, types) => format!("event types {}", types.len()),
        Change::Keys => "keys".to_owned(),
    }
}

fn options() -> PostgresOptions {
    let tls = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
    PostgresOptions {
        now: NOW,
        tls: Arc::new(tls.with_no_client_auth()),
        prepare: Prepare::On,
    }
}

async fn run_sql(url: &str, sql: &str) {
    let runtime = tokio::runtime::Handle::current();
    let connector = Connector::new(url, &options(), runtime).expect("a URL");
    let client = connector.connect().await.expect("the test server answers");
    client.batch_execute(sql).await.expect("done");
}

/// Runs one fact on a new, empty database, and removes it.
pub(super) fn check<F: Future<Output = ()> + Send + 'static>(fact: impl FnOnce(Shared) -> F) {
    let server = std::env::var("HOOKWRIGHT_TEST_POSTGRES")
        .expect("HOOKWRIGHT_TEST_POSTGRES names a server: see store/tests/postgres/README.md");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut name = [0; 8];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut name).expect("random");
    let name = format!("hw_{:x}", u64::from_be_bytes(name));
    let (host, _) = server.rsplit_once('/').expect("a database is named");
    let shared = Shared {
        url: format!("{host}/{name}"),
    };
    runtime.block_on(async {
        run_sql(&server, &format!("CREATE DATABASE {name}")).await;
        let fact = tokio::spawn(tokio::time::timeout(PATIENCE, fact(shared)));
        let outcome = fact.await;
        run_sql(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        outcome.expect("a fact holds").expect("a fact ends");
    });
}

pub(super) fn a_project(name: &str) -> NewProject {
    let mut hash = [0; 32];
    hash[..name.len()].copy_from_slice(name.as_bytes());
    NewProject {
        public_id: format!("prj_{name}"),
        name: name.to_owned(),
        profile: "standard".to_owned(),
        livemode: true,
        key: NewKey {
            public_id: format!("key_{name}"),
            owner: KeyOwner::Root,
            name: None,
            hash,
            hint: "hw_abc".to_owned(),
            scopes: 3,
            expires_at: None,
            used_for: Default::default(),
            rate_limit: None,
            now: NOW,
        },
        now: NOW,
    }
}

/// A project with its default account.
pub(super) async fn tenant(store: &PostgresStore, name: &str) -> (ProjectId, AccountId) {
    let Project { id, .. } = store.create_project(a_project(name)).await.expect("made");
    let page = Page::newest(1);
    let accounts = store.accounts(id, page).await.expect("listed");
    (id, accounts.rows[0].id)
}

pub(super) fn an_endpoint(
    (project_id, account_id): (ProjectId, AccountId),
    public_id: &str,
) -> NewEndpoint {
    NewEndpoint {
        project_id,
        account_id,
        public_id: public_id.to_owned(),
        settings: EndpointSettings::default(),
        secrets: vec!["whsec_a".to_owned()],
        credentials: Default::default(),
        status: EndpointStatus::Active,
        status_reason: None,
        now: NOW,
    }
}
