//! The real binary, spoken to as its users do: one module for each thing that it must show.

#[path = "end_to_end/support/mod.rs"]
mod support;

#[path = "end_to_end/audit.rs"]
mod audit;
#[path = "end_to_end/bad_input.rs"]
mod bad_input;
#[path = "end_to_end/breaker.rs"]
mod breaker;
#[path = "end_to_end/broadcast.rs"]
mod broadcast;
#[path = "end_to_end/cancel.rs"]
mod cancel;
#[path = "end_to_end/concurrency.rs"]
mod concurrency;
#[path = "end_to_end/delivery_request.rs"]
mod delivery_request;
#[path = "end_to_end/document_calls.rs"]
mod document_calls;
#[path = "end_to_end/dry_run.rs"]
mod dry_run;
#[path = "end_to_end/endpoint_fields.rs"]
mod endpoint_fields;
#[path = "end_to_end/endpoint_secrets.rs"]
mod endpoint_secrets;
#[path = "end_to_end/event_types.rs"]
mod event_types;
#[path = "end_to_end/export.rs"]
mod export;
#[path = "end_to_end/filters.rs"]
mod filters;
#[path = "end_to_end/formats.rs"]
mod formats;
#[path = "end_to_end/forwarded.rs"]
mod forwarded;
#[path = "end_to_end/handshake.rs"]
mod handshake;
#[path = "end_to_end/isolation.rs"]
mod isolation;
#[path = "end_to_end/keys.rs"]
mod keys;
#[path = "end_to_end/kill.rs"]
mod kill;
#[path = "end_to_end/lifecycle.rs"]
mod lifecycle;
#[path = "end_to_end/lists.rs"]
mod lists;
#[path = "end_to_end/operational_events.rs"]
mod operational_events;
#[path = "end_to_end/ordered.rs"]
mod ordered;
#[path = "end_to_end/portal_sessions.rs"]
mod portal_sessions;
#[path = "end_to_end/portal_tokens.rs"]
mod portal_tokens;
#[path = "end_to_end/projects.rs"]
mod projects;
#[path = "end_to_end/publishing.rs"]
mod publishing;
#[path = "end_to_end/purge.rs"]
mod purge;
#[path = "end_to_end/rate_limits.rs"]
mod rate_limits;
#[path = "end_to_end/receiver_auth.rs"]
mod receiver_auth;
#[path = "end_to_end/receiver_code.rs"]
mod receiver_code;
#[path = "end_to_end/replay_count.rs"]
mod replay_count;
#[path = "end_to_end/replay_kill.rs"]
mod replay_kill;
#[path = "end_to_end/replays.rs"]
mod replays;
#[path = "end_to_end/retention.rs"]
mod retention;
#[path = "end_to_end/sessions.rs"]
mod sessions;
#[path = "end_to_end/signatures.rs"]
mod signatures;
#[path = "end_to_end/stats.rs"]
mod stats;
#[path = "end_to_end/stream.rs"]
mod stream;
