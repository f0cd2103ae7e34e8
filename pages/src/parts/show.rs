//! Texts, states and forms of one button, as they are shown everywhere.

use maud::{Markup, html};

use crate::layout::csrf_field;
use crate::visit::Visit;

/// A state as a word in its colour: good, bad, busy or calm.
pub(crate) fn badge(word: &str) -> Markup {
    let tone = match word {
        "delivered" | "active" | "finished" | "closed" | "ok" => "good",
        "failed" | "disabled" | "open" | "revoked" | "expired" => "bad",
        "retrying" | "pending" | "running" | "half_open" => "busy",
        _ => "calm",
    };
    html! { span.badge data-tone=(tone) { (word.replace('_', " ")) } }
}

/// Text as it came, with its line breaks, in a box that scrolls. What has no visible form is shown
/// as a picture of it: a response may hold a terminal's control codes.
pub(crate) fn block(label: &str, text: &str) -> Markup {
    html! {
        div.block {
            div.head { span { (label) } button.copy type="button" data-copy="" hidden { "Copy" } }
            pre tabindex="0" aria-label=(label) { code { (visible(text)) } }
        }
    }
}

/// A text without control characters: each is shown as its own picture (U+2400 and on), but for
/// tabs and line ends.
pub(crate) fn visible(text: &str) -> String {
    text.replace('\r', "\u{240d}")
        .chars()
        .map(picture)
        .collect()
}

/// What is shown for a character: the character itself, unless it cannot be seen.
pub(crate) fn picture(found: char) -> char {
    match found {
        '\n' | '\t' | '\r' => found,
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(found)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // C1 controls, and what turns the order of the letters around.
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        found => found,
    }
}

/// A form of one button that does something. `confirm` is asked first, where there is a script.
pub(crate) fn action(visit: &Visit, path: &str, label: &str, confirm: Option<&str>) -> Markup {
    html! {
        form.inline method="post" action=(visit.to(path)) {
            (csrf_field(visit))
            button type="submit" data-confirm=[confirm] { (label) }
        }
    }
}

/// A number with a thin space between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_pictures_and_line_ends_stay() {
        assert_eq!(visible("a\u{1b}[31m\r\n\tb\u{0}"), "a␛[31m␍\n\tb␀");
        assert_eq!(visible("x\u{202e}y\u{9b}"), "x\u{fffd}y\u{fffd}");
        assert_eq!(visible("<script>é"), "<script>é");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
