//! Why does a signature not verify? A request is pasted, and each step of its check is shown.

mod shown;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::fault::{Fault, FieldProblem, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::parts::field::{Field, check, trouble};
use crate::parts::list::ListOf;
use crate::posted::{Fields, Form, Posted};
use crate::router::Pages;
use crate::visit::{Visit, segment};
use shown::Explanation;

pub(crate) fn routes() -> Router<Pages> {
    Router::new().route("/debugger", get(form).post(posted))
}

const FIELDS: &[&str] = &[
    "headers",
    "body",
    "secrets",
    "profile",
    "endpoint_id",
    "url",
];

#[derive(Deserialize)]
struct Profile {
    name: String,
    title: String,
}

#[derive(Deserialize)]
struct Endpoint {
    id: String,
    #[serde(default)]
    name: Option<String>,
    url: String,
}

/// What was sent, as far as the API tells it.
#[derive(Deserialize)]
struct Delivery {
    endpoint_id: String,
    attempt_list: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    request_headers: std::collections::BTreeMap<String, String>,
}

/// The request, made again.
#[derive(Deserialize)]
struct Sent {
    body: String,
}

/// The form; with `?delivery=dlv_...` filled in with what was sent.
async fn form(visit: Visit) -> Result<Response, Fault> {
    let mut fields = Fields::of(visit.query.as_bytes());
    if let Some(id) = fields.text("delivery").map(str::to_owned) {
        prefill(&visit, &id, &mut fields).await?;
    }
    let body = page(&visit, &Form::of(fields.0), None).await?;
    Ok(layout::page(&visit, "Signature debugger", &body))
}

async fn prefill(visit: &Visit, id: &str, fields: &mut Fields) -> Result<(), Fault> {
    let path = format!("/v1/deliveries/{}", segment(id));
    let delivery: Delivery = visit.get(&path, &[]).await?;
    let mut put = |name: &str, value: String| {
        if fields.text(name).is_none() {
            fields.0.push((name.to_owned(), value));
        }
    };
    if let Some(last) = delivery.attempt_list.last() {
        let lines = last.request_headers.iter();
        let lines: Vec<String> = lines
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        put("headers", lines.join("\n"));
    }
    // A payload that is no longer kept leaves the field empty.
    if let Ok(sent) = visit.get::<Sent>(&format!("{path}/request"), &[]).await {
        put("body", sent.body);
    }
    let path = format!("/v1/endpoints/{}", segment(&delivery.endpoint_id));
    if let Ok(endpoint) = visit.get::<Endpoint>(&path, &[]).await {
        put("url", endpoint.url);
        put("endpoint_id", endpoint.id);
    }
    // What was sent a while ago is looked at as of then.
    put("ignore_age", "true".to_owned());
    Ok(())
}

async fn posted(posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let body = body(&fields);
    let path = "/v1/signatures/explain";
    let answer = visit.send(Method::POST, path, &[], Some(&body)).await;
    let answer: Result<Explanation, Problem> = match answer {
        Err(Fault::Refused(mut problem)) if matches!(problem.status, 404 | 413) => {
            let pointer = if problem.status == 404 {
                "/endpoint_id"
            } else {
                "/body"
            };
            problem.errors.push(FieldProblem {
                pointer: pointer.to_owned(),
                detail: problem.detail.clone(),
            });
            Err(problem)
        }
        answer => answer.or_form()?,
    };
    let (status, form, told) = match answer {
        Ok(told) => (StatusCode::OK, Form::of(fields.0), Some(told)),
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status);
            let status = status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            (status, Form::refused(fields, problem), None)
        }
    };
    let body = page(&visit, &form, told.as_ref()).await?;
    let page = layout::page(&visit, "Signature debugger", &body);
    Ok((status, page).into_response())
}

/// The question to the API. What was left empty is left out.
fn body(fields: &Fields) -> Value {
    let mut body = Map::new();
    body.insert(
        "headers".to_owned(),
        json!(fields.get("headers").unwrap_or("")),
    );
    body.insert("body".to_owned(), json!(payload(fields)));
    let secrets: Vec<&str> = fields
        .text("secrets")
        .into_iter()
        .flat_map(str::lines)
        .collect();
    let secrets: Vec<&str> = secrets
        .into_iter()
        .filter(|line| !line.trim().is_empty())
        .collect();
    body.insert("secrets".to_owned(), json!(secrets));
    for name in ["profile", "endpoint_id", "url"] {
        if let Some(text) = fields.text(name) {
            body.insert(name.to_owned(), json!(text));
        }
    }
    body.insert(
        "ignore_age".to_owned(),
        json!(fields.is_checked("ignore_age")),
    );
    Value::Object(body)
}

