//! Publishers that never give an event up: whatever answer is missing, they publish it again.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::receiver::payload;
use crate::support::{PATIENCE, until};

/// Between two events of one publisher: the tests are about loss, not about speed.
const PACE: Duration = Duration::from_millis(10);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// A node answers within 10 s, if only that it could not store the event.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Each so-many-th event is published again after it was accepted.
const REPEATED_EVERY: usize = 20;

/// When an event was accepted.
pub(crate) type Accepted = BTreeMap<String, Instant>;

/// Publishers at work. [`Load::end`] lets each finish its event.
pub(crate) struct Load {
    shared: Arc<Shared>,
    publishers: Vec<JoinHandle<()>>,
}

struct Shared {
    /// Where the nodes listen, as it is now.
    addresses: Mutex<Vec<String>>,
    key: String,
    /// The deliveries that each event must get.
    deliveries: usize,
    accepted: Mutex<Accepted>,
    refused: AtomicUsize,
    broken: AtomicUsize,
    ended: AtomicBool,
}

/// What a node said to an event.
enum Said {
    Accepted(Value),
    /// It could not store it, or not say so.
    Refused,
    Conflict,
}

impl Load {
    /// So many publishers that spread their events over the nodes.
    pub(crate) fn start(addresses: &[&str], key: &str, deliveries: usize, many: usize) -> Self {
        let addresses = addresses.iter().map(|base| plain(base)).collect();
        let shared = Arc::new(Shared {
            addresses: Mutex::new(addresses),
            key: key.to_owned(),
            deliveries,
            accepted: Mutex::default(),
            refused: AtomicUsize::new(0),
            broken: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let publisher = |number: usize| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.publish_until_ended(number))
        };
        let publishers = (0..many).map(publisher).collect();
        Self { shared, publishers }
    }

    /// A node was started anew and listens elsewhere.
    pub(crate) fn moved(&self, node: usize, base: &str) {
        self.shared.addresses.lock().expect("no panic")[node] = plain(base);
    }

    /// Waits until so many more events are accepted.
    #[track_caller]
    pub(crate) fn more(&self, events: usize) {
        let wanted = self.count() + events;
        until("enough is accepted", || {
            assert!(self.publishers.iter().all(|it| !it.is_finished()));
            (self.count() >= wanted).then_some(())
        });
    }

    /// Waits until a publisher was told that its event could not be stored just now.
    #[track_caller]
    pub(crate) fn refused(&self) {
        let refused = || self.shared.refused.load(Ordering::SeqCst);
        let before = refused();
        until("a refusal", || (refused() > before).then_some(()));
    }

    /// All that was accepted, once every publisher has got its last event accepted.
    #[track_caller]
    pub(crate) fn end(mut self) -> Accepted {
        self.shared.ended.store(true, Ordering::SeqCst);
        for publisher in self.publishers.drain(..) {
            publisher.join().expect("the publisher's own message");
        }
        let accepted = std::mem::take(&mut *self.shared.accepted.lock().expect("no panic"));
        eprintln!(
            "{} events accepted; {} answers were refusals, {} did not come",
            accepted.len(),
            self.shared.refused.load(Ordering::SeqCst),
            self.shared.broken.load(Ordering::SeqCst),
        );
        accepted
    }

    fn count(&self) -> usize {
        self.shared.accepted.lock().expect("no panic").len()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // Those of a failed test end by themselves.
        self.shared.ended.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    fn publish_until_ended(&self, number: usize) {
        let mut connection = None;
        let mut turn = number;
        for n in 0.. {
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            let id = format!("evt_{number}-{n}");
            let event = json!({"type": "user.created", "id": id, "data": payload(&id)});
            let said = self.until_answered(&mut connection, &mut turn, &event);
            self.check(&said, &id);
            let mut accepted = self.accepted.lock().expect("no panic");
            accepted.insert(id.clone(), Instant::now());
            drop(accepted);
            if n % REPEATED_EVERY == 0 {
                self.publish_again(&mut turn, &event);
            }
            std::thread::sleep(PACE);
        }
    }

    /// On whichever node is next: the same id is the same event, and only the same.
    fn publish_again(&self, turn: &mut usize, event: &Value) {
        *turn += 1;
        let said = self.until_answered(&mut None, turn, event);
        self.check(&said, event["id"].as_str().expect("an id"));
        let other = json!({"type": "user.created", "id": event["id"], "data": "another"});
        *turn += 1;
        let said = self.until_answered(&mut None, turn, &other);
        assert!(matches!(said, Said::Conflict), "taken twice: {event}");
    }

    fn check(&self, said: &Said, id: &str) {
        let Said::Accepted(answer) = said else {
            panic!("a conflict: {id}");
        };
        assert_eq!(answer["id"], id);
        assert_eq!(answer["deliveries"], self.deliveries, "{answer}");
    }

    fn until_answered(
        &self,
        connection: &mut Option<BufReader<TcpStream>>,
        turn: &mut usize,
        event: &Value,
    ) -> Said {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.send(connection, *turn, &event.to_string()) {
                Some(Said::Refused) => self.refused.fetch_add(1, Ordering::SeqCst),
                Some(said) => return said,
                None => self.broken.fetch_add(1, Ordering::SeqCst),
            };
            *connection = None;
            *turn += 1;
            std::thread::sleep(TRY_AGAIN_AFTER);
        }
        panic!("no node took it within {PATIENCE:?}: {}", event["id"]);
    }

    /// `None` when the whole answer did not come.
    fn send(
        &self,
        connection: &mut Option<BufReader<TcpStream>>,
        turn: usize,
        body: &str,
    ) -> Option<Said> {
        if connection.is_none() {
            let addresses = self.addresses.lock().expect("no panic");
            let address = addresses[turn % addresses.len()].clone();
            drop(addresses);
            let stream = TcpStream::connect(address).ok()?;
            stream.set_read_timeout(Some(ANSWER_WITHIN)).ok()?;
            *connection = Some(BufReader::new(stream));
        }
        let reader = connection.as_mut()?;
        let (key, length) = (&self.key, body.len());
        let request = format!(
            "POST /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        reader.get_mut().write_all(request.as_bytes()).ok()?;
        let (status, answer) = answer(reader)?;
        match status {
            202 => Some(Said::Accepted(serde_json::from_slice(&answer).ok()?)),
            409 => Some(Said::Conflict),
            503 => Some(Said::Refused),
            other => panic!("{other}: {}", String::from_utf8_lossy(&answer)),
        }
    }
}

fn plain(base: &str) -> String {
    base.strip_prefix("http://").expect("a URL").to_owned()
}

fn answer(reader: &mut BufReader<TcpStream>) -> Option<(u16, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((status, body))
}
