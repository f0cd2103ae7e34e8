//! What nodes tell one another beside the data: said through the database, kept nowhere.
//!
//! **Not promised:** that it arrives. Behind a pooler nothing does, and nobody says it again.

use std::sync::{Arc, OnceLock};

use tokio::runtime::Handle;
use tokio_postgres::Client;

use super::connect::Connector;
use super::listen::{self, Heard};
use super::statement::Prepare;
use super::{PostgresStore, Result, rows_once};

/// What nodes want to hear of. Each node listens on this with the connection that it has anyway.
pub(super) const WANTED_CHANNEL: &str = "hookwright_wanted";
/// What was done. Only who wants to hear it listens.
const DOINGS_CHANNEL: &str = "hookwright_doings";

/// Who is told what other nodes want; nobody at first.
pub(super) type Ear = Arc<OnceLock<Arc<dyn Fn(&str) + Send + Sync>>>;

/// How this node hears the others.
pub(super) struct Asides {
    connector: Connector,
    runtime: Handle,
    ear: Ear,
}

/// A connection that hears what other nodes do, until dropped.
pub struct Hearing {
    client: Client,
}

impl Hearing {
    /// Whether it has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.client.is_closed()
    }
}

impl Asides {
    pub(super) fn new(connector: &Connector, runtime: &Handle) -> Self {
        Self {
            connector: connector.clone(),
            runtime: runtime.clone(),
            ear: Ear::default(),
        }
    }

    pub(super) const fn ear(&self) -> &Ear {
        &self.ear
    }
}

impl PostgresStore {
    pub(crate) fn hear_wanted(&self, ear: Arc<dyn Fn(&str) + Send + Sync>) {
        // A second one is a mistake in the wiring; the first stays.
        let _ = self.shared.asides.ear.set(ear);
    }

    pub(crate) async fn hear_doings(
        &self,
        ear: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Option<Hearing>> {
        let Asides {
            connector, runtime, ..
        } = &self.shared.asides;
        if connector.prepare() == Prepare::Off {
            return Ok(None);
        }
        let heard: Heard = Arc::new(move |_, text| ear(text));
        let client = listen::connect(connector, runtime, &[DOINGS_CHANNEL], &heard).await?;
        Ok(Some(Hearing { client }))
    }

    pub(crate) async fn say_wanted(&self, text: String) -> Result<()> {
        self.say(WANTED_CHANNEL, vec![text]).await
    }

    pub(crate) async fn say_doings(&self, texts: Vec<String>) -> Result<()> {
        self.say(DOINGS_CHANNEL, texts).await
    }

    async fn say(&self, channel: &str, texts: Vec<String>) -> Result<()> {
        let sql = "SELECT FROM unnest($2::text[]) AS said WHERE pg_notify($1, said) IS NULL";
        rows_once(&self.shared.pool, sql, &[&channel, &texts]).await?;
        Ok(())
    }
}
