//! The receiver of a replay's bench: refuses what is replayed until it is told to be well, then notes
//! which deliveries came; answers live ones and notes how long they took.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::latency::Latencies;
use crate::bench::sink::{find, number_after, request_length};
use crate::failure::{Failure, running};

const WELL: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const SICK: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/// What came.
pub(crate) struct Seen {
    pub(crate) well: AtomicBool,
    pub(crate) refused: AtomicU64,
    /// How often each replayed delivery came.
    pub(crate) replayed: Mutex<HashMap<u64, u32>>,
    pub(crate) live: Latencies,
    pub(crate) live_count: AtomicU64,
    clock: Instant,
}

impl Seen {
    /// Microseconds of the bench's clock.
    pub(crate) fn now_us(&self) -> u64 {
        self.clock.elapsed().as_micros() as u64
    }

    /// How many replayed deliveries came, and how many of them more than once.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let replayed = self.replayed.lock().unwrap_or_else(PoisonError::into_inner);
        let twice = replayed.values().filter(|count| **count > 1).count();
        (replayed.len(), twice)
    }
}

/// Listens on a thread of its own until the process ends.
pub(crate) fn start() -> Result<(SocketAddr, Arc<Seen>), Failure> {
    let seen = Arc::new(Seen {
        well: AtomicBool::new(false),
        refused: AtomicU64::new(0),
        replayed: Mutex::default(),
        live: Latencies::new(),
        live_count: AtomicU64::new(0),
        clock: Instant::now(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .map_err(running)?;
    let address = listener.local_addr().map_err(running)?;
    let shared = Arc::clone(&seen);
    std::thread::Builder::new()
        .name("sink".to_owned())
        .spawn(move || runtime.block_on(take(listener, shared)))
        .map_err(running)?;
    Ok((address, seen))
}

async fn take(listener: TcpListener, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(answer(stream, Arc::clone(&seen)));
    }
}

async fn answer(mut stream: TcpStream, seen: Arc<Seen>) {
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        while let Some(length) = request_length(&buffer) {
            let status = note(&buffer[..length], &seen);
            buffer.drain(..length);
            if stream.write_all(status).await.is_err() {
                return;
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
    }
}

fn note(request: &[u8], seen: &Seen) -> &'static [u8] {
    if find(request, b"POST /live").is_some() {
        if let Some(sent_us) = number_after(request, b"\"sent_us\":") {
            seen.live.add(seen.now_us().saturating_sub(sent_us));
        }
        seen.live_count.fetch_add(1, Ordering::Relaxed);
        return WELL;
    }
    if !seen.well.load(Ordering::SeqCst) {
        seen.refused.fetch_add(1, Ordering::SeqCst);
        return SICK;
    }
    if let Some(number) = number_after(request, b"\"number\":") {
        let mut replayed = seen.replayed.lock().unwrap_or_else(PoisonError::into_inner);
        *replayed.entry(number).or_default() += 1;
    }
    WELL
}
