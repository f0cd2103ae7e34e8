//! A request as a command for the shell, to be sent again by hand.

use std::collections::BTreeMap;

use super::quoting::quote;

/// A longer body is taken from a file.
const BODY_BYTES_MAX: usize = 8 * 1024;

/// The command. What was masked stays masked.
pub(super) fn curl(url: &str, headers: &BTreeMap<String, String>, body: &str) -> String {
    // Brackets in a URL are no pattern.
    let mut text = format!("curl --globoff --request POST {}", quote(url));
    for (name, value) in headers {
        // An empty value is written so, or the header would be left out.
        let header = match value.is_empty() {
            true => format!("{name};"),
            false => format!("{name}: {value}"),
        };
        text.push_str(" \\\n  --header ");
        text.push_str(&quote(&header));
    }
    text.push_str(" \\\n  ");
    if body.len() > BODY_BYTES_MAX {
        text.push_str("--data-binary @body.json");
    } else {
        text.push_str("--data-raw ");
        text.push_str(&quote(body));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_method_headers_and_body() {
        let headers = BTreeMap::from([
            ("content-type".to_owned(), "application/json".to_owned()),
            ("x-empty".to_owned(), String::new()),
        ]);
        assert_eq!(
            curl("https://a.example/it's?b[]=1", &headers, "{\"a\":\"@x\"}"),
            "curl --globoff --request POST 'https://a.example/it'\\''s?b[]=1' \\\n  --header 'content-type: application/json' \\\n  --header 'x-empty;' \\\n  --data-raw '{\"a\":\"@x\"}'"
        );
        assert!(
            curl("https://a.example/", &headers, &"x".repeat(9000))
                .ends_with("--data-binary @body.json")
        );
    }
}
