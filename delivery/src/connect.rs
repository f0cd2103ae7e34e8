//! How a connection is made: resolve, vet the addresses, dial one of those, shake hands.
//!
//! **Invariant:** the address dialled is one that the rule was asked about, in this call. The
//! rule judges addresses and never names or text.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hookwright_core::address::AddressRule;
use hookwright_core::error_class::ErrorClass;
use hookwright_core::outcome::Timing;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::connection::Connection;
use crate::place::Place;
use crate::tokens::Tokens;
use crate::world::{BoxedIo, World};

/// What connections are made with.
pub(crate) struct Connector {
    pub(crate) world: World,
    pub(crate) rule: AddressRule,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) tokens: Tokens,
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
    /// Connects to `place`, writing into `timing` as it goes, so that a deadline that ends this
    /// leaves the phases that were finished.
    pub(crate) async fn connect(
        &self,
        place: &Place,
        timing: &Cell<Timing>,
    ) -> Result<Connection, NoConnection> {
        let mut clock = Phase {
            world: &self.world,
            from_us: self.world.clock.monotonic_us(),
        };
        let addresses = self.addresses(place).await?;
        timing.set(Timing {
            dns_us: clock.lap(),
            ..timing.get()
        });
        let stream = self.dial(&addresses, place.port()).await?;
        timing.set(Timing {
            connect_us: clock.lap(),
            ..timing.get()
        });
        if place.https {
            let name = ServerName::try_from(place.host.to_string())
                .map_err(|error| refused(ErrorClass::Tls, error))?;
            let stream = TlsConnector::from(Arc::clone(place.tls.as_ref().unwrap_or(&self.tls)))
                .connect(name, stream)
                .await
                .map_err(|error| refused(ErrorClass::Tls, error))?;
            timing.set(Timing {
                tls_us: clock.lap(),
                ..timing.get()
            });
            Ok(Connection::new(Box::new(stream)))
        } else {
            Ok(Connection::new(stream))
        }
    }

    async fn addresses(&self, place: &Place) -> Result<Vec<IpAddr>, NoConnection> {
        let addresses = match place.literal_ip {
            Some(ip) => vec![ip],
            None => self
                .world
                .resolver
                .resolve(Arc::clone(&place.host))
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
