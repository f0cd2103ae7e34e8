//! Who answers in the tests of an exchange? A peer that says its pieces and then ends or is silent.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use hookwright_core::error_class::ErrorClass;
use hookwright_core::limits::RESPONSE_BYTES_MAX;
use hookwright_core::outcome::Timing;
use hookwright_core::time::UnixMs;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::exchange;
use crate::connection::Connection;
use crate::world::{Clock, Later, World};

pub(super) const REQUEST: &[u8] = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}";

/// A peer that is heard for longer is heard without a bound.
const SAID_BYTES_MAX: usize = 2 * RESPONSE_BYTES_MAX;

/// What the peer does once its pieces are said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Closes,
    IsSilent,
    /// Says the last of them again, for ever.
    RepeatsTheLast,
}

/// The peer's end, as a stream of ours.
pub(super) struct Peer {
    pieces: VecDeque<Vec<u8>>,
    then: Then,
    /// Bytes of the request that it takes before it has begun to answer.
    takes: usize,
    /// It takes nothing at all: it has reset the connection.
    broken: bool,
    pub(super) taken: Arc<Mutex<Vec<u8>>>,
    pub(super) said: Arc<AtomicUsize>,
}

impl Peer {
    pub(super) fn new<P: AsRef<[u8]>>(pieces: impl IntoIterator<Item = P>, then: Then) -> Self {
        let pieces = pieces.into_iter().map(|piece| piece.as_ref().to_vec());
        Self {
            pieces: pieces.filter(|piece| !piece.is_empty()).collect(),
            then,
            takes: usize::MAX,
            broken: false,
            taken: Arc::default(),
            said: Arc::default(),
        }
    }

    /// Takes so many bytes of the request, and more for each piece that it has said.
    pub(super) fn taking(self, takes: usize) -> Self {
        Self { takes, ..self }
    }

    /// Writing to it fails.
    pub(super) fn broken(self) -> Self {
        Self {
            broken: true,
            ..self
        }
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(mut piece) = self.pieces.pop_front() else {
            return match self.then {
                Then::Closes => Poll::Ready(Ok(())),
                Then::IsSilent | Then::RepeatsTheLast => Poll::Pending,
            };
        };
        let rest = piece.split_off(piece.len().min(buf.remaining()));
        buf.put_slice(&piece);
        let said = self.said.fetch_add(piece.len(), Ordering::Relaxed);
        assert!(said < SAID_BYTES_MAX, "heard for ever");
        if !rest.is_empty() {
            self.pieces.push_front(rest);
        } else if self.then == Then::RepeatsTheLast && self.pieces.is_empty() {
            self.pieces.push_back(piece);
        }
        self.takes = self.takes.saturating_add(REQUEST.len());
        cx.waker().wake_by_ref();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let takes = buf.len().min(self.takes);
        if takes == 0 {
            return Poll::Pending;
        }
        self.takes -= takes;
        self.taken
            .lock()
            .expect("not poisoned")
            .extend_from_slice(&buf[..takes]);
        Poll::Ready(Ok(takes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A clock whose sleeps are over at once: what is not here by then is not waited for.
struct Impatient;

impl Clock for Impatient {
    fn now(&self) -> UnixMs {
        UnixMs(0)
    }

    fn monotonic_us(&self) -> u64 {
        0
    }

    fn sleep_ms(&self, _: u64) -> Later<()> {
        Box::pin(std::future::ready(()))
    }
}

/// What came of a request: status, body kept, whether the connection can be used again.
pub(super) type Came = Result<(u16, String, bool), ErrorClass>;

/// Sends a request to `peer` and reads all that it answers.
pub(super) fn ask(peer: Peer) -> Came {
    let world = World {
        clock: Arc::new(Impatient),
        ..World::of_this_machine()
    };
    let mut connection = Connection::new(Box::new(peer));
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        let timing = Cell::new(Timing::default());
        let answer = exchange(&mut connection, REQUEST, &world, &timing).await;
        let answer = answer.map_err(|error| error.class)?;
        let status = answer.head.status;
        let (body, reusable) = answer.body(&mut connection, &*world.clock).await;
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok((status, body, reusable))
    })
}

/// As [`ask`], of a peer that says this in one piece and then is silent.
pub(super) fn said(answer: impl AsRef<[u8]>) -> Came {
    ask(Peer::new([answer], Then::IsSilent))
}
