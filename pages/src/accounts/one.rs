//! One customer: what it is called, where its things are, and what may be done with it.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Account, path_of, portal_links};
use crate::fault::Fault;
use crate::layout::{self, csrf_field};
use crate::parts::confirm;
use crate::parts::field::{Field, trouble};
use crate::parts::list::{ListOf, with};
use crate::parts::show::badge;
use crate::parts::times::time;
use crate::posted::Form;
use crate::router::Pages;
use crate::visit::{Visit, segment};

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/accounts/{account_id}", get(show))
}

async fn show(visit: Visit, Path(path): Path<Vec<(String, String)>>) -> Result<Response, Fault> {
    page(&visit, account_id(&path), &Form::default()).await
}

/// The account that an address names, after the project.
pub(super) fn account_id(path: &[(String, String)]) -> &str {
    let named = path.iter().find(|(name, _)| name == "account_id");
    named.map_or("", |(_, id)| id)
}

#[derive(Deserialize)]
struct Endpoint {
    id: String,
    name: Option<String>,
    url: String,
    status: String,
}

/// The page, with a form as it was sent if one was refused.
pub(super) async fn page(visit: &Visit, id: &str, form: &Form) -> Result<Response, Fault> {
    let account: Account = visit
        .get(&format!("/v1/accounts/{}", segment(id)), &[])
        .await?;
    let endpoints = match visit.may("endpoints:read") {
        true => {
            let query = [("account_id", id), ("limit", "10")];
            Some(
                visit
                    .get::<ListOf<Endpoint>>("/v1/endpoints", &query)
                    .await?,
            )
        }
        false => None,
    };
    let of_account = |path: &str| format!("{}?{}", visit.to(path), with("", "account_id", id));
    let body = html! {
        p { a href=(visit.to("/accounts")) { "All accounts" } }
        h1 { (account.title()) }
        dl.facts {
            dt { "Id" } dd { code { (account.id) } }
            dt { "Made" } dd { (time(&account.created_at)) }
        }
        div.actions {
            @if visit.may("deliveries:read") { a.button href=(of_account("/deliveries")) { "Deliveries" } }
            @if visit.may("events:read") { a.button href=(of_account("/events")) { "Events" } }
            @if visit.may("keys:write") { a.button href=(of_account("/keys")) { "Keys" } }
            @if visit.may("audit:read") { a.button href=(of_account("/audit")) { "Audit" } }
        }
        @if let Some(endpoints) = &endpoints { (endpoints_of(visit, endpoints, &of_account("/endpoints"))) }
        @if visit.may("endpoints:write") {
            div.actions { a.button href=(of_account("/endpoints/new")) { "New endpoint" } }
        }
        @if visit.may("portal:write") { (portal_links::part(visit, id)) }
        @if visit.may("accounts:write") { (changes(visit, &account, form)) }
    };
    Ok(layout::page(visit, account.title(), &body))
}

fn endpoints_of(visit: &Visit, endpoints: &ListOf<Endpoint>, all: &str) -> Markup {
    html! {
        h2 { "Endpoints" }
        @if endpoints.data.is_empty() {
            p.quiet { "None: nothing is sent to this customer yet." }
        } @else {
            div.scroll { table {
                thead { tr { th scope="col" { "Endpoint" } th scope="col" { "URL" } th scope="col" { "State" } } }
                tbody { @for endpoint in &endpoints.data { tr {
                    td { a href=(visit.to(&format!("/endpoints/{}", segment(&endpoint.id)))) {
                        (endpoint.name.as_deref().unwrap_or(&endpoint.id))
                    } }
                    td { code { (endpoint.url) } }
                    td { (badge(&endpoint.status)) }
                } } }
            } }
            @if endpoints.next_cursor.is_some() { p { a href=(all) { "All its endpoints" } } }
        }
    }
}

fn changes(visit: &Visit, account: &Account, form: &Form) -> Markup {
    let path = visit.to(&path_of(&account.id));
    let empty = Form::default();
    // A refused deletion must not empty the name's field, nor the other way round.
    let is_name = form.fields.get("name").is_some();
    let name = match is_name {
        true => form.clone(),
        false => Form::of(vec![(
            "name".to_owned(),
            account.name.clone().unwrap_or_default(),
        )]),
    };
    html! {
        h2 { "Name" }
        (trouble(&name, &["name"]))
        form.stack method="post" action={ (path) "/rename" } {
            (csrf_field(visit))
            (Field::new("name", "Name").hint("What people call it. Empty: its id is shown.").input(&name, "text"))
            div { button type="submit" { "Rename" } }
        }
        h2 { "Delete" }
        p { "Its keys and endpoints end at once, and nothing more is sent to it. What was sent stays until its retention ends. "
            @if visit.may("data:purge") {
                "To remove its data for good, "
                a href={ (visit.to("/purges/new")) "?" (with("", "account_id", &account.id)) } { "purge it" } "."
            }
        }
        (confirm::ask(visit, &format!("{path}/delete"), &account.id, "Delete the account", if is_name { &empty } else { form }))
    }
}
