//! What does each profile promise? In numbers, written from the vendors' documents.

use hookwright_core::time::UnixMs;

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// When retries come, in milliseconds.
#[derive(Clone, Copy)]
pub enum Retries {
    /// After the end of the attempt before.
    Gaps(&'static [u64]),
    /// After the end of the first attempt.
    Offsets(&'static [u64]),
}

impl Retries {
    /// When the next attempt comes after so many failures, if one does.
    pub fn next_at(self, failed: usize, first_failed_at: UnixMs, now: UnixMs) -> Option<UnixMs> {
        match self {
            Self::Gaps(gaps) => gaps.get(failed - 1).map(|ms| now.plus_ms(*ms)),
            Self::Offsets(offsets) => {
                let ms = offsets.get(failed - 1);
                ms.map(|ms| first_failed_at.plus_ms(*ms))
            }
        }
    }
}

/// What a profile promises.
pub struct Promise {
    pub profile: &'static str,
    pub retries: Retries,
    pub attempts: usize,
    pub timeout_ms: u64,
    /// Whether this status is success.
    pub takes: fn(u16) -> bool,
}

fn only_200(status: u16) -> bool {
    status == 200
}

fn any_2xx(status: u16) -> bool {
    (200..=299).contains(&status)
}

const STANDARD: Retries = Retries::Gaps(&[
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
]);

pub const AUTHEPY: Promise = Promise {
    profile: "authepy",
    retries: Retries::Offsets(&[5 * MINUTE, 30 * MINUTE, 2 * HOUR]),
    attempts: 4,
    timeout_ms: 5 * SECOND,
    takes: any_2xx,
};

pub const AUTHPI: Promise = Promise {
    profile: "authpi",
    retries: STANDARD,
    attempts: 10,
    timeout_ms: 30 * SECOND,
    takes: only_200,
};

pub const AUTHENTO: Promise = Promise {
    profile: "authento",
    retries: Retries::Gaps(&[]),
    attempts: 1,
    timeout_ms: 30 * SECOND,
    takes: any_2xx,
};

pub const ENVOYOU: Promise = Promise {
    profile: "envoyou",
    retries: Retries::Gaps(&[SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND]),
    attempts: 5,
    timeout_ms: 30 * SECOND,
    takes: any_2xx,
};

pub const REACHSCORE: Promise = Promise {
    profile: "reachscore",
    retries: Retries::Gaps(&[MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR]),
    attempts: 6,
    timeout_ms: 30 * SECOND,
    takes: any_2xx,
};

pub const STANDARD_WEBHOOKS: Promise = Promise {
    profile: "standard-webhooks",
    retries: STANDARD,
    attempts: 10,
    timeout_ms: 30 * SECOND,
    takes: any_2xx,
};

pub const CLOUDEVENTS: Promise = Promise {
    profile: "cloudevents",
    ..STANDARD_WEBHOOKS
};

pub const ALL: [Promise; 7] = [
    AUTHEPY,
    AUTHPI,
    AUTHENTO,
    ENVOYOU,
    REACHSCORE,
    STANDARD_WEBHOOKS,
    CLOUDEVENTS,
];
