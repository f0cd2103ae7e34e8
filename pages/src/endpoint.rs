//! One endpoint: how it is, what can be done with it, and how it is made and changed.

mod actions;
mod cancel;
mod catalogue;
mod delete;
mod facts;
mod model;
mod page;
mod problem;
mod state;
mod test_event;
mod traffic;

use axum::Router;

use crate::router::Pages;

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .merge(page::routes())
        .merge(actions::routes())
        .merge(cancel::routes())
        .merge(delete::routes())
        .merge(test_event::routes())
}
