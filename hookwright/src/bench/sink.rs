//! The receiver of a bench: answers 200 as cheaply as can be, and notes when each delivery came.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::latency::Latencies;
use crate::failure::{Failure, running};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const SLOW_ANSWER: Duration = Duration::from_secs(1);
/// What stands before a payload's time of publishing, in microseconds of the bench's clock.
pub(crate) const SENT_MARK: &[u8] = b"\"sent_us\":";

/// A sink on a thread of its own.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
}

struct Seen {
    arrived: AtomicU64,
    latencies: Latencies,
    clock: Arc<Instant>,
}

impl Sink {
    pub(crate) fn start(clock: Arc<Instant>) -> Result<Self, Failure> {
        let seen = Arc::new(Seen {
            arrived: AtomicU64::new(0),
            latencies: Latencies::new(),
            clock,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(running)?;
        // Entered, not run: the caller may be within a runtime of its own.
        let listener = {
            let _entered = runtime.enter();
            listen().map_err(running)?
        };
        let address = listener.local_addr().map_err(running)?;
        let shared = Arc::clone(&seen);
        std::thread::Builder::new()
            .name("sink".to_owned())
            .spawn(move || runtime.block_on(take(listener, shared)))
            .map_err(running)?;
        Ok(Self { address, seen })
    }

    /// Starts counting anew.
    pub(crate) fn expect(&self, _deliveries: u64) {
        self.seen.arrived.store(0, Ordering::SeqCst);
        self.seen.latencies.clear();
    }

    pub(crate) fn arrived(&self) -> u64 {
        self.seen.arrived.load(Ordering::SeqCst)
    }

    /// p50, p90, p99 and the longest, from POST to arrival, in milliseconds.
    pub(crate) fn latencies(&self) -> [f64; 4] {
        [0.5, 0.9, 0.99, 1.0].map(|share| self.seen.latencies.quantile_ms(share))
    }
}

/// Room for a connection of every endpoint at once: a full backlog would cost a second each.
fn listen() -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    socket.listen(4_096)
}

async fn take(listener: TcpListener, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(answer(stream, Arc::clone(&seen)));
    }
}

/// Answers requests on one connection until it closes. Enough HTTP for our own sender.
async fn answer(mut stream: TcpStream, seen: Arc<Seen>) {
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        while let Some(length) = request_length(&buffer) {
            let request = &buffer[..length];
            if request.starts_with(b"POST /dead") {
                // Never answered: the connection stays open until the sender gives up.
                let mut rest = [0; 256];
                while matches!(stream.read(&mut rest).await, Ok(1..)) {}
                return;
            }
            let slow = request.starts_with(b"POST /slow");
            if !slow {
                note(request, &seen);
            }
            buffer.drain(..length);
            if slow {
                tokio::time::sleep(SLOW_ANSWER).await;
            }
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
    }
}

fn note(request: &[u8], seen: &Seen) {
    if let Some(sent_us) = number_after(request, SENT_MARK) {
        let now_us = seen.clock.elapsed().as_micros() as u64;
        seen.latencies.add(now_us.saturating_sub(sent_us));
    }
    seen.arrived.fetch_add(1, Ordering::SeqCst);
}

/// The number that stands behind a mark.
pub(crate) fn number_after(request: &[u8], mark: &[u8]) -> Option<u64> {
    let at = find(request, mark)? + mark.len();
    let digits = request[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// The length of the first whole request in `buffer`.
pub(crate) fn request_length(buffer: &[u8]) -> Option<usize> {
    let head = find(buffer, b"\r\n\r\n")?;
    let mark = b"content-length: ";
    let at = find(&buffer[..head], mark)? + mark.len();
    let digits = buffer[at..head]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    let body = digits.fold(0usize, |length, digit| {
        length * 10 + usize::from(digit - b'0')
    });
    let whole = head + 4 + body;
    (buffer.len() >= whole).then_some(whole)
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|byte| *byte == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
