//! May somebody try to sign in once more? Failures are counted for each address and for all
//! together, in memory that is bounded; who is right is not counted.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use hookwright_core::limits::{
    SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_OF_ALL_PER_MINUTE_MAX, SIGN_IN_FAILURES_PER_MINUTE_MAX,
};
use hookwright_core::request_rate::admit;

const NS_PER_MS: i64 = 1_000_000;
/// Rates are told per second: a clock that runs so much slower makes them rates per minute.
const SLOWER: i64 = 60;

/// Where somebody tries from: an IPv4 address, or the network that one holder of IPv6 addresses has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum From {
    V4([u8; 4]),
    V6([u16; 4]),
    /// Unknown, or one more than are counted one by one.
    Others,
}

impl From {
    fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Self::V4(address.octets()),
            Some(IpAddr::V6(address)) => {
                let [first, second, third, fourth, ..] = address.segments();
                Self::V6([first, second, third, fourth])
            }
            None => Self::Others,
        }
    }
}

/// When each bucket of attempts is full again, by the slow clock.
#[derive(Default)]
struct Buckets {
    all: i64,
    of: HashMap<From, i64>,
}

/// Attempts that failed lately.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<Buckets>);

/// An attempt under way. It counts as failed unless it is said to be right.
pub(crate) struct Attempt {
    from: From,
}

impl Throttle {
    /// Begins an attempt at `now_ms`.
    ///
    /// # Errors
    /// After how many seconds to try again.
    pub(crate) fn begin(&self, address: Option<IpAddr>, now_ms: i64) -> Result<Attempt, u64> {
        let now = now_ms.saturating_mul(NS_PER_MS) / SLOWER;
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut from = From::of(address);
        if !buckets.of.contains_key(&from) && buckets.of.len() >= SIGN_IN_ADDRESSES_MAX {
            // What is full again need not be known.
            buckets.of.retain(|_, full_at| *full_at > now);
            if buckets.of.len() >= SIGN_IN_ADDRESSES_MAX {
                from = From::Others;
            }
        }
        let own = buckets.of.get(&from).copied().unwrap_or(0);
        let own = admit(own, now, SIGN_IN_FAILURES_PER_MINUTE_MAX).map_err(seconds)?;
        let all = admit(buckets.all, now, SIGN_IN_FAILURES_OF_ALL_PER_MINUTE_MAX);
        buckets.all = all.map_err(seconds)?;
        buckets.of.insert(from, own);
        Ok(Attempt { from })
    }

    /// The attempt was right: it is not counted.
    pub(crate) fn forgive(&self, attempt: &Attempt) {
        let one = |rate: u32| 1_000 * NS_PER_MS / i64::from(rate);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.all -= one(SIGN_IN_FAILURES_OF_ALL_PER_MINUTE_MAX);
        if let Some(own) = buckets.of.get_mut(&attempt.from) {
            *own -= one(SIGN_IN_FAILURES_PER_MINUTE_MAX);
        }
    }
}

/// Nanoseconds of the slow clock as seconds, a second at least.
fn seconds(wait: i64) -> u64 {
    let ms = wait.max(0).saturating_mul(SLOWER) / NS_PER_MS;
    u64::try_from(ms).unwrap_or(0).div_ceil(1_000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    /// Failed attempts that are let through of so many.
    fn let_through(throttle: &Throttle, from: &str, tries: u32, now: i64) -> u32 {
        let tries = (0..tries).map(|_| throttle.begin(address(from), now));
        tries.map(|attempt| u32::from(attempt.is_ok())).sum()
    }

    #[test]
    fn failures_are_bounded_for_each_address_and_come_back_with_time() {
        let throttle = Throttle::default();
        let max = SIGN_IN_FAILURES_PER_MINUTE_MAX;
        assert_eq!(let_through(&throttle, "192.0.2.1", max + 5, NOW), max);
        let wait = throttle.begin(address("192.0.2.1"), NOW).err();
        assert_eq!(wait, Some(u64::from(60 / max)));
        assert_eq!(let_through(&throttle, "192.0.2.2", 1, NOW), 1);
        assert_eq!(
            let_through(&throttle, "192.0.2.1", max + 5, NOW + 60_000),
            max
        );
    }

    #[test]
    fn who_is_right_may_go_on() {
        let throttle = Throttle::default();
        for _ in 0..SIGN_IN_FAILURES_OF_ALL_PER_MINUTE_MAX * 2 {
            let attempt = throttle.begin(address("192.0.2.1"), NOW);
            throttle.forgive(&attempt.expect("nothing failed"));
        }
    }

    #[test]
    fn one_holders_addresses_count_as_one() {
        let throttle = Throttle::default();
        let of = |n: u32| format!("2001:db8:1:2::{n:x}");
        let tries = (0..100).map(|n| let_through(&throttle, &of(n), 1, NOW));
        assert_eq!(tries.sum::<u32>(), SIGN_IN_FAILURES_PER_MINUTE_MAX);
        assert_eq!(let_through(&throttle, "2001:db8:1:3::1", 1, NOW), 1);
        assert_eq!(let_through(&throttle, "::ffff:192.0.2.9", 1, NOW), 1);
    }

    #[test]
    fn all_together_are_bounded_and_memory_too() {
        let throttle = Throttle::default();
        let mut through = 0;
        for n in 0..20_000_u32 {
            let from = format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
            // A few each second, so that the bound of all is not what ends it.
            through += let_through(&throttle, &from, 1, NOW + i64::from(n) / 10);
        }
        assert!((SIGN_IN_FAILURES_OF_ALL_PER_MINUTE_MAX..700).contains(&through));
        let known = throttle.0.lock().expect("a lock").of.len();
        assert!(known <= SIGN_IN_ADDRESSES_MAX);
    }
}
