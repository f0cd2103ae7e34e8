//! The application: its state and all its routes.

use std::sync::Arc;

use axum::Router;
use hookwright_delivery::Engine;
use hookwright_store::Change;

use crate::auth::Keys;
use crate::problem::Problem;
use crate::{accounts, batch, deliveries, endpoints, events, health, keys, profiles, projects};

/// What every handler has.
#[derive(Clone)]
pub struct App {
    pub(crate) engine: Engine,
    pub(crate) keys: Arc<Keys>,
}

impl App {
    /// An application on an engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            keys: Arc::default(),
        }
    }

    /// Takes in a change that the store tells: cached keys may be stale.
    pub fn apply(&self, change: &Change) {
        match change {
            Change::Keys | Change::AccountDeleted(..) | Change::ProjectDeleted(_) => {
                self.keys.forget()
            }
            Change::Project(_)
            | Change::Account(_)
            | Change::Endpoint(_)
            | Change::EndpointDeleted(..) => {}
        }
    }
}

/// All routes.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(events::routes())
        .merge(batch::routes())
        .merge(deliveries::routes())
        .merge(endpoints::routes())
        .merge(projects::routes())
        .merge(accounts::routes())
        .merge(keys::routes())
        .merge(profiles::routes())
        .merge(health::routes())
        .fallback(|| async { Problem::no_such_path() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .with_state(app)
}
