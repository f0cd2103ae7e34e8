//! Whom does the project send to? Its customers, and how one is made.

mod change;
mod one;
mod portal_links;

use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::{Fault, OrForm};
use crate::layout::{self, csrf_field};
use crate::parts::field::{Field, trouble};
use crate::parts::list::{Cursor, ListOf, empty, pager};
use crate::parts::times::time;
use crate::posted::{Form, Posted};
use crate::router::Pages;
use crate::visit::{Visit, segment};

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/accounts", get(list).post(make))
        .merge(one::routes())
        .merge(change::routes())
        .merge(portal_links::routes())
}

#[derive(Deserialize)]
struct Account {
    id: String,
    name: Option<String>,
    created_at: String,
}

impl Account {
    /// What people call it; its id where it has no name.
    fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// The address of an account's page, without the base.
pub(crate) fn path_of(account_id: &str) -> String {
    format!("/accounts/{}", segment(account_id))
}

/// An account to be opened, if one is asked for.
#[derive(Deserialize)]
struct Open {
    id: Option<String>,
}

async fn list(
    visit: Visit,
    Query(cursor): Query<Cursor>,
    Query(open): Query<Open>,
) -> Result<Response, Fault> {
    let id = open.id.as_deref().map(str::trim).unwrap_or_default();
    if !id.is_empty() {
        return Ok(Redirect::to(&visit.to(&path_of(id))).into_response());
    }
    page(&visit, cursor.as_str(), &Form::default()).await
}

async fn page(visit: &Visit, cursor: &str, form: &Form) -> Result<Response, Fault> {
    let query = [("limit", "50"), ("cursor", cursor)];
    let accounts: ListOf<Account> = visit.get("/v1/accounts", &query).await?;
    let body = html! {
        h1 { "Accounts" }
        p { "An account is one customer: its endpoints get its events and no other's. "
            "It is also made when an event or an endpoint first names it." }
        @if visit.may("accounts:write") { (maker(visit, form)) }
        form.filters method="get" action=(visit.to("/accounts")) role="search" {
            div.field {
                label for="account-id" { "Open by id" }
                input #account-id name="id" type="search" required maxlength="128" autocomplete="off";
            }
            button type="submit" { "Open" }
        }
        @if accounts.data.is_empty() {
            (empty("No account yet", "Make one above, or name one when an endpoint is made."))
        } @else {
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "Id" } th scope="col" { "Made" }
                } }
                tbody { @for account in &accounts.data { tr {
                    td { a href=(visit.to(&path_of(&account.id))) { (account.title()) } }
                    td { code { (account.id) } }
                    td { (time(&account.created_at)) }
                } } }
            } }
            (pager(visit, &accounts))
        }
    };
    Ok(layout::page(visit, "Accounts", &body))
}

fn maker(visit: &Visit, form: &Form) -> Markup {
    html! {
        details.unfold open[form.problem.is_some()] {
            summary.button { "New account" }
            div.card {
                (trouble(form, &["id", "name"]))
                form.stack method="post" action=(visit.to("/accounts")) {
                    (csrf_field(visit))
                    (Field::new("id", "Id").hint("Your own id of the customer: 1 to 128 of A-Z a-z 0-9 _ - : . @. One is made if you give none.").input(form, "text"))
                    (Field::new("name", "Name").hint("What people call it.").input(form, "text"))
                    div { button.primary type="submit" { "Make the account" } }
                }
            }
        }
    }
}

async fn make(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let given = ["id", "name"].map(|name| (name, fields.text(name)));
    let input: Map<String, Value> = given
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect();
    let input = Value::Object(input);
    let asked = visit.send::<Account>(Method::POST, "/v1/accounts", &[], Some(&input));
    match asked.await.or_form()? {
        Ok(made) => {
            let to = format!("{}?said=account-made", visit.to(&path_of(&made.id)));
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) => {
            let page = page(&visit, "", &Form::refused(fields, problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}
