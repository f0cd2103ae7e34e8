//! Does the crate, used from outside, do what the formats' documents say?

mod canonical;
mod choices;
mod documents;
mod explain;
mod receivers;
mod refusals;
mod schemes;
mod secrets;
mod vector;
mod vectors;
