//! How a node hears at once that something changed: a connection of its own that listens.
//!
//! **Not promised:** that every notification arrives. A pooler between swallows them, and nothing
//! is heard while the connection is made anew; the log is read every now and then anyway.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};

use super::Result;
use super::connect::Connector;
use super::statement::Prepare;
use crate::error::StoreError;

/// Who is told of a notification: its channel and what it says. It must not block.
pub(super) type Heard = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// A connection that can be asked as any other, and tells `heard` of notifications on `channels`;
/// never where statements are not prepared, as a pooler is between then.
pub(super) async fn connect(
    connector: &Connector,
    runtime: &Handle,
    channels: &[&str],
    heard: &Heard,
) -> Result<Client> {
    let (of_task, heard, on) = (connector.clone(), Arc::clone(heard), runtime.clone());
    let connecting = runtime.spawn(async move {
        let config = of_task.config();
        if config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = config.connect(NoTls).await?;
            on.spawn(hear(connection, heard));
            Ok(client)
        } else {
            let (client, connection) = config.connect(of_task.tls()).await?;
            on.spawn(hear(connection, heard));
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
    let listen = channels.iter().map(|channel| format!("LISTEN {channel};"));
    if let Err(error) = client.batch_execute(&listen.collect::<String>()).await {
        tracing::debug!(%error, "the database does not notify");
    }
    Ok(client)
}

/// Moves the connection's bytes until it ends.
async fn hear<S, T>(mut connection: Connection<S, T>, heard: Heard)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut messages = futures_util::stream::poll_fn(move |cx| connection.poll_message(cx));
    while let Some(message) = messages.next().await {
        match message {
            Ok(AsyncMessage::Notification(told)) => heard(told.channel(), told.payload()),
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "listening connection ended");
                return;
            }
        }
    }
}
