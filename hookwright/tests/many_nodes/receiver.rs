//! A receiver that remembers every delivery, and can keep its answers back.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use serde_json::Value;

/// One request of so many to [`FLAKY`] is answered with 500.
const FLAKY_EVERY: usize = 11;
/// Where everything is acknowledged.
pub(crate) const STEADY: &str = "/steady";
/// Where some requests fail, so that retries are under way at any time.
pub(crate) const FLAKY: &str = "/flaky";

/// A path and an event's id.
pub(crate) type Delivered = (String, String);

/// Listens until the test's process ends.
pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    gate: Mutex<Gate>,
    let_go: Condvar,
}

#[derive(Default)]
struct Gate {
    is_shut: bool,
    /// How often it was opened: whoever waited then may go, even if it was shut at once again.
    opened: u64,
}

#[derive(Default)]
struct Seen {
    flaky: usize,
    /// Bodies that are not what was published.
    torn: Vec<String>,
    /// When each came that was acknowledged.
    acknowledged: HashMap<Delivered, Vec<Instant>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&state);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { url, shared }
    }

    /// Requests are noted and get no answer until [`Self::answer_all`].
    pub(crate) fn keep_answers_back(&self) {
        self.shared.gate.lock().expect("no panic").is_shut = true;
    }

    /// Answers what came so far, and what comes.
    pub(crate) fn answer_all(&self) {
        let mut gate = self.shared.gate.lock().expect("no panic");
        gate.is_shut = false;
        gate.opened += 1;
        drop(gate);
        self.shared.let_go.notify_all();
    }

    /// How many requests for different deliveries came, and how many in all.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let seen = self.shared.seen.lock().expect("no panic");
        let all = seen.acknowledged.values().map(Vec::len).sum();
        (seen.acknowledged.len(), all)
    }

    /// Prints when each came, for a test that is about to fail.
    pub(crate) fn print_since(&self, begun: Instant) {
        for (delivered, times) in self.all() {
            let at = |time: &Instant| match time.checked_duration_since(begun) {
                Some(after) => format!("{:.3} s", after.as_secs_f64()),
                None => "before".to_owned(),
            };
            let times: Vec<String> = times.iter().map(at).collect();
            eprintln!("{} {}: {}", delivered.0, delivered.1, times.join(", "));
        }
    }

    /// Everything that came whole, with its times.
    pub(crate) fn all(&self) -> HashMap<Delivered, Vec<Instant>> {
        let seen = self.shared.seen.lock().expect("no panic");
        assert_eq!(seen.torn, [""; 0], "torn");
        seen.acknowledged.clone()
    }
}

impl Shared {
    /// Notes a request, and says how it is answered.
    fn note(&self, path: &str, body: &[u8]) -> u16 {
        let mut seen = self.seen.lock().expect("no panic");
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        if body["data"]["object"] != payload(&id) {
            seen.torn.push(body.to_string());
        }
        if path == FLAKY {
            seen.flaky += 1;
            if seen.flaky.is_multiple_of(FLAKY_EVERY) {
                return 500;
            }
        }
        let times = seen.acknowledged.entry((path.to_owned(), id)).or_default();
        times.push(Instant::now());
        200
    }

    fn wait_to_answer(&self) {
        let gate = self.gate.lock().expect("no panic");
        let opened = gate.opened;
        let must_wait = |gate: &mut Gate| gate.is_shut && gate.opened == opened;
        drop(self.let_go.wait_while(gate, must_wait));
    }
}

/// The payload of an event, which can be told from its id alone.
pub(crate) fn payload(id: &str) -> Value {
    let sum: u32 = id.bytes().map(u32::from).sum();
    serde_json::json!({"id": id, "sum": sum, "fill": id.repeat(20)})
}

fn serve(stream: TcpStream, shared: &Shared) {
    let mut writer = stream.try_clone().expect("a stream");
    let mut reader = BufReader::new(stream);
    while let Some((path, body)) = read(&mut reader) {
        let status = shared.note(&path, &body);
        shared.wait_to_answer();
        let answer = format!("HTTP/1.1 {status} Told\r\ncontent-length: 2\r\n\r\nok");
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}
