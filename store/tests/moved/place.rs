//! A folder and an empty database for one fact, and the way from the one into the other.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Append, Appended, Counted, Disposition, Migration, PostgresOptions, Prepare, Route, Scope,
    SqliteOptions, Store, StoreError, Vault,
};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio_postgres::{NoTls, SimpleQueryMessage};

const SERVER: &str = "HOOKWRIGHT_TEST_POSTGRES";
/// When stores are opened.
const NOW: UnixMs = UnixMs(1_700_000_000_000);

/// Both homes of a store, removed at the end.
pub struct Place {
    folder: TempDir,
    server: String,
    name: String,
}

impl Place {
    pub async fn make() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!(
                "{SERVER} is not set: run ./test, or start one with store/tests/postgres/cluster"
            )
        });
        let name = "SELECT 'hw_' || replace(gen_random_uuid()::text, '-', '')";
        let name = ask(&server, name).await.remove(0);
        ask(&server, &format!("CREATE DATABASE {name}")).await;
        Self {
            folder: TempDir::new().expect("a folder"),
            server,
            name,
        }
    }

    /// The store in the folder.
    pub fn source(&self) -> Store {
        let commit_pace = Duration::ZERO;
        let options = SqliteOptions {
            now: NOW,
            commit_pace,
        };
        Store::open_sqlite(self.folder.path(), vault(), options).expect("opened")
    }

    /// Changes rows of the closed source.
    pub fn change(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.folder.path().join("hookwright.db"));
        let changed = connection.expect("opened").execute_batch(sql);
        changed.expect("changed");
    }

    /// Moves everything; the source is closed.
    pub async fn migrate(&self) {
        let counted = self
            .begin()
            .await
            .expect("opened")
            .run(|_| {})
            .await
            .expect("moved");
        assert!(counted.iter().all(Counted::is_equal), "{counted:?}");
    }

    /// A move that is ready to begin.
    pub async fn begin(&self) -> Result<Migration, StoreError> {
        let from = (self.folder.path(), vault());
        Migration::open(from, (&self.url(), vault()), options()).await
    }

    /// The store in the database.
    pub async fn target(&self) -> Store {
        Store::open_postgres(&self.url(), vault(), options())
            .await
            .expect("opened")
    }

    fn url(&self) -> String {
        let (host, _) = self.server.rsplit_once('/').expect("a database is named");
        format!("{host}/{}", self.name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let server = self.server.clone();
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // A runtime cannot be entered from within another, where this is dropped.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(ask(&server, &sql));
        });
        let _ = dropped.join();
    }
}

/// An event with one delivery.
pub fn an_event(
    scope: Scope,
    given_id: &str,
    at: UnixMs,
    (endpoint_id, disposition): (EndpointId, Disposition),
) -> Append {
    Append {
        project_id: scope.project_id,
        account_id: scope.account_id.expect("an account"),
        event_type: "user.created".into(),
        given_id: Some(given_id.to_owned()),
        idempotency_key: None,
        accepted_at: at,
        time: at,
        subject: None,
        trace: None,
        channels: Vec::new(),
        metadata: Default::default(),
        deliver_at: None,
        payload: Bytes::from_static(b"{}"),
        routes: vec![Route {
            endpoint_id,
            disposition,
        }],
    }
}

pub async fn append(store: &Store, event: Append) -> Appended {
    let (done, appended) = tokio::sync::oneshot::channel();
    store.append(event, move |_, outcome| drop(done.send(outcome)));
    appended.await.expect("told").expect("stored")
}

fn vault() -> Vault {
    Vault::new(&[vec![7; 32]]).expect("32 bytes")
}

fn options() -> PostgresOptions {
    let tls = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
    let tls = Arc::new(tls.with_no_client_auth());
    let prepare = Prepare::On;
    PostgresOptions {
        now: NOW,
        tls,
        prepare,
    }
}

/// The first column of every row.
async fn ask(url: &str, sql: &str) -> Vec<String> {
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (client, connection) = connected.expect("the test server answers");
    let connection = tokio::spawn(connection);
    let answers = client.simple_query(sql).await;
    drop(client);
    connection
        .await
        .expect("not cancelled")
        .expect("closed in good order");
    let answers = answers.unwrap_or_else(|error| panic!("{error:?} at {sql}"));
    let rows = answers.into_iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    rows.collect()
}
