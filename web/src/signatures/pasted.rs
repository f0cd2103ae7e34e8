//! Headers as people have them: out of a log, of `curl -v`, of a curl command, or as JSON.

use std::collections::BTreeMap;

use serde_json::Value;

/// What was read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pasted {
    pub(super) headers: Vec<(String, String)>,
    /// The method, where a request line stands above the headers.
    pub(super) method: Option<String>,
}

impl Pasted {
    pub(super) fn of(map: BTreeMap<String, String>) -> Self {
        Self {
            headers: map.into_iter().collect(),
            method: None,
        }
    }

    /// Reads what it knows and passes over the rest.
    pub(super) fn read(text: &str) -> Self {
        if let Ok(Value::Object(map)) = serde_json::from_str(text) {
            let headers = map
                .into_iter()
                .flat_map(|(name, value)| values(&name, &value));
            return Self {
                headers: headers.collect(),
                method: None,
            };
        }
        let mut read = Self::default();
        for line in text.lines() {
            let line = bare(line);
            if let Some(method) = request_line(line) {
                read.method = Some(method.to_owned());
            } else if let Some(header) = header(line) {
                read.headers.push(header);
            }
        }
        read
    }
}

/// A header's value in JSON: a text, a number, or several in a list.
fn values(name: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::String(text) => vec![(name.to_owned(), text.clone())],
        Value::Number(number) => vec![(name.to_owned(), number.to_string())],
        Value::Array(all) => all.iter().flat_map(|value| values(name, value)).collect(),
        _ => Vec::new(),
    }
}

/// A line without what curl, a shell or a list puts around it.
fn bare(line: &str) -> &str {
    let line = line.trim().trim_end_matches('\\').trim_end();
    let line = line.strip_prefix("> ").unwrap_or(line);
    let option = line
        .strip_prefix("-H")
        .or_else(|| line.strip_prefix("--header"));
    match option {
        Some(rest) => rest.trim().trim_matches(['\'', '"']),
        None => line,
    }
}

/// `POST /hooks HTTP/1.1`
fn request_line(line: &str) -> Option<&str> {
    let mut words = line.split_ascii_whitespace();
    let (method, _target, version) = (words.next()?, words.next()?, words.next()?);
    let plain = method.bytes().all(|byte| byte.is_ascii_uppercase());
    (plain && version.starts_with("HTTP/")).then_some(method)
}

/// `Name: value`, or `"Name": "value",` as it stands in JSON.
fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    let quoted = name.starts_with(['"', '\'']);
    let (name, value) = match quoted {
        true => {
            let marks = ['"', '\''];
            (
                name.trim_matches(marks),
                value.trim_end_matches(',').trim_matches(marks),
            )
        }
        false => (name, value),
    };
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_name = !name.is_empty() && name.bytes().all(token);
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_people_have_them() {
        let curl = "* Connected to a.test\n> POST /hooks HTTP/1.1\r\n> Host: a.test\r\n> webhook-id: msg_1\r\n>\n* done";
        let command =
            "curl https://a.test \\\n  -H 'webhook-id: msg_1' \\\n  --header \"Host: a.test\"";
        let json = r#"{"host": "a.test", "webhook-id": ["msg_1"]}"#;
        let lines = "\"Host\": \"a.test\",\n\"webhook-id\": \"msg_1\"";
        for text in [curl, command, json, lines] {
            let mut read = Pasted::read(text).headers;
            read.sort_by_key(|(name, _)| name.to_ascii_lowercase());
            let found: Vec<(String, &str)> = read
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
                .filter(|(name, _)| name != "curl https")
                .collect();
            let expected = [
                ("host".to_owned(), "a.test"),
                ("webhook-id".to_owned(), "msg_1"),
            ];
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(Pasted::read(curl).method.as_deref(), Some("POST"));
        // A value may hold colons, and a header that comes twice is there twice.
        let twice = Pasted::read("a: b:c\na: d").headers;
        assert_eq!(
            twice,
            [
                ("a".to_owned(), "b:c".to_owned()),
                ("a".to_owned(), "d".to_owned())
            ]
        );
        assert_eq!(Pasted::read("no header\n=: x"), Pasted::default());
    }
}
