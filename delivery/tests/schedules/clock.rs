//! What time is it? A clock that stands still until a test moves it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use hookwright_core::time::UnixMs;
use hookwright_delivery::{Clock, Later};
use tokio::sync::Notify;

/// A moment with odd milliseconds, so that rounding to seconds anywhere would show.
pub const START: UnixMs = UnixMs(1_763_700_000_123);

/// The clock; clones share it.
#[derive(Clone)]
pub struct SimClock {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    /// Told when a sleep begins or ends.
    changed: Notify,
}

struct State {
    now: UnixMs,
    next_id: u64,
    sleeps: BTreeMap<(UnixMs, u64), Option<Waker>>,
}

impl SimClock {
    pub fn new() -> Self {
        let state = State {
            now: START,
            next_id: 0,
            sleeps: BTreeMap::new(),
        };
        Self {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                changed: Notify::new(),
            }),
        }
    }

    /// Moves to `at` and wakes whoever slept until then or for less.
    pub fn move_to(&self, at: UnixMs) {
        let mut state = self.inner.state.lock().unwrap();
        assert!(at >= state.now, "time never goes back");
        state.now = at;
        for (_, waker) in state.sleeps.range_mut(..=(at, u64::MAX)) {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        }
    }

    /// When the first sleep ends.
    pub fn next_wake_at(&self) -> Option<UnixMs> {
        let state = self.inner.state.lock().unwrap();
        state.sleeps.first_key_value().map(|((at, _), _)| *at)
    }

    /// How many sleep.
    pub fn sleeping(&self) -> usize {
        self.inner.state.lock().unwrap().sleeps.len()
    }

    /// Resolves when a sleep has begun or ended since the last call.
    pub async fn changed(&self) {
        self.inner.changed.notified().await;
    }
}

impl Clock for SimClock {
    fn now(&self) -> UnixMs {
        self.inner.state.lock().unwrap().now
    }

    fn monotonic_us(&self) -> u64 {
        self.now().since(START) * 1_000
    }

    fn sleep_ms(&self, ms: u64) -> Later<()> {
        let mut state = self.inner.state.lock().unwrap();
        state.next_id += 1;
        let key = (state.now.plus_ms(ms), state.next_id);
        state.sleeps.insert(key, None);
        self.inner.changed.notify_one();
        Box::pin(Sleep {
            inner: Arc::clone(&self.inner),
            key,
        })
    }
}

struct Sleep {
    inner: Arc<Inner>,
    key: (UnixMs, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.inner.state.lock().unwrap();
        if state.now >= self.key.0 {
            return Poll::Ready(());
        }
        state.sleeps.insert(self.key, Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.inner.state.lock().unwrap().sleeps.remove(&self.key);
        self.inner.changed.notify_one();
    }
}
