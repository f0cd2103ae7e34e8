//! How an endpoint's settings, secrets and status are kept in a row, whatever the engine.

use crate::error::StoreError;
use serde::{Deserialize, Serialize};

use crate::model::{Credentials, EndpointSettings, EndpointStatus};
use crate::vault::Vault;

/// The columns that are not plain values.
pub(crate) struct Kept {
    pub(crate) settings: String,
    pub(crate) secrets: Vec<u8>,
    pub(crate) status: u8,
}

/// What they hold.
pub(crate) struct Opened {
    pub(crate) settings: EndpointSettings,
    pub(crate) secrets: Vec<String>,
    pub(crate) credentials: Credentials,
    pub(crate) status: EndpointStatus,
}

impl Kept {
    /// Reads them back. [`StoreError::Unreadable`] when they were altered, or are a newer version's.
    pub(crate) fn open(&self, vault: &Vault, public_id: &str) -> Result<Opened, StoreError> {
        let unreadable = |detail: String| StoreError::Unreadable {
            what: "endpoint",
            detail: format!("{public_id}: {detail}"),
        };
        let secrets = vault
            .open(public_id, &self.secrets)
            .map_err(|error| unreadable(error.to_string()))?;
        let sealed: Sealed =
            serde_json::from_slice(&secrets).map_err(|error| unreadable(error.to_string()))?;
        let (secrets, credentials) = sealed.parts();
        Ok(Opened {
            settings: serde_json::from_str(&self.settings)
                .map_err(|error| unreadable(error.to_string()))?,
            secrets,
            credentials,
            status: EndpointStatus::from_code(self.status)
                .ok_or_else(|| unreadable("unknown status".to_owned()))?,
        })
    }
}

/// What is sealed. The first version sealed the secrets alone.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Sealed {
    Secrets(Vec<String>),
    All {
        secrets: Vec<String>,
        credentials: Credentials,
    },
}

impl Sealed {
    fn parts(self) -> (Vec<String>, Credentials) {
        match self {
            Self::Secrets(secrets) => (secrets, Credentials::default()),
            Self::All {
                secrets,
                credentials,
            } => (secrets, credentials),
        }
    }
}

/// Settings as they are kept.
pub(crate) fn settings_text(settings: &EndpointSettings) -> Result<String, StoreError> {
    serde_json::to_string(settings).map_err(engine)
}

/// Secrets as they are kept, bound to their endpoint.
pub(crate) fn seal(
    vault: &Vault,
    public_id: &str,
    secrets: &[String],
    credentials: &Credentials,
) -> Result<Vec<u8>, StoreError> {
    let sealed = if *credentials == Credentials::default() {
        Sealed::Secrets(secrets.to_vec())
    } else {
        Sealed::All {
            secrets: secrets.to_vec(),
            credentials: credentials.clone(),
        }
    };
    let plain = serde_json::to_vec(&sealed).map_err(engine)?;
    vault.seal(public_id, &plain).map_err(engine)
}

fn engine(error: impl ToString) -> StoreError {
    StoreError::Engine(error.to_string())
}
