//! Pieces that pages are made of. Every text that they are given is escaped.

pub(crate) mod chart;
pub(crate) mod chart_path;
pub(crate) mod chart_scale;
pub(crate) mod confirm;
pub(crate) mod failure_words;
pub(crate) mod field;
pub(crate) mod health;
pub(crate) mod icons;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod sparkline;
pub(crate) mod times;
