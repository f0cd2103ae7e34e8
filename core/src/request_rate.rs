//! May one more request be made within a rate, and if not, when?
//!
//! A bucket that holds as many requests as the rate is per second and fills evenly, kept as one
//! number: the time at which it would be full again.

const NS_PER_S: i64 = 1_000_000_000;

/// Admits a request at `now` to what is `full_at`, at `rate` requests per second.
///
/// # Errors
/// How long to wait, in nanoseconds, where the bucket is empty.
pub const fn admit(full_at: i64, now: i64, rate: u32) -> Result<i64, i64> {
    let rate = if rate == 0 { 1 } else { rate as i64 };
    let one = NS_PER_S / rate;
    // A clock that was set back must not keep the bucket empty until it has caught up.
    let latest = now.saturating_add(NS_PER_S);
    let full_at = if full_at > latest { latest } else { full_at };
    let begun = if full_at > now { full_at } else { now };
    let next = begun.saturating_add(one);
    if next > latest {
        return Err(next - latest);
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Requests admitted of one every `gap` nanoseconds for so many.
    fn admitted(rate: u32, gap: i64, count: i64) -> i64 {
        let mut full_at = 0;
        let mut admitted = 0;
        for n in 0..count {
            if let Ok(next) = admit(full_at, NS_PER_S + n * gap, rate) {
                full_at = next;
                admitted += 1;
            }
        }
        admitted
    }

    #[test]
    fn a_full_bucket_holds_a_seconds_worth() {
        for rate in [1, 2, 3, 50, 100_000] {
            assert_eq!(admitted(rate, 0, i64::from(rate) + 10), i64::from(rate));
        }
    }

    #[test]
    fn a_steady_rate_is_admitted_and_twice_as_much_is_halved() {
        assert_eq!(admitted(100, NS_PER_S / 100, 1_000), 1_000);
        let halved = admitted(100, NS_PER_S / 200, 2_000);
        assert!((1_090..=1_110).contains(&halved), "{halved}");
    }

    #[test]
    fn whoever_is_refused_and_waits_as_told_is_admitted() {
        let mut full_at = 0;
        while let Ok(next) = admit(full_at, 0, 7) {
            full_at = next;
        }
        let wait = admit(full_at, 0, 7).expect_err("empty");
        assert!(wait <= NS_PER_S / 7);
        assert!(admit(full_at, wait - 1, 7).is_err());
        assert!(admit(full_at, wait, 7).is_ok());
    }

    #[test]
    fn a_clock_set_back_refuses_for_no_longer_than_a_refill() {
        let hour = 3_600 * NS_PER_S;
        let wait = admit(hour, 0, 10).expect_err("as if empty");
        assert!(wait <= NS_PER_S / 10);
    }

    proptest! {
        #[test]
        fn no_numbers_panic_and_no_wait_is_longer_than_a_second(full_at: i64, now in 0..i64::MAX, rate: u32) {
            match admit(full_at, now, rate) {
                Ok(next) => prop_assert!(next >= now),
                Err(wait) => prop_assert!((1..=NS_PER_S).contains(&wait)),
            }
        }
    }
}
