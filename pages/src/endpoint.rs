//! One endpoint: how it is, what can be done with it, and how it is made and changed.

mod actions;
mod body;
mod cancel;
mod delete;
mod edit;
mod facts;
mod filter;
mod filter_help;
mod filter_part;
mod form;
mod marked;
mod model;
mod numbers;
mod page;
mod problem;
mod profiles;
mod secret;
mod state;
mod test_event;
mod traffic;
mod values;

use axum::Router;

use crate::router::Pages;

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .merge(page::routes())
        .merge(edit::routes())
        .merge(secret::routes())
        .merge(filter::routes())
        .merge(actions::routes())
        .merge(cancel::routes())
        .merge(delete::routes())
        .merge(test_event::routes())
}
