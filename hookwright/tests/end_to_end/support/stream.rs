//! A live stream that a test reads.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::PATIENCE;
use super::client::Client;

/// A stream that is being read.
pub(crate) struct Stream {
    lines: BufReader<TcpStream>,
}

impl Stream {
    /// Opens one, and returns once it listens.
    pub(crate) fn open(client: &Client, query: &str) -> Self {
        let address = client.base.strip_prefix("http://").expect("http");
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        let request = format!(
            "GET /v1/stream?{query} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n",
            client.key
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut stream = Self {
            lines: BufReader::new(stream),
        };
        let head = stream.line().expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        stream.find(|line| line == "content-type: text/event-stream");
        stream.find(|line| line == ": listening");
        stream
    }

    /// The next line; `None` at the end.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("a line in time");
        (read > 0).then(|| line.trim_end().to_owned())
    }

    fn find(&mut self, fits: impl Fn(&str) -> bool) -> String {
        for _ in 0..1_000 {
            let line = self.line().expect("it goes on");
            if fits(&line) {
                return line;
            }
        }
        panic!("never told");
    }

    /// The next thing that happened, with its id.
    pub(crate) fn next(&mut self) -> (u64, Value) {
        let (mut id, mut data) = (None, None);
        while id.is_none() || data.is_none() {
            let line = self.find(|line| line.starts_with("id: ") || line.starts_with("data: "));
            match line.split_once(": ").expect("a field") {
                ("id", value) => id = value.parse().ok(),
                (_, value) => data = serde_json::from_str(value).ok(),
            }
        }
        (id.expect("a number"), data.expect("JSON"))
    }
}
