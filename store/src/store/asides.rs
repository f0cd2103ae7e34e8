//! What the nodes of one database tell one another beside the data. It is kept nowhere, and what is
//! not heard at once is lost. Where there is one node only, nothing is said and nothing heard.

use std::sync::Arc;

use super::{Result, Store};
use crate::postgres::Hearing;

impl Store {
    /// Calls `ear` with what this and other nodes say that they want to hear of. At most one; it
    /// must not block.
    pub fn hear_wanted(&self, ear: Arc<dyn Fn(&str) + Send + Sync>) {
        if let Self::Postgres(s) = self {
            s.hear_wanted(ear);
        }
    }

    /// Calls `ear` with what this and other nodes say that they do, until the answer is dropped; it
    /// must not block. `None` where nothing can be heard.
    pub async fn hear_doings(
        &self,
        ear: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Option<Hearing>> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(s) => s.hear_doings(ear).await,
        }
    }

    /// Says to all nodes what this one wants to hear of: at most
    /// [`hookwright_core::limits::ASIDE_BYTES_MAX`].
    pub async fn say_wanted(&self, text: String) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(s) => s.say_wanted(text).await,
        }
    }

    /// Says to all nodes that want to hear it what this one did: each at most
    /// [`hookwright_core::limits::ASIDE_BYTES_MAX`].
    pub async fn say_doings(&self, texts: Vec<String>) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(s) => s.say_doings(texts).await,
        }
    }
}
