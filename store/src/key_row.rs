//! How what a portal token knows is kept in a row, whatever the engine.

use crate::error::StoreError;
use crate::model::PortalFacts;

/// What it knows, as it is kept.
pub(crate) fn portal_text(portal: &PortalFacts) -> Result<String, StoreError> {
    serde_json::to_string(portal).map_err(|error| StoreError::Engine(error.to_string()))
}

/// What a row says. What cannot be read allows nothing.
pub(crate) fn portal(text: Option<&str>) -> PortalFacts {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}
