//! How is the check put before a service?

use std::sync::{Arc, Mutex};

use tower_layer::Layer;

use crate::replays::Replays;
use crate::service::VerifyService;
use crate::verifier::Verifier;

const BODY_BYTES_MAX: usize = 1 << 20;
const REPLAYS_MESSAGES_MAX: usize = 16_384;
const REPLAYS_TTL_S: u32 = 24 * 60 * 60;

/// Puts [`VerifyService`] before a service: one layer for each endpoint, since what it remembers is
/// for one endpoint only. Clones share their memory.
///
/// Unless told otherwise it takes bodies of up to 1 MiB and remembers 16,384 messages for a day.
#[derive(Clone, Debug)]
pub struct VerifyLayer {
    pub(crate) verifier: Verifier,
    pub(crate) body_bytes_max: usize,
    pub(crate) replays: Option<Arc<Mutex<Replays>>>,
}

impl VerifyLayer {
    /// A layer that checks with this verifier.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        let replays = Replays::new(REPLAYS_MESSAGES_MAX, REPLAYS_TTL_S);
        Self {
            verifier,
            body_bytes_max: BODY_BYTES_MAX,
            replays: Some(Arc::new(Mutex::new(replays))),
        }
    }

    /// Refuses bodies of more bytes. Each request may hold this much memory before anything about
    /// it is known.
    #[must_use]
    pub fn body_bytes_max(mut self, body_bytes_max: usize) -> Self {
        self.body_bytes_max = body_bytes_max;
        self
    }

    /// Remembers as many messages, and as long, as these do.
    #[must_use]
    pub fn replays(mut self, replays: Replays) -> Self {
        self.replays = Some(Arc::new(Mutex::new(replays)));
        self
    }

    /// Passes duplicates and replays on to the service, which tells them apart itself.
    #[must_use]
    pub fn without_replays(mut self) -> Self {
        self.replays = None;
        self
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = VerifyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifyService::new(inner, self.clone())
    }
}
