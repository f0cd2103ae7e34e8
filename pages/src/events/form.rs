//! Publishing a test event: first it is said what would become of it, then it is published.

use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::address;
use super::matches::{Match, table};
use crate::deliveries::Names;
use crate::fault::{Fault, FieldProblem, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::offered::{self, EventType, Offered};
use crate::parts::field::{Field, trouble};
use crate::parts::list::{ListOf, empty};
use crate::posted::{Form, Posted};
use crate::visit::{Face, Visit};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wished {
    r#type: String,
    account_id: String,
}

const FIELDS: &[&str] = &["type", "account_id", "data", "id"];

pub(super) async fn show(visit: Visit, Query(wished): Query<Wished>) -> Result<Response, Fault> {
    let wished_type = wished.r#type.trim();
    let offered = offered::load(&visit).await?;
    let known = offered.find(&visit, wished_type).await;
    let example = known.as_ref().and_then(EventType::example).cloned();
    let data = example.unwrap_or_else(|| json!({"example": true}));
    let data = serde_json::to_string_pretty(&data).unwrap_or_default();
    let fields = [
        ("type", wished_type),
        ("account_id", wished.account_id.trim()),
        ("data", &*data),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let form = Form::of(fields.into());
    Ok(page(&visit, &form, &offered, &html! {}))
}

fn page(visit: &Visit, form: &Form, offered: &Offered, tried: &Markup) -> Response {
    let chosen = form.value("type");
    let listed = offered.types.iter().any(|it| it.name == chosen);
    let body = html! {
        h1 { "Publish a test event" }
        p { "A real event with real deliveries: your endpoints receive it as any other. Try it first; a try stores and sends nothing." }
        (trouble(form, FIELDS))
        form.card.inline-form method="get" action=(visit.to("/events/new")) {
            (offered.choice(visit, "example", "Begin with the example of a type", chosen))
            button type="submit" { "Fill in" }
        }
        form.test-event method="post" action=(visit.to("/events/new")) {
            (csrf_field(visit))
            (tried)
            (Field::new("type", "Event type").hint(if listed { "" } else { "Such as user.created." }).required().input(form, "text"))
            @if visit.face == Face::Operator { (Field::new("account_id", "Account").hint("Whose endpoints receive it; default, if you leave it out.").input(form, "text")) }
            (Field::new("data", "Payload (JSON)").required().area(form, 14))
            (Field::new("id", "Own id").hint("Published again with the same id it is not sent twice.").input(form, "text"))
            div.actions {
                button.primary type="submit" name="do" value="try" { "Try it" }
                (publish_button())
            }
        }
    };
    layout::page(visit, "Publish a test event", &body)
}

fn publish_button() -> Markup {
    html! { button type="submit" name="do" value="publish" data-confirm="Publish this event to the endpoints that want it?" { "Publish" } }
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

pub(super) async fn send(posted: Posted) -> Result<Response, Fault> {
    let (visit, fields) = (posted.visit, posted.fields);
    let offered = offered::load(&visit).await?;
    let data = match serde_json::from_str::<Value>(fields.get("data").unwrap_or("")) {
        Ok(data) => data,
        Err(error) => {
            let form = Form::refused(fields, no_json(&error));
            return Ok(page(&visit, &form, &offered, &html! {}));
        }
    };
    let mut event = json!({"type": fields.text("type").unwrap_or(""), "data": data});
    for name in ["account_id", "id"] {
        if let Some(value) = fields.text(name) {
            event[name] = Value::from(value);
        }
    }
    if fields.get("do") == Some("publish") {
        let sent = visit
            .send::<Accepted>(Method::POST, "/v1/events", &[], Some(&event))
            .await;
        return Ok(match sent.or_form()? {
            Ok(accepted) => {
                let path = format!("{}?said=published", address(&accepted.id));
                Redirect::to(&visit.to(&path)).into_response()
            }
            Err(problem) => page(&visit, &Form::refused(fields, problem), &offered, &html! {}),
        });
    }
    let query = [("limit", "50")];
    let tried = visit
        .send::<ListOf<Match>>(Method::POST, "/v1/events/dry-run", &query, Some(&event))
        .await;
    Ok(match tried.or_form()? {
        Ok(mut matches) => {
            matches.data.sort_by_key(Match::place);
            let mut names = Names::first(&visit).await?;
            names
                .add(&visit, matches.data.iter().map(|it| &it.endpoint_id))
                .await;
            let form = Form {
                fields,
                problem: None,
            };
            page(&visit, &form, &offered, &said(&visit, &names, &matches))
        }
        Err(problem) => page(&visit, &Form::refused(fields, problem), &offered, &html! {}),
    })
}

/// What would become of it: first who would receive it.
fn said(visit: &Visit, names: &Names, matches: &ListOf<Match>) -> Markup {
    let all = matches.data.len();
    let would = matches.data.iter().filter(|it| it.would_deliver()).count();
    html! {
        section #tried.card aria-labelledby="tried-title" {
            h2 #tried-title { "A try: nothing was stored or sent" }
            @if matches.data.is_empty() { (empty("Nobody would receive it", "The account has no endpoint.")) }
            @else {
                p { strong { (would) " of " (all) } " endpoints would receive it now." @if matches.next_cursor.is_some() { " Only the 50 newest are asked here." } }
                (table(visit, names, &matches.data))
            }
            (publish_button())
        }
    }
}

fn no_json(error: &serde_json::Error) -> Problem {
    let detail = format!("This is not valid JSON: {error}.");
    Problem {
        title: "Unprocessable Entity".to_owned(),
        status: 422,
        code: "invalid_json".to_owned(),
        detail: detail.clone(),
        errors: vec![FieldProblem {
            pointer: "/data".to_owned(),
            detail,
        }],
    }
}
