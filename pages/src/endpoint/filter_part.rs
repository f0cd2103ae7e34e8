//! The filter of an endpoint as it is written and tried out, before it is saved.

use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::filter;
use super::facts::pretty;
use super::filter_help::help;
use super::marked::marked;
use super::problem::{problem, wrong};
use crate::fault::{Fault, OrForm, Problem};
use crate::parts::field::Field;
use crate::parts::list::ListOf;
use crate::parts::show::block;
use crate::posted::{Fields, Form};
use crate::visit::{Visit, segment};

/// Past events that are offered to try a filter on.
const OFFERED: &str = "15";

/// A past event.
#[derive(Deserialize)]
pub(super) struct Event {
    id: String,
    r#type: String,
    created_at: String,
}

/// The newest events, for those who may see them.
pub(super) async fn events(visit: &Visit, account: &str) -> Result<Vec<Event>, Fault> {
    if !visit.may("events:read") {
        return Ok(Vec::new());
    }
    let account = if visit.who.account_id.is_some() {
        ""
    } else {
        account
    };
    let query = [("limit", OFFERED), ("account_id", account)];
    let list: ListOf<Event> = visit.get("/v1/events", &query).await?;
    Ok(list.data)
}

/// What came of trying a filter out.
pub(super) struct Tried {
    filter: Value,
    payload: Value,
    unmet: Option<Unmet>,
}

/// The first condition that is not met.
#[derive(Deserialize)]
struct Unmet {
    pointer: String,
    detail: String,
}

#[derive(Deserialize)]
struct Tested {
    reason: Option<Unmet>,
}

/// Tries the filter of a form on the payload that it names. Nothing is stored.
pub(super) async fn try_out(
    visit: &Visit,
    fields: &Fields,
) -> Result<Result<Tried, Problem>, Fault> {
    let filter = match filter(fields) {
        Ok(filter) => filter.unwrap_or_else(|| json!({})),
        Err(error) => return Ok(Err(problem(vec![error]))),
    };
    let payload = match payload(visit, fields).await? {
        Ok(payload) => payload,
        Err(problem) => return Ok(Err(problem)),
    };
    let body = json!({"filter": filter, "data": payload});
    let tested = visit
        .send_plain::<Tested>(Method::POST, "/v1/filters/test", Some(&body))
        .await;
    Ok(tested.or_form()?.map(|tested| Tried {
        filter,
        payload,
        unmet: tested.reason,
    }))
}

/// The payload to try on: of the event that is named, of the one that is chosen, or the typed one.
async fn payload(visit: &Visit, fields: &Fields) -> Result<Result<Value, Problem>, Fault> {
    let named = fields.text("filter_event_id");
    let chosen = named.or_else(|| fields.text("filter_event"));
    if let Some(id) = chosen {
        let field = if named.is_some() {
            "filter_event_id"
        } else {
            "filter_event"
        };
        let path = format!("/v1/events/{}", segment(id));
        return match visit.get::<Value>(&path, &[]).await {
            Ok(event) if event["data"].is_null() => Ok(Err(wrong(
                field,
                "The payload of this event is null, or is not kept any more. Choose another one.",
            ))),
            Ok(mut event) => Ok(Ok(event["data"].take())),
            Err(Fault::Refused(problem)) if problem.status == 404 => {
                Ok(Err(wrong(field, "There is no event with this id.")))
            }
            Err(fault) => Err(fault),
        };
    }
    let Some(text) = fields.text("filter_data") else {
        let detail = "Choose an event, or type a payload here.";
        return Ok(Err(wrong("filter_data", detail)));
    };
    let read = serde_json::from_str(text);
    Ok(read.map_err(|error| wrong("filter_data", &format!("This is no JSON: {error}"))))
}

/// The editor: the condition, what it is tried on, what came of it, and all that can be said.
pub(super) fn part(visit: &Visit, form: &Form, events: &[Event], tried: Option<&Tried>) -> Markup {
    let options: Vec<(String, String)> = events.iter().map(option).collect();
    let mut offered = vec![("", "The payload that is typed below")];
    offered.extend(
        options
            .iter()
            .map(|(id, name)| (id.as_str(), name.as_str())),
    );
    html! {
        (Field::new("filter", "Filter")
            .hint("A JSON object of conditions on the event's data, all of which must be met. Empty: no filter.")
            .area(form, 8))
        (help())
        fieldset #filter-test {
            legend { "Try it out" }
            p.hint { "Nothing is saved and nothing is sent." }
            @if visit.may("events:read") {
                (Field::new("filter_event", "On a past event").required().select(form, &offered))
                (Field::new("filter_event_id", "Or on an event by its id").input(form, "text"))
            }
            (Field::new("filter_data", "Or on a payload").hint("What an event has as \"data\".").area(form, 5))
            div.actions { button type="submit" name="do" value="test" formaction={ (visit.to(&visit.path)) "#filter-test" } { "Test the filter" } }
            @if let Some(tried) = tried { (outcome(tried)) }
        }
    }
}

fn option(event: &Event) -> (String, String) {
    let at = event.created_at.replacen('T', " ", 1);
    let at = at.split('.').next().unwrap_or_default();
    let at = at.trim_end_matches('Z');
    (
        event.id.clone(),
        format!("{} · {at} UTC · {}", event.r#type, event.id),
    )
}

fn outcome(tried: &Tried) -> Markup {
    let pointer = tried.unmet.as_ref().map_or("", |it| it.pointer.as_str());
    html! {
        div.outcome role="status" {
            @match &tried.unmet {
                None => p.said { strong { "It matches." } " An event with this payload is sent." },
                Some(unmet) => p.note { strong { "It does not match." } " " (unmet.detail) ". The condition is at " code { (unmet.pointer) } ", marked below." },
            }
            div.grid {
                (marked("The filter", &tried.filter, pointer))
                (block("The payload", &pretty(&tried.payload)))
            }
        }
    }
}
