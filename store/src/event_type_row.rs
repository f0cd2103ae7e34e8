//! How an event type's description is kept in a row, whatever the engine.

use hookwright_core::limits::{EVENT_TYPES_BYTES_MAX, EVENT_TYPES_PER_PROJECT_MAX};

use crate::error::StoreError;
use crate::model::EventTypeDocument;

/// A description as it is kept.
pub(crate) fn document_text(document: &EventTypeDocument) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Engine(error.to_string()))
}

/// What a row says. What a newer version wrote and this one cannot read is a type of which nothing
/// is known: it is not refused, and not checked.
pub(crate) fn document(text: &str) -> EventTypeDocument {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%error, "an event type's description cannot be read");
        EventTypeDocument::default()
    })
}

/// Refuses a project that says too much: so many types, so many bytes in all.
pub(crate) fn check_size(types: i64, bytes: i64) -> Result<(), StoreError> {
    let limits = [
        (types, "event types", EVENT_TYPES_PER_PROJECT_MAX),
        (bytes, "bytes of event types", EVENT_TYPES_BYTES_MAX),
    ];
    for (count, what, limit) in limits {
        if usize::try_from(count).unwrap_or(0) > limit {
            return Err(StoreError::LimitReached { what, limit });
        }
    }
    Ok(())
}
