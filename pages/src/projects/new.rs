//! A new project: its name and its wire format. Its first key is shown once.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Method, StatusCode};
use maud::html;
use serde::Deserialize;
use serde_json::json;

use crate::fault::{Fault, OrForm};
use crate::layout::{self, csrf_field};
use crate::parts::field::{Field, trouble};
use crate::parts::list::ListOf;
use crate::parts::show::block;
use crate::posted::{Form, Posted};
use crate::router::Pages;
use crate::visit::Visit;

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/ui/new", get(show).post(make))
}

#[derive(Deserialize)]
struct Profile {
    name: String,
    title: String,
}

#[derive(Deserialize)]
struct Made {
    id: String,
    name: String,
    api_key: String,
}

async fn show(visit: Visit) -> Result<Response, Fault> {
    let form = Form::of(vec![
        ("profile".to_owned(), "standard-webhooks".to_owned()),
        ("livemode".to_owned(), "true".to_owned()),
    ]);
    page(&visit, &form).await
}

async fn page(visit: &Visit, form: &Form) -> Result<Response, Fault> {
    let profiles: ListOf<Profile> = visit.get("/v1/profiles", &[]).await?;
    let profiles: Vec<(&str, &str)> = profiles
        .data
        .iter()
        .map(|profile| (profile.name.as_str(), profile.title.as_str()))
        .collect();
    let modes = [("true", "Live"), ("false", "Test")];
    let body = html! {
        h1 { "New project" }
        p { "A project is one product that sends webhooks. It has its own accounts, endpoints, events and keys." }
        (trouble(form, &["name", "profile", "livemode"]))
        form.stack method="post" action="/ui/new" {
            (csrf_field(visit))
            (Field::new("name", "Name").required().hint("What people call it: 1 to 1024 characters.").input(form, "text"))
            (Field::new("profile", "Wire format").required()
                .hint("How its webhooks are written and signed. It cannot be changed later; an endpoint may have another.")
                .select(form, &profiles))
            (Field::new("livemode", "Mode").required()
                .hint("What formats that tell live data from test data say about its events.")
                .select(form, &modes))
            div.actions {
                button.primary type="submit" { "Make the project" }
                a.button href="/ui" { "Cancel" }
            }
        }
    };
    Ok(layout::page(visit, "New project", &body))
}

async fn make(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let input = json!({
        "name": fields.text("name").unwrap_or(""),
        "profile": fields.text("profile").unwrap_or(""),
        "livemode": fields.text("livemode") != Some("false"),
    });
    let asked = visit.send_plain(Method::POST, "/v1/projects", Some(&input));
    let made: Made = match asked.await.or_form()? {
        Ok(made) => made,
        Err(problem) => {
            let page = page(&visit, &Form::refused(fields, problem)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let body = html! {
        h1 { "Project “" (made.name) "” is made" }
        p.note role="status" { strong { "Copy its key now." } " It is shown this once; the server keeps only a hash of it." }
        (block("API key of the project", &made.api_key))
        div.actions { a.button.primary href={ "/ui/" (made.id) } { "Open the project" } }
    };
    Ok(layout::page(&visit, "Project made", &body))
}
