//! One attempt in full: what was sent, what came back, where the time went.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;

use super::curl::curl;
use super::request::Request;
use crate::parts::failure_words::words;
use crate::parts::show::block;
use crate::parts::times::{length, time};

#[derive(Clone, Deserialize)]
pub(super) struct Attempt {
    pub(super) number: u32,
    pub(super) manual: bool,
    pub(super) started_at: String,
    pub(super) status: Option<u16>,
    pub(super) error: Option<String>,
    pub(super) request_headers: BTreeMap<String, String>,
    response_headers: BTreeMap<String, String>,
    response_body: String,
    pub(super) timing: Timing,
}

/// Where the time went, in milliseconds.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Timing {
    queue_wait_ms: f64,
    dns_ms: f64,
    connect_ms: f64,
    tls_ms: f64,
    first_byte_ms: f64,
    pub(super) total_ms: f64,
}

/// Of an answer's body so much is kept.
const KEPT_BYTES: usize = 16 * 1024;

impl Attempt {
    /// The status, or the class of failure where no answer came.
    pub(super) fn outcome(&self) -> String {
        match (self.status, &self.error) {
            (Some(status), _) => status.to_string(),
            (None, Some(class)) => class.replace('_', " "),
            (None, None) => "–".to_owned(),
        }
    }

    /// `is_told` is whether its failure is explained above already, `file` where its body is.
    pub(super) fn show(&self, request: &Request, file: &str, is_told: bool) -> Markup {
        html! {
            section #attempt.card aria-labelledby="attempt-title" {
                h2 #attempt-title { "Attempt " (self.number) ": " (self.outcome()) }
                p { (time(&self.started_at)) @if self.manual { ", asked for by a person: beside the schedule" } }
                @if let Some(words) = self.error.as_deref().filter(|_| !is_told).map(words) { p { strong { (words.happened) } " " (words.advice) } }
                (self.timing.show())
                h3 { @if self.is_unsent() { "What was to be sent, had a connection come about" } @else { "What was sent" } }
                (self.sent(request, file))
                h3 { "What came back" }
                (self.came_back())
            }
        }
    }

    /// Whether it ended before there was a connection.
    fn is_unsent(&self) -> bool {
        let class = self.error.as_deref().unwrap_or_default();
        self.status.is_none()
            && matches!(
                class,
                "dns" | "address_refused" | "connect" | "tls" | "auth"
            )
    }

    fn sent(&self, request: &Request, file: &str) -> Markup {
        if self.request_headers.is_empty() {
            return html! { p.quiet { "Nothing: it failed before the request was made." } };
        }
        html! {
            (block("Headers; your own secrets are masked", &lines(&self.request_headers)))
            (request.body_block(file))
            @if let Some(made) = request.made() {
                (block("As a command for the shell", &curl(&made.url, &self.request_headers, &made.body)))
            }
        }
    }

    fn came_back(&self) -> Markup {
        let Some(status) = self.status else {
            return html! { p.quiet { "No answer." } };
        };
        let is_cut = self.response_body.len() >= KEPT_BYTES;
        html! {
            (block("Status and headers", &format!("HTTP/1.1 {status}\n{}", lines(&self.response_headers))))
            @if self.response_body.is_empty() { p.quiet { "The body was empty." } }
            @else { (block("Body", &self.response_body)) }
            @if is_cut { p.note { "Only the first 16 KiB of the answer are kept." } }
        }
    }
}

fn lines(headers: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    lines.join("\n")
}

/// The width of the bar, in units of its own.
const WIDTH: f64 = 1000.0;

impl Timing {
    /// The parts in their order: name, what of it is, milliseconds.
    fn parts(&self) -> [(&'static str, &'static str, f64); 6] {
        let known = self.dns_ms + self.connect_ms + self.tls_ms + self.first_byte_ms;
        let rest = (self.total_ms - known).max(0.0);
        [
            ("queue", "Wait in the queue", self.queue_wait_ms),
            ("dns", "DNS", self.dns_ms),
            ("connect", "Connect", self.connect_ms),
            ("tls", "TLS", self.tls_ms),
            ("first", "To the first byte", self.first_byte_ms),
            ("rest", "The rest", rest),
        ]
    }

    fn show(&self) -> Markup {
        let parts = self.parts();
        let whole: f64 = parts.iter().map(|(.., ms)| ms).sum::<f64>().max(0.001);
        let mut x = 0.0;
        let bars = parts.map(|(kind, name, ms)| {
            let from = x;
            let width = ms / whole * WIDTH;
            x += width;
            (kind, name, ms, from, width)
        });
        let label = format!("Where {} went", length(whole));
        html! {
            figure.split {
                svg viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" aria-label=(label) {
                    @for (kind, name, ms, from, width) in bars { @if width > 0.0 {
                        rect class=(kind) x=(format!("{from:.2}")) y="0" width=(format!("{:.2}", width.max(2.0))) height="16" { title { (name) ": " (length(ms)) } }
                    } }
                }
                figcaption { @for (kind, name, ms) in parts { @if ms >= 0.05 {
                    span { span.swatch.(kind) {} (name) " " b { (length(ms)) } }
                } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_time_add_up_and_none_is_negative() {
        let timing = |first_byte_ms, total_ms| Timing {
            queue_wait_ms: 1.0,
            dns_ms: 2.0,
            connect_ms: 3.0,
            tls_ms: 4.0,
            first_byte_ms,
            total_ms,
        };
        let sum: f64 = timing(10.0, 25.0).parts().iter().map(|(.., ms)| ms).sum();
        assert!((sum - 26.0).abs() < 1e-9);
        assert!(timing(10.0, 5.0).parts().iter().all(|(.., ms)| *ms >= 0.0));
    }
}
