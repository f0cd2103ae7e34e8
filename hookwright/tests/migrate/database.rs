//! An empty PostgreSQL database of one test, asked by SQL from outside.

use std::process::Command;

/// The server that the tests may make databases in.
const SERVER: &str = "HOOKWRIGHT_TEST_POSTGRES";

/// Dropped at the end.
pub(crate) struct Database {
    pub(crate) url: String,
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn make() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!(
                "{SERVER} is not set: run ./test, or start one with store/tests/postgres/cluster"
            )
        });
        let name = "SELECT 'hw_' || replace(gen_random_uuid()::text, '-', '')";
        let name = ask(&server, name);
        ask(&server, &format!("CREATE DATABASE {name}"));
        let (host, _) = server.rsplit_once('/').expect("a database is named");
        Self {
            url: format!("{host}/{name}"),
            server,
            name,
        }
    }

    /// The first column of all rows, one in each line.
    #[track_caller]
    pub(crate) fn ask(&self, sql: &str) -> String {
        ask(&self.url, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let _ = psql(&self.server, &drop).output();
    }
}

#[track_caller]
fn ask(url: &str, sql: &str) -> String {
    let asked = psql(url, sql).output().expect("psql runs");
    let said = String::from_utf8_lossy(&asked.stderr);
    assert!(asked.status.success(), "{sql}: {said}");
    String::from_utf8_lossy(&asked.stdout).trim().to_owned()
}

fn psql(url: &str, sql: &str) -> Command {
    let mut command = Command::new("psql");
    command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]);
    command
}
