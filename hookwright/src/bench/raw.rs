//! The raw limit: a bare hyper client, a thread of its own, posting to the same sink.

use std::time::Instant;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::sink::Sink;
use crate::failure::{Failure, running};

/// As long as a real one: the limit is that of the same bytes.
const SIGNATURE: &str = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// What an envelope adds to a payload.
const ENVELOPE_BYTES: usize = 74;

/// Requests per second that the client reaches.
pub(crate) fn measure(
    sink: &Sink,
    connections: usize,
    requests: u64,
    payload_bytes: usize,
) -> Result<f64, Failure> {
    eprintln!("measuring the raw client's limit");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    let body = Bytes::from(vec![b'x'; payload_bytes + ENVELOPE_BYTES]);
    let each = requests / connections as u64;
    let started = Instant::now();
    LocalSet::new().block_on(&runtime, async {
        let mut tasks = Vec::with_capacity(connections);
        for _ in 0..connections {
            let (address, body) = (sink.address, body.clone());
            tasks.push(tokio::task::spawn_local(async move {
                let stream = TcpStream::connect(address).await.map_err(running)?;
                stream.set_nodelay(true).map_err(running)?;
                let (mut sender, connection) =
                    http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
                        .await
                        .map_err(running)?;
                tokio::task::spawn_local(async move {
                    let _ = connection.await;
                });
                for _ in 0..each {
                    let request = Request::post("/raw")
                        .header("host", "127.0.0.1:65535")
                        .header("user-agent", "raw")
                        .header("webhook-id", "msg_06aff1xqv7w00000000000002")
                        .header("webhook-timestamp", "1700000000")
                        .header("webhook-signature", SIGNATURE)
                        .header("content-type", "application/json")
                        .body(Full::new(body.clone()))
                        .map_err(running)?;
                    sender.ready().await.map_err(running)?;
                    let answer = sender.send_request(request).await.map_err(running)?;
                    answer.into_body().collect().await.map_err(running)?;
                }
                Ok::<_, Failure>(())
            }));
        }
        for task in tasks {
            task.await.map_err(running)??;
        }
        Ok::<_, Failure>(())
    })?;
    Ok((each * connections as u64) as f64 / started.elapsed().as_secs_f64())
}
