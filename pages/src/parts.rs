//! Pieces that pages are made of. Every text that they are given is escaped.

pub(crate) mod confirm;
pub(crate) mod field;
pub(crate) mod icons;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod times;
