//! Does an ordered endpoint get its events in order: while it fails, and when the server is killed?

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::sink::{Got, Sink};

const BATCH: usize = 500;

fn ordered(client: &Client, url: &str) {
    let endpoint = json!({
        "url": url, "ordered": true,
        "retry_policy": {"max_attempts": 20, "backoff_multiplier": 1, "initial_delay": 50},
    });
    let made = client.post("/v1/endpoints", &endpoint).expect(201);
    assert_eq!(made["ordered"], true);
}

/// Publishes these numbers in one request.
fn publish(client: &Client, numbers: std::ops::Range<usize>) {
    let event = |number| json!({"type": "user.created", "data": {"number": number}});
    let events: Vec<Value> = numbers.map(event).collect();
    let published = client.post("/v1/events/batch", &json!(events));
    assert!(published.status < 300, "{}", published.text);
}

fn number(got: &Got) -> usize {
    let body: Value = serde_json::from_slice(&got.body).expect("JSON");
    body["data"]["number"].as_u64().expect("a number") as usize
}

/// What arrives until all of these have, each run of repetitions as one.
fn arrivals(sink: &Sink, last: usize) -> Vec<usize> {
    let mut all = Vec::new();
    while all.last() != Some(&last) {
        all.push(number(&sink.next()));
    }
    all
}

#[test]
fn events_arrive_in_their_order_though_some_fail() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let count = AtomicUsize::new(0);
    // Every seventh request fails, so that retries come up all the time.
    let sink = Sink::answering(move |_| {
        if count.fetch_add(1, Ordering::Relaxed) % 7 == 6 {
            500
        } else {
            200
        }
    });
    ordered(&client, &sink.url);
    publish(&client, 0..100);
    let mut arrived = arrivals(&sink, 99);
    assert!(arrived.len() > 100, "some came twice");
    arrived.dedup();
    assert_eq!(arrived, (0..100).collect::<Vec<_>>());
}

#[test]
fn one_that_fails_holds_up_the_rest_and_nothing_else() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let failing = Arc::new(AtomicUsize::new(3));
    let left = Arc::clone(&failing);
    let sink = Sink::answering(move |got| {
        let fails = number(got) == 1 && left.load(Ordering::SeqCst) > 0;
        if fails {
            left.fetch_sub(1, Ordering::SeqCst);
        }
        if fails { 503 } else { 200 }
    });
    ordered(&client, &sink.url);
    let other = Sink::with_statuses(&[200]);
    client
        .post("/v1/endpoints", &json!({"url": other.url}))
        .expect(201);
    publish(&client, 0..4);
    assert_eq!(arrivals(&sink, 3), [0, 1, 1, 1, 1, 2, 3]);
    let mut unordered = arrivals_of(&other, 4);
    unordered.sort_unstable();
    assert_eq!(unordered, [0, 1, 2, 3]);
}

fn arrivals_of(sink: &Sink, count: usize) -> Vec<usize> {
    (0..count).map(|_| number(&sink.next())).collect()
}

#[test]
fn a_killed_server_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start_in(folder.path(), &["--dev"]);
    let mut client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    ordered(&client, &sink.url);
    publish(&client, 0..BATCH);
    let mut arrived = arrivals_of(&sink, BATCH / 3);
    for round in 1..=2 {
        server.kill();
        server = Server::start_in(folder.path(), &["--dev"]);
        client = Client::new(&server.base, &client.key);
        publish(&client, round * BATCH..(round + 1) * BATCH);
        arrived.extend(arrivals_of(&sink, BATCH / 3));
    }
    while arrived.last() != Some(&(3 * BATCH - 1)) {
        arrived.push(number(&sink.next()));
    }
    in_order(&arrived, 3 * BATCH);
}

/// Each number comes for the first time in its turn. What was sent and not stored before a crash
/// comes again, from the first such on.
fn in_order(arrived: &[usize], count: usize) {
    let mut next = 0;
    let mut last = 0;
    for number in arrived {
        let is_again = *number < next && (*number == last + 1 || *number <= last);
        assert!(
            *number == next || is_again,
            "{number} came, {next} was next"
        );
        next = next.max(number + 1);
        last = *number;
    }
    assert_eq!(next, count);
}

#[test]
fn many_batches_arrive_in_order() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let sink = Sink::with_statuses(&[200]);
    ordered(&client, &sink.url);
    for batch in 0..4 {
        publish(&client, batch * BATCH..(batch + 1) * BATCH);
    }
    let begun = Instant::now();
    let arrived = arrivals(&sink, 4 * BATCH - 1);
    assert!(arrived.is_sorted());
    println!("{} in {:?}", arrived.len(), begun.elapsed());
}
