//! An event type described anew, changed, or taken back.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::EventType;
use super::one::{Ids, pretty};
use crate::fault::{Fault, FieldProblem, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::parts::field::{Field, check, trouble};
use crate::posted::{Fields, Form, Posted};
use crate::visit::{Visit, segment};

const SHOWN: &[&str] = &["name", "description", "group", "versions"];

pub(super) async fn new(visit: Visit) -> Result<Response, Fault> {
    Ok(page(&visit, None, &Form::default(), &[]))
}

pub(super) async fn make(posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let mut body = match read(&fields, &[]) {
        Ok(body) => body,
        Err(problem) => return Ok(refused(&visit, None, fields, problem, &[])),
    };
    body.insert("name".to_owned(), json!(fields.text("name").unwrap_or("")));
    let body = Value::Object(body);
    let answer = visit
        .send::<EventType>(Method::POST, "/v1/event-types", &[], Some(&body))
        .await;
    match answer.or_form()? {
        Ok(made) => Ok(to(&visit, &made.name)),
        Err(problem) => Ok(refused(&visit, None, fields, problem, &[])),
    }
}

pub(super) async fn form(visit: Visit, Path(ids): Path<Ids>) -> Result<Response, Fault> {
    let it = find(&visit, &ids.name).await?;
    let mut fields = vec![
        (
            "description".to_owned(),
            it.description.clone().unwrap_or_default(),
        ),
        ("group".to_owned(), it.group.clone().unwrap_or_default()),
    ];
    for (name, on) in [("deprecated", it.deprecated), ("archived", it.archived)] {
        if on {
            fields.push((name.to_owned(), "true".to_owned()));
        }
    }
    let text = |value: &Option<Value>| value.as_ref().map(pretty).unwrap_or_default();
    for version in &it.versions {
        let number = version.version;
        fields.push((format!("schema-{number}"), text(&version.schema)));
        fields.push((format!("example-{number}"), text(&version.example)));
    }
    Ok(page(
        &visit,
        Some(&ids.name),
        &Form::of(fields),
        &numbers(&it),
    ))
}

pub(super) async fn change(Path(ids): Path<Ids>, posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let versions = numbers(&find(&visit, &ids.name).await?);
    let name = Some(ids.name.as_str());
    let body = match read(&fields, &versions) {
        Ok(body) => Value::Object(body),
        Err(problem) => return Ok(refused(&visit, name, fields, problem, &versions)),
    };
    let path = format!("/v1/event-types/{}", segment(&ids.name));
    let answer = visit
        .send::<EventType>(Method::PUT, &path, &[], Some(&body))
        .await;
    match answer.or_form()? {
        Ok(made) => Ok(to(&visit, &made.name)),
        Err(problem) => Ok(refused(&visit, name, fields, problem, &versions)),
    }
}

pub(super) async fn delete(Path(ids): Path<Ids>, posted: Posted) -> Result<Response, Fault> {
    let visit = posted.visit;
    let path = format!("/v1/event-types/{}", segment(&ids.name));
    visit
        .send::<IgnoredAny>(Method::DELETE, &path, &[], None)
        .await?;
    let list = visit.to("/catalogue?said=type-deleted");
    Ok(Redirect::to(&list).into_response())
}

async fn find(visit: &Visit, name: &str) -> Result<EventType, Fault> {
    visit
        .get(&format!("/v1/event-types/{}", segment(name)), &[])
        .await
}

fn numbers(it: &EventType) -> Vec<u32> {
    it.versions.iter().map(|version| version.version).collect()
}

fn to(visit: &Visit, name: &str) -> Response {
    let path = format!("/catalogue/{}?said=saved", segment(name));
    Redirect::to(&visit.to(&path)).into_response()
}

/// What the form says, as the API takes it. Schemas and examples are JSON: what is none is said
/// beside its field.
fn read(fields: &Fields, versions: &[u32]) -> Result<Map<String, Value>, Problem> {
    let mut body = Map::new();
    for name in ["description", "group"] {
        if let Some(text) = fields.text(name) {
            body.insert(name.to_owned(), json!(text));
        }
    }
    for name in ["deprecated", "archived"] {
        body.insert(name.to_owned(), json!(fields.is_checked(name)));
    }
    let mut all = Vec::new();
    let keys = versions
        .iter()
        .map(|number| (Some(*number), number.to_string()));
    for (number, key) in keys.chain([(None, "new".to_owned())]) {
        let schema = json_of(fields, &format!("schema-{key}"))?;
        let example = json_of(fields, &format!("example-{key}"))?;
        if number.is_none() && schema.is_none() && example.is_none() {
            continue;
        }
        let mut version = Map::new();
        for (name, value) in [
            ("version", number.map(|it| json!(it))),
            ("schema", schema),
            ("example", example),
        ] {
            if let Some(value) = value {
                version.insert(name.to_owned(), value);
            }
        }
        all.push(Value::Object(version));
    }
    body.insert("versions".to_owned(), Value::Array(all));
    Ok(body)
}

fn json_of(fields: &Fields, name: &str) -> Result<Option<Value>, Problem> {
    let Some(text) = fields.text(name) else {
        return Ok(None);
    };
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| Problem {
            title: "Unprocessable Entity".to_owned(),
            status: 422,
            code: "invalid_field".to_owned(),
            detail: "A schema or an example is not JSON.".to_owned(),
            errors: vec![FieldProblem {
                pointer: format!("/{name}"),
                detail: format!("is not JSON: {error}"),
            }],
        })
}

