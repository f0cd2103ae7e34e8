//! Code that checks what an endpoint is sent, in the language of its receiver.

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;

use crate::fault::Fault;
use crate::layout;
use crate::parts::show::block;
use crate::router::Pages;
use crate::visit::{Visit, segment};

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/endpoints/{id}/code", get(show))
}

#[derive(Deserialize)]
struct Ids {
    id: String,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    language: String,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(default)]
    name: Option<String>,
    url: String,
}

#[derive(Deserialize)]
struct Code {
    profile: String,
    language: String,
    title: String,
    proof: String,
    code: String,
    languages: Vec<Language>,
}

#[derive(Deserialize)]
struct Language {
    language: String,
    title: String,
}

async fn show(
    visit: Visit,
    Path(ids): Path<Ids>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let path = format!("/v1/endpoints/{}", segment(&ids.id));
    let endpoint: Endpoint = visit.get(&path, &[]).await?;
    let query = [("language", asked.language.as_str())];
    let code: Code = visit.get(&format!("{path}/receiver-code"), &query).await?;
    let here = visit.to(&format!("/endpoints/{}", segment(&ids.id)));
    let name = endpoint.name.as_deref().filter(|name| !name.is_empty());
    let held = match code.proof.as_str() {
        "public_key" => "the endpoint's public key",
        "nothing" => {
            "nothing: the endpoint has no secret, and a digest without one shows damage only"
        }
        _ => "the endpoint's signing secret",
    };
    let body = html! {
        nav.crumbs aria-label="Above this page" { a href=(here) { (name.unwrap_or(&endpoint.url)) } }
        h1 { "Code for the receiver" }
        p {
            "Checks what this endpoint is sent, in its wire format " code { (code.profile) } ". The receiver holds " (held) "."
            @if code.proof != "nothing" { " It reads it from " code { "WEBHOOK_SECRETS" } " or takes it as an argument; it is not in the code." }
        }
        nav.tabs aria-label="Languages" { @for language in &code.languages {
            a href={ (here) "/code?language=" (language.language) }
                aria-current=[(language.language == code.language).then_some("page")] { (language.title) }
        } }
        div.code { (block(&format!("Receiver in {}", code.title), &code.code)) }
        p { "A request that is refused although it should not be? " a href=(visit.to(&format!("/debugger?endpoint_id={}", segment(&ids.id)))) { "See which step fails" } "." }
    };
    Ok(layout::page(&visit, "Code for the receiver", &body))
}
