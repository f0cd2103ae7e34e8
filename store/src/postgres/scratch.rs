//! How a test of this engine alone gets a database, and nodes on it.

use std::sync::Arc;
use std::time::Duration;

use hookwright_core::time::UnixMs;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Client;

use super::connect::Connector;
use super::{PostgresOptions, PostgresStore, Prepare};
use crate::vault::Vault;

pub(super) const NOW: UnixMs = UnixMs(1_700_000_000_000);
/// Only bounds a test that hangs: no fact depends on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// An empty database.
pub(super) struct Scratch {
    url: String,
}

impl Scratch {
    /// One more node on it.
    pub(super) async fn open(&self, now: UnixMs) -> PostgresStore {
        let vault = Vault::new(&[vec![7; 32]]).expect("32 bytes");
        let store = PostgresStore::open(&self.url, vault, options(now)).await;
        store.expect("opened")
    }

    /// A connection past the store.
    pub(super) async fn connect(&self) -> Client {
        connect(&self.url).await
    }
}

/// Runs one fact on a new, empty database, and removes it.
pub(super) fn check<F: Future<Output = ()> + Send + 'static>(fact: impl FnOnce(Scratch) -> F) {
    let server = std::env::var("HOOKWRIGHT_TEST_POSTGRES")
        .expect("HOOKWRIGHT_TEST_POSTGRES names a server: see store/tests/postgres/README.md");
    let (host, _) = server.rsplit_once('/').expect("a database is named");
    let mut name = [0; 8];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut name).expect("random");
    let name = format!("hw_{:x}", u64::from_be_bytes(name));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let admin = connect(&server).await;
        let make = format!("CREATE DATABASE {name}");
        admin.batch_execute(&make).await.expect("made");
        let url = format!("{host}/{name}");
        let outcome = tokio::spawn(tokio::time::timeout(PATIENCE, fact(Scratch { url }))).await;
        let remove = format!("DROP DATABASE {name} WITH (FORCE)");
        admin.batch_execute(&remove).await.expect("removed");
        outcome.expect("a fact holds").expect("a fact ends");
    });
}

async fn connect(url: &str) -> Client {
    let runtime = tokio::runtime::Handle::current();
    let connector = Connector::new(url, &options(NOW), runtime).expect("a URL");
    connector.connect().await.expect("the test server answers")
}

fn options(now: UnixMs) -> PostgresOptions {
    let tls = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
    PostgresOptions {
        now,
        tls: Arc::new(tls.with_no_client_auth()),
        prepare: Prepare::On,
    }
}
