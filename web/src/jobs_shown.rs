//! Replays, broadcasts and purges as they are shown.

use std::collections::BTreeMap;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use hookwright_store::{Job, JobSpec, PurgeOf, ReplaySpec, ReplayWhat};
use schemars::JsonSchema;
use serde::Serialize;

use crate::times;

/// What a replay would be about.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ReplayCount {
    /// Deliveries.
    pub(crate) count: u64,
    /// Whether all rows were looked at: `counted_rows` are; what lies beyond is not counted.
    pub(crate) count_is_exact: bool,
    /// Deliveries that would be passed over, by reason.
    pub(crate) skipped: BTreeMap<String, u64>,
}

/// A replay.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Replay")]
pub(crate) struct ReplayShown {
    id: String,
    /// running, paused, finished, cancelled or failed.
    state: &'static str,
    /// failed, all or missing.
    what: &'static str,
    endpoint_id: Option<String>,
    account_id: Option<String>,
    event_types: Vec<String>,
    /// The event that it is about alone.
    event_id: Option<String>,
    /// The states of the deliveries that it takes up; empty is all that `what` says.
    states: Vec<&'static str>,
    /// The class of the status that deliveries were last answered with, as 5xx.
    status_class: Option<String>,
    /// The status that deliveries were last answered with.
    status_code: Option<u16>,
    /// The class of the deliveries' last failure.
    error_class: Option<&'static str>,
    since: Option<String>,
    until: Option<String>,
    rate_per_second: Option<u32>,
    /// Deliveries that it was found to be about when it was made.
    total: Option<u64>,
    /// Whether `total` was counted to the end.
    total_is_exact: bool,
    /// Deliveries that it has made due: they are sent as any other, and may fail again.
    done: u64,
    /// Deliveries passed over, by reason: endpoint_disabled, endpoint_deleted, payload_gone,
    /// already_waiting or changed_meanwhile.
    skipped: BTreeMap<String, u64>,
    /// Why it failed, if it did.
    error: Option<String>,
    started_at: String,
    updated_at: String,
    finished_at: Option<String>,
}

impl ReplayShown {
    pub(crate) fn new(job: &Job) -> Self {
        let spec = match &job.spec {
            JobSpec::Replay(spec) => Some(spec.clone()),
            JobSpec::Broadcast(_) | JobSpec::Purge(_) => None,
        };
        let of = spec.as_ref();
        let status = of.and_then(|spec| spec.status);
        Self {
            id: job.public_id.clone(),
            state: job.state.as_str(),
            what: match of.map(|spec| spec.what).unwrap_or_default() {
                ReplayWhat::Failed => "failed",
                ReplayWhat::All => "all",
                ReplayWhat::Missing => "missing",
            },
            endpoint_id: of.and_then(|spec| spec.endpoint.clone().map(|(_, id)| id)),
            account_id: of.and_then(|spec| spec.account.clone()),
            event_types: of.map(|spec| spec.event_types.clone()).unwrap_or_default(),
            event_id: of.and_then(|spec| spec.event.clone().map(|(_, id)| id)),
            states: of.map(states).unwrap_or_default(),
            status_class: status
                .filter(|(first, last)| first != last)
                .map(|(first, _)| format!("{}xx", first / 100)),
            status_code: status
                .filter(|(first, last)| first == last)
                .map(|(first, _)| first),
            error_class: of
                .and_then(|spec| ErrorClass::from_code(spec.error?))
                .map(ErrorClass::as_str),
            since: of.map(|spec| times::rfc3339(spec.since)),
            until: of.map(|spec| times::rfc3339(spec.until)),
            rate_per_second: of.map(|spec| spec.rows_per_second),
            total: job.progress.total,
            total_is_exact: job.progress.total_is_exact,
            done: job.progress.done,
            skipped: job.progress.skipped.clone(),
            error: job.progress.error.clone(),
            started_at: times::rfc3339(job.created_at),
            updated_at: times::rfc3339(job.updated_at),
            finished_at: job.finished_at.map(times::rfc3339),
        }
    }
}

fn states(spec: &ReplaySpec) -> Vec<&'static str> {
    let codes = spec.states.iter();
    let states = codes.filter_map(|code| DeliveryState::from_code(*code));
    states.map(DeliveryState::as_str).collect()
}

/// A broadcast.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Broadcast")]
pub(crate) struct BroadcastShown {
    id: String,
    /// running, finished or failed.
    state: &'static str,
    /// The event's type.
    r#type: String,
    /// Accounts that there were when it was made.
    accounts: u64,
    /// Accounts that have got the event.
    done: u64,
    /// Accounts passed over, by reason.
    skipped: BTreeMap<String, u64>,
    /// Why it failed, if it did.
    error: Option<String>,
    started_at: String,
    updated_at: String,
    finished_at: Option<String>,
}

impl BroadcastShown {
    pub(crate) fn new(job: &Job) -> Self {
        let r#type = match &job.spec {
            JobSpec::Broadcast(spec) => spec.event_type.clone(),
            JobSpec::Replay(_) | JobSpec::Purge(_) => String::new(),
        };
        Self {
            id: job.public_id.clone(),
            state: job.state.as_str(),
            r#type,
            accounts: job.progress.total.unwrap_or(0),
            done: job.progress.done,
            skipped: job.progress.skipped.clone(),
            error: job.progress.error.clone(),
            started_at: times::rfc3339(job.created_at),
            updated_at: times::rfc3339(job.updated_at),
            finished_at: job.finished_at.map(times::rfc3339),
        }
    }
}

/// A purge: its receipt, kept for good.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Purge")]
pub(crate) struct PurgeShown {
    id: String,
    /// running, finished or failed.
    state: &'static str,
    /// The account whose data goes.
    account_id: Option<String>,
    /// The event that goes.
    event_id: Option<String>,
    /// SHA-256, in hex, of the canonical JSON (RFC 8785) of the subject whose events go.
    subject_sha256: Option<String>,
    /// The key that asked for it.
    key_id: Option<String>,
    /// What was removed: events, payloads, names (given ids and idempotency keys), deliveries and
    /// attempts.
    removed: BTreeMap<String, u64>,
    /// A chain over the ids of the events removed, in their order: SHA-256, in hex, of the link
    /// before (none at first) followed by the id.
    digest: Option<String>,
    /// Why it failed, if it did.
    error: Option<String>,
    asked_at: String,
    updated_at: String,
    finished_at: Option<String>,
}

impl PurgeShown {
    pub(crate) fn new(job: &Job) -> Self {
        let (of, key_id) = match &job.spec {
            JobSpec::Purge(spec) => (Some(&spec.of), spec.key.clone()),
            JobSpec::Replay(_) | JobSpec::Broadcast(_) => (None, None),
        };
        let (mut account_id, mut event_id, mut subject_sha256) = (None, None, None);
        match of {
            Some(PurgeOf::Account(_, id)) => account_id = Some(id.clone()),
            Some(PurgeOf::Event(_, id)) => event_id = Some(id.clone()),
            Some(PurgeOf::Subject(digest)) => subject_sha256 = Some(digest.clone()),
            None => {}
        }
        Self {
            id: job.public_id.clone(),
            state: job.state.as_str(),
            account_id,
            event_id,
            subject_sha256,
            key_id,
            removed: job.progress.removed.clone(),
            digest: job.progress.digest.clone(),
            error: job.progress.error.clone(),
            asked_at: times::rfc3339(job.created_at),
            updated_at: times::rfc3339(job.updated_at),
            finished_at: job.finished_at.map(times::rfc3339),
        }
    }
}
