//! What time is it?

use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock, in seconds since the epoch: what to hand to a
/// [`Verifier`](crate::Verifier) outside of tests.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one clock that is handed in")]
pub fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
