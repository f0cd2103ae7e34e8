//! What a project says of its event types.

use hookwright_core::ids::ProjectId;
use hookwright_core::time::UnixMs;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event type as its project describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventType {
    /// Its project.
    pub project_id: ProjectId,
    /// Its name, unique within the project.
    pub name: String,
    /// What is said of it.
    pub document: EventTypeDocument,
    /// When it was first described.
    pub created_at: UnixMs,
    /// When that was last changed.
    pub updated_at: UnixMs,
}

/// What is said of an event type; kept as one JSON document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventTypeDocument {
    /// What it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it is listed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// It should not be subscribed to any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// It is published no more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// Its payloads, oldest version first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<EventTypeVersion>,
}

/// What the payload of an event type looks like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventTypeVersion {
    /// Its number, unique within the type.
    pub version: u32,
    /// A JSON Schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// A payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
}

/// A change of one event type, made only if it still is as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct EventTypeSwap {
    /// Which.
    pub name: String,
    /// As it was seen; `None` if it was not there.
    pub before: Option<EventTypeDocument>,
    /// As it is to be; `None` if it is to go.
    pub after: Option<EventTypeDocument>,
}
