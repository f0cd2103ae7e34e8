//! What came of validation handshakes.

use hookwright_core::ids::EndpointId;
use hookwright_core::time::UnixMs;

use super::endpoints::{by_id, change, tell};
use super::{Result, SqliteStore};
use crate::change::Change;
use crate::error::StoreError;
use crate::model::{Endpoint, ValidationOutcome};

impl SqliteStore {
    pub(crate) async fn settle_validation(
        &self,
        id: EndpointId,
        outcome: ValidationOutcome,
        now: UnixMs,
    ) -> Result<Option<Endpoint>> {
        let vault = std::sync::Arc::clone(&self.vault);
        let changed = self.change(move |writer| {
            let connection = &writer.connection;
            let old = by_id(connection, &vault, id)?;
            // Nothing to be written is told as a failure, and so changes nothing.
            let update = old.after_validation(outcome);
            let update = update.ok_or(StoreError::NotFound)?;
            change(connection, &vault, (id, &old.public_id), &update, now)?;
            let endpoint = by_id(connection, &vault, id)?;
            tell(connection, &old, &endpoint, now)?;
            Ok((endpoint.clone(), Change::Endpoint(Box::new(endpoint))))
        });
        match changed.await {
            Ok(endpoint) => Ok(Some(endpoint)),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
