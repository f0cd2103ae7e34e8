//! How a template becomes code: lines that are left out, and blanks that are filled in.
//!
//! A line that begins with `?` stands only where the condition after it holds: flags joined by `&`,
//! each of several by `|`, `!` before one that must be off. `«name»` is a blank, `«condition:text»` is a
//! text that stands only where the condition holds.

use std::collections::{HashMap, HashSet};

/// What is known of a format, in one language.
#[derive(Default)]
pub(super) struct Blanks {
    flags: HashSet<&'static str>,
    texts: HashMap<&'static str, String>,
}

impl Blanks {
    pub(super) fn flag(&mut self, name: &'static str, on: bool) {
        if on {
            self.flags.insert(name);
        }
    }

    pub(super) fn put(&mut self, name: &'static str, text: String) {
        self.texts.insert(name, text);
    }

    fn holds(&self, condition: &str) -> bool {
        let one = |flag: &str| match flag.strip_prefix('!') {
            Some(flag) => !self.flags.contains(flag),
            None => self.flags.contains(flag),
        };
        condition.split('&').all(|any| any.split('|').any(one))
    }
}

pub(super) fn fill(template: &str, blanks: &Blanks) -> String {
    let mut code = String::with_capacity(template.len());
    for line in template.lines() {
        let line = match line.strip_prefix('?') {
            None => line,
            Some(rest) => match rest.split_once(' ') {
                Some((condition, line)) if blanks.holds(condition) => line,
                _ => continue,
            },
        };
        fill_line(&mut code, line, blanks);
        code.push('\n');
    }
    code
}

fn fill_line(code: &mut String, line: &str, blanks: &Blanks) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('«') {
        code.push_str(before);
        let (blank, after) = after.split_once('»').unwrap_or((after, ""));
        match blank.split_once(':') {
            Some((condition, text)) if blanks.holds(condition) => code.push_str(text),
            Some(_) => {}
            None => code.push_str(blanks.texts.get(blank).map_or("", String::as_str)),
        }
        rest = after;
    }
    code.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_where_their_condition_holds_and_blanks_are_filled() {
        let mut blanks = Blanks::default();
        blanks.flag("a", true);
        blanks.flag("b", false);
        blanks.put("name", "x".to_owned());
        let template = "1 «name»\n?a 2\n?b 3\n?!b&a   4\n?b|a 5 «a:yes »«b:no»«name»\n?b&a 6";
        assert_eq!(fill(template, &blanks), "1 x\n2\n  4\n5 yes x\n");
    }
}
