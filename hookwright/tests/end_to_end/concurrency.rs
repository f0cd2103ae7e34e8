//! Does an endpoint get no more requests at once than it takes?

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::json;

use crate::support::PATIENCE;
use crate::support::server::{Server, delivery_in_state};

const TAKES: usize = 2;

/// Requests under way now, and the most that ever were.
#[derive(Default)]
struct UnderWay {
    counts: Mutex<(usize, usize)>,
    changed: Condvar,
}

/// Answers a request once as many are under way as the endpoint takes, or have been.
fn serve(stream: TcpStream, under_way: &UnderWay) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            match line.trim_end().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().ok()?,
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let mut counts = under_way.counts.lock().expect("no panic");
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        under_way.changed.notify_all();
        let full = |counts: &mut (usize, usize)| counts.1 < TAKES;
        let waited = under_way.changed.wait_timeout_while(counts, PATIENCE, full);
        waited.expect("no panic").0.0 -= 1;
        writer
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
    }
}

#[test]
fn no_more_requests_are_under_way_than_the_endpoint_takes() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let under_way = Arc::new(UnderWay::default());
    let counted = Arc::clone(&under_way);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let under_way = Arc::clone(&counted);
            std::thread::spawn(move || serve(stream, &under_way));
        }
    });
    let endpoint = json!({"url": url, "concurrency": TAKES});
    client.post("/v1/endpoints", &endpoint).expect(201);
    let event = json!({"type": "user.created", "data": {}});
    let events: Vec<String> = (0..20)
        .map(|_| client.post("/v1/events", &event).expect(202)["id"].clone())
        .map(|id| id.as_str().expect("an id").to_owned())
        .collect();
    for event in events {
        delivery_in_state(&client, &event, "delivered");
    }
    assert_eq!(under_way.counts.lock().expect("no panic").1, TAKES);
}