/// Which field of the form a pointer of the API is about: `/versions/1/schema/...` is the second
/// version's schema.
fn placed(mut problem: Problem, versions: &[u32]) -> Problem {
    for error in &mut problem.errors {
        let mut parts = error.pointer.split('/').skip(1);
        if parts.next() != Some("versions") {
            continue;
        }
        let index: Option<usize> = parts.next().and_then(|it| it.parse().ok());
        let key = index.and_then(|index| versions.get(index));
        let key = key.map_or_else(|| "new".to_owned(), u32::to_string);
        let what = match parts.next() {
            Some("example") => "example",
            _ => "schema",
        };
        error.pointer = format!("/{what}-{key}");
    }
    problem
}

fn refused(
    visit: &Visit,
    name: Option<&str>,
    fields: Fields,
    problem: Problem,
    versions: &[u32],
) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let form = Form::refused(fields, placed(problem, versions));
    (status, page(visit, name, &form, versions)).into_response()
}

fn page(visit: &Visit, name: Option<&str>, form: &Form, versions: &[u32]) -> Response {
    let (title, path) = match name {
        Some(name) => (
            format!("Edit {name}"),
            format!("/catalogue/{}/edit", segment(name)),
        ),
        None => ("New event type".to_owned(), "/catalogue/new".to_owned()),
    };
    let beside = form.problem.iter().flat_map(|problem| &problem.errors);
    let shown: Vec<&str> = beside
        .map(|error| error.pointer.trim_start_matches('/'))
        .collect();
    let shown: Vec<&str> = shown
        .into_iter()
        .filter(|it| SHOWN.contains(it) || it.starts_with("schema-") || it.starts_with("example-"))
        .collect();
    let body = html! {
        nav.crumbs aria-label="Above this page" { a href=(visit.to("/catalogue")) { "Catalogue" } }
        h1 { (title) }
        (trouble(form, &shown))
        form.stack.wide method="post" action=(visit.to(&path)) {
            (csrf_field(visit))
            @if name.is_none() {
                (Field::new("name", "Name").required().hint("Letters, digits, _, - and dots, as order.paid.").input(form, "text"))
            }
            (Field::new("description", "What it tells").hint("One sentence for those who subscribe.").input(form, "text"))
            (Field::new("group", "Group").hint("What it is listed with.").input(form, "text"))
            (check(form, "deprecated", "true", "Deprecated: endpoints should not subscribe to it any more"))
            (check(form, "archived", "true", "Archived: events of it are refused"))
            @for number in versions.iter().rev() { (version(form, &number.to_string(), &format!("Version {number}"))) }
            (version(form, "new", if versions.is_empty() { "Payload" } else { "A new version" }))
            div.actions {
                button.primary type="submit" { "Save" }
                @if let Some(name) = name { a.button href=(visit.to(&format!("/catalogue/{}", segment(name)))) { "Cancel" } }
                @else { a.button href=(visit.to("/catalogue")) { "Cancel" } }
            }
        }
    };
    layout::page(visit, &title, &body)
}

fn version(form: &Form, key: &str, title: &str) -> Markup {
    let (schema, example) = (format!("schema-{key}"), format!("example-{key}"));
    html! {
        fieldset {
            legend { (title) }
            (Field::new(&schema, "JSON Schema").hint("Events are held against the newest version's schema when they are published.").area(form, 8))
            (Field::new(&example, "Example").hint("A payload that fits the schema.").area(form, 5))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_keep_their_numbers_and_an_empty_new_one_is_none() {
        let fields = Fields::of(
            b"description=Paid&deprecated=true&schema-1=%7B%7D&example-1=&schema-new=&example-new=",
        );
        let body = Value::Object(read(&fields, &[1]).expect("JSON"));
        let expected = json!({
            "description": "Paid", "deprecated": true, "archived": false,
            "versions": [{"version": 1, "schema": {}}],
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn a_fault_stands_beside_the_field_of_its_version() {
        let fields = Fields::of(b"schema-new=%7B");
        let problem = read(&fields, &[]).expect_err("no JSON");
        assert_eq!(problem.errors[0].pointer, "/schema-new");
        let mut far = problem.clone();
        far.errors[0].pointer = "/versions/1/example/a".to_owned();
        assert_eq!(placed(far.clone(), &[3, 7]).errors[0].pointer, "/example-7");
        assert_eq!(placed(far, &[3]).errors[0].pointer, "/example-new");
    }
}
