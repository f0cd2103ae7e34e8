//! Where does an answer's body end, and what of it is kept? Fed with bytes as they arrive.

use bytes::{Buf, Bytes, BytesMut};
use hookwright_core::limits::RESPONSE_BODY_KEPT_BYTES_MAX;

use crate::answer_head::Framing;

/// A chunk's size line or a trailer line may be so long.
const LINE_BYTES_MAX: usize = 4 * 1024;
/// Sixteen hexadecimal digits are the most that a chunk's size may have.
const SIZE_DIGITS_MAX: usize = 16;

/// A body as far as it has arrived.
pub(crate) struct Body {
    kept: BytesMut,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// So many bytes are left of a body with a length.
    Length(u64),
    /// The rest of the connection.
    UntilClose,
    /// A chunk's size line is next.
    ChunkSize,
    /// So many bytes are left of a chunk.
    Chunk(u64),
    /// The line end after a chunk's bytes is next.
    ChunkEnd,
    /// A trailer's line, or the blank one that ends all.
    Trailer,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// More bytes are needed.
    More,
    /// The body is here, all of it.
    Whole,
    /// It is not well formed, or larger than what is kept: reading on is of no use.
    Cut,
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        Self {
            kept: BytesMut::new(),
            state,
        }
    }

    /// Takes what belongs to the body out of `arrived`.
    pub(crate) fn feed(&mut self, arrived: &mut BytesMut) -> Step {
        loop {
            match self.step(arrived) {
                Ok(Some(next)) => self.state = next,
                Ok(None) => return Step::More,
                Err(end) => return end,
            }
        }
    }

    pub(crate) fn kept(self) -> Bytes {
        self.kept.freeze()
    }

    /// One part of the body: the state after it, or nothing while it is not here.
    fn step(&mut self, arrived: &mut BytesMut) -> Result<Option<State>, Step> {
        match self.state {
            State::Length(0) => Err(Step::Whole),
            State::Length(left) => Ok(self.keep(left, arrived)?.map(State::Length)),
            State::UntilClose => {
                self.keep(u64::MAX, arrived)?;
                Ok(None)
            }
            State::ChunkSize => {
                let Some(line) = line(arrived)? else {
                    return Ok(None);
                };
                match chunk_size(&line).ok_or(Step::Cut)? {
                    0 => Ok(Some(State::Trailer)),
                    size => Ok(Some(State::Chunk(size))),
                }
            }
            State::Chunk(0) => Ok(Some(State::ChunkEnd)),
            State::Chunk(left) => Ok(self.keep(left, arrived)?.map(State::Chunk)),
            State::ChunkEnd => match line(arrived)? {
                Some(line) if line.is_empty() => Ok(Some(State::ChunkSize)),
                Some(_) => Err(Step::Cut),
                None => Ok(None),
            },
            State::Trailer => match line(arrived)? {
                Some(line) if line.is_empty() => Err(Step::Whole),
                Some(_) => Ok(Some(State::Trailer)),
                None => Ok(None),
            },
        }
    }

    /// Keeps at most `left` of what has arrived. Returns how much is left then, or nothing where
    /// nothing has arrived.
    fn keep(&mut self, left: u64, arrived: &mut BytesMut) -> Result<Option<u64>, Step> {
        if arrived.is_empty() {
            return Ok(None);
        }
        let here = usize::try_from(left).map_or(arrived.len(), |left| left.min(arrived.len()));
        let room = RESPONSE_BODY_KEPT_BYTES_MAX - self.kept.len();
        self.kept.extend_from_slice(&arrived[..here.min(room)]);
        arrived.advance(here);
        if here > room {
            return Err(Step::Cut);
        }
        Ok(Some(left - here as u64))
    }
}

/// The next line without its end, taken out; nothing while it is not whole.
fn line(arrived: &mut BytesMut) -> Result<Option<BytesMut>, Step> {
    let searched = &arrived[..arrived.len().min(LINE_BYTES_MAX)];
    let Some(end) = searched.iter().position(|byte| *byte == b'\n') else {
        return if arrived.len() < LINE_BYTES_MAX {
            Ok(None)
        } else {
            Err(Step::Cut)
        };
    };
    let mut line = arrived.split_to(end + 1);
    if end == 0 || line[end - 1] != b'\r' {
        return Err(Step::Cut);
    }
    line.truncate(end - 1);
    Ok(Some(line))
}

/// The size that a chunk's line gives. Extensions are passed over.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    let hexadecimal = size.iter().all(u8::is_ascii_hexdigit);
    if size.is_empty() || size.len() > SIZE_DIGITS_MAX || !hexadecimal {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()
}
