//! Why does a payload not match a filter?

use serde_json::Value;

use super::check::{Check, Comparison};
use super::condition::Condition;
use super::steps::Steps;

/// A value is shown with so many characters at most.
const VALUE_CHARS_SHOWN: usize = 80;

/// The first condition that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Which, as a JSON pointer into the filter.
    pub pointer: String,
    /// Why not, in words.
    pub detail: String,
}

impl Condition {
    /// The first condition that these values do not meet. `what` is what they are, in words.
    pub(super) fn unmet(&self, values: &[&Value], what: &str, steps: &mut Steps) -> Option<Unmet> {
        if self.is_met(values, steps) {
            return None;
        }
        let unmet = |pointer: &str, detail| {
            let pointer = pointer.to_owned();
            Some(Unmet { pointer, detail })
        };
        match self {
            Self::All(of) => of.iter().find_map(|it| it.unmet(values, what, steps)),
            Self::At { path, of } => {
                let found = path.follow(values, steps);
                of.unmet(&found, &format!("{:?}", path.text), steps)
            }
            Self::Object { pointer, of } => match values {
                [object @ Value::Object(_)] => of.unmet(&[object], what, steps),
                [] => unmet(pointer, format!("{what} is not there")),
                _ => unmet(
                    pointer,
                    format!("{what} is no object, nor a list with one, that meets all of this"),
                ),
            },
            Self::Any { pointer, of } => unmet(
                pointer,
                format!("none of the {} alternatives is met", of.len()),
            ),
            Self::Not { pointer, of } => unmet(pointer, refused(of, values, what)),
            Self::Exists { pointer, wanted } => {
                let how = if *wanted {
                    "is not there"
                } else {
                    "is there, and must not be"
                };
                unmet(pointer, format!("{what} {how}"))
            }
            Self::Passes { pointer, check } => {
                let detail = format!("{what} {} and must {}", are(values), wanted(check));
                unmet(pointer, detail)
            }
        }
    }
}

/// What is met and must not be.
fn refused(of: &Condition, values: &[&Value], what: &str) -> String {
    match of {
        Condition::Passes { check, .. } => {
            format!("{what} {} and must not {}", are(values), wanted(check))
        }
        Condition::Any { .. } => "one of these is met, and none must be".to_owned(),
        _ => "this is met, and must not be".to_owned(),
    }
}

fn are(values: &[&Value]) -> String {
    match values {
        [] => "is not there".to_owned(),
        [one] => format!("is {}", shown(one)),
        several => format!(
            "has {} values, the first {}",
            several.len(),
            shown(several[0])
        ),
    }
}

fn wanted(check: &Check) -> String {
    match check {
        Check::Equal(value) => format!("be {}", shown(value)),
        Check::OneOf(values) => format!("be one of {}", list(values)),
        Check::Holds(values) => format!("be a list that holds {}", list(values)),
        Check::Compare(how, than) => {
            let how = match how {
                Comparison::Greater => "more than",
                Comparison::AtLeast => "at least",
                Comparison::Less => "less than",
                Comparison::AtMost => "at most",
            };
            format!("be {how} {}", shown(than))
        }
        Check::Begins(texts) => format!("begin with {}", choice(texts)),
        Check::Ends(texts) => format!("end with {}", choice(texts)),
        Check::Has(text) => format!("contain {}", cut(format!("{text:?}"))),
        Check::Regex(regex, _) => format!("match the expression {}", cut(regex.to_string())),
    }
}

fn choice(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    cut(texts.join(" or "))
}

fn list(values: &[Value]) -> String {
    let values: Vec<String> = values.iter().map(shown).collect();
    cut(values.join(", "))
}

fn shown(value: &Value) -> String {
    match value {
        // What is large is not written out only to be cut.
        Value::Array(items) if items.len() > VALUE_CHARS_SHOWN => {
            format!("a list of {} items", items.len())
        }
        Value::Object(members) if members.len() > VALUE_CHARS_SHOWN => {
            format!("an object of {} members", members.len())
        }
        other => cut(other.to_string()),
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(VALUE_CHARS_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
