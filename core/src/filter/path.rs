//! Where in a payload does a condition look?

use serde_json::Value;

use super::steps::Steps;
use crate::limits::FILTER_PATH_NAMES_MAX;

/// `customer.tier`: names from the outside in. Lists on the way are looked into.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// As it was written.
    pub(super) text: String,
    names: Vec<Name>,
}

#[derive(Clone, Debug)]
enum Name {
    /// A member's name; in a list, that of its items, or a place.
    Member(String, Option<usize>),
    /// `$`: each item of a list.
    Each,
}

impl Path {
    /// Reads a dotted path; `\.` is a dot in a name.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<String> = split(text);
        if names.len() > FILTER_PATH_NAMES_MAX {
            return Err(format!(
                "a path has at most {FILTER_PATH_NAMES_MAX} names; shorten it"
            ));
        }
        let name = |name: String| match name.as_str() {
            "" => Err(format!(
                "the path {text:?} has an empty name; write it as \"customer.tier\", and a dot in a name as \"\\\\.\""
            )),
            "$" => Ok(Name::Each),
            operator if operator.starts_with('$') => Err(format!(
                "{operator:?} is no name within a path; write operators as {{\"path\": {{\"$gte\": 1}}}}"
            )),
            place => {
                let place = place.parse().ok();
                Ok(Name::Member(name, place))
            }
        };
        Ok(Self {
            text: text.to_owned(),
            names: names.into_iter().map(name).collect::<Result<_, _>>()?,
        })
    }

    /// Everything that the path leads to from these values; nothing, if it leads nowhere.
    pub(super) fn follow<'v>(&self, from: &[&'v Value], steps: &mut Steps) -> Vec<&'v Value> {
        let mut here = from.to_vec();
        for name in &self.names {
            let mut next = Vec::new();
            for value in here {
                if !name.enter(value, &mut next, steps) {
                    return Vec::new();
                }
            }
            here = next;
        }
        here
    }
}

impl Name {
    /// Adds what this name leads to. `false` when there are no steps left.
    fn enter<'v>(&self, value: &'v Value, next: &mut Vec<&'v Value>, steps: &mut Steps) -> bool {
        match (self, value) {
            (Self::Member(name, _), Value::Object(members)) => {
                next.extend(members.get(name));
                steps.take(1)
            }
            (Self::Member(name, place), Value::Array(items)) => {
                next.extend(place.and_then(|place| items.get(place)));
                for item in items {
                    next.extend(item.as_object().and_then(|members| members.get(name)));
                    if !steps.take(1) {
                        return false;
                    }
                }
                true
            }
            (Self::Each, Value::Array(items)) => {
                next.extend(items);
                steps.take(items.len() as u64)
            }
            _ => steps.take(1),
        }
    }
}

/// At each dot without a `\` before it.
fn split(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let escaped = char == '\\' && matches!(chars.peek(), Some('.' | '\\'));
        let last = names.last_mut();
        match (char, last) {
            (_, Some(name)) if escaped => name.extend(chars.next()),
            ('.', _) => names.push(String::new()),
            (other, Some(name)) => name.push(other),
            (_, None) => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(path: &str, payload: &Value) -> Vec<Value> {
        let path = Path::parse(path).unwrap();
        let found = path.follow(&[payload], &mut Steps::of_event());
        found.into_iter().cloned().collect()
    }

    #[test]
    fn names_lead_from_the_outside_in() {
        let payload = json!({"a": {"b": 1, "c.d": 2, "": 3}});
        assert_eq!(found("a.b", &payload), [json!(1)]);
        assert_eq!(found(r"a.c\.d", &payload), [json!(2)]);
        assert!(found("a.b.c", &payload).is_empty());
        assert!(found("x", &payload).is_empty());
        assert!(found("a", &json!(7)).is_empty());
    }

    #[test]
    fn lists_on_the_way_are_looked_into() {
        let payload = json!({"a": [{"b": 1}, {"b": 2}, 3, [{"b": 4}]]});
        assert_eq!(found("a.b", &payload), [json!(1), json!(2)]);
        assert_eq!(found("a.$.b", &payload), [json!(1), json!(2), json!(4)]);
        assert_eq!(found("a.1.b", &payload), [json!(2)]);
        assert_eq!(found("a.2", &payload), [json!(3)]);
        assert!(found("a.9", &payload).is_empty());
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for bad in ["", ".", "a.", ".a", "a..b", "a.$gt", &"a.".repeat(40)] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }
}
