//! Killed with SIGKILL under load, ten rounds: nothing that was acknowledged is lost or torn.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::sink::Sink;

const ROUNDS: u64 = 10;
const PUBLISHERS: u64 = 6;
/// A round ends after so many acceptances, and a seeded number more.
const ACCEPTED_MIN: u64 = 40;
const ACCEPTED_SPREAD: u64 = 700;
/// Each publisher of a round stops here, were the server never killed.
const EVENTS_MAX: u64 = 2_000;
/// Events of a round that the next one publishes again.
const REPEATED: usize = 25;

/// What the publishers of a round know of their events.
#[derive(Default)]
struct Round {
    accepted: BTreeSet<String>,
    /// Sent, but never answered: either outcome is right, half of one is not.
    unanswered: BTreeSet<String>,
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_ten_times() {
    let folder = tempfile::tempdir().expect("a folder");
    // Every eleventh request fails once, so that retries are under way when the server dies.
    let count = AtomicUsize::new(0);
    let sink = Sink::answering(move |_| {
        if count.fetch_add(1, Ordering::Relaxed) % 11 == 10 {
            500
        } else {
            200
        }
    });
    let mut server = Server::start_in(folder.path(), &["--dev"]);
    let mut client = server.project("envoyou");
    let endpoint = json!({
        "url": sink.url,
        "retry_policy": {"max_attempts": 20, "backoff_multiplier": 1, "initial_delay": 100},
    });
    client.post("/v1/endpoints", &endpoint).expect(201);

    let mut all = Round::default();
    let mut seed = 0x5eed_u64;
    for round in 0..ROUNDS {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(round);
        let kill_after = ACCEPTED_MIN + (seed >> 33) % ACCEPTED_SPREAD;
        let (enough, reached) = mpsc::channel();
        let publishers = publishers(&client, round, kill_after, &enough);
        reached
            .recv_timeout(Duration::from_secs(60))
            .expect("enough is accepted");
        drop(server.kill());
        let mut told = Round::default();
        for publisher in publishers {
            let (accepted, unanswered) = publisher.join().expect("no panic");
            told.accepted.extend(accepted);
            told.unanswered.extend(unanswered);
        }
        server = Server::start_in(folder.path(), &["--dev"]);
        client = Client::new(&server.base, &client.key);
        publish_again(&client, &told);
        all.accepted.append(&mut told.accepted);
        all.unanswered.append(&mut told.unanswered);
    }

    // What was never answered was published again by then: all of it is accepted now.
    let repeated: BTreeSet<String> = all.unanswered.iter().cloned().collect();
    all.accepted.extend(repeated);
    everything_arrives(&client, &sink, &all.accepted);
    every_event_is_there_once(&client, &all.accepted);
}

type Told = (Vec<String>, Option<String>);

/// Publishers that go on until their connection breaks. The one that reaches `kill_after` says so.
fn publishers(
    client: &Client,
    round: u64,
    kill_after: u64,
    enough: &mpsc::Sender<()>,
) -> Vec<std::thread::JoinHandle<Told>> {
    let total = Arc::new(AtomicUsize::new(0));
    let publisher = |number: u64| {
        let (client, total, enough) = (client.clone(), Arc::clone(&total), enough.clone());
        std::thread::spawn(move || {
            let mut accepted = Vec::new();
            let address = client.base.strip_prefix("http://").expect("a URL");
            let Ok(stream) = TcpStream::connect(address) else {
                return (accepted, None);
            };
            let mut writer = stream.try_clone().expect("a stream");
            let mut reader = BufReader::new(stream);
            for n in 0..EVENTS_MAX {
                let id = format!("evt_{round}-{number}-{n}");
                if publish(&mut writer, &mut reader, &client.key, &id).is_none() {
                    return (accepted, Some(id));
                }
                accepted.push(id);
                if total.fetch_add(1, Ordering::SeqCst) as u64 == kill_after {
                    let _ = enough.send(());
                }
            }
            (accepted, None)
        })
    };
    (0..PUBLISHERS).map(publisher).collect()
}

/// The payload of an event, which can be told from its id alone.
fn payload(id: &str) -> Value {
    let sum: u32 = id.bytes().map(u32::from).sum();
    json!({"id": id, "sum": sum, "fill": id.repeat(30)})
}

fn event(id: &str) -> Value {
    json!({"type": "user.created", "id": id, "data": payload(id)})
}

/// `None` when the server went away before its whole answer came.
fn publish(
    writer: &mut TcpStream,
    reader: &mut BufReader<TcpStream>,
    key: &str,
    id: &str,
) -> Option<()> {
    let body = event(id).to_string();
    let length = body.len();
    let request = format!(
        "POST /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    writer.write_all(request.as_bytes()).ok()?;
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    assert!(line.starts_with("HTTP/1.1 202"), "{line}");
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()
}

/// A publisher that got no answer sends again, and one that got an answer may.
fn publish_again(client: &Client, told: &Round) {
    let some = told.accepted.iter().rev().take(REPEATED);
    for id in told.unanswered.iter().chain(some) {
        let accepted = client.post("/v1/events", &event(id)).expect(202);
        assert_eq!(accepted["id"], id.as_str());
        assert_eq!(accepted["deliveries"], 1);
        let other = json!({"type": "user.created", "id": id, "data": "another"});
        let answer = client.post("/v1/events", &other);
        assert_eq!(answer.problem(409), "event_conflict");
    }
}

/// Waits until each arrived, whole, or is shown as failed.
fn everything_arrives(client: &Client, sink: &Sink, accepted: &BTreeSet<String>) {
    let mut arrivals: HashMap<String, usize> = HashMap::new();
    let mut missing = accepted.clone();
    while !missing.is_empty() {
        let Some(got) = sink.next_within(Duration::from_secs(20)) else {
            break;
        };
        let body: Value = serde_json::from_slice(&got.body).expect("whole JSON");
        let id = body["id"].as_str().expect("an id").to_owned();
        assert_eq!(body["data"]["object"], payload(&id), "torn");
        assert!(accepted.contains(&id), "never published: {id}");
        missing.remove(&id);
        *arrivals.entry(id).or_default() += 1;
    }
    for id in missing {
        let list = client
            .get(&format!("/v1/deliveries?event_id={id}"))
            .expect(200);
        assert_eq!(list["data"][0]["state"], "failed", "lost: {id}: {list}");
    }
    let twice = arrivals.values().filter(|count| **count > 1).count();
    eprintln!(
        "{} events arrived, {twice} of them more than once",
        arrivals.len()
    );
}

/// The list holds each event exactly once, with one delivery.
fn every_event_is_there_once(client: &Client, accepted: &BTreeSet<String>) {
    let mut seen = BTreeSet::new();
    let mut path = "/v1/events?limit=250".to_owned();
    for _ in 0..1_000 {
        let page = client.get(&path).expect(200);
        for event in page["data"].as_array().expect("a list") {
            let id = event["id"].as_str().expect("an id").to_owned();
            assert_eq!(event["deliveries"], 1);
            assert!(seen.insert(id.clone()), "twice: {id}");
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/events?limit=250&cursor={cursor}");
    }
    assert_eq!(&seen, accepted);
    for id in accepted.iter().step_by(97) {
        let stored = client.get(&format!("/v1/events/{id}")).expect(200);
        assert_eq!(stored["data"], payload(id));
        let list = client
            .get(&format!("/v1/deliveries?event_id={id}"))
            .expect(200);
        assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
    }
}
