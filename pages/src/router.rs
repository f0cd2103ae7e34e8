//! Which page is where? Two faces of one set: the operator's under `/ui/{project_id}`, the
//! customer's under `/portal`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::get;
use http::Extensions;

use crate::api::Api;
use crate::fault::Fault;
use crate::sso::{self, Issuer, SingleSignOn};
use crate::throttle::Throttle;
use crate::{
    accounts, assets, audit, deliveries, delivery, events, guard, keys, logs, overview, projects,
    purges, replays, search, sessions, settings, sign_in,
};

/// What the pages need besides the API.
#[derive(Clone)]
pub struct Options {
    /// Unguessable numbers.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
    /// Milliseconds since the epoch.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// What the API is to know of a visitor's connection, out of the request for the page.
    pub connection: fn(&Extensions) -> Extensions,
    /// Where a visitor's connection comes from.
    pub address: fn(&Extensions) -> Option<IpAddr>,
    /// Signing in without a key, where the operator set that up.
    pub single_sign_on: Option<SingleSignOn>,
}

/// What every page has.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) api: Api,
    pub(crate) options: Options,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) sso: Option<Issuer>,
}

/// Where the operator's pages are; the project's public id follows.
pub(crate) const OPERATOR: &str = "/ui";
/// Where the customer's pages are.
pub(crate) const PORTAL: &str = "/portal";

/// All pages, over an API.
pub fn routes(api: Router, options: Options) -> Router {
    let state = Pages {
        api: Api::new(api),
        sso: options.single_sign_on.clone().map(Issuer::new),
        options,
        throttle: Arc::default(),
    };
    Router::new()
        .route("/", get(|| async { Redirect::to(OPERATOR) }))
        .merge(assets::routes())
        .merge(sign_in::routes())
        .merge(crate::portal::routes())
        .merge(crate::catalogue::public_routes())
        .merge(projects::routes())
        .merge(keys::root_routes())
        .merge(sessions::routes())
        .merge(audit::root_routes())
        .merge(sso::routes())
        .nest(&format!("{OPERATOR}/{{project_id}}"), pages())
        .nest(PORTAL, pages())
        .layer(from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}

/// The pages that both faces have. What a visitor's key may not do is refused by the API.
fn pages() -> Router<Pages> {
    Router::new()
        .merge(overview::routes())
        .merge(crate::endpoint::routes())
        .merge(crate::endpoints::routes())
        .merge(deliveries::routes())
        .merge(delivery::routes())
        .merge(events::routes())
        .merge(logs::routes())
        .merge(replays::routes())
        .merge(search::routes())
        .merge(accounts::routes())
        .merge(keys::routes())
        .merge(audit::routes())
        .merge(settings::routes())
        .merge(purges::routes())
        .merge(crate::debugger::routes())
        .merge(crate::catalogue::routes())
        .merge(crate::receiver_code::routes())
        .fallback(|| async { Fault::no_page() })
}
