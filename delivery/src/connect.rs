//! How a connection is made: resolve, vet the addresses, dial one of those, shake hands.
//!
//! **Invariant:** the address dialled is one that the rule was asked about, in this call. The
//! rule judges addresses and never names or text.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{cell::Cell, io};

use bytes::Bytes;
use hookwright_core::address::AddressRule;
use hookwright_core::error_class::ErrorClass;
use hookwright_core::limits::{RESPONSE_BYTES_MAX, RESPONSE_HEADERS_MAX};
use hookwright_core::outcome::Timing;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;

use crate::target::Target;
use crate::world::{BoxedIo, World};

/// The largest header block that an answer may have.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// A connection that can carry one request at a time.
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Full<Bytes>>,
    /// Bytes that the peer may still send before it is cut off; renewed for each request.
    pub(crate) budget: Rc<Cell<usize>>,
    /// It carried a request before.
    pub(crate) used: bool,
    /// Monotonic time at which it was last given back.
    pub(crate) idle_since_us: u64,
}

/// What connections are made with.
pub(crate) struct Connector {
    pub(crate) world: World,
    pub(crate) rule: AddressRule,
    pub(crate) tls: Arc<ClientConfig>,
}

/// Why no connection was made; the detail is for the operator's log only.
pub(crate) struct NoConnection {
    pub(crate) class: ErrorClass,
    pub(crate) detail: String,
}

fn refused(class: ErrorClass, detail: impl ToString) -> NoConnection {
    NoConnection {
        class,
        detail: detail.to_string(),
    }
}

impl Connector {
    /// Connects to `target`, writing into `timing` as it goes, so that a deadline that ends this
    /// leaves the phases that were finished.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        timing: &Cell<Timing>,
    ) -> Result<Connection, NoConnection> {
        let mut clock = Phase {
            world: &self.world,
            from_us: self.world.clock.monotonic_us(),
        };
        let addresses = self.addresses(target).await?;
        timing.set(Timing {
            dns_us: clock.lap(),
            ..timing.get()
        });
        let stream = self.dial(&addresses, target.port()).await?;
        timing.set(Timing {
            connect_us: clock.lap(),
            ..timing.get()
        });
        let budget = Rc::new(Cell::new(RESPONSE_BYTES_MAX));
        if target.https {
            let name = ServerName::try_from(target.host.to_string())
                .map_err(|error| refused(ErrorClass::Tls, error))?;
            let stream = TlsConnector::from(Arc::clone(&self.tls))
                .connect(name, stream)
                .await
                .map_err(|error| refused(ErrorClass::Tls, error))?;
            timing.set(Timing {
                tls_us: clock.lap(),
                ..timing.get()
            });
            shake_hands(stream, budget).await
        } else {
            shake_hands(stream, budget).await
        }
    }

    async fn addresses(&self, target: &Target) -> Result<Vec<IpAddr>, NoConnection> {
        let addresses = match target.literal_ip {
            Some(ip) => vec![ip],
            None => self
                .world
                .resolver
                .resolve(Arc::clone(&target.host))
                .await
                .map_err(|error| refused(ErrorClass::Dns, error))?,
        };
        if addresses.is_empty() {
            return Err(refused(ErrorClass::Dns, "the name has no address"));
        }
        self.rule
            .check_all(&addresses)
            .map_err(|error| refused(ErrorClass::AddressRefused, error))?;
        Ok(addresses)
    }

    /// Tries the vetted addresses in turn; the attempt's deadline bounds them all.
    async fn dial(&self, addresses: &[IpAddr], port: u16) -> Result<BoxedIo, NoConnection> {
        let mut last = refused(ErrorClass::Connect, "no address");
        for ip in addresses {
            match self.world.dialer.dial(SocketAddr::new(*ip, port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = refused(ErrorClass::Connect, format!("{ip}: {error}")),
            }
        }
        Err(last)
    }
}

async fn shake_hands<S>(stream: S, budget: Rc<Cell<usize>>) -> Result<Connection, NoConnection>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let stream = TokioIo::new(Metered {
        stream,
        budget: Rc::clone(&budget),
    });
    let (sender, connection) = http1::Builder::new()
        .max_headers(RESPONSE_HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        .handshake(stream)
        .await
        .map_err(|error| refused(ErrorClass::Protocol, error))?;
    // Ends when the sender is dropped or the peer closes; its error reaches the sender's side.
    tokio::task::spawn_local(async move {
        let _ = connection.await;
    });
    Ok(Connection {
        sender,
        budget,
        used: false,
        idle_since_us: 0,
    })
}

struct Phase<'a> {
    world: &'a World,
    from_us: u64,
}

impl Phase<'_> {
    fn lap(&mut self) -> u32 {
        let now = self.world.clock.monotonic_us();
        let lap = now.saturating_sub(self.from_us);
        self.from_us = now;
        u32::try_from(lap).unwrap_or(u32::MAX)
    }
}

/// A stream whose reading ends with an error once the peer has sent more than its budget: interim
/// answers, headers and body together.
struct Metered<S> {
    stream: S,
    budget: Rc<Cell<usize>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let read = buf.filled().len() - before;
        match self.budget.get().checked_sub(read) {
            Some(left) => {
                self.budget.set(left);
                polled
            }
            None => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the answer is larger than allowed",
            ))),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
