//! A new key: its name, what it may do, how long and how fast.

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{OfAccount, Whose};
use crate::audit::moment;
use crate::fault::{Fault, OrForm};
use crate::layout::{self, csrf_field};
use crate::parts::field::{Field, check, trouble};
use crate::parts::show::block;
use crate::posted::{Fields, Form, Posted};
use crate::visit::Visit;

/// Every scope, with what it lets a program do.
const SCOPES: &[(&str, &str)] = &[
    ("events:write", "publish events"),
    ("events:read", "read events and their payloads"),
    ("endpoints:read", "read endpoints"),
    (
        "endpoints:write",
        "make, change and delete endpoints, and see their secrets",
    ),
    ("deliveries:read", "read deliveries and attempts"),
    ("deliveries:write", "resend, cancel and replay deliveries"),
    ("accounts:read", "read accounts"),
    ("accounts:write", "make, change and delete accounts"),
    ("keys:write", "make, list and revoke keys"),
    ("event-types:write", "describe event types"),
    ("portal:write", "open the portal for customers"),
    ("audit:read", "read the audit log"),
    ("settings:write", "change the project's settings"),
    ("data:purge", "remove data for good"),
    ("projects:write", "make, change and delete projects"),
];
/// What an account's key is for: what is ticked at first.
const OF_ACCOUNTS: &[&str] = &[
    "events:read",
    "endpoints:read",
    "endpoints:write",
    "deliveries:read",
    "deliveries:write",
];
/// What a project's key is not given unless somebody ticks it.
const RARE: &[&str] = &["data:purge"];
/// What has no use without a root key.
const OF_ROOT: &[&str] = &["projects:write"];
/// What an account's key has use for.
const USEFUL_TO_ACCOUNTS: &[&str] = &["events:write", "keys:write", "audit:read"];

#[derive(Deserialize)]
struct Made {
    name: Option<String>,
    api_key: String,
}

/// The scopes that a visitor can hand out to a key of theirs, and whether they are ticked at first.
fn offered(visit: &Visit, whose: &Whose) -> Vec<(&'static str, &'static str, bool)> {
    let is_useful = |scope: &str| match whose {
        Whose::Server => true,
        Whose::Project => !OF_ROOT.contains(&scope),
        Whose::Account(_) => OF_ACCOUNTS.contains(&scope) || USEFUL_TO_ACCOUNTS.contains(&scope),
    };
    let is_usual = |scope: &str| match whose {
        Whose::Server => true,
        Whose::Project => !RARE.contains(&scope),
        Whose::Account(_) => OF_ACCOUNTS.contains(&scope),
    };
    let all = SCOPES.iter().filter(|(scope, _)| visit.may(scope));
    all.filter(|(scope, _)| is_useful(scope))
        .map(|(scope, does)| (*scope, *does, is_usual(scope)))
        .collect()
}

pub(super) async fn show(
    visit: Visit,
    Query(account): Query<OfAccount>,
) -> Result<Response, Fault> {
    let whose = Whose::of(&visit, &account);
    let ticked = offered(&visit, &whose).into_iter();
    let ticked = ticked
        .filter(|(.., usual)| *usual)
        .map(|(scope, ..)| ("scopes".to_owned(), scope.to_owned()));
    Ok(page(&visit, &whose, &Form::of(ticked.collect())))
}

fn page(visit: &Visit, whose: &Whose, form: &Form) -> Response {
    let title = match whose {
        Whose::Server => "New root key".to_owned(),
        Whose::Project => "New key".to_owned(),
        Whose::Account(id) => format!("New key of {id}"),
    };
    let shown = ["name", "scopes", "expires_at", "rate_limit"];
    let body = html! {
        h1 { (title) }
        (trouble(form, &shown))
        form.stack method="post" action=(whose.page(visit, "/new")) {
            (csrf_field(visit))
            (Field::new("name", "Name").hint("Where it is used, such as “billing service, production”.").input(form, "text"))
            (scopes(visit, whose, form))
            (Field::new("expires_at", "Works until (UTC)").hint("Empty: until it is revoked.").input(form, "datetime-local"))
            (Field::new("rate_limit", "Requests per second").hint("1 to 100000. Empty: what the server allows each key.").input(form, "number"))
            div.actions {
                button.primary type="submit" { "Make the key" }
                a.button href=(whose.page(visit, "")) { "Cancel" }
            }
        }
    };
    layout::page(visit, &title, &body)
}

fn scopes(visit: &Visit, whose: &Whose, form: &Form) -> Markup {
    html! {
        fieldset {
            legend { "It may" }
            @if let Some(error) = form.error("scopes") { p.error role="alert" { (error.detail) } }
            div.checks { @for (scope, does, _) in offered(visit, whose) {
                (check(form, "scopes", scope, &format!("{does} ({scope})")))
            } }
        }
    }
}

pub(super) async fn make(
    Query(account): Query<OfAccount>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let whose = Whose::of(&visit, &account);
    let input = input(&fields);
    let asked = visit
        .send(Method::POST, &whose.api(""), &whose.query(), Some(&input))
        .await;
    match asked.or_form()? {
        Ok(made) => Ok(made_page(&visit, &whose, &made)),
        Err(problem) => {
            let page = page(&visit, &whose, &Form::refused(fields, problem));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// What the API is asked for. What is no number goes as it is: the API says so beside the field.
fn input(fields: &Fields) -> Value {
    let mut input = json!({"scopes": fields.all("scopes")});
    if let Some(name) = fields.text("name") {
        input["name"] = name.into();
    }
    if let Some(at) = fields.text("expires_at") {
        input["expires_at"] = moment(at).into();
    }
    if let Some(rate) = fields.text("rate_limit") {
        input["rate_limit"] = rate
            .parse::<u32>()
            .map_or_else(|_| rate.into(), Value::from);
    }
    input
}

/// The one time that a key is shown.
fn made_page(visit: &Visit, whose: &Whose, made: &Made) -> Response {
    shown_once(
        visit,
        whose,
        "The key is made",
        made.name.as_deref(),
        &made.api_key,
    )
}

/// A page with a key that is not shown again.
pub(super) fn shown_once(
    visit: &Visit,
    whose: &Whose,
    title: &str,
    name: Option<&str>,
    key: &str,
) -> Response {
    let body = html! {
        h1 { (title) }
        p.note role="status" { strong { "Copy it now." } " It is shown this once; the server keeps only a hash of it." }
        (block(name.unwrap_or("API key"), key))
        div.actions { a.button.primary href=(whose.page(visit, "")) { "I have copied it" } }
    };
    layout::page(visit, title, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_empty_is_not_asked_for() {
        let fields = Fields::of(b"name=+&scopes=events%3Awrite&rate_limit=5&expires_at=");
        assert_eq!(
            input(&fields),
            json!({"scopes": ["events:write"], "rate_limit": 5})
        );
        let fields = Fields::of(b"rate_limit=-1");
        assert_eq!(input(&fields), json!({"scopes": [], "rate_limit": "-1"}));
    }
}
