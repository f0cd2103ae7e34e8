//! Jobs: long work that survives a restart. Replays, broadcasts and purges.

use std::collections::BTreeMap;

use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId, JobId, ProjectId};
use hookwright_core::job_state::{JobKind, JobState};
use hookwright_core::time::UnixMs;
use serde::{Deserialize, Serialize};

use super::{Lease, ReplaySpec};

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Row.
    pub id: JobId,
    /// Public id, unique.
    pub public_id: String,
    /// Its project.
    pub project_id: ProjectId,
    /// Its account, where it is about one alone.
    pub account_id: Option<AccountId>,
    /// State.
    pub state: JobState,
    /// What it does.
    pub spec: JobSpec,
    /// What it has done.
    pub progress: JobProgress,
    /// The last row that it has dealt with.
    pub place: i64,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it last did something.
    pub updated_at: UnixMs,
    /// When it ended.
    pub finished_at: Option<UnixMs>,
}

/// A job to be made.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Public id, unique.
    pub public_id: String,
    /// Its project.
    pub project_id: ProjectId,
    /// Its account, where it is about one alone.
    pub account_id: Option<AccountId>,
    /// What it does.
    pub spec: JobSpec,
    /// What is known of it already.
    pub progress: JobProgress,
    /// The row after which it begins.
    pub place: i64,
    /// Now.
    pub now: UnixMs,
}

/// The proof that a node works on a job: a fencing token, renewed whenever it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldJob {
    /// Which.
    pub id: JobId,
    /// The token.
    pub lease: Lease,
}

/// What a job does; kept as one JSON document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobSpec {
    /// Delivers past events again.
    Replay(ReplaySpec),
    /// Publishes one event to every account.
    Broadcast(BroadcastSpec),
    /// Removes data.
    Purge(PurgeSpec),
}

impl JobSpec {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Replay(_) => JobKind::Replay,
            Self::Broadcast(_) => JobKind::Broadcast,
            Self::Purge(_) => JobKind::Purge,
        }
    }
}

/// What a broadcast publishes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BroadcastSpec {
    /// The event's type.
    pub event_type: String,
    /// Raw JSON; `None` once it has ended.
    pub data: Option<String>,
    /// When it happened.
    pub time: UnixMs,
    /// Raw JSON; `None` once it has ended.
    pub subject: Option<String>,
    /// Trace id.
    pub trace: Option<String>,
    /// Channels to publish on.
    pub channels: Vec<String>,
    /// The publisher's own notes.
    pub metadata: BTreeMap<String, String>,
    /// When its deliveries become due, if not at once.
    pub deliver_at: Option<UnixMs>,
    /// Accounts each second at most.
    pub rows_per_second: u32,
    /// SHA-256 of all that the publisher said, in hex: a repetition must be the same.
    pub fingerprint: String,
}

/// What a purge removes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurgeSpec {
    /// Of whom.
    pub of: PurgeOf,
    /// The public id of the key that asked for it.
    pub key: Option<String>,
    /// The row before which it ends.
    pub end_row: i64,
}

/// Whose data a purge removes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurgeOf {
    /// Of an account, by row and public id: its events, endpoints and keys.
    Account(i64, String),
    /// Of an event, by row and public id.
    Event(i64, String),
    /// Of events whose subject has this SHA-256, in hex.
    Subject(String),
}

/// What a job has done; kept as one JSON document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobProgress {
    /// How many it is expected to do in all, where that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether that was counted to the end.
    pub total_is_exact: bool,
    /// Deliveries, accounts or events done.
    pub done: u64,
    /// What was passed over, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// What was removed, by class.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub removed: BTreeMap<String, u64>,
    /// A chain of SHA-256 over the ids of the events removed, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl JobProgress {
    /// Counts things of this name.
    pub fn count(counts: &mut BTreeMap<String, u64>, name: &str, count: u64) {
        if count > 0 {
            *counts.entry(name.to_owned()).or_default() += count;
        }
    }
}

/// How far one step of a job has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepEnd {
    /// The last row dealt with.
    pub place: i64,
    /// Passed over, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// How the job ends with it, if it does: its new state.
    pub ends: Option<JobState>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

impl StepEnd {
    /// The account whose own rows are emptied with this step: it ends the purge of one.
    pub(crate) fn forgets(&self, job: &Job) -> Option<AccountId> {
        match &job.spec {
            JobSpec::Purge(PurgeSpec {
                of: PurgeOf::Account(row, _),
                ..
            }) if self.ends == Some(JobState::Finished) => Some(AccountId(*row)),
            _ => None,
        }
    }
}

/// A past delivery that a replay looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct PastDelivery {
    /// Row.
    pub id: DeliveryId,
    /// Its state's code.
    pub state: u8,
    /// Its endpoint.
    pub endpoint_id: EndpointId,
    /// Its event's type.
    pub event_type: String,
    /// When its event was accepted.
    pub accepted_at: UnixMs,
    /// Whether its event still has its payload.
    pub has_payload: bool,
}

/// A past event that a replay of missing deliveries looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct PastEvent {
    /// Row.
    pub id: EventId,
    /// Its account.
    pub account_id: AccountId,
    /// Its type's name.
    pub event_type: String,
    /// When it was accepted.
    pub accepted_at: UnixMs,
    /// Channels that it was published on.
    pub channels: Vec<String>,
    /// When its deliveries become due, if not at once.
    pub deliver_at: Option<UnixMs>,
    /// Whether it still has its payload.
    pub has_payload: bool,
    /// Its publisher's own notes.
    pub metadata: BTreeMap<String, String>,
    /// Endpoints that have a delivery of it.
    pub endpoints: Vec<EndpointId>,
}

/// An event that a purge may remove.
#[derive(Clone, Debug, PartialEq)]
pub struct PurgedEvent {
    /// Row.
    pub id: EventId,
    /// When it was accepted.
    pub accepted_at: UnixMs,
    /// The id that its publisher gave.
    pub given_id: Option<String>,
    /// Raw JSON.
    pub subject: Option<String>,
}

/// Rows that were looked at, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked<T> {
    /// What was found.
    pub found: Vec<T>,
    /// The last row looked at: where to go on.
    pub place: i64,
    /// There is nothing further.
    pub ended: bool,
}

/// Where to look: rows after `after` and before `end`, about so many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// After this row.
    pub after: i64,
    /// Before this row.
    pub end: i64,
    /// Rows to look at.
    pub rows: usize,
}

/// What one step of a replay does, each row only if it is still as it was looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplayStep {
    /// Failed or cancelled ones that begin anew.
    pub reopened: Vec<DeliveryId>,
    /// Delivered ones that get one attempt more.
    pub resent: Vec<DeliveryId>,
    /// New deliveries: their event, endpoint and due time.
    pub added: Vec<(EventId, EndpointId, UnixMs)>,
    /// How far it has come.
    pub end: StepEnd,
}

/// Where rows begin and end: after the first, before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowsSince {
    /// Deliveries.
    pub deliveries: (i64, i64),
    /// Events.
    pub events: (i64, i64),
}
