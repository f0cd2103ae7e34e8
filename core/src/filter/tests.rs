//! Are filters read, matched and refused as they are meant?

mod any_json;
mod operators;
mod refused;
