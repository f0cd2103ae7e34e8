//! Which numbers may a circuit breaker have?

use thiserror::Error;

use crate::breaker::BreakerSettings;
use crate::limits::{
    BREAKER_HALF_OPEN_ATTEMPTS_MAX, BREAKER_MIN_ATTEMPTS_MAX, BREAKER_OPEN_SECONDS_MAX,
    BREAKER_WINDOW_SECONDS_MAX,
};

/// A number out of bounds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("must be {bounds}")]
pub struct BreakerError {
    /// Which one, as the API calls it.
    pub field: &'static str,
    /// What it must be.
    pub bounds: String,
}

/// Checks every number of a breaker's settings.
///
/// # Errors
/// When one is out of its bounds.
pub fn check_breaker(settings: &BreakerSettings) -> Result<(), BreakerError> {
    let rate = settings.failure_rate;
    // A NaN is not above 0.
    if !(rate > 0.0 && rate <= 1.0) {
        return Err(BreakerError {
            field: "failure_rate",
            bounds: "more than 0 and at most 1".to_owned(),
        });
    }
    let counts = [
        (
            "min_attempts",
            settings.min_attempts,
            BREAKER_MIN_ATTEMPTS_MAX,
            "attempts",
        ),
        (
            "window_s",
            settings.window_s,
            BREAKER_WINDOW_SECONDS_MAX,
            "seconds",
        ),
        (
            "open_s",
            settings.open_s,
            BREAKER_OPEN_SECONDS_MAX,
            "seconds",
        ),
        (
            "half_open_attempts",
            settings.half_open_attempts,
            BREAKER_HALF_OPEN_ATTEMPTS_MAX,
            "attempts",
        ),
    ];
    match counts
        .into_iter()
        .find(|(_, is, max, _)| !(1..=*max).contains(is))
    {
        None => Ok(()),
        Some((field, _, max, unit)) => Err(BreakerError {
            field,
            bounds: format!("1 to {max} {unit}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_bounds_and_what_is_not_is_named() {
        let good = BreakerSettings::default();
        assert_eq!(check_breaker(&good), Ok(()));
        let field = |settings| check_breaker(&settings).unwrap_err().field;
        for failure_rate in [0.0, -0.5, 1.01, f64::NAN, f64::INFINITY] {
            assert_eq!(
                field(BreakerSettings {
                    failure_rate,
                    ..good
                }),
                "failure_rate"
            );
        }
        assert_eq!(
            field(BreakerSettings {
                min_attempts: 0,
                ..good
            }),
            "min_attempts"
        );
        assert_eq!(
            field(BreakerSettings {
                window_s: 3_601,
                ..good
            }),
            "window_s"
        );
        assert_eq!(field(BreakerSettings { open_s: 0, ..good }), "open_s");
        let half_open_attempts = 101;
        assert_eq!(
            field(BreakerSettings {
                half_open_attempts,
                ..good
            }),
            "half_open_attempts"
        );
    }
}
