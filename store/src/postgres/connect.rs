//! How connections are made and pooled, and what their failures mean.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod, Runtime};
use hookwright_core::time::UnixMs;
use rustls::ClientConfig;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Result;
use super::lent::Pool;
use super::statement::Prepare;
use crate::error::StoreError;

/// Connections that reads, claims and management share; the writer and the listener have their own.
const POOLED_CONNECTIONS: usize = 6;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);
const NAME_HINT: &str = "hint: behind a pooler in transaction mode, set --database-prepare off";

/// How a `PostgreSQL` store is opened.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Now.
    pub now: UnixMs,
    /// Whom TLS trusts. With `sslmode=require` the server's certificate is verified.
    pub tls: Arc<ClientConfig>,
    /// Off behind a pooler that lends connections by the transaction.
    pub prepare: Prepare,
}

/// Where a database is and how connections to it are made.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
    /// How statements are sent by whoever connects.
    prepare: Prepare,
    /// The thread that moves the connections' bytes.
    runtime: Handle,
}

impl Connector {
    pub(super) fn new(url: &str, options: &PostgresOptions, runtime: Handle) -> Result<Self> {
        let mut config: Config = url.parse().map_err(|error| {
            StoreError::Unusable(format!(
                "the database URL cannot be read: {error}\nhint: postgres://user:password@host:5432/database"
            ))
        })?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("hookwright");
        }
        config.keepalives_idle(Duration::from_secs(15));
        config.tcp_user_timeout(Duration::from_secs(15));
        let mut tls = ClientConfig::clone(&options.tls);
        // What the sender offers to receivers is not what a database speaks.
        tls.alpn_protocols.clear();
        Ok(Self {
            config,
            tls: MakeRustlsConnect::new(tls),
            prepare: options.prepare,
            runtime,
        })
    }

    /// A connection of its own, for the writer.
    pub(super) async fn connect(&self) -> std::result::Result<Client, tokio_postgres::Error> {
        connect(&self.config, &self.tls, &self.runtime)
            .await
            .map(|(client, _)| client)
    }

    /// The database's address, for a connection that is used in another way.
    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn tls(&self) -> MakeRustlsConnect {
        self.tls.clone()
    }

    pub(super) const fn prepare(&self) -> Prepare {
        self.prepare
    }

    pub(super) fn pool(&self) -> Result<Pool> {
        let manager = Manager::from_connect(
            self.config.clone(),
            OnRuntime(self.clone()),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        deadpool_postgres::Pool::builder(manager)
            .max_size(POOLED_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .create_timeout(Some(WAIT_FOR_CONNECTION))
            .build()
            .map(|connections| Pool::new(connections, self.prepare))
            .map_err(|error| StoreError::Engine(error.to_string()))
    }
}

/// Lets the pool's connections live on the store's own thread.
struct OnRuntime(Connector);

impl deadpool_postgres::Connect for OnRuntime {
    fn connect(&self, config: &Config) -> ConnectFuture {
        let (config, Connector { tls, runtime, .. }) = (config.clone(), self.0.clone());
        Box::pin(async move { connect(&config, &tls, &runtime).await })
    }
}

type Connected = std::result::Result<(Client, JoinHandle<()>), tokio_postgres::Error>;
type ConnectFuture = std::pin::Pin<Box<dyn Future<Output = Connected> + Send>>;

async fn connect(config: &Config, tls: &MakeRustlsConnect, runtime: &Handle) -> Connected {
    let (config, tls, on) = (config.clone(), tls.clone(), runtime.clone());
    let connecting = runtime.spawn(async move {
        if config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = config.connect(NoTls).await?;
            Ok((client, drive(&on, connection)))
        } else {
            let (client, connection) = config.connect(tls).await?;
            Ok((client, drive(&on, connection)))
        }
    });
    match connecting.await {
        Ok(connected) => connected,
        // The store's thread is gone: the process is ending.
        Err(_) => std::future::pending().await,
    }
}

fn drive<C>(runtime: &Handle, connection: C) -> JoinHandle<()>
where
    C: Future<Output = std::result::Result<(), tokio_postgres::Error>> + Send + 'static,
{
    runtime.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "database connection ended");
        }
    })
}

/// Whether the same work may succeed on another connection, or in a while: the server is gone,
/// restarting, full or no longer the primary, or two transactions stood in one another's way.
pub(super) fn is_passing(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        return error.is_closed() || std::error::Error::source(error).is_some_and(is_io);
    };
    // Classes: connection exception, insufficient resources but for the disk, system error.
    let class = &code.code()[..2];
    class == "08"
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            SqlState::QUERY_CANCELED,
        ]
        .contains(code)
}

/// Whether a statement's name was not where it was left, or somebody else's was there: sessions are
/// handed around.
fn is_of_a_name(error: &tokio_postgres::Error) -> bool {
    let names = [
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
    ];
    error.code().is_some_and(|code| names.contains(code))
}

fn is_io(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<std::io::Error>() || error.to_string().contains("timed out")
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        // The database's own words: the outer error only says that there was one.
        let words = error
            .as_db_error()
            .map_or_else(|| describe(&error), ToString::to_string);
        if is_of_a_name(&error) {
            return Self::Engine(format!("{words}\n{NAME_HINT}"));
        }
        if is_passing(&error) {
            Self::Unavailable(words)
        } else {
            Self::Engine(words)
        }
    }
}

/// An error with its causes.
fn describe(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", describe(source)),
        None => error.to_string(),
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => Self::Unavailable(describe(&error)),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::scratch::check;

    #[test]
    fn a_lost_name_says_what_to_set() {
        check(|database| async move {
            let client = database.connect().await;
            let lost = client.batch_execute("EXECUTE never_prepared").await;
            let error = StoreError::from(lost.expect_err("there is no such name"));
            assert!(
                error.to_string().contains("--database-prepare off"),
                "{error}"
            );
        });
    }
}
