//! How an empty PostgreSQL database is made for one fact, what is done to it from outside, and how
//! it is removed.

use std::sync::Arc;

use hookwright_core::time::UnixMs;
use hookwright_store::{PostgresOptions, Prepare, Store, StoreError, Vault};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use super::place::Failure;

/// The server that the facts may make databases in.
const SERVER: &str = "HOOKWRIGHT_TEST_POSTGRES";
/// "off" where that is a pooler.
const PREPARE: &str = "HOOKWRIGHT_DATABASE_PREPARE";

/// A database of its own, dropped at the end.
pub struct Database {
    name: String,
    server: String,
}

impl Database {
    pub async fn make() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!(
                "{SERVER} is not set: run ./test, or start one with store/tests/postgres/cluster"
            )
        });
        let name = "SELECT 'hw_' || replace(gen_random_uuid()::text, '-', '')";
        let name = ask(&server, name).await.remove(0);
        ask(&server, &format!("CREATE DATABASE {name}")).await;
        Self { name, server }
    }

    fn url(&self) -> String {
        let (host, _) = self.server.rsplit_once('/').expect("a database is named");
        format!("{host}/{}", self.name)
    }

    /// Opens it as one more node.
    pub async fn open(&self, vault: Vault, now: UnixMs) -> Result<Store, StoreError> {
        let tls = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
        let tls = Arc::new(tls.with_no_client_auth());
        let prepare = prepare();
        let options = PostgresOptions { now, tls, prepare };
        Store::open_postgres(&self.url(), vault, options).await
    }

    /// Whatever nodes live here, the others take them for lost from now on.
    pub async fn lose_every_node(&self) {
        let sql = "WITH gone AS (DELETE FROM nodes RETURNING id, low_water)
            INSERT INTO lost_nodes (id, low_water) SELECT id, low_water FROM gone";
        ask(&self.url(), sql).await;
    }

    /// Makes it fail at what is named "poison".
    pub async fn poison(&self, failure: Failure) {
        let raise = |code| format!("RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}';");
        let at_event = "BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.given_id = 'poison')";
        let (body, triggers) = match failure {
            Failure::Statement => (raise("raise_exception"), vec![at_event]),
            Failure::Transaction => (raise("disk_full"), vec![at_event]),
            Failure::Delivery => {
                let is_its = "EXISTS (SELECT FROM events
                    WHERE id = NEW.event_id AND given_id = 'poison')";
                let body = format!("IF {is_its} THEN {} END IF;", raise("raise_exception"));
                (body, vec!["AFTER INSERT ON deliveries FOR EACH ROW"])
            }
            Failure::Commit => {
                let at_event = "AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW WHEN (NEW.given_id = 'poison')";
                let at_project = "AFTER INSERT ON projects DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW WHEN (NEW.name = 'poison')";
                (raise("raise_exception"), vec![at_event, at_project])
            }
        };
        let mut sql = format!(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN {body} RETURN NEW; END $$;"
        );
        for trigger in triggers {
            let constraint = if trigger.contains("DEFERRED") {
                "CONSTRAINT"
            } else {
                ""
            };
            sql +=
                &format!("CREATE {constraint} TRIGGER poison {trigger} EXECUTE FUNCTION poison();");
        }
        ask(&self.url(), &sql).await;
    }

    /// Every row of every table as text, bytes as the characters that they are.
    pub async fn stored_bytes(&self) -> Vec<u8> {
        let tables = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'";
        let mut rows = Vec::new();
        for table in ask(&self.url(), tables).await {
            let sql = format!("SET bytea_output = escape; SELECT t::text FROM {table} t");
            rows.extend(ask(&self.url(), &sql).await);
        }
        rows.join("\n").into_bytes()
    }
}

impl Drop for Database {
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
        let dropped = dropped.join().is_ok();
        assert!(
            dropped || std::thread::panicking(),
            "{} stays behind",
            self.name
        );
    }
}

/// Runs statements on a connection of their own: the first column of every row.
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

fn prepare() -> Prepare {
    match std::env::var(PREPARE).as_deref() {
        Ok("off") => Prepare::Off,
        _ => Prepare::On,
    }
}
