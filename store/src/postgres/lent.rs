//! Connections lent by the node's pool, and transactions on them: all that they are asked with
//! parameters goes the way that [`Prepare`] says.

use deadpool_postgres::{GenericClient, PoolError};
use tokio_postgres::Row;

use super::parameter::{Parameters, untyped};
use super::statement::{self, Prepare};

type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// Connections that reads, claims and management share.
#[derive(Clone)]
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    prepare: Prepare,
}

/// A connection, or a transaction on one.
pub(super) struct Lent<C> {
    it: C,
    prepare: Prepare,
}

/// A connection; given back when it is dropped.
pub(super) type Client = Lent<deadpool_postgres::Client>;
/// Undone when it is dropped before [`Transaction::commit`].
pub(super) type Transaction<'a> = Lent<deadpool_postgres::Transaction<'a>>;

/// What can be lent.
pub(super) trait Connection: GenericClient {
    /// The driver's own connection.
    fn wire(&self) -> &tokio_postgres::Client;
}

impl Connection for deadpool_postgres::Client {
    fn wire(&self) -> &tokio_postgres::Client {
        self
    }
}

impl Connection for deadpool_postgres::Transaction<'_> {
    fn wire(&self) -> &tokio_postgres::Client {
        self.client()
    }
}

impl Pool {
    pub(super) const fn new(connections: deadpool_postgres::Pool, prepare: Prepare) -> Self {
        Self {
            connections,
            prepare,
        }
    }

    pub(super) async fn get(&self) -> std::result::Result<Client, PoolError> {
        Ok(Lent {
            it: self.connections.get().await?,
            prepare: self.prepare,
        })
    }
}

impl Client {
    pub(super) async fn transaction(&mut self) -> Result<Transaction<'_>> {
        Ok(Lent {
            it: self.it.transaction().await?,
            prepare: self.prepare,
        })
    }
}

impl Transaction<'_> {
    pub(super) async fn commit(self) -> Result<()> {
        self.it.commit().await
    }
}

impl<C: Connection> Lent<C> {
    /// Statements without parameters or rows.
    pub(super) async fn batch_execute(&self, sql: &str) -> Result<()> {
        self.it.wire().batch_execute(sql).await
    }

    /// Rows of a statement that is run again and again.
    pub(super) async fn query(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>> {
        match self.prepare {
            Prepare::On => {
                let statement = self.it.prepare_cached(sql).await?;
                self.it.wire().query(&statement, &untyped(parameters)).await
            }
            Prepare::Off => self.query_once(sql, parameters).await,
        }
    }

    /// As [`Self::query`]; its first row, if it has one.
    pub(super) async fn query_opt(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>> {
        let rows = self.query(sql, parameters).await?;
        Ok(rows.into_iter().next())
    }

    /// As [`Self::query`]; answers how many rows it touched.
    pub(super) async fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64> {
        match self.prepare {
            Prepare::On => {
                let statement = self.it.prepare_cached(sql).await?;
                let parameters = untyped(parameters);
                self.it.wire().execute(&statement, &parameters).await
            }
            Prepare::Off => self.execute_once(sql, parameters).await,
        }
    }

    /// Rows of a statement that no connection remembers: one that is run seldom, or whose text
    /// changes from day to day.
    pub(super) async fn query_once(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        statement::query_once(self.it.wire(), sql, parameters).await
    }

    /// As [`Self::query_once`]; answers how many rows it touched.
    pub(super) async fn execute_once(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64> {
        statement::execute_once(self.it.wire(), sql, parameters).await
    }
}
