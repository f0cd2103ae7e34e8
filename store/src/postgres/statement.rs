//! How a statement reaches the server: prepared once under a name, or whole each time.
//!
//! A name lives in a session of the server, as does what is set there. A pooler that lends sessions
//! by the transaction loses both: behind it, statements are sent whole.

use futures_util::join;
use tokio_postgres::{Client, Row};

use super::parameter::{Parameters, typed, untyped};

type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// Whether statements are prepared under names, and a connection of the writer's is set up for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prepare {
    /// Parsed and planned once for each connection. No pooler may lend it by the transaction.
    #[default]
    On,
    /// Sent whole each time, in one message with their parameters. Nothing stays in a session, and
    /// notifications are not listened for.
    Off,
}

/// One of a connection's own statements.
pub(super) struct Statement {
    sql: &'static str,
    /// Its name, if it has one.
    prepared: Option<tokio_postgres::Statement>,
}

impl Statement {
    pub(super) async fn new(client: &Client, prepare: Prepare, sql: &'static str) -> Result<Self> {
        let prepared = match prepare {
            Prepare::On => Some(client.prepare(sql).await?),
            Prepare::Off => None,
        };
        Ok(Self { sql, prepared })
    }

    /// Sent when it is first polled, whatever was sent before is answered or not.
    pub(super) async fn query(
        &self,
        client: &Client,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        match &self.prepared {
            Some(statement) => client.query(statement, &untyped(parameters)).await,
            None => query_once(client, self.sql, parameters).await,
        }
    }

    /// As [`Self::query`], under settings that last for one transaction.
    pub(super) async fn query_under(
        &self,
        settings: &str,
        client: &Client,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        let (begun, rows, ended) = join!(
            client.batch_execute(settings),
            self.query(client, parameters),
            client.batch_execute("COMMIT"),
        );
        begun?;
        let rows = rows?;
        ended?;
        Ok(rows)
    }
}

/// Rows of a statement that is sent whole, prepared or not: one that is run seldom, or whose text
/// changes from day to day.
pub(super) async fn query_once(
    client: &Client,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Vec<Row>> {
    client.query_typed(sql, &typed(parameters)).await
}

/// As [`query_once`]; answers how many rows it touched.
pub(super) async fn execute_once(
    client: &Client,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<u64> {
    client.execute_typed(sql, &typed(parameters)).await
}
