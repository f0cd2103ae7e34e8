//! Statistics: counts of stretches of time, and what is not delivered yet.

use hookwright_core::ids::{AccountId, EndpointId, ProjectId};
use hookwright_core::rollup::{Counts, Width};
use hookwright_core::time::UnixMs;

/// What counts are about, within a project.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// All of the project.
    Project,
    /// One account.
    Account(AccountId),
    /// One endpoint.
    Endpoint(EndpointId),
    /// One event type, by name.
    EventType(String),
}

impl Subject {
    /// As it is stored.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Project => String::new(),
            Self::Account(id) => format!("a:{}", id.0),
            Self::Endpoint(id) => format!("e:{}", id.0),
            Self::EventType(name) => format!("t:{name}"),
        }
    }

    /// Where the failures of all endpoints are kept side by side.
    pub(crate) const FAILING: &str = "f";

    /// The keys of all endpoints lie between these.
    pub(crate) const ENDPOINTS: (&'static str, &'static str) = ("e:", "e;");

    /// The keys of all event types lie between these.
    pub(crate) const EVENT_TYPES: (&'static str, &'static str) = ("t:", "t;");

    pub(crate) fn event_type_of(key: &str) -> Option<&str> {
        key.strip_prefix("t:")
    }

    pub(crate) fn endpoint_of(key: &str) -> Option<EndpointId> {
        key.strip_prefix("e:")?.parse().ok().map(EndpointId)
    }
}

/// Counts to be added to what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollup {
    /// Its project.
    pub project_id: ProjectId,
    /// What is counted.
    pub subject: Subject,
    /// How long the stretch is.
    pub width: Width,
    /// When it begins, in seconds since the epoch: a multiple of its width.
    pub start: i64,
    /// The counts.
    pub counts: Counts,
}

/// Which stretches of time: all that begin within `since..until`, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretches {
    /// How long each is.
    pub width: Width,
    /// The first begins then: a multiple of the width.
    pub since: i64,
    /// None begins then or later.
    pub until: i64,
}

impl Stretches {
    /// When each begins, in order.
    pub fn starts(self) -> impl DoubleEndedIterator<Item = i64> {
        let width = self.width.seconds();
        (self.since.div_euclid(width)..self.until.div_euclid(width)).map(move |it| it * width)
    }
}

/// How often each of a project's endpoints failed in some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointFailures {
    /// Failed attempts, and deliveries that failed without one, of those that failed; in no order.
    pub endpoints: Vec<(EndpointId, u64)>,
    /// Whether that is all: there may have been more rows than one call adds up.
    pub is_complete: bool,
}

/// What each of a project's event types counted in some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventTypeCounts {
    /// Those that counted something, in no order; without times.
    pub event_types: Vec<(String, Counts)>,
    /// Whether that is all: there may have been more rows than one call adds up.
    pub is_complete: bool,
}

/// What one endpoint counted in one stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointStretch {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// When the stretch begins, in seconds since the epoch.
    pub start: i64,
    /// The counts.
    pub counts: Counts,
}

/// Deliveries that are neither delivered nor given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many there are, at least.
    pub deliveries: usize,
    /// Whether there are no more than that.
    pub is_exact: bool,
    /// When the oldest of them was made.
    pub oldest_at: Option<UnixMs>,
}

impl Backlog {
    /// Takes in what was found elsewhere.
    pub(crate) fn add(&mut self, deliveries: usize, oldest_at: Option<i64>) {
        self.deliveries += deliveries;
        let oldest_at = oldest_at.map(UnixMs);
        self.oldest_at = self.oldest_at.into_iter().chain(oldest_at).min();
    }
}
