//! Does one value of a payload pass one operator?

use std::cmp::Ordering;

use regex::Regex;
use serde_json::Value;

use super::number;
use super::steps::Steps;

/// What is asked of a value. A list passes as itself, or by one of its items.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// The same value.
    Equal(Value),
    /// The same value as one of these.
    OneOf(Vec<Value>),
    /// A list that holds each of these.
    Holds(Vec<Value>),
    /// A number or text that compares so with this one.
    Compare(Comparison, Value),
    /// Text that begins with one of these.
    Begins(Vec<String>),
    /// Text that ends with one of these.
    Ends(Vec<String>),
    /// Text that has this in it.
    Has(String),
    /// Text in which this is found; the number is what a byte of text costs.
    Regex(Regex, u64),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Greater,
    AtLeast,
    Less,
    AtMost,
}

impl Comparison {
    const fn fits(self, order: Ordering) -> bool {
        match self {
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
        }
    }
}

impl Check {
    pub(super) fn passes(&self, value: &Value, steps: &mut Steps) -> bool {
        if let Self::Holds(wanted) = self {
            return holds(value, wanted, steps);
        }
        if self.passes_itself(value, steps) {
            return true;
        }
        let items = value.as_array();
        items
            .into_iter()
            .flatten()
            .any(|item| !steps.are_used_up() && self.passes_itself(item, steps))
    }

    fn passes_itself(&self, value: &Value, steps: &mut Steps) -> bool {
        match self {
            Self::Equal(wanted) => equal(value, wanted, steps),
            Self::OneOf(wanted) => wanted.iter().any(|wanted| equal(value, wanted, steps)),
            Self::Holds(wanted) => holds(value, wanted, steps),
            Self::Compare(how, than) => compares(value, *how, than, steps),
            Self::Begins(wanted) => text(value, steps).is_some_and(|text| {
                let mut wanted = wanted.iter();
                wanted.any(|wanted| steps.take_text(wanted.len()) && text.starts_with(wanted))
            }),
            Self::Ends(wanted) => text(value, steps).is_some_and(|text| {
                let mut wanted = wanted.iter();
                wanted.any(|wanted| steps.take_text(wanted.len()) && text.ends_with(wanted))
            }),
            Self::Has(wanted) => text(value, steps)
                .is_some_and(|text| steps.take(text.len() as u64) && text.contains(wanted)),
            Self::Regex(regex, cost) => text(value, steps).is_some_and(|text| {
                let cost = cost.saturating_mul(text.len() as u64);
                steps.take(cost) && regex.is_match(text)
            }),
        }
    }
}

fn text<'v>(value: &'v Value, steps: &mut Steps) -> Option<&'v str> {
    value.as_str().filter(|_| steps.take(1))
}

fn compares(value: &Value, how: Comparison, than: &Value, steps: &mut Steps) -> bool {
    let order = match (value, than) {
        (Value::Number(a), Value::Number(b)) if steps.take(1) => number::compare(a, b),
        (Value::String(a), Value::String(b)) if steps.take_text(a.len().min(b.len())) => {
            Some(a.cmp(b))
        }
        _ => None,
    };
    order.is_some_and(|order| how.fits(order))
}

fn holds(value: &Value, wanted: &[Value], steps: &mut Steps) -> bool {
    let Some(items) = value.as_array() else {
        return false;
    };
    wanted
        .iter()
        .all(|wanted| items.iter().any(|item| equal(item, wanted, steps)))
}

/// The same value: numbers by value, the members of objects in any order.
fn equal(a: &Value, b: &Value, steps: &mut Steps) -> bool {
    if !steps.take(1) {
        return false;
    }
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => number::compare(a, b) == Some(Ordering::Equal),
        (Value::String(a), Value::String(b)) => {
            a.len() == b.len() && steps.take_text(a.len()) && a == b
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b, steps))
        }
        (Value::Object(a), Value::Object(b)) => {
            let mut members = a.iter();
            a.len() == b.len()
                && members.all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b, steps)))
        }
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        _ => false,
    }
}
