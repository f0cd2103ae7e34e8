//! An endpoint as requests write it and answers show it: the union of the vendors' fields.

mod check;
mod input;
mod retry_policy;
mod show;

pub(crate) use check::{Rules, check_channels, check_filter, check_secret};
pub(crate) use input::{EndpointInput, SecretType};
pub(crate) use show::{EndpointShown, show};
