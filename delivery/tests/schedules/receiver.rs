//! What does the receiver do? What its script says, over connections that are memory.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use hookwright_core::time::UnixMs;
use hookwright_delivery::{BoxedIo, Clock, Dial, Later, Resolve};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;

use super::clock::SimClock;

const PIPE_BYTES: usize = 64 * 1024;
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(93, 184, 216, 34));

/// What a request is answered with.
#[derive(Clone)]
pub enum Answer {
    /// This status, these header lines, no body.
    Status(u16, &'static str),
    /// Nothing, ever.
    Silence,
    /// The connection is closed.
    HangUp,
    /// The beginning, after so many milliseconds, then one more piece every `every_ms`, for ever.
    Drip {
        after_ms: u64,
        beginning: &'static str,
        piece: &'static str,
        every_ms: u64,
    },
}

/// The answer with this status and nothing else in it.
pub const fn status(code: u16) -> Answer {
    Answer::Status(code, "")
}

/// A request as it arrived.
#[derive(Debug)]
pub struct Arrival {
    pub at: UnixMs,
    /// Request line and headers.
    pub head: String,
    pub body: Vec<u8>,
}

/// The receiver: its script, then `Answer`s of one kind.
#[derive(Clone)]
pub struct Receiver {
    clock: SimClock,
    script: Arc<Mutex<(VecDeque<Answer>, Answer)>>,
    arrivals: mpsc::UnboundedSender<Arrival>,
}

impl Receiver {
    /// A receiver that answers 500 until told otherwise, and where its arrivals are seen.
    pub fn new(clock: SimClock) -> (Self, mpsc::UnboundedReceiver<Arrival>) {
        let (arrivals, seen) = mpsc::unbounded_channel();
        let script = Arc::new(Mutex::new((VecDeque::new(), status(500))));
        let receiver = Self {
            clock,
            script,
            arrivals,
        };
        (receiver, seen)
    }

    /// Answers in this order, then always as `then` says.
    pub fn answers(&self, first: impl IntoIterator<Item = Answer>, then: Answer) {
        *self.script.lock().unwrap() = (first.into_iter().collect(), then);
    }

    fn next(&self) -> Answer {
        let mut script = self.script.lock().unwrap();
        let next = script.0.pop_front();
        next.unwrap_or_else(|| script.1.clone())
    }

    /// Answers request after request. Ends when either side has closed.
    async fn serve(self, mut stream: DuplexStream) -> io::Result<()> {
        while let Some((head, body)) = read_request(&mut stream).await? {
            let at = self.clock.now();
            let _ = self.arrivals.send(Arrival { at, head, body });
            match self.next() {
                Answer::Status(code, lines) => {
                    let length = if matches!(code, 204 | 304) {
                        ""
                    } else {
                        "content-length: 0\r\n"
                    };
                    let answer = format!("HTTP/1.1 {code} Scripted\r\n{length}{lines}\r\n");
                    stream.write_all(answer.as_bytes()).await?;
                }
                Answer::Silence => {
                    stream.read_u8().await?;
                }
                Answer::HangUp => return Ok(()),
                Answer::Drip {
                    after_ms,
                    beginning,
                    piece,
                    every_ms,
                } => {
                    self.clock.sleep_ms(after_ms).await;
                    stream.write_all(beginning.as_bytes()).await?;
                    loop {
                        self.clock.sleep_ms(every_ms).await;
                        stream.write_all(piece.as_bytes()).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

async fn read_request(stream: &mut DuplexStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let head = String::from_utf8(head).unwrap();
    let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some((head, body)))
}

/// The value of a header in a head.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

impl Dial for Receiver {
    fn dial(&self, _: SocketAddr) -> Later<io::Result<BoxedIo>> {
        let (ours, theirs) = duplex(PIPE_BYTES);
        tokio::spawn(self.clone().serve(theirs));
        Box::pin(async move { Ok(Box::new(ours) as BoxedIo) })
    }
}

impl Resolve for Receiver {
    fn resolve(&self, _: Arc<str>) -> Later<io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![ADDRESS]) })
    }
}
