//! What is counted of a minute, an hour or a day, and how counts of several nodes become one?
//!
//! Counts are kept as a small document of their own ([`Counts::encode`]): nearly all of their places
//! are empty nearly always.

mod encoding;
mod failing;
mod tally;

use crate::error_class::ErrorClass;
use crate::outcome::Timing;

pub use encoding::Unreadable;
pub use failing::Failing;
pub use tally::Tally;

/// How long a stretch of time one row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Width {
    /// A minute.
    Minute = 60,
    /// An hour.
    Hour = 3_600,
    /// A day in UTC.
    Day = 86_400,
}

impl Width {
    /// All of them: everything is counted in each.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its length.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self as i64
    }

    /// When the stretch begins that this second lies in, in seconds since the epoch.
    #[must_use]
    pub const fn start_of(self, second: i64) -> i64 {
        second.div_euclid(self.seconds()) * self.seconds()
    }

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The width for the API's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|width| width.as_str() == word)
    }
}

/// What took time. Codes are stored and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// From the event's acceptance to its delivery's acknowledgement.
    Delivery = 0,
    /// From due to the start of an attempt.
    QueueWait = 1,
    /// Name resolution, where there was one.
    Dns = 2,
    /// TCP connect, where there was one.
    Connect = 3,
    /// TLS handshake, where there was one.
    Tls = 4,
    /// From the request's first byte to the answer's header.
    FirstByte = 5,
    /// A whole attempt.
    Attempt = 6,
}

impl Phase {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::Delivery,
        Self::QueueWait,
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::FirstByte,
        Self::Attempt,
    ];
}

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events accepted.
    pub accepted: u64,
    /// Deliveries acknowledged.
    pub delivered: u64,
    /// Deliveries given up.
    pub failed: u64,
    /// Failed attempts that another one follows.
    pub retried: u64,
    /// Attempts made, those that a person asked for included.
    pub attempts: u64,
    /// By the code of [`ErrorClass`]: failed attempts, and deliveries that failed without one.
    errors: Tally,
    /// By the code of [`Phase`]; how often a time fell into each bucket.
    times: [Tally; Phase::ALL.len()],
}

impl Counts {
    /// Counts an attempt: where its time went, and why it failed, if it did.
    pub fn attempt(&mut self, timing: &Timing, error: Option<ErrorClass>) {
        self.attempts = self.attempts.saturating_add(1);
        self.time(Phase::QueueWait, timing.queue_wait_us.into());
        self.time(Phase::Attempt, timing.total_us.into());
        // A zero phase did not happen.
        for (phase, us) in [
            (Phase::Dns, timing.dns_us),
            (Phase::Connect, timing.connect_us),
            (Phase::Tls, timing.tls_us),
            (Phase::FirstByte, timing.first_byte_us),
        ] {
            if us > 0 {
                self.time(phase, us.into());
            }
        }
        if let Some(class) = error {
            self.error(class);
        }
    }

    /// Counts a failure of this class.
    pub fn error(&mut self, class: ErrorClass) {
        self.errors.add(class.code(), 1);
    }

    /// Counts how long something took.
    pub fn time(&mut self, phase: Phase, us: u64) {
        self.times[phase as usize].add(tally::bucket_of(us), 1);
    }

    /// Failures by class, in the order of their codes.
    pub fn errors(&self) -> impl Iterator<Item = (ErrorClass, u64)> {
        let known = |(code, count)| Some((ErrorClass::from_code(code)?, count));
        self.errors.iter().filter_map(known)
    }

    /// How often something of this kind was timed.
    #[must_use]
    pub fn timed(&self, phase: Phase) -> u64 {
        self.times[phase as usize].total()
    }

    /// The time in microseconds that `percent` of what was timed took at most, within a tenth.
    /// `None` where nothing was timed.
    #[must_use]
    pub fn percentile_us(&self, phase: Phase, percent: u8) -> Option<u64> {
        self.times[phase as usize].percentile_us(percent)
    }

    /// Adds what another has counted. In whichever order, the sum is the same.
    pub fn merge(&mut self, other: &Self) {
        self.accepted = self.accepted.saturating_add(other.accepted);
        self.delivered = self.delivered.saturating_add(other.delivered);
        self.failed = self.failed.saturating_add(other.failed);
        self.retried = self.retried.saturating_add(other.retried);
        self.attempts = self.attempts.saturating_add(other.attempts);
        self.errors.merge(&other.errors);
        for (own, other) in self.times.iter_mut().zip(&other.times) {
            own.merge(other);
        }
    }

    /// The share of what was finished that was acknowledged, 0 to 1; `None` where nothing was.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        let finished = self.delivered.saturating_add(self.failed);
        (finished > 0).then(|| self.delivered as f64 / finished as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_begins_at_its_own_multiple_before_the_epoch_too() {
        assert_eq!(Width::Minute.start_of(1_700_000_039), 1_699_999_980);
        assert_eq!(Width::Hour.start_of(1_700_000_039), 1_699_999_200);
        assert_eq!(Width::Day.start_of(1_700_000_039), 1_699_920_000);
        assert_eq!(Width::Minute.start_of(-1), -60);
        for width in Width::ALL {
            assert_eq!(Width::parse(width.as_str()), Some(width));
        }
    }

    #[test]
    fn an_attempt_counts_the_phases_that_happened_and_its_failure() {
        let mut counts = Counts::default();
        let timing = Timing {
            queue_wait_us: 0,
            first_byte_us: 20_000,
            total_us: 21_000,
            ..Timing::default()
        };
        counts.attempt(&timing, Some(ErrorClass::ServerError));
        counts.attempt(&timing, None);
        let timed = Phase::ALL.map(|phase| counts.timed(phase));
        assert_eq!(timed, [0, 2, 0, 0, 0, 2, 2]);
        assert_eq!(counts.attempts, 2);
        let errors: Vec<_> = counts.errors().collect();
        assert_eq!(errors, [(ErrorClass::ServerError, 1)]);
    }

    #[test]
    fn nothing_finished_has_no_success_rate() {
        let mut counts = Counts::default();
        assert_eq!(counts.success_rate(), None);
        (counts.delivered, counts.failed) = (3, 1);
        assert_eq!(counts.success_rate(), Some(0.75));
    }
}
