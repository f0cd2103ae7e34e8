//! Which of two JSON numbers is greater, exactly?
//!
//! Whole numbers of up to 64 bits are not rounded on their way to a comparison with others.

use std::cmp::Ordering;

use serde_json::Number;

/// Compares by value: 1 is 1.0.
pub(super) fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        (Some(a), None) => with_fraction(a, b.as_f64()?),
        (None, Some(b)) => with_fraction(b, a.as_f64()?).map(Ordering::reverse),
        (None, None) => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn whole(number: &Number) -> Option<i128> {
    let unsigned = number.as_u64().map(i128::from);
    unsigned.or_else(|| number.as_i64().map(i128::from))
}

/// `whole` has 64 bits, so that a float beyond those of `i128` is told by its sign alone.
fn with_fraction(whole: i128, float: f64) -> Option<Ordering> {
    // Beyond the bounds `as` answers the bound, which no 64-bit number reaches.
    let towards_zero = float.trunc() as i128;
    match whole.cmp(&towards_zero) {
        Ordering::Equal => 0.0_f64.partial_cmp(&float.fract()),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::*;

    fn order(a: &str, b: &str) -> Option<Ordering> {
        let number = |text| serde_json::from_str::<Number>(text).unwrap();
        compare(&number(a), &number(b))
    }

    #[test]
    fn whole_numbers_are_not_rounded() {
        // Both are the same as a float.
        assert_eq!(order("9007199254740993", "9007199254740992"), Some(Greater));
        assert_eq!(
            order("9007199254740993", "9007199254740992.0"),
            Some(Greater)
        );
        assert_eq!(
            order("18446744073709551615", "18446744073709551614"),
            Some(Greater)
        );
        assert_eq!(order("18446744073709551615", "-1"), Some(Greater));
        assert_eq!(
            order("-9223372036854775808", "-9223372036854775808.0"),
            Some(Equal)
        );
    }

    #[test]
    fn a_fraction_counts_on_both_sides_of_zero() {
        assert_eq!(order("1", "1.0"), Some(Equal));
        assert_eq!(order("1", "1.5"), Some(Less));
        assert_eq!(order("-1", "-1.5"), Some(Greater));
        assert_eq!(order("0", "-0.5"), Some(Greater));
        assert_eq!(order("0.1", "0"), Some(Greater));
        assert_eq!(order("0", "-0.0"), Some(Equal));
        assert_eq!(order("1.5", "1e300"), Some(Less));
        assert_eq!(order("5", "1e300"), Some(Less));
        assert_eq!(order("5", "-1e300"), Some(Greater));
    }
}
