//! Whose data is to be removed for good? Asked twice: it cannot be undone.

use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, StatusCode};
use maud::html;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::{Fault, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::parts::confirm;
use crate::parts::field::{Field, trouble};
use crate::posted::{Fields, Form, Posted};
use crate::visit::{Visit, segment};

/// What is typed to say that it is meant.
const WORD: &str = "remove for good";

/// What a link may fill in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Of {
    account_id: String,
    event_id: String,
}

#[derive(Deserialize)]
struct Begun {
    id: String,
}

pub(super) async fn show(visit: Visit, Query(of): Query<Of>) -> Response {
    let form = Form::of(vec![
        ("account_id".to_owned(), of.account_id),
        ("event_id".to_owned(), of.event_id),
    ]);
    page(&visit, &form)
}

fn page(visit: &Visit, form: &Form) -> Response {
    let label = format!("Type “{WORD}” to confirm");
    let body = html! {
        p.crumbs { a href=(visit.to("/purges")) { "Purges" } }
        h1 { "New purge" }
        p { "Fill in one of the three. Events go with their payloads, deliveries and attempts, finished or not. An account's keys and endpoints end at once. There is no way back." }
        (trouble(form, &["account_id", "event_id", "subject", "confirm"]))
        form.stack method="post" action=(visit.to("/purges/new")) {
            (csrf_field(visit))
            (Field::new("account_id", "Account").hint("All of this account: events, endpoints, keys.").input(form, "text"))
            (Field::new("event_id", "Event").hint("One event.").input(form, "text"))
            (Field::new("subject", "Subject").hint("Every event of the project with this subject. JSON as it was published; a plain word stands for itself.").input(form, "text"))
            (Field::new("confirm", &label).required().input(form, "text"))
            div.actions {
                button.danger type="submit" { "Remove for good" }
                a.button href=(visit.to("/purges")) { "Cancel" }
            }
        }
    };
    layout::page(visit, "New purge", &body)
}

/// What the API is asked for.
fn input(fields: &Fields) -> Value {
    let mut input = json!({});
    for name in ["account_id", "event_id"] {
        if let Some(id) = fields.text(name) {
            input[name] = id.into();
        }
    }
    if let Some(text) = fields.text("subject") {
        input["subject"] = serde_json::from_str(text).unwrap_or_else(|_| text.into());
    }
    input
}

pub(super) async fn make(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    if let Err(problem) = confirm::typed(&fields, WORD) {
        return Ok(again(&visit, fields, problem));
    }
    let input = input(&fields);
    let asked = visit
        .send::<Begun>(Method::POST, "/v1/purges", &[], Some(&input))
        .await;
    if let Err(Fault::Refused(problem)) = &asked
        && problem.status == 404
    {
        return Ok(again(&visit, fields, problem.clone()));
    }
    match asked.or_form()? {
        Ok(begun) => {
            let to = visit.to(&format!("/purges/{}", segment(&begun.id)));
            Ok(Redirect::to(&format!("{to}?said=purge-begun")).into_response())
        }
        Err(problem) => Ok(again(&visit, fields, problem)),
    }
}

fn again(visit: &Visit, fields: Fields, problem: Problem) -> Response {
    let page = page(visit, &Form::refused(fields, problem));
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_json_and_a_plain_word_is_a_text() {
        let subject = |text: &[u8]| input(&Fields::of(text))["subject"].clone();
        assert_eq!(subject(b"subject=%7B%22id%22%3A1%7D"), json!({"id": 1}));
        assert_eq!(subject(b"subject=ord_1"), json!("ord_1"));
        assert_eq!(subject(b"subject=%22ord_1%22"), json!("ord_1"));
        assert_eq!(subject(b"subject=7"), json!(7));
    }
}
