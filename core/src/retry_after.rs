//! When does a `Retry-After` header ask for the next attempt?
//!
//! RFC 9110, section 10.2.3: seconds, or a date in one of the three forms of section 5.6.7. What
//! is not understood is as if it were not there. The time is what was asked, however far off:
//! [`crate::decide`] caps it by [`crate::limits::RETRY_AFTER_MS_MAX`].

use std::time::UNIX_EPOCH;

use crate::time::UnixMs;

/// Reads the header's value, received at `now`.
#[must_use]
pub fn parse(value: &str, now: UnixMs) -> Option<UnixMs> {
    let value = value.trim_matches([' ', '\t']);
    if value.is_empty() {
        return None;
    }
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(now.plus_ms(seconds(value).saturating_mul(1000)));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let since_epoch = at.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok().map(UnixMs)
}

/// The number that the digits say; more than fits is the most that fits, for a wait that long is
/// still a wait.
fn seconds(digits: &str) -> u64 {
    digits.parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixMs = UnixMs(1_700_000_000_123);

    #[test]
    fn seconds_count_from_now() {
        assert_eq!(parse("0", NOW), Some(NOW));
        assert_eq!(parse("120", NOW), Some(NOW.plus_ms(120_000)));
        assert_eq!(parse(" 007\t", NOW), Some(NOW.plus_ms(7_000)));
    }

    #[test]
    fn all_three_forms_of_a_date_say_the_same_time() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(date, NOW), Some(UnixMs(784_111_777_000)), "{date}");
        }
    }

    #[test]
    fn a_number_too_large_waits_as_long_as_can_be_said() {
        assert_eq!(
            parse("99999999999999999999999999", NOW),
            Some(UnixMs(i64::MAX))
        );
        assert_eq!(parse("18446744073709551615", NOW), Some(UnixMs(i64::MAX)));
        assert_eq!(parse("18446744073709552", NOW), Some(UnixMs(i64::MAX)));
    }

    #[test]
    fn what_is_neither_is_as_if_it_were_not_there() {
        for value in [
            "",
            " ",
            "-1",
            "+1",
            "1.5",
            "1 2",
            "soon",
            "1s",
            "٣",
            "Sun, 06 Nov 1994",
        ] {
            assert_eq!(parse(value, NOW), None, "{value}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn no_value_panics(value in "\\PC{0,40}") {
            let _ = parse(&value, NOW);
        }
    }
}
