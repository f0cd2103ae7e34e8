//! How event types are shown: the project's own, and under them those of its profile.

use std::collections::BTreeMap;

use hookwright_store::{EventType, EventTypeVersion};
use hookwright_wire::{EventTypeInfo, Profile};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::times;

/// An event type.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "EventType")]
pub(super) struct EventTypeShown {
    pub(super) name: String,
    /// What it tells.
    description: Option<String>,
    /// What it is listed with.
    group: Option<String>,
    /// It should not be subscribed to any more.
    deprecated: bool,
    /// It is published no more.
    archived: bool,
    /// Who says so.
    source: Source,
    /// What its payloads look like, oldest first.
    versions: Vec<VersionShown>,
    /// When the project first described it (RFC 3339); null for a profile's.
    created_at: Option<String>,
    /// When that was last changed (RFC 3339); null for a profile's.
    updated_at: Option<String>,
}

/// Who describes an event type.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "EventTypeSource")]
enum Source {
    /// The project itself.
    Project,
    /// Its wire format.
    Profile,
}

/// What the payload of an event type looks like.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "EventTypeVersion")]
pub(super) struct VersionShown {
    version: u32,
    /// A JSON Schema; null if none was given.
    schema: Option<Value>,
    /// A payload; null if none was given.
    example: Option<Value>,
}

impl From<&EventTypeVersion> for VersionShown {
    fn from(version: &EventTypeVersion) -> Self {
        Self {
            version: version.version,
            schema: version.schema.clone(),
            example: version.example.clone(),
        }
    }
}

impl From<&EventType> for EventTypeShown {
    fn from(it: &EventType) -> Self {
        let document = &it.document;
        Self {
            name: it.name.clone(),
            description: document.description.clone(),
            group: document.group.clone(),
            deprecated: document.deprecated,
            archived: document.archived,
            source: Source::Project,
            versions: document.versions.iter().map(VersionShown::from).collect(),
            created_at: Some(times::rfc3339(it.created_at)),
            updated_at: Some(times::rfc3339(it.updated_at)),
        }
    }
}

impl From<&EventTypeInfo> for EventTypeShown {
    fn from(info: &EventTypeInfo) -> Self {
        Self {
            name: info.name.clone(),
            description: Some(info.description.clone()).filter(|text| !text.is_empty()),
            group: None,
            deprecated: false,
            archived: false,
            source: Source::Profile,
            versions: Vec::new(),
            created_at: None,
            updated_at: None,
        }
    }
}

impl EventTypeShown {
    pub(super) const fn is_published(&self) -> bool {
        !self.archived
    }
}

/// What a project describes and what its profile lists, by name.
pub(super) fn all(own: &[EventType], profile: Option<&Profile>) -> Vec<EventTypeShown> {
    let listed = profile.iter().flat_map(|profile| &profile.catalogue);
    let listed = listed.map(|info| (info.name.as_str(), EventTypeShown::from(info)));
    let mut all: BTreeMap<&str, EventTypeShown> = listed.collect();
    all.extend(own.iter().map(|it| (it.name.as_str(), it.into())));
    all.into_values().collect()
}
