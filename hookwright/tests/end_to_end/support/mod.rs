//! What every end-to-end test needs: a server, a client, a sink and the receivers.

pub(crate) mod client;
pub(crate) mod mutual_tls;
pub(crate) mod receiver;
pub(crate) mod server;
pub(crate) mod sink;
pub(crate) mod stream;

use std::time::Duration;

/// How long any one thing may take before its test fails. Nothing waits this long when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
