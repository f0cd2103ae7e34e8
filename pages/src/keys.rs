//! Who may call the API? The keys of a project, of an account, or of the whole server.

mod change;
mod form;

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::accounts;
use crate::fault::Fault;
use crate::layout::{self, csrf_field};
use crate::parts::confirm::unfold;
use crate::parts::list::{Cursor, ListOf, empty, pager, with};
use crate::parts::show::badge;
use crate::parts::times::time;
use crate::router::Pages;
use crate::visit::{Visit, segment};

/// The keys of a project and of its accounts.
pub(crate) fn routes() -> Router<Pages> {
    under("/keys")
}

/// The keys of the server.
pub(crate) fn root_routes() -> Router<Pages> {
    under("/ui/root-keys")
}

fn under(path: &str) -> Router<Pages> {
    Router::new()
        .route(path, get(list))
        .route(&format!("{path}/new"), get(form::show).post(form::make))
        .route(&format!("{path}/{{key_id}}/rotate"), post(change::rotate))
        .route(&format!("{path}/{{key_id}}/revoke"), post(change::revoke))
}

/// Whose keys are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whose {
    Server,
    Project,
    Account(String),
}

/// The account in a page's query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct OfAccount {
    account_id: String,
}

impl Whose {
    fn of(visit: &Visit, query: &OfAccount) -> Self {
        if visit.path.starts_with("/root-keys") {
            return Self::Server;
        }
        // An account's key names its own account by itself.
        match query.account_id.is_empty() {
            true => Self::Project,
            false => Self::Account(query.account_id.clone()),
        }
    }

    const fn path(&self) -> &'static str {
        match self {
            Self::Server => "/root-keys",
            Self::Project | Self::Account(_) => "/keys",
        }
    }

    /// The address of one of their pages.
    fn page(&self, visit: &Visit, rest: &str) -> String {
        let page = visit.to(&format!("{}{rest}", self.path()));
        match self {
            Self::Server | Self::Project => page,
            Self::Account(id) => format!("{page}?{}", with("", "account_id", id)),
        }
    }

    /// Where the API has them.
    fn api(&self, rest: &str) -> String {
        format!("/v1{}{rest}", self.path())
    }

    fn query(&self) -> [(&str, &str); 1] {
        match self {
            Self::Server | Self::Project => [("account_id", "")],
            Self::Account(id) => [("account_id", id)],
        }
    }

    fn title(&self) -> String {
        match self {
            Self::Server => "Root keys".to_owned(),
            Self::Project => "Keys".to_owned(),
            Self::Account(id) => format!("Keys of {id}"),
        }
    }

    const fn says(&self) -> &'static str {
        match self {
            Self::Server => {
                "A root key opens every project on this server. Keep few, give each an owner's name, and use a project's key in programs."
            }
            Self::Project => {
                "A project's key is for your own servers: it publishes events and manages all accounts. An account's keys are on the account's page."
            }
            Self::Account(_) => "An account's key sees and changes what is this customer's alone.",
        }
    }
}

#[derive(Deserialize)]
struct Key {
    id: String,
    name: Option<String>,
    hint: String,
    scopes: Vec<String>,
    rate_limit: Option<u32>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
}

async fn list(
    visit: Visit,
    Query(account): Query<OfAccount>,
    Query(cursor): Query<Cursor>,
) -> Result<Response, Fault> {
    let whose = Whose::of(&visit, &account);
    let [of] = whose.query();
    let query = [of, ("limit", "50"), ("cursor", cursor.as_str())];
    let keys: ListOf<Key> = visit.get(&whose.api(""), &query).await?;
    let title = whose.title();
    let body = html! {
        @if let Whose::Account(id) = &whose { p { a href=(visit.to(&accounts::path_of(id))) { "The account" } } }
        div.title-row {
            h1 { (title) }
            a.button.primary href=(whose.page(&visit, "/new")) { "New key" }
        }
        p { (whose.says()) }
        @if keys.data.is_empty() {
            (empty("No key yet", "Make one, and give it only the scopes that it needs."))
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Key" } th scope="col" { "May" } th scope="col" { "Last used" }
                    th scope="col" { "Made, and until when" } th scope="col" { "Change" }
                } }
                tbody { @for key in &keys.data { (row(&visit, &whose, key)) } }
            } }
            (pager(&visit, &keys))
        }
    };
    Ok(layout::page(&visit, &title, &body))
}

fn row(visit: &Visit, whose: &Whose, key: &Key) -> Markup {
    let now = (visit.pages.options.now)();
    let is_over = |at: &Option<String>| at.as_deref().is_some_and(|at| is_past(at, now));
    let state = match () {
        () if key.revoked_at.is_some() => Some("revoked"),
        () if is_over(&key.expires_at) => Some("expired"),
        () => None,
    };
    html! {
        tr {
            td.key {
                strong { (key.name.as_deref().unwrap_or("Without a name")) }
                @if let Some(state) = state { " " (badge(state)) }
                br; code { (key.hint) }
            }
            td {
                details.scopes { summary { (scopes_in_short(&key.scopes)) }
                    ul { @for scope in &key.scopes { li { code { (scope) } } } }
                }
                @if let Some(rate) = key.rate_limit { span.quiet { (rate) " requests per second" } }
            }
            td { @match key.last_used_at.as_deref() { Some(at) => (time(at)), None => span.none { "Never" } } }
            td {
                div { (time(&key.created_at)) }
                @match (key.revoked_at.as_deref(), key.expires_at.as_deref()) {
                    (Some(at), _) => { span.quiet { "revoked " } (time(at)) }
                    (None, Some(at)) => { span.quiet { "until " } (time(at)) }
                    (None, None) => span.quiet { "until it is revoked" },
                }
            }
            td { @if state.is_none() { div.actions { (changes(visit, whose, key)) } } }
        }
    }
}

/// Whether a moment of the API is not after `now`, in milliseconds.
pub(crate) fn is_past(at: &str, now: i64) -> bool {
    let at = OffsetDateTime::parse(at, &Rfc3339);
    at.is_ok_and(|at| at.unix_timestamp_nanos() / 1_000_000 <= i128::from(now))
}

fn scopes_in_short(scopes: &[String]) -> String {
    match scopes {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        many => format!("{} scopes", many.len()),
    }
}

fn changes(visit: &Visit, whose: &Whose, key: &Key) -> Markup {
    let path = |what: &str| whose.page(visit, &format!("/{}/{what}", segment(&key.id)));
    let overlap = format!("overlap-{}", key.id);
    html! {
        (unfold("Rotate", &html! {
            p { "A new key with the same name, scopes and limit. The old one goes on working for a while, so that you can change it everywhere." }
            form.stack method="post" action=(path("rotate")) {
                (csrf_field(visit))
                div.field {
                    label for=(overlap) { "The old key works for" }
                    select id=(overlap) name="overlap_seconds" {
                        option value="0" { "no longer" }
                        option value="3600" { "one hour" }
                        option value="86400" selected { "one day" }
                        option value="604800" { "seven days" }
                        option value="2592000" { "30 days" }
                    }
                }
                div { button.primary type="submit" { "Rotate" } }
            }
        }))
        (unfold("Revoke", &html! {
            p { "Requests with this key are refused at once. This cannot be undone." }
            form method="post" action=(path("revoke")) {
                (csrf_field(visit))
                button.danger type="submit" { "Revoke now" }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_ended_from_its_end_on() {
        let end = "2026-11-21T14:03:22.500Z";
        let at = 1_795_269_802_500;
        assert!(!is_past(end, at - 1));
        assert!(is_past(end, at));
        assert!(!is_past("never", at));
    }
}
