//! Does a payload meet a condition?

use serde_json::Value;

use super::check::Check;
use super::path::Path;
use super::steps::Steps;

/// A condition on the values that a path has led to; there may be none. Each pointer is a JSON
/// pointer into the filter.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any { pointer: String, of: Vec<Condition> },
    /// Not this.
    Not { pointer: String, of: Box<Condition> },
    /// This, further in.
    At { path: Path, of: Box<Condition> },
    /// One value, or item of a list, is an object that meets this by itself.
    Object { pointer: String, of: Box<Condition> },
    /// The path leads somewhere, or does not.
    Exists { pointer: String, wanted: bool },
    /// One value passes.
    Passes { pointer: String, check: Check },
}

impl Condition {
    /// Never fails and never panics. When the steps are used up the answer means nothing.
    pub(super) fn is_met(&self, values: &[&Value], steps: &mut Steps) -> bool {
        if !steps.take(1) {
            return false;
        }
        match self {
            Self::All(of) => of.iter().all(|it| it.is_met(values, steps)),
            Self::Any { of, .. } => of.iter().any(|it| it.is_met(values, steps)),
            Self::Not { of, .. } => !of.is_met(values, steps),
            Self::At { path, of } => of.is_met(&path.follow(values, steps), steps),
            Self::Object { of, .. } => {
                objects(values).any(|object| steps.take(1) && of.is_met(&[object], steps))
            }
            Self::Exists { wanted, .. } => values.is_empty() != *wanted,
            Self::Passes { check, .. } => values.iter().any(|value| check.passes(value, steps)),
        }
    }
}

/// These values, or the items of those that are lists, as far as they are objects.
fn objects<'v>(values: &[&'v Value]) -> impl Iterator<Item = &'v Value> {
    let each = |value: &'v Value| match value {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    };
    values
        .iter()
        .copied()
        .flat_map(each)
        .filter(|value| value.is_object())
}
