//! What an append becomes as rows, whatever the engine.

use std::collections::BTreeMap;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::state::DeliveryState;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::append::{Append, Appended, Disposition, Route};
use crate::error::StoreError;
use crate::model::Lease;

/// The parts of an event that are rarely given, as one JSON document.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Extra {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) channels: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
    /// In Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deliver_at: Option<i64>,
}

/// What differs between deliveries that are sent, left for a claim, and failed at once.
pub(crate) struct DeliveryRow {
    pub(crate) state: DeliveryState,
    pub(crate) lease: i64,
    pub(crate) due_at: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    pub(crate) class: Option<u8>,
}

impl DeliveryRow {
    pub(crate) fn of(route: &Route, append: &Append, lease: Lease) -> Self {
        let now = append.accepted_at;
        let waiting = Self {
            state: DeliveryState::Pending,
            lease: 0,
            due_at: Some(append.deliver_at.unwrap_or(now).0),
            finished_at: None,
            class: None,
        };
        match route.disposition {
            Disposition::Leased => Self {
                lease: lease.0,
                due_at: None,
                ..waiting
            },
            Disposition::Due => waiting,
            Disposition::EndpointDisabled => Self {
                state: DeliveryState::Failed,
                due_at: None,
                finished_at: Some(now.0),
                class: Some(ErrorClass::EndpointDisabled.code()),
                ..waiting
            },
        }
    }
}

/// The [`Extra`] of an append, if it has any.
pub(crate) fn extra_json(append: &Append) -> Result<Option<String>, StoreError> {
    let nothing = append.subject.is_none()
        && append.trace.is_none()
        && append.channels.is_empty()
        && append.metadata.is_empty()
        && append.deliver_at.is_none();
    if nothing {
        return Ok(None);
    }
    let extra = Extra {
        subject: append.subject.clone(),
        trace: append.trace.clone(),
        channels: append.channels.clone(),
        metadata: append.metadata.clone(),
        deliver_at: append.deliver_at.map(|at| at.0),
    };
    serde_json::to_string(&extra)
        .map(Some)
        .map_err(|error| StoreError::Engine(error.to_string()))
}

/// The names under which a repetition is noticed.
pub(crate) fn names_of(append: &Append) -> Vec<String> {
    let given = append.given_id.as_ref().map(|id| format!("i:{id}"));
    let key = append
        .idempotency_key
        .as_ref()
        .map(|key| format!("k:{key}"));
    given.into_iter().chain(key).collect()
}

/// What the name of another content is answered.
pub(crate) fn conflict_of(name: &str) -> Appended {
    if name.starts_with("k:") {
        Appended::KeyReused
    } else {
        Appended::Conflict
    }
}

/// What must be the same for a repetition to be one: all that the publisher said.
pub(crate) fn fingerprint(append: &Append) -> Vec<u8> {
    let mut hash = Context::new(&SHA256);
    let mut part = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(&append.account_id.0.to_le_bytes());
    // A key must not answer with an event of another id than the one asked for.
    part(append.given_id.as_deref().unwrap_or_default().as_bytes());
    part(append.event_type.as_bytes());
    part(&append.payload);
    part(append.subject.as_deref().unwrap_or_default().as_bytes());
    part(append.trace.as_deref().unwrap_or_default().as_bytes());
    append
        .channels
        .iter()
        .for_each(|channel| part(channel.as_bytes()));
    for (name, value) in &append.metadata {
        part(name.as_bytes());
        part(value.as_bytes());
    }
    if let Some(at) = append.deliver_at {
        part(&at.0.to_le_bytes());
    }
    hash.finish().as_ref()[..16].to_vec()
}
