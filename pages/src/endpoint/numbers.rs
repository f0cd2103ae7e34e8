//! Numbers as people type them into a form.

use serde_json::{Map, Number, Value};

use super::problem::field;
use crate::fault::FieldProblem;
use crate::posted::Fields;

/// A whole number, if one is typed; what is none is an error.
pub(super) fn whole_into(
    errors: &mut Vec<FieldProblem>,
    fields: &Fields,
    name: &str,
) -> Option<u64> {
    let text = fields.text(name)?;
    let read = text.parse().ok();
    if read.is_none() {
        errors.push(field(name, "must be a whole number, or empty"));
    }
    read
}

/// The numbers that are typed of what is within `group`, by name.
pub(super) fn numbers_into(
    errors: &mut Vec<FieldProblem>,
    fields: &Fields,
    group: &str,
    names: &[&str],
) -> Map<String, Value> {
    let mut all = Map::new();
    for name in names {
        let path = format!("{group}/{name}");
        let Some(text) = fields.text(&path) else {
            continue;
        };
        let whole = text.parse::<u64>().ok().map(Number::from);
        let read = whole.or_else(|| text.parse().ok().and_then(Number::from_f64));
        match read {
            Some(number) => drop(all.insert((*name).to_owned(), Value::Number(number))),
            None => errors.push(field(&path, "must be a number, or empty")),
        }
    }
    all
}
