//! The steps of a signature's check, as a list to read from the top.

use maud::{Markup, html};
use serde::Deserialize;

use crate::parts::show::{count, visible};

/// More of the signed content is not shown: a page stays small.
const CONTENT_CHARS_SHOWN: usize = 8_000;

#[derive(Deserialize)]
pub(super) struct Explanation {
    verified: bool,
    profile: String,
    steps: Vec<Step>,
    signed_content: Option<Content>,
    hints: Vec<String>,
}

#[derive(Deserialize)]
struct Step {
    about: String,
    passed: Option<bool>,
    detail: String,
    expected: Option<String>,
    found: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    template: String,
    text: String,
    bytes: u64,
    sha256: String,
}

impl Explanation {
    pub(super) fn shown(&self) -> Markup {
        html! {
            section #result aria-label="Result" {
                @if self.verified {
                    div.said role="status" { strong { "The signature is good." } " A receiver of the format " code { (self.profile) } " accepts this request." }
                } @else {
                    div.trouble role="alert" {
                        p { strong { "A receiver of the format " code { (self.profile) } " refuses this request." } }
                        @for hint in &self.hints { p.hint-line { (hint) } }
                    }
                }
                ol.steps { @for step in &self.steps { (step.shown()) } }
                @if let Some(content) = &self.signed_content { (content.shown()) }
            }
        }
    }
}

impl Step {
    fn shown(&self) -> Markup {
        let (tone, word) = match self.passed {
            Some(true) => ("good", "passed"),
            Some(false) => ("bad", "failed"),
            None => ("calm", "not reached"),
        };
        let title = match self.about.as_str() {
            "header" => "Header",
            "timestamp" => "Timestamp",
            "secret" => "Secret",
            "signature_format" => "How the signature is written",
            "signature" => "Signature",
            other => other,
        };
        html! {
            li data-step=(self.about) data-tone=(tone) {
                p.step-title {
                    span.badge data-tone=(tone) { (word) } " "
                    strong { (title) }
                    @if self.about == "header" { @if let Some(name) = &self.expected { " " code { (visible(name)) } } }
                }
                p { (self.detail) }
                @if self.about != "header" { (pair("Expected", self.expected.as_deref())) }
                (pair("Found", self.found.as_deref()))
            }
        }
    }
}

fn pair(name: &str, text: Option<&str>) -> Markup {
    let text = text.filter(|text| !text.is_empty());
    html! { @if let Some(text) = text {
        p.pair { span.quiet { (name) } " " code { (marked(text)) } }
    } }
}

impl Content {
    fn shown(&self) -> Markup {
        let cut: String = self.text.chars().take(CONTENT_CHARS_SHOWN).collect();
        let is_cut = cut.len() < self.text.len();
        html! {
            h2 { "What is signed" }
            dl.facts {
                dt { "Put together as" } dd { code { (self.template) } }
                dt { "Length" } dd { (count(self.bytes)) " bytes" }
                dt { "SHA-256" } dd { code { (self.sha256) } }
            }
            div.block {
                div.head { span { "Signed content, line ends and other control characters made visible" @if is_cut { " (its beginning)" } } }
                pre tabindex="0" aria-label="Signed content" { code #signed { (marked(&cut)) } }
            }
        }
    }
}

/// A text whose line ends and tabs can be seen: each stands as its picture, a line end before the
/// break as well.
fn marked(text: &str) -> String {
    let text = visible(text);
    text.replace('\t', "␉").replace('\n', "␊\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_tabs_can_be_seen() {
        assert_eq!(marked("a\r\n\tb\u{1b}"), "a␍␊\n␉b␛");
    }
}
