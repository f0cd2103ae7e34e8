//! The application: its state and all its routes.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use bytes::Bytes;
use hookwright_core::forwarded::TrustedProxies;
use hookwright_delivery::Engine;
use hookwright_store::Change;
use http::header;

use crate::api::{Api, Operation};
use crate::audit::{Refused, audit};
use crate::in_time::in_time;
use crate::known_keys::Keys;
use crate::problem::Problem;
use crate::under_way::UnderWay;
use crate::{
    accounts, attempts, audit_log, batch, cancel, deliveries, docs_page, dry_run, endpoint_health,
    endpoint_status, endpoints, event_list, event_types, events, export, filters, health, keys,
    own_key, portal_tokens, profiles, projects, root_keys, sessions, stats, stats_endpoints,
    stream,
};
use crate::{broadcasts, purges, replays};

/// What every handler has.
#[derive(Clone)]
pub struct App {
    pub(crate) engine: Engine,
    pub(crate) keys: Arc<Keys>,
    pub(crate) under_way: Arc<UnderWay>,
    pub(crate) refused: Arc<Refused>,
    /// Where browsers find this server, without a slash at the end.
    pub(crate) public_url: Option<Arc<str>>,
    /// Whose word is taken for where a request comes from.
    pub(crate) proxies: Arc<TrustedProxies>,
    /// The rules by which single sign-on lets people in: a session that none of these opened is over.
    pub(crate) sign_on_rules: Arc<HashSet<String>>,
}

impl App {
    /// An application on an engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            keys: Arc::default(),
            under_way: Arc::default(),
            refused: Arc::default(),
            public_url: None,
            proxies: Arc::default(),
            sign_on_rules: Arc::default(),
        }
    }

    /// The same with a limit for API keys that have none of their own, in requests per second for
    /// each key; zero is none. Root keys are not limited by it.
    #[must_use]
    pub fn with_api_rate_limit(self, rate: u32) -> Self {
        let keys = Arc::new(Keys::with_rate(rate));
        Self { keys, ..self }
    }

    /// The same with the address by which browsers find it, for links.
    #[must_use]
    pub fn with_public_url(self, url: Option<&str>) -> Self {
        let public_url = url.map(|url| url.trim_end_matches('/').into());
        Self { public_url, ..self }
    }

    /// The same behind proxies whose word is taken for where a request comes from.
    #[must_use]
    pub fn with_trusted_proxies(self, proxies: TrustedProxies) -> Self {
        let proxies = Arc::new(proxies);
        Self { proxies, ..self }
    }

    /// The same with the rules by which single sign-on may open sessions.
    #[must_use]
    pub fn with_sign_on_rules(self, rules: impl IntoIterator<Item = String>) -> Self {
        let sign_on_rules = Arc::new(rules.into_iter().collect());
        Self {
            sign_on_rules,
            ..self
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
            | Change::EndpointDeleted(..)
            | Change::EventTypes(..) => {}
        }
    }
}

/// Every operation.
fn api() -> Api {
    Api::default()
        .merge(projects::api())
        .merge(accounts::api())
        .merge(audit_log::api())
        .merge(keys::api())
        .merge(events::api())
        .merge(event_types::api())
        .merge(batch::api())
        .merge(event_list::api())
        .merge(deliveries::api())
        .merge(crate::delivery_request::api())
        .merge(attempts::api())
        .merge(cancel::api())
        .merge(export::api())
        .merge(endpoints::api())
        .merge(endpoint_health::api())
        .merge(crate::endpoint_list::api())
        .merge(endpoint_status::api())
        .merge(crate::endpoint_secrets::api())
        .merge(crate::endpoint_actions::api())
        .merge(filters::api())
        .merge(dry_run::api())
        .merge(profiles::api())
        .merge(crate::signatures::api())
        .merge(crate::receiver_code::api())
        .merge(health::api())
        .merge(stats::api())
        .merge(stats_endpoints::api())
        .merge(crate::stats_event_types::api())
        .merge(stream::api())
        .merge(replays::api())
        .merge(broadcasts::api())
        .merge(purges::api())
        .merge(own_key::api())
        .merge(portal_tokens::api())
        .merge(sessions::api())
        .merge(crate::portal::api())
        .merge(crate::portal_sessions::api())
        .merge(root_keys::api())
}

/// The OpenAPI document of every operation.
#[must_use]
pub fn openapi() -> serde_json::Value {
    crate::openapi::document(&operations())
}

/// Every operation as it is told of.
pub(crate) fn operations() -> Vec<Operation> {
    api().into_parts().1
}

/// All routes.
pub(crate) fn router(app: App) -> Router {
    let (router, operations) = api().into_parts();
    let document = Bytes::from(crate::openapi::document(&operations).to_string());
    let json = (header::CONTENT_TYPE, "application/json");
    router
        .route(
            "/openapi.json",
            get(move || async move { ([json], document) }),
        )
        .merge(docs_page::routes())
        .fallback(|| async { Problem::no_such_path() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(from_fn_with_state(app.clone(), audit))
        .layer(from_fn(in_time))
        .with_state(app)
}
