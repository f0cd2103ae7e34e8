//! What does an answer's head say? Its status, what is kept of it, and how its body is delimited.

use std::mem::MaybeUninit;

use hookwright_core::limits::RESPONSE_HEADERS_MAX;
use httparse::{Header, ParserConfig, Response, Status};

use crate::record;

/// A head, where the bytes hold a whole one.
pub(crate) enum Parsed {
    /// More bytes are needed.
    Partial,
    /// An interim answer of so many bytes; another head follows.
    Interim(usize),
    /// The answer's own head.
    Final(Head),
}

/// The head of the answer that decides.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// What is kept of the headers, as lines.
    pub(crate) lines: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) framing: Framing,
    /// Whether the peer means to keep the connection.
    pub(crate) keeps_open: bool,
    /// Its own bytes, the blank line included.
    pub(crate) bytes: usize,
}

/// Where the body ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// Reads a head. The error is for the operator's log.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed, &'static str> {
    let mut space = [const { MaybeUninit::uninit() }; RESPONSE_HEADERS_MAX];
    let mut response = Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut space,
    );
    let length = match parsed {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(Parsed::Partial),
        Err(httparse::Error::TooManyHeaders) => return Err("the answer has too many headers"),
        Err(_) => return Err("the answer is not HTTP/1.1"),
    };
    let (Some(status), Some(minor)) = (response.code, response.version) else {
        return Err("the answer has no status line");
    };
    match status {
        // Nobody asked for another protocol: 101 is a final answer, and a refused one.
        100 | 102..200 => Ok(Parsed::Interim(length)),
        _ => Ok(Parsed::Final(head(
            status,
            minor,
            length,
            response.headers,
        )?)),
    }
}

fn head(
    status: u16,
    minor: u8,
    bytes: usize,
    headers: &[Header<'_>],
) -> Result<Head, &'static str> {
    let mut fields = Fields::default();
    for header in headers {
        fields.take(header)?;
    }
    let (framing, sound) = match (status, fields.coding, fields.length) {
        (101, ..) => (Framing::Length(0), false),
        (204 | 304, None, None | Some(0)) | (304, None, _) => (Framing::Length(0), true),
        (204, ..) | (304, ..) => (Framing::Length(0), false),
        // Two lengths at once, or a coding that 1.0 does not have: the connection ends with it.
        (_, Some(Coding::Chunked), length) => (Framing::Chunked, length.is_none() && minor == 1),
        (_, Some(Coding::Other), _) => (Framing::UntilClose, false),
        (_, None, Some(length)) => (Framing::Length(length), true),
        (_, None, None) => (Framing::UntilClose, false),
    };
    let asked_to_close = fields.close || (minor == 0 && !fields.keep_alive);
    Ok(Head {
        status,
        lines: record::response_lines(headers),
        retry_after: fields.retry_after,
        framing,
        keeps_open: sound && !asked_to_close,
        bytes,
    })
}

#[derive(Clone, Copy)]
enum Coding {
    Chunked,
    Other,
}

/// The headers that say something to us.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    coding: Option<Coding>,
    close: bool,
    keep_alive: bool,
    retry_after: Option<String>,
}

impl Fields {
    fn take(&mut self, header: &Header<'_>) -> Result<(), &'static str> {
        // Lengths first: most headers are none of these.
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                for value in header.value.split(|byte| *byte == b',') {
                    let length = length(value).ok_or("the content-length is not a number")?;
                    if self.length.is_some_and(|known| known != length) {
                        return Err("the answer has two different content-lengths");
                    }
                    self.length = Some(length);
                }
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                // The last coding of the last header is the outermost.
                let last = header.value.rsplit(|byte| *byte == b',').next();
                let chunked = last.is_some_and(|last| is_token(last, b"chunked"));
                self.coding = Some(if chunked {
                    Coding::Chunked
                } else {
                    Coding::Other
                });
            }
            10 if header.name.eq_ignore_ascii_case("connection") => {
                for token in header.value.split(|byte| *byte == b',') {
                    self.close |= is_token(token, b"close");
                    self.keep_alive |= is_token(token, b"keep-alive");
                }
            }
            11 if header.name.eq_ignore_ascii_case("retry-after") && self.retry_after.is_none() => {
                let value = std::str::from_utf8(header.value).ok();
                self.retry_after = value.map(str::to_owned);
            }
            _ => {}
        }
        Ok(())
    }
}

fn is_token(value: &[u8], token: &[u8]) -> bool {
    value.trim_ascii().eq_ignore_ascii_case(token)
}

/// Digits and nothing else: no sign, no space within.
fn length(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
