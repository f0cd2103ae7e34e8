//! In which wire format events are sent, and how they are signed.

use maud::{Markup, html};

use super::{Choice, folded, is_open};
use crate::parts::field::Field;
use crate::posted::Form;

/// How a body is canonicalised, in words.
const CANONICAL: [(&str, &str); 7] = [
    ("", "As the wire format says"),
    ("none", "none: the payload's bytes as published"),
    ("js", "js: as JSON.stringify writes it"),
    (
        "js-sorted",
        "js-sorted: as JSON.stringify writes sorted keys",
    ),
    ("jcs", "jcs: RFC 8785"),
    (
        "python",
        "python: as json.dumps writes it without spaces, keys sorted",
    ),
    (
        "python-spaced",
        "python-spaced: as json.dumps writes it by default",
    ),
];
const KINDS: [(&str, &str); 2] = [
    (
        "hmac",
        "A shared secret (HMAC): the receiver has it as well",
    ),
    (
        "ed25519",
        "An ed25519 key pair: the receiver has the public key only",
    ),
];

pub(super) fn part(form: &Form, choice: &Choice, new: bool) -> Markup {
    let named = |first: &'static str| {
        let profiles = choice.profiles.iter();
        let profiles = profiles.map(|it| (it.name.as_str(), it.title.as_str()));
        std::iter::once(("", first))
            .chain(profiles)
            .collect::<Vec<_>>()
    };
    let rare = html! {
        (Field::new("second_profile", "Second wire format")
            .hint("Its signature headers are sent beside the first's: a migration without a cut-over.")
            .required()
            .select(form, &named("None")))
        (Field::new("canonical_json", "How the JSON is written").required().select(form, &CANONICAL))
        @if new {
            (Field::new("secret", "A secret of your own")
                .hint("Empty: one is made. It is not shown while it is typed, nor afterwards.")
                .input(form, "password"))
        }
        (meanings(choice))
    };
    let open = is_open(form, &["second_profile", "canonical_json", "secret"]);
    html! {
        fieldset {
            legend { "Wire format and signature" }
            (Field::new("profile", "Wire format").required().select(form, &named("The project's")))
            @if new { (Field::new("secret_type", "Signed with").required().select(form, &KINDS)) }
            (folded("Second format, JSON, own secret, and what the formats mean", open, &rare))
        }
    }
}

/// What the formats mean, side by side.
fn meanings(choice: &Choice) -> Markup {
    html! {
        h3 { "The wire formats" }
        div.scroll { table {
            thead { tr {
                th scope="col" { "Name" } th scope="col" { "Body" } th scope="col" { "Acknowledged by" }
                th scope="col" { "Signature" } th scope="col" { "Time-out" } th scope="col" { "Retries" }
            } }
            tbody { @for profile in &choice.profiles { tr {
                td { code { (profile.name) } br; span.quiet { (profile.title) } }
                td { (profile.content_type) }
                td { (profile.acknowledged()) }
                td {
                    @if profile.ed25519 { "HMAC or ed25519" } @else { "HMAC" }
                    @if profile.two_signatures { ", several at once" }
                }
                td.nowrap { (profile.timeout()) }
                td { (profile.retries()) }
            } } }
        } }
    }
}
