//! The form of an endpoint: every setting that the API takes, the rare ones folded away.

mod access;
mod delivery;
mod events;
mod format;
mod rows;

use maud::{Markup, html};

pub(super) use access::Kept;

use super::filter_part::{self, Tried};
use super::profiles::Profile;
use crate::layout::csrf_field;
use crate::offered::Offered;
use crate::parts::field::{Field, check, trouble};
use crate::posted::Form;
use crate::visit::{Face, Visit};

/// What the form offers to choose from.
pub(super) struct Choice {
    pub(super) offered: Offered,
    pub(super) profiles: Vec<Profile>,
    pub(super) events: Vec<filter_part::Event>,
}

/// How the form is shown.
pub(super) struct Shown<'a> {
    /// Where it is sent.
    pub(super) address: String,
    /// Whether the endpoint is to be made.
    pub(super) new: bool,
    pub(super) form: &'a Form,
    /// What came of trying the filter out.
    pub(super) tried: Option<&'a Tried>,
    pub(super) back: String,
    /// What is secret is not shown, and can be kept.
    pub(super) kept: Kept,
}

/// Every field that has a place of its own for what is wrong with it.
const SHOWN: [&str; 21] = [
    "account_id",
    "url",
    "name",
    "description",
    "events",
    "channels",
    "filter",
    "headers",
    "metadata",
    "profile",
    "second_profile",
    "canonical_json",
    "timeout_ms",
    "rate_limit",
    "concurrency",
    "retry_policy",
    "circuit_breaker",
    "secret",
    "secret_type",
    "auth",
    "client_certificate",
];

pub(super) fn form(visit: &Visit, shown: &Shown<'_>, choice: &Choice) -> Markup {
    let form = shown.form;
    let save = if shown.new {
        "Make the endpoint"
    } else {
        "Save"
    };
    html! {
        (trouble(form, &SHOWN))
        form.stack.wide method="post" action=(shown.address) {
            // The first button is the one that the Enter key presses.
            button.visually-hidden type="submit" tabindex="-1" aria-hidden="true" { (save) }
            (csrf_field(visit))
            @if !form.value("_seen").is_empty() { input type="hidden" name="_seen" value=(form.value("_seen")); }
            (place(visit, shown))
            (events::part(visit, form, &choice.offered))
            (folded("Filter: only events whose payload meets a condition", is_open(form, &["filter"]) || shown.tried.is_some(),
                &filter_part::part(visit, form, &choice.events, shown.tried)))
            (format::part(form, choice, shown.new))
            (folded("Retries, limits and circuit breaker", is_open(form, delivery::FIELDS), &delivery::part(form)))
            (folded("Headers, authorization and client certificate", is_open(form, access::FIELDS), &access::part(form, &shown.kept)))
            (folded("Metadata: your own notes", is_open(form, &["metadata_name", "metadata"]),
                &rows::rows(form, "metadata", "metadata", ("Name", "Value"))))
            div.actions {
                button.primary type="submit" { (save) }
                a.button href=(shown.back) { "Cancel" }
            }
        }
    }
}

/// Whether a part has something set in it, or something wrong.
fn is_open(form: &Form, names: &[&str]) -> bool {
    let is_set = |name: &&str| !matches!(form.value(name), "" | "none");
    names.iter().any(is_set) || names.iter().any(|name| form.error(name).is_some())
}

fn folded(title: &str, open: bool, inner: &Markup) -> Markup {
    html! {
        details.fold open[open] {
            summary { (title) }
            div.inner { (inner) }
        }
    }
}

/// What is wrong with a field that consists of several, beside them.
pub(super) fn error(form: &Form, name: &str) -> Markup {
    html! { @if let Some(error) = form.error(name) { p.error role="alert" { (error.detail) } } }
}

fn place(visit: &Visit, shown: &Shown<'_>) -> Markup {
    let form = shown.form;
    let account = shown.new && visit.face == Face::Operator && visit.who.account_id.is_none();
    html! {
        fieldset {
            legend { "Where" }
            (Field::new("url", "URL").hint("Where events are sent to, with POST.").required().input(form, "url"))
            (Field::new("name", "Name").hint("What people call it.").input(form, "text"))
            (Field::new("description", "Description").input(form, "text"))
            @if account {
                (Field::new("account_id", "Account")
                    .hint("The customer who owns it; it is made if it is not there yet. Empty is the project's default account. It cannot be changed later.")
                    .input(form, "text"))
            }
            @if shown.new { (check(form, "paused", "true", "Start paused: deliveries wait until it is resumed")) }
        }
    }
}
