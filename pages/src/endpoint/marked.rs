//! JSON in lines, with the part that a pointer names marked.

use maud::{Markup, html};
use serde_json::Value;

use crate::parts::show::visible;

/// A line of JSON, and whether it belongs to the part.
struct Line {
    text: String,
    marked: bool,
}

/// A box of JSON whose part at `pointer` is marked.
pub(super) fn marked(label: &str, value: &Value, pointer: &str) -> Markup {
    let lines = lines(value, pointer);
    html! {
        div.block {
            div.head { span { (label) } }
            pre tabindex="0" aria-label=(label) { code {
                @for line in &lines {
                    @if line.marked { mark { (visible(&line.text)) } } @else { (visible(&line.text)) }
                    "\n"
                }
            } }
        }
    }
}

fn lines(value: &Value, pointer: &str) -> Vec<Line> {
    let mut all = Vec::new();
    let place = Place {
        path: String::new(),
        pointer,
    };
    write(&mut all, &place, (0, ""), value, "");
    all
}

/// Where a value is, and which part is looked for.
struct Place<'a> {
    path: String,
    pointer: &'a str,
}

impl Place<'_> {
    fn within(&self, name: &str) -> Self
    where
        Self: Sized,
    {
        let name = name.replace('~', "~0").replace('/', "~1");
        Place {
            path: format!("{}/{name}", self.path),
            pointer: self.pointer,
        }
    }

    /// Whether this is the part, or within it. The whole is no part of itself.
    fn is_marked(&self) -> bool {
        let rest = self.path.strip_prefix(self.pointer);
        !self.pointer.is_empty() && rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
    }
}

/// Writes a value with what stands before it on its first line and behind it on its last.
fn write(
    all: &mut Vec<Line>,
    place: &Place<'_>,
    (depth, before): (usize, &str),
    value: &Value,
    behind: &str,
) {
    let indent = "  ".repeat(depth);
    let marked = place.is_marked();
    let mut line = |text: String| all.push(Line { text, marked });
    let (open, close, items): (_, _, Vec<(String, String, &Value)>) = match value {
        Value::Object(map) if !map.is_empty() => {
            let items = map.iter();
            let items = items.map(|(name, value)| {
                let shown = Value::String(name.clone());
                (name.clone(), format!("{shown}: "), value)
            });
            ("{", "}", items.collect())
        }
        Value::Array(list) if !list.is_empty() => {
            let items = list.iter().enumerate();
            let items = items.map(|(at, value)| (at.to_string(), String::new(), value));
            ("[", "]", items.collect())
        }
        value => return line(format!("{indent}{before}{value}{behind}")),
    };
    line(format!("{indent}{before}{open}"));
    let last = items.len() - 1;
    for (at, (name, before, value)) in items.iter().enumerate() {
        let comma = if at < last { "," } else { "" };
        write(all, &place.within(name), (depth + 1, before), value, comma);
    }
    all.push(Line {
        text: format!("{indent}{close}{behind}"),
        marked,
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn marked_lines(value: &Value, pointer: &str) -> Vec<String> {
        let all = lines(value, pointer).into_iter();
        all.filter(|it| it.marked).map(|it| it.text).collect()
    }

    #[test]
    fn only_the_part_is_marked() {
        let filter = json!({"a": {"$gte": 1, "$lt": 2}, "a/b": [{"c": 1}, {"d": {}}]});
        assert_eq!(marked_lines(&filter, "/a/$gte"), ["    \"$gte\": 1,"]);
        assert_eq!(
            marked_lines(&filter, "/a~1b/1"),
            ["    {", "      \"d\": {}", "    }"]
        );
        assert!(marked_lines(&filter, "").is_empty());
        assert!(marked_lines(&filter, "/nowhere").is_empty());
    }

    #[test]
    fn the_lines_are_the_json() {
        let value = json!({"a": [1, {"b": "x\n"}, []], "c": {}});
        let text: String = lines(&value, "")
            .iter()
            .map(|it| it.text.as_str())
            .collect();
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
    }
}
