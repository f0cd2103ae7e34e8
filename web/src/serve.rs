//! How connections are taken: bounded in number, in time and in size, and let finish at the end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::app::{App, router};
use crate::front::Front;

/// Connections open at once; more wait to be taken.
const CONNECTIONS_MAX: usize = 8_192;
/// A request's header must be complete within this, also on an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// What is under way at the end gets this long.
const FINISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the API, and beside it `pages`, until `shutdown`; then lets requests that are under way
/// finish.
pub async fn serve(
    listener: TcpListener,
    app: App,
    pages: impl FnOnce(Router) -> Router,
    shutdown: impl Future<Output = ()>,
) {
    let engine = app.engine.clone();
    let api = router(app.clone());
    let front = Front::new(app, api.clone().merge(pages(api)));
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit,
            () = &mut shutdown => break,
        };
        let (stream, remote) = tokio::select! {
            taken = listener.accept() => match taken {
                Ok(taken) => taken,
                Err(error) => {
                    // As when there are no more file descriptors: some will be free soon.
                    tracing::warn!(%error, "connection not taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Answers are small and whole: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(HEADER_BYTES_MAX)
            .pipeline_flush(true)
            .serve_connection(TokioIo::new(stream), front.from(remote.ip()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off is its own affair.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    // Streams would go on for ever.
    engine.stop_listening();
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(FINISH_TIMEOUT) => tracing::warn!("requests cut off at the end"),
    }
}
