//! What goes out on a connection and what comes in, and how much may come in.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use hookwright_core::limits::RESPONSE_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use crate::world::BoxedIo;

/// Room made for one read.
const READ_BYTES: usize = 2 * 1024;

/// A connection that can carry one request at a time.
pub(crate) struct Connection {
    stream: BoxedIo,
    /// What has arrived and was not taken yet.
    pub(crate) arrived: BytesMut,
    /// Bytes that the peer may still send in answer to this request.
    budget_bytes: usize,
    /// It was idle, and nothing has been heard since: the peer may have closed it.
    pub(crate) may_be_closed: bool,
    /// Monotonic time at which it was last given back.
    pub(crate) idle_since_us: u64,
}

/// What is still to go out of a request.
pub(crate) struct Outgoing<'a> {
    rest: &'a [u8],
    flushed: bool,
    /// Writing failed: an answer may have come before that.
    failed: bool,
}

impl<'a> Outgoing<'a> {
    pub(crate) fn new(request: &'a [u8]) -> Self {
        Self {
            rest: request,
            flushed: false,
            failed: false,
        }
    }

    /// Whether the peer has been sent all of it.
    pub(crate) fn is_sent(&self) -> bool {
        self.flushed && !self.failed
    }
}

impl Connection {
    pub(crate) fn new(stream: BoxedIo) -> Self {
        Self {
            stream,
            arrived: BytesMut::new(),
            budget_bytes: RESPONSE_BYTES_MAX,
            may_be_closed: false,
            idle_since_us: 0,
        }
    }

    /// Readies it to wait for its next request, without memory of the last.
    pub(crate) fn rest(&mut self, now_us: u64) {
        self.arrived = BytesMut::new();
        self.budget_bytes = RESPONSE_BYTES_MAX;
        self.may_be_closed = true;
        self.idle_since_us = now_us;
    }

    /// Whether an idle connection is fit for use: the peer has neither closed it nor said anything.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let mut seen = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.stream)
            .poll_read(&mut context, &mut seen)
            .is_pending()
    }

    /// Waits until more has arrived, and sends what is to be sent meanwhile. Nothing has arrived
    /// if the peer has closed.
    ///
    /// # Errors
    /// `InvalidData` where the peer has sent more than an answer may have.
    pub(crate) async fn hear(&mut self, outgoing: &mut Outgoing<'_>) -> io::Result<usize> {
        let bytes = poll_fn(|cx| self.poll_hear(cx, outgoing)).await?;
        self.may_be_closed &= bytes == 0;
        match self.budget_bytes.checked_sub(bytes) {
            Some(left) => self.budget_bytes = left,
            None => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the answer is larger than allowed",
                ));
            }
        }
        Ok(bytes)
    }

    fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut Outgoing<'_>,
    ) -> Poll<io::Result<usize>> {
        if !outgoing.failed
            && !outgoing.flushed
            && let Poll::Ready(Err(_)) = self.poll_send(cx, outgoing)
        {
            outgoing.failed = true;
        }
        self.arrived.reserve(READ_BYTES);
        pin!(self.stream.read_buf(&mut self.arrived)).poll(cx)
    }

    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut Outgoing<'_>,
    ) -> Poll<io::Result<()>> {
        let mut stream = Pin::new(&mut self.stream);
        while !outgoing.rest.is_empty() {
            match stream.as_mut().poll_write(cx, outgoing.rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => outgoing.rest = &outgoing.rest[written..],
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        let flushed = stream.poll_flush(cx);
        outgoing.flushed = matches!(flushed, Poll::Ready(Ok(())));
        flushed
    }
}
