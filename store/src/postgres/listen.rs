//! How a node hears at once that something changed: a connection of its own that listens.
//!
//! **Not promised:** that every notification arrives. A pooler between swallows them, and nothing
//! is heard while the connection is made anew; the log is read every now and then anyway.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};

use super::Result;
use super::connect::Connector;
use super::statement::Prepare;
use crate::error::StoreError;

/// A connection that can be asked as any other, and wakes `heard` at a notification on `channel`;
/// never where statements are not prepared, as a pooler is between then.
pub(super) async fn connect(
    connector: &Connector,
    runtime: &Handle,
    channel: &str,
    heard: &Arc<Notify>,
) -> Result<Client> {
    let (of_task, wake, on) = (connector.clone(), Arc::clone(heard), runtime.clone());
    let connecting = runtime.spawn(async move {
        let config = of_task.config();
        if config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = config.connect(NoTls).await?;
            on.spawn(hear(connection, wake));
            Ok(client)
        } else {
            let (client, connection) = config.connect(of_task.tls()).await?;
            on.spawn(hear(connection, wake));
            Ok::<_, tokio_postgres::Error>(client)
        }
    });
    let client = connecting
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))??;
    if connector.prepare() == Prepare::Off {
        // It would stay with a session of the server that is lent to somebody else next.
        return Ok(client);
    }
    if let Err(error) = client.batch_execute(&format!("LISTEN {channel}")).await {
        tracing::debug!(%error, "the database does not notify");
    }
    Ok(client)
}

/// Moves the connection's bytes until it ends.
async fn hear<S, T>(mut connection: Connection<S, T>, heard: Arc<Notify>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut messages = futures_util::stream::poll_fn(move |cx| connection.poll_message(cx));
    while let Some(message) = messages.next().await {
        match message {
            Ok(AsyncMessage::Notification(_)) => heard.notify_one(),
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "listening connection ended");
                return;
            }
        }
    }
}
