//! Is an event's payload one that an endpoint asked for?
//!
//! A filter is a JSON object of conditions on the payload, in the words that MongoDB made known:
//! `{"amount": {"$gte": 100}, "customer.tier": "premium"}`. It is read once, when it is saved, and
//! refused there if anything in it has no meaning. Matching is total: it answers yes or no to any
//! payload, within a bounded number of [`Steps`].
//!
//! Adding an operator: a variant of `Check`, its name in `read.rs` and [`OPERATORS`], its words in
//! `explain.rs`, and an example in docs/filters.md, each of which is a test.

mod check;
mod condition;
mod explain;
mod number;
mod path;
mod pattern;
mod read;
mod steps;

use serde_json::Value;
use thiserror::Error;

use crate::limits::FILTER_BYTES_MAX;
use condition::Condition;
use read::Reader;

pub use explain::Unmet;
pub use steps::Steps;

/// Every operator, as it is written.
pub const OPERATORS: [&str; 19] = [
    "$eq",
    "$ne",
    "$neq",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$startsWith",
    "$endsWith",
    "$contains",
    "$regex",
    "$exists",
    "$exist",
    "$and",
    "$or",
    "$nor",
    "$not",
];

/// A filter, ready to match.
#[derive(Clone, Debug)]
pub struct Filter(Condition);

/// Why a filter is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct FilterError {
    /// What is wrong, as a JSON pointer into the filter.
    pub pointer: String,
    /// What is wrong with it and what would be right.
    pub detail: String,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When it is no object, has an unknown operator or an operand of the wrong type, or exceeds
    /// one of the limits.
    pub fn parse(filter: &Value) -> Result<Self, FilterError> {
        let bytes = filter.to_string().len();
        if bytes > FILTER_BYTES_MAX {
            return Err(FilterError {
                pointer: String::new(),
                detail: format!(
                    "has {bytes} bytes as JSON; at most {FILTER_BYTES_MAX} are allowed"
                ),
            });
        }
        Reader::default().filter(filter).map(Self)
    }

    /// Whether a payload matches. One that would take too many steps does not.
    #[must_use]
    pub fn matches(&self, payload: &Value, event: &mut Steps) -> bool {
        let all = event.of_filter();
        let mut left = all;
        let met = self.0.is_met(&[payload], &mut left);
        event.take_as(all, left);
        met && !left.are_used_up()
    }

    /// Why a payload does not match; `None` when it does.
    #[must_use]
    pub fn unmet(&self, payload: &Value) -> Option<Unmet> {
        let event = Steps::of_event();
        if self.matches(payload, &mut event.clone()) {
            return None;
        }
        let mut left = event.of_filter();
        self.0.is_met(&[payload], &mut left);
        if left.are_used_up() {
            return Some(Unmet {
                pointer: String::new(),
                detail: "this payload is too large for this filter; ask for less of it".to_owned(),
            });
        }
        self.0
            .unmet(&[payload], "the payload", &mut Steps::of_event())
    }
}

#[cfg(test)]
mod tests;
