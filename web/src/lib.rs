//! Hookwright's HTTP API.
//!
//! **Promise:** the only crate that serves HTTP; it never sends. Each operation group is a file,
//! told from its routes down. Errors become HTTP in `problem.rs` and nowhere else.
//!
//! To add an operation: a handler in its group's file, a line in that file's `api` that names its
//! path, handler and documentation at once, and every way it can fail as a constructor of `Problem`.

mod accounts;
mod api;
mod app;
mod attempts;
mod audit;
mod audit_log;
mod auth;
mod batch;
mod body;
mod broadcasts;
mod cancel;
mod circuit_breaker;
mod cursor;
mod deliveries;
mod delivery_request;
mod delivery_shown;
mod docs_page;
mod dry_run;
mod endpoint_actions;
mod endpoint_auth;
mod endpoint_health;
mod endpoint_json;
mod endpoint_list;
mod endpoint_proof;
mod endpoint_secrets;
mod endpoint_status;
mod endpoint_traffic;
mod endpoints;
mod event_input;
mod event_list;
mod event_types;
mod events;
mod export;
mod filters;
mod front;
mod health;
mod in_time;
mod jobs_shown;
mod key_shown;
mod keys;
mod known_keys;
mod list_filter;
mod openapi;
mod own_key;
mod paging;
mod portal;
mod portal_sessions;
mod portal_theme;
mod portal_tokens;
mod problem;
mod profiles;
mod project_settings;
mod projects;
mod purges;
mod query;
mod receiver_code;
mod replay_input;
mod replays;
mod root_keys;
mod serve;
mod sessions;
mod sign_on;
mod signatures;
mod stats;
mod stats_endpoints;
mod stats_event_types;
mod stats_shown;
mod stats_time;
mod stream;
mod tenant;
mod times;
mod under_way;

pub use app::{App, openapi};
pub use audit::{address_of, connection_of};
pub use auth::hash_key;
pub use serve::serve;
