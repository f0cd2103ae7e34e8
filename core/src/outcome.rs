//! What came of one attempt: an answer, or the class of what went wrong.

use crate::error_class::ErrorClass;
use crate::time::UnixMs;

/// The result of one HTTP request, as far as rules need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A final status line arrived in time.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The earliest time of a next attempt that the receiver asked for, if it did.
        retry_after: Option<UnixMs>,
    },
    /// No answer: why.
    Failed(ErrorClass),
}

/// Where the time of one attempt went, in microseconds. A zero phase did not happen, as DNS on a
/// pooled connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// From due to the start of the attempt.
    pub queue_wait_us: u32,
    /// Name resolution.
    pub dns_us: u32,
    /// TCP connect.
    pub connect_us: u32,
    /// TLS handshake.
    pub tls_us: u32,
    /// From the request's first byte to the answer's header.
    pub first_byte_us: u32,
    /// From the start of the attempt to its end.
    pub total_us: u32,
}
