//! One request and its answer on a connection, everything bounded.

use std::cell::Cell;

use bytes::{Bytes, BytesMut};
use hookwright_core::error_class::ErrorClass;
use hookwright_core::limits::{RESPONSE_BODY_KEPT_BYTES_MAX, RESPONSE_BYTES_MAX};
use hookwright_core::outcome::Timing;
use http::{HeaderMap, Request};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use crate::connect::{Connection, NoConnection};
use crate::world::{Clock, World};

/// After the status line has decided, the body is waited for no longer than this.
const BODY_GRACE_MS: u64 = 2_000;

/// An answer whose status line and headers have arrived.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: Incoming,
}

/// Sends `request` and waits for the answer's headers.
pub(crate) async fn exchange(
    connection: &mut Connection,
    request: Request<Full<Bytes>>,
    world: &World,
    timing: &Cell<Timing>,
) -> Result<Answer, NoConnection> {
    connection.budget.set(RESPONSE_BYTES_MAX);
    let sent_us = world.clock.monotonic_us();
    // A connection that was just given back may need a turn before it takes the next request.
    connection
        .sender
        .ready()
        .await
        .map_err(|error| classify(&error))?;
    let answer = connection.sender.send_request(request).await;
    let waited = world.clock.monotonic_us().saturating_sub(sent_us);
    let first_byte_us = u32::try_from(waited).unwrap_or(u32::MAX);
    timing.set(Timing {
        first_byte_us,
        ..timing.get()
    });
    let (head, body) = answer.map_err(|error| classify(&error))?.into_parts();
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
    })
}

impl Answer {
    /// Reads the body as far as it is kept. The second value says whether the connection can carry
    /// another request: not when the body was cut off.
    pub(crate) async fn body(mut self, clock: &dyn Clock) -> (Bytes, bool) {
        if self.body.is_end_stream() {
            return (Bytes::new(), true);
        }
        let mut kept = BytesMut::new();
        let read = async {
            while let Some(frame) = self.body.frame().await {
                let Ok(frame) = frame else { return false };
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                let room = RESPONSE_BODY_KEPT_BYTES_MAX - kept.len();
                kept.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    return false;
                }
            }
            true
        };
        let whole = tokio::select! {
            biased;
            whole = read => whole,
            // Inside a block, so that a body that is here already costs no timer.
            () = async { clock.sleep_ms(BODY_GRACE_MS).await } => false,
        };
        (kept.freeze(), whole)
    }
}

fn classify(error: &hyper::Error) -> NoConnection {
    let class = if error.is_parse() || error.is_parse_too_large() || over_budget(error) {
        ErrorClass::Protocol
    } else {
        ErrorClass::Disconnected
    };
    NoConnection {
        class,
        detail: error.to_string(),
    }
}

fn over_budget(error: &hyper::Error) -> bool {
    let source = std::error::Error::source(error);
    source
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|error| error.kind() == std::io::ErrorKind::InvalidData)
}
