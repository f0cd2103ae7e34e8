//! The pure decisions of Hookwright.
//!
//! **Promise:** no I/O, no clock reads, no randomness. Time, random numbers and bytes come in as
//! arguments, so that every rule here can be tested by a table and replayed by a simulation.
//!
//! Adding a rule: one file named for the question it answers, a constructor that checks, a test
//! that states the fact. Every maximum goes into [`limits`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod address;
pub mod breaker;
pub mod decide;
pub mod endpoint_headers;
pub mod endpoint_url;
pub mod error_class;
pub mod event_schema;
pub mod failing;
pub mod filter;
pub mod forwarded;
pub mod ids;
pub mod job_pace;
pub mod job_state;
pub mod key_format;
pub mod limits;
pub mod openapi_import;
pub mod outcome;
pub mod request_rate;
pub mod retention;
pub mod retry_after;
pub mod rollup;
pub mod rotation;
pub mod schedule;
mod schedule_bounds;
pub mod scope;
pub mod sign_on;
pub mod state;
pub mod subscription;
pub mod time;
pub mod wants;
