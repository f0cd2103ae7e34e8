//! What the engine is handed rather than reaches for: time, chance, names and connections.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hookwright_core::time::UnixMs;
use rand::RngCore;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A future that any executor of one thread may run.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Time.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> UnixMs;
    /// Microseconds since some fixed moment; never goes back.
    fn monotonic_us(&self) -> u64;
    /// Resolves after `ms` milliseconds.
    fn sleep_ms(&self, ms: u64) -> Later<()>;
}

/// Chance.
pub trait Random: Send + Sync {
    /// Sixteen random bytes, unguessable.
    fn bytes(&self) -> [u8; 16];
}

/// Names.
pub trait Resolve: Send + Sync {
    /// All addresses of a host name. Bounded by its caller's deadline.
    fn resolve(&self, host: Arc<str>) -> Later<io::Result<Vec<IpAddr>>>;
}

/// A byte stream to a receiver.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
/// A byte stream to a receiver, of any kind.
pub type BoxedIo = Box<dyn Io>;

/// Connections.
pub trait Dial: Send + Sync {
    /// Connects to an address that was vetted already.
    fn dial(&self, address: SocketAddr) -> Later<io::Result<BoxedIo>>;
}

/// All that is handed in.
#[derive(Clone)]
pub struct World {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Names.
    pub resolver: Arc<dyn Resolve>,
    /// Connections.
    pub dialer: Arc<dyn Dial>,
}

impl World {
    /// The machine's own.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            resolver: Arc::new(SystemResolve::default()),
            dialer: Arc::new(SystemDial),
        }
    }

    /// A number in 0..1.
    #[must_use]
    pub fn unit(&self) -> f64 {
        let bytes = self.random.bytes();
        let (head, _) = bytes.split_at(8);
        let bits = head
            .iter()
            .fold(0u64, |bits, byte| (bits << 8) | u64::from(*byte))
            >> 11;
        bits as f64 / (1u64 << 53) as f64
    }
}

/// The machine's clock.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> UnixMs {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the wall clock"
        )]
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn sleep_ms(&self, ms: u64) -> Later<()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }
}

/// The machine's randomness, through a generator that it seeds.
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that draws randomness"
        )]
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }
}

/// The machine's resolver. Lookups block a thread each, so their number is bounded.
pub struct SystemResolve {
    room: Arc<tokio::sync::Semaphore>,
}

impl Default for SystemResolve {
    fn default() -> Self {
        Self {
            room: Arc::new(tokio::sync::Semaphore::new(
                hookwright_core::limits::LOOKUPS_MAX,
            )),
        }
    }
}

impl Resolve for SystemResolve {
    fn resolve(&self, host: Arc<str>) -> Later<io::Result<Vec<IpAddr>>> {
        let room = Arc::clone(&self.room);
        Box::pin(async move {
            let _permit = room.acquire_owned().await.map_err(io::Error::other)?;
            let found = tokio::net::lookup_host((&*host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// TCP.
pub struct SystemDial;

impl Dial for SystemDial {
    fn dial(&self, address: SocketAddr) -> Later<io::Result<BoxedIo>> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as BoxedIo)
        })
    }
}
