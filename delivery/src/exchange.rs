//! One request and its answer on a connection, everything bounded.

use std::cell::Cell;
use std::io;

use bytes::{Buf, Bytes};
use hookwright_core::error_class::ErrorClass;
use hookwright_core::outcome::Timing;

use crate::answer_body::{Body, Step};
use crate::answer_head::{Head, Parsed, parse};
use crate::connect::NoConnection;
use crate::connection::{Connection, Outgoing};
use crate::world::{Clock, World};

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod peer;

/// After the status line has decided, the body is waited for no longer than this.
const BODY_GRACE_MS: u64 = 2_000;
/// The largest head that an answer may have.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How every answer that we understand begins.
const BEGINNING: &[u8] = b"HTTP/1.";

/// An answer whose status line and headers have arrived.
pub(crate) struct Answer {
    pub(crate) head: Head,
    /// The request went out whole, and the peer means to keep the connection.
    keeps_open: bool,
}

/// Sends `request` and waits for the answer's headers.
pub(crate) async fn exchange(
    connection: &mut Connection,
    request: &[u8],
    world: &World,
    timing: &Cell<Timing>,
) -> Result<Answer, NoConnection> {
    let mut outgoing = Outgoing::new(request);
    let sent_us = world.clock.monotonic_us();
    let head = head(connection, &mut outgoing).await;
    let waited = world.clock.monotonic_us().saturating_sub(sent_us);
    let first_byte_us = u32::try_from(waited).unwrap_or(u32::MAX);
    timing.set(Timing {
        first_byte_us,
        ..timing.get()
    });
    let head = head?;
    // The rest of a request that was answered before it had gone out is not sent any more.
    let keeps_open = head.keeps_open && outgoing.is_sent();
    Ok(Answer { head, keeps_open })
}

/// The final head, past whatever interim answers the budget allows.
async fn head(
    connection: &mut Connection,
    outgoing: &mut Outgoing<'_>,
) -> Result<Head, NoConnection> {
    let mut searched = 0;
    loop {
        let arrived = &connection.arrived;
        let start = arrived.len().min(BEGINNING.len());
        if arrived[..start] != BEGINNING[..start] {
            return Err(protocol("the answer is not HTTP/1.1"));
        }
        // Parsed once it is whole, and not again for each byte of one that trickles in.
        if has_blank_line(arrived, searched) {
            match parse(arrived).map_err(protocol)? {
                Parsed::Final(head) => {
                    connection.arrived.advance(head.bytes);
                    return Ok(head);
                }
                Parsed::Interim(bytes) => {
                    connection.arrived.advance(bytes);
                    searched = 0;
                    continue;
                }
                Parsed::Partial => {}
            }
        }
        searched = arrived.len();
        if searched > HEAD_BYTES_MAX {
            return Err(protocol("the answer's head is larger than allowed"));
        }
        if connection.hear(outgoing).await.map_err(broken)? == 0 {
            return Err(NoConnection {
                class: ErrorClass::Disconnected,
                detail: "the connection was closed before the answer was complete".to_owned(),
            });
        }
    }
}

/// Whether a blank line ends in `bytes` after the first `searched`.
fn has_blank_line(bytes: &[u8], searched: usize) -> bool {
    let from = searched.saturating_sub(2);
    let mut ends = bytes.iter().enumerate().skip(from);
    ends.any(|(place, byte)| {
        *byte == b'\n' && matches!(bytes[place + 1..], [b'\n', ..] | [b'\r', b'\n', ..])
    })
}

impl Answer {
    /// Reads the body as far as it is kept. The second value says whether the connection can carry
    /// another request: not when the body was cut off, nor when anything came behind it.
    pub(crate) async fn body(
        self,
        connection: &mut Connection,
        clock: &dyn Clock,
    ) -> (Bytes, bool) {
        let mut body = Body::new(self.head.framing);
        let mut step = body.feed(&mut connection.arrived);
        if step == Step::More {
            let rest = async {
                let mut nothing = Outgoing::new(&[]);
                while step == Step::More {
                    match connection.hear(&mut nothing).await {
                        Ok(0) | Err(_) => step = Step::Cut,
                        Ok(_) => step = body.feed(&mut connection.arrived),
                    }
                }
            };
            tokio::select! {
                biased;
                () = rest => {}
                // Inside a block, so that a body that is here already costs no timer.
                () = async { clock.sleep_ms(BODY_GRACE_MS).await } => {}
            }
        }
        let reusable = step == Step::Whole && self.keeps_open && connection.arrived.is_empty();
        (body.kept(), reusable)
    }
}

fn protocol(detail: &'static str) -> NoConnection {
    NoConnection {
        class: ErrorClass::Protocol,
        detail: detail.to_owned(),
    }
}

fn broken(error: io::Error) -> NoConnection {
    // A receiver that misses a client certificate says so after the handshake, in place of an answer.
    let of_tls = error.get_ref().is_some_and(|it| it.is::<rustls::Error>());
    let class = match error.kind() {
        _ if of_tls => ErrorClass::Tls,
        io::ErrorKind::InvalidData => ErrorClass::Protocol,
        _ => ErrorClass::Disconnected,
    };
    NoConnection {
        class,
        detail: error.to_string(),
    }
}
