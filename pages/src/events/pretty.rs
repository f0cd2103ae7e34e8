//! JSON with line ends and indents, and nothing else of it changed: numbers and texts stay as they
//! were published.

/// Deeper than this is no longer indented further.
const INDENTS_MAX: usize = 40;

/// `json` must be valid, as every payload is.
pub(crate) fn pretty(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut chars = json.chars().peekable();
    while let Some(found) = chars.next() {
        if in_text {
            text.push(found);
            in_text = escaped || found != '"';
            escaped = !escaped && found == '\\';
            continue;
        }
        match found {
            ' ' | '\t' | '\n' | '\r' => {}
            '{' | '[' => {
                text.push(found);
                while chars
                    .next_if(|next| matches!(next, ' ' | '\t' | '\n' | '\r'))
                    .is_some()
                {}
                if let Some(end) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(found);
            }
            ',' => {
                text.push(',');
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            other => {
                in_text = other == '"';
                text.push(other);
            }
        }
    }
    text
}

fn line(text: &mut String, depth: usize) {
    text.push('\n');
    for _ in 0..depth.min(INDENTS_MAX) {
        text.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_and_what_is_said_stays_as_it_was() {
        let json = r#"{"a":[1.0,12345678901234567890, {} ,[ ]],"b{\"":"x: \\","é":null}"#;
        let shown = "{\n  \"a\": [\n    1.0,\n    12345678901234567890,\n    {},\n    []\n  ],\n  \"b{\\\"\": \"x: \\\\\",\n  \"é\": null\n}";
        assert_eq!(pretty(json), shown);
        assert_eq!(pretty(&pretty(json)), shown);
        assert_eq!(pretty("\"a, b\""), "\"a, b\"");
    }
}
