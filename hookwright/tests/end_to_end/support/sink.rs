//! A receiver inside the test: it answers as told and hands over every request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::PATIENCE;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Got {
    /// A header's value; names are compared without case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What is answered to a request: the whole answer.
type Script = Arc<Mutex<Box<dyn FnMut(&Got) -> String + Send>>>;

/// Listens until the test's process ends.
pub(crate) struct Sink {
    pub(crate) url: String,
    arrived: Receiver<Got>,
}

impl Sink {
    /// A sink that answers what `script` says of each request.
    pub(crate) fn answering(mut script: impl FnMut(&Got) -> u16 + Send + 'static) -> Self {
        Self::saying(move |got| {
            let status = script(got);
            format!("HTTP/1.1 {status} Told\r\ncontent-length: 2\r\n\r\nok")
        })
    }

    /// A sink that answers each request by the whole text that `script` makes.
    pub(crate) fn saying(script: impl FnMut(&Got) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (tell, arrived) = mpsc::channel();
        let script: Script = Arc::new(Mutex::new(Box::new(script)));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, tell) = (Arc::clone(&script), tell.clone());
                std::thread::spawn(move || serve(stream, &script, &tell));
            }
        });
        Self { url, arrived }
    }

    /// A sink that answers these statuses in turn, the last one for ever.
    pub(crate) fn with_statuses(statuses: &'static [u16]) -> Self {
        let mut left = statuses;
        Self::answering(move |_| {
            let (first, rest) = left.split_first().expect("a status");
            if !rest.is_empty() {
                left = rest;
            }
            *first
        })
    }

    /// The next request.
    #[track_caller]
    pub(crate) fn next(&self) -> Got {
        self.arrived
            .recv_timeout(PATIENCE)
            .expect("a request arrives")
    }

    /// The next request, if there is one within a time.
    pub(crate) fn next_within(&self, time: Duration) -> Option<Got> {
        self.arrived.recv_timeout(time).ok()
    }

    /// Whether a request is there already. For what must not have come, after a signal that
    /// everything else has.
    pub(crate) fn is_empty(&self) -> bool {
        self.arrived.try_recv().is_err()
    }
}

fn serve(stream: TcpStream, script: &Script, tell: &Sender<Got>) {
    let mut writer = stream.try_clone().expect("a stream");
    let mut reader = BufReader::new(stream);
    while let Some(got) = read(&mut reader) {
        let answer = (script.lock().expect("no panic"))(&got);
        if tell.send(got).is_err() {
            return;
        }
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Got> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Got {
        method,
        path,
        headers,
        body,
    })
}