/// The body as it was pasted. A browser sends every line end of a form as CR LF: they are what was
/// pasted only if the visitor says so.
fn payload(fields: &Fields) -> String {
    let text = fields.get("body").unwrap_or("");
    match fields.is_checked("crlf") {
        true => text.to_owned(),
        false => text.replace("\r\n", "\n"),
    }
}

async fn page(visit: &Visit, form: &Form, told: Option<&Explanation>) -> Result<Markup, Fault> {
    let profiles: ListOf<Profile> = visit.get("/v1/profiles", &[]).await?;
    let endpoints: ListOf<Endpoint> = visit.get("/v1/endpoints", &[("limit", "250")]).await?;
    Ok(html! {
        h1 { "Signature debugger" }
        p { "Paste a request as your receiver got it and see which step of its check fails. Nothing is stored." }
        @if let Some(told) = told { (told.shown()) }
        @else { (trouble(form, FIELDS)) }
        form.stack.wide method="post" action=(visit.to("/debugger")) {
            (csrf_field(visit))
            (Field::new("headers", "Headers").required().hint("One on each line, as Name: value; as curl -v prints them, or a JSON object.").area(form, 7))
            (Field::new("body", "Body").hint("The raw bytes, not what a parser made of them: a space more or less changes the signature.").area(form, 9))
            (check(form, "crlf", "true", "Line ends within the body are CR LF"))
            fieldset {
                legend { "Checked with" }
                (endpoint_field(form, &endpoints))
                (Field::new("secrets", "Secrets").hint("Or public keys, one on each line; beside those of the endpoint, if one is chosen.").area(form, 2))
                (profile_field(form, &profiles))
                (Field::new("url", "URL").hint("Needed by the few formats that sign it.").input(form, "text"))
                (check(form, "ignore_age", "true", "Pass over how old the request is: it is out of a log"))
            }
            div.actions { button.primary type="submit" { "Check the signature" } }
        }
    })
}

fn endpoint_field(form: &Form, endpoints: &ListOf<Endpoint>) -> Markup {
    let field = Field::new("endpoint_id", "Endpoint");
    if endpoints.data.is_empty() || endpoints.next_cursor.is_some() {
        return field
            .hint("Its id: its own secrets are used, and not shown.")
            .input(form, "text");
    }
    let name = |endpoint: &Endpoint| match endpoint.name.as_deref() {
        Some(name) if !name.is_empty() => format!("{name} · {}", endpoint.url),
        _ => endpoint.url.clone(),
    };
    let named: Vec<String> = endpoints.data.iter().map(name).collect();
    let own = endpoints.data.iter().zip(&named);
    let own = own.map(|(endpoint, name)| (endpoint.id.as_str(), name.as_str()));
    let none = ("", "none: only the secrets below");
    let options: Vec<(&str, &str)> = std::iter::once(none).chain(own).collect();
    field
        .hint("Its own secrets are used, and not shown.")
        .select(form, &options)
}

fn profile_field(form: &Form, profiles: &ListOf<Profile>) -> Markup {
    let own = profiles.data.iter();
    let own = own.map(|profile| (profile.name.as_str(), profile.title.as_str()));
    let first = ("", "that of the endpoint, or of the project");
    let options: Vec<(&str, &str)> = std::iter::once(first).chain(own).collect();
    Field::new("profile", "Wire format").select(form, &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_a_form_are_those_that_were_pasted() {
        let fields = Fields::of(b"body=a%0D%0Ab");
        assert_eq!(payload(&fields), "a\nb");
        let fields = Fields::of(b"body=a%0D%0Ab&crlf=true");
        assert_eq!(payload(&fields), "a\r\nb");
    }

    #[test]
    fn empty_lines_are_no_secrets_and_spaces_stay_in_them() {
        let fields = Fields::of(b"headers=a&secrets=one%0D%0A%0D%0Atwo%20x");
        assert_eq!(body(&fields)["secrets"], json!(["one", "two x"]));
        assert!(body(&fields).get("profile").is_none());
    }
}
