//! How what a portal token or a session knows is kept in a row, whatever the engine: in one column,
//! since a key is one of them at most.

use hookwright_core::ids::KeyId;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::model::{OpenedWith, PortalFacts};

/// What it knows, as it is kept.
pub(crate) fn portal_text(portal: &PortalFacts) -> Result<String, StoreError> {
    text(portal)
}

/// What a row says. What cannot be read allows nothing.
pub(crate) fn portal(text: Option<&str>) -> PortalFacts {
    read(text)
}

/// What a session of single sign-on knows.
#[derive(Default, Serialize, Deserialize)]
struct SignOn {
    #[serde(default)]
    sign_on_rule: Option<String>,
}

/// The key that a session is opened with, or else what is kept of single sign-on.
pub(crate) fn opened_with(with: OpenedWith) -> Result<(Option<KeyId>, Option<String>), StoreError> {
    Ok(match with {
        OpenedWith::Key(key) => (Some(key), None),
        OpenedWith::SingleSignOn(rule) => {
            let sign_on_rule = Some(rule);
            (None, Some(text(&SignOn { sign_on_rule })?))
        }
    })
}

/// The rule by which single sign-on opened a session, if it did.
pub(crate) fn sign_on_rule(text: Option<&str>) -> Option<String> {
    read::<SignOn>(text).sign_on_rule
}

fn text(facts: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(facts).map_err(|error| StoreError::Engine(error.to_string()))
}

fn read<T: for<'a> Deserialize<'a> + Default>(text: Option<&str>) -> T {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}
