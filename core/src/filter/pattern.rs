//! Which regular expressions may a filter have, and what does running one cost?

use regex::{Regex, RegexBuilder};

use crate::limits::{FILTER_REGEX_CHARS_MAX, FILTER_REGEX_COMPILED_BYTES_MAX};

/// Nesting within an expression.
const NESTING_MAX: u32 = 20;
/// The size at which a byte of text costs one step.
const CHEAP_BYTES: usize = 1024;

/// The expression ready to run, and the steps that a byte of text costs: running one takes at worst
/// the text's length times the expression's size, and never more.
pub(super) fn compile(text: &str) -> Result<(Regex, u64), String> {
    if text.chars().count() > FILTER_REGEX_CHARS_MAX {
        return Err(format!(
            "a regular expression has at most {FILTER_REGEX_CHARS_MAX} characters"
        ));
    }
    let ascii = with_ascii_classes(text);
    let build = |bytes| {
        RegexBuilder::new(&ascii)
            .size_limit(bytes)
            .dfa_size_limit(FILTER_REGEX_COMPILED_BYTES_MAX)
            .nest_limit(NESTING_MAX)
            .build()
    };
    let mut bytes = CHEAP_BYTES;
    loop {
        match build(bytes) {
            Ok(regex) => return Ok((regex, (bytes / CHEAP_BYTES) as u64)),
            Err(regex::Error::CompiledTooBig(_)) if bytes < FILTER_REGEX_COMPILED_BYTES_MAX => {
                bytes *= 2;
            }
            Err(regex::Error::CompiledTooBig(_)) => {
                return Err(format!(
                    "this regular expression is larger than {FILTER_REGEX_COMPILED_BYTES_MAX} bytes when made \
                     ready; repeat less in it"
                ));
            }
            Err(error) => {
                return Err(format!(
                    "is no regular expression of RE2's kind: {}",
                    last_line(&error)
                ));
            }
        }
    }
}

/// As in RE2 and Go, `\w`, `\d` and `\s` mean ASCII: all the world's letters would make an
/// expression a hundred times as large. A set within a set is one set.
fn with_ascii_classes(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            ascii.push(char);
            continue;
        }
        match chars.next() {
            Some('w') => ascii.push_str("[0-9A-Za-z_]"),
            Some('W') => ascii.push_str("[^0-9A-Za-z_]"),
            Some('d') => ascii.push_str("[0-9]"),
            Some('D') => ascii.push_str("[^0-9]"),
            Some('s') => ascii.push_str("[\\t\\n\\x0C\\r\\x20]"),
            Some('S') => ascii.push_str("[^\\t\\n\\x0C\\r\\x20]"),
            other => ascii.extend(std::iter::once('\\').chain(other)),
        }
    }
    ascii
}

/// The error without the drawing of where it is.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_more_is_counted_as_more() {
        let cost = |text| compile(text).unwrap().1;
        assert!(cost("^a") < cost(".{8}@.{8}"));
        for usual in [
            r"^\d{3}-\d{4}$",
            r"(?i)^order[._]\w+$",
            r"[a-z]+@example\.com$",
        ] {
            assert!(cost(usual) <= 16, "{usual} {}", cost(usual));
        }
    }

    #[test]
    fn classes_are_ascii_wherever_they_stand() {
        let found = |text, value| compile(text).unwrap().0.is_match(value);
        assert!(found(r"^[\w.]+@[^\s@]+$", "a_b.c@x.example"));
        assert!(found(r"^\W\D\S$", "é.x") && found(r"^\\w$", r"\w"));
        assert!(!found(r"^\w$", "é") && !found(r"^\d$", "٣") && !found(r"[\d]", "a"));
        assert!(found(r"^.$", "é") && found(r"\bb\b", "a b c"));
    }

    #[test]
    fn what_cannot_be_run_in_bounds_is_refused() {
        for bad in [
            "(",
            "[z-a]",
            "(?=a)",
            r"(a)\1",
            "((a{100}){100}){100}",
            &"a".repeat(257),
        ] {
            let error = compile(bad).expect_err(bad);
            assert!(error.len() > 20, "{error}");
        }
        assert!(compile(&"(".repeat(100)).is_err());
    }
}
