//! How a project's settings are kept in a row, whatever the engine.

use crate::error::StoreError;
use crate::model::ProjectSettings;

/// Settings as they are kept.
pub(crate) fn settings_text(settings: &ProjectSettings) -> Result<String, StoreError> {
    serde_json::to_string(settings).map_err(|error| StoreError::Engine(error.to_string()))
}

/// What a row says. A newer version's settings that this one cannot read do not keep a project from
/// working: it goes by the defaults.
pub(crate) fn settings(text: &str) -> ProjectSettings {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%error, "a project's settings cannot be read; the defaults hold");
        ProjectSettings::default()
    })
}
