//! The publishers of a bench: closed loop, or on schedule.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::setup::Plan;
use super::sink::SENT_MARK;
use crate::cli::BenchArgs;
use crate::failure::{Failure, running};

/// What the publishers share.
struct Shared {
    args: BenchArgs,
    next: AtomicU64,
    accepted: AtomicU64,
    clock: Arc<Instant>,
    started: Instant,
    key: String,
    accounts: u64,
    filler: String,
}

/// Publishes all events; returns how many were accepted.
pub(crate) async fn publish(
    args: &BenchArgs,
    addresses: &[SocketAddr],
    plan: &Plan,
    clock: &Arc<Instant>,
) -> Result<u64, Failure> {
    let shared = Arc::new(Shared {
        args: args.clone(),
        next: AtomicU64::new(0),
        accepted: AtomicU64::new(0),
        clock: Arc::clone(clock),
        started: Instant::now(),
        key: plan.key.clone(),
        accounts: plan.accounts as u64,
        filler: "x".repeat(args.payload_bytes.saturating_sub(48)),
    });
    let of_nodes = addresses.iter().cycle().take(args.connections);
    let publishers = of_nodes.map(|address| tokio::spawn(publisher(Arc::clone(&shared), *address)));
    for publisher in publishers.collect::<Vec<_>>() {
        publisher.await.map_err(running)??;
    }
    Ok(shared.accepted.load(Ordering::Relaxed))
}

async fn publisher(shared: Arc<Shared>, address: SocketAddr) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address).await.map_err(running)?;
    stream.set_nodelay(true).map_err(running)?;
    let mut request = Vec::with_capacity(2048);
    let mut answer = Vec::with_capacity(1024);
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        if number >= shared.args.events {
            return Ok(());
        }
        if let Some(rate) = shared.args.rate {
            let at = shared.started + Duration::from_nanos(number * 1_000_000_000 / rate);
            tokio::time::sleep_until(at.into()).await;
        }
        write_request(&shared, number, &mut request);
        stream.write_all(&request).await.map_err(running)?;
        let status = read_answer(&mut stream, &mut answer).await?;
        if status != 202 {
            return Err(running(format!(
                "publishing answered {}",
                String::from_utf8_lossy(&answer)
            )));
        }
        let accepted = shared.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        if shared
            .args
            .every
            .is_some_and(|every| accepted.is_multiple_of(every))
        {
            let elapsed = shared.started.elapsed().as_secs_f64();
            eprintln!("{accepted} accepted after {elapsed:.2} s");
        }
    }
}

fn write_request(shared: &Shared, number: u64, request: &mut Vec<u8>) {
    use std::io::Write as _;
    let account = number % shared.accounts;
    let sent_us = shared.clock.elapsed().as_micros();
    let mark = String::from_utf8_lossy(SENT_MARK);
    let body = format!(
        "{{\"account_id\":\"a{account}\",\"type\":\"bench.event\",\"data\":{{{mark}{sent_us},\"number\":{number},\"text\":\"{}\"}}}}",
        shared.filler
    );
    request.clear();
    // Writing into a Vec cannot fail.
    let _ = write!(
        request,
        "POST /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        shared.key,
        body.len()
    );
}

/// Reads one answer: enough HTTP for our own server.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<u16, Failure> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await.map_err(running)? == 0 {
            return Err(running("the server closed the connection"));
        }
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&answer[..head]);
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if answer.len() >= head + 4 + length.unwrap_or(0) {
            return Ok(text
                .get(9..12)
                .and_then(|code| code.parse().ok())
                .unwrap_or(0));
        }
    }
}
