//! What the tests of many nodes need: the parts of the end-to-end tests that fit, and how to wait.

#[path = "../end_to_end/support/client.rs"]
pub(crate) mod client;
#[expect(dead_code, reason = "only some of it is needed here")]
#[path = "../end_to_end/support/sink.rs"]
pub(crate) mod sink;
#[path = "../end_to_end/support/stream.rs"]
pub(crate) mod stream;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long any one thing may take before its test fails. Nothing waits this long when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const ASK_EVERY: Duration = Duration::from_millis(10);

/// Each test starts a database and several nodes: one test at a time has the machine.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static MACHINE: Mutex<()> = Mutex::new(());
    // A test that failed is done with it as well.
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks again until there is an answer; says how long that took.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> (T, Duration) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(answer) = ask() {
            return (answer, begun.elapsed());
        }
        std::thread::sleep(ASK_EVERY);
    }
    panic!("never within {PATIENCE:?}: {what}");
}
