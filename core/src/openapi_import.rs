//! Which event types does an OpenAPI document describe? Its `webhooks`, each with the schema of its
//! JSON body made complete in itself.
//!
//! Only references within the document are followed, and only to its components.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::limits::{EVENT_SCHEMA_BYTES_MAX, EVENT_TYPES_PER_PROJECT_MAX, TEXT_CHARS_MAX};
use crate::subscription::check_event_type;

/// One event type as a document describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// What it tells.
    pub description: Option<String>,
    /// Whether it should not be subscribed to any more.
    pub deprecated: bool,
    /// What its payload looks like.
    pub schema: Option<Value>,
    /// A payload.
    pub example: Option<Value>,
}

/// A webhook by its name, with what it describes or why it cannot be imported.
pub type Webhook = (String, Result<Imported, String>);

/// Why nothing can be imported from a document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportRefused {
    /// It is something else.
    #[error(
        "this is no OpenAPI 3.1 document; its field \"openapi\" must be \"3.1.0\" or another 3.1"
    )]
    NotOpenApi,
    /// It describes no event.
    #[error("the document has no \"webhooks\", which is where OpenAPI 3.1 describes events")]
    NoWebhooks,
    /// It describes too many.
    #[error("the document has {0} webhooks; the limit is {EVENT_TYPES_PER_PROJECT_MAX}")]
    TooMany(usize),
}

/// References that are followed one after another.
const HOPS_MAX: usize = 8;
const METHODS: [&str; 8] = [
    "post", "put", "patch", "get", "delete", "options", "head", "trace",
];
/// What these hold is data, and no schema to be rewritten.
const DATA: [&str; 5] = ["example", "examples", "const", "enum", "default"];
const SCHEMAS: &str = "#/components/schemas/";

/// Each webhook of a document.
///
/// # Errors
/// When the document is none, or describes no events or too many.
pub fn read(document: &Value) -> Result<Vec<Webhook>, ImportRefused> {
    let version = document.get("openapi").and_then(Value::as_str);
    if !version.is_some_and(|version| version == "3.1" || version.starts_with("3.1.")) {
        return Err(ImportRefused::NotOpenApi);
    }
    let webhooks = document.get("webhooks").and_then(Value::as_object);
    let webhooks = webhooks
        .filter(|webhooks| !webhooks.is_empty())
        .ok_or(ImportRefused::NoWebhooks)?;
    if webhooks.len() > EVENT_TYPES_PER_PROJECT_MAX {
        return Err(ImportRefused::TooMany(webhooks.len()));
    }
    let read = webhooks
        .iter()
        .map(|(name, item)| (name.clone(), webhook(document, name, item)));
    Ok(read.collect())
}

fn webhook(document: &Value, name: &str, item: &Value) -> Result<Imported, String> {
    check_event_type(name).map_err(|error| error.to_string())?;
    let item = followed(document, item)?;
    let operation = METHODS.iter().find_map(|method| item.get(*method));
    let operation = operation.ok_or("it has no operation, such as \"post\"")?;
    let mut imported = Imported {
        description: description(operation, item)?,
        deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
        ..Imported::default()
    };
    let Some(body) = operation.get("requestBody") else {
        return Ok(imported);
    };
    let content = followed(document, body)?.get("content");
    let Some(media) = content.and_then(Value::as_object).and_then(json_of) else {
        return Ok(imported);
    };
    if let Some(schema) = media.get("schema") {
        imported.schema = Some(complete(document, schema)?);
        imported.example = example_of(schema);
    }
    if let Some(example) = media.get("example") {
        imported.example = Some(example.clone());
    } else if let Some(Value::Object(examples)) = media.get("examples")
        && let Some(first) = examples.values().next()
    {
        imported.example = followed(document, first)?.get("value").cloned();
    }
    Ok(imported)
}

/// The longer text that still fits.
fn description(operation: &Value, item: &Value) -> Result<Option<String>, String> {
    let texts = [operation, item].into_iter().flat_map(|of| {
        ["description", "summary"]
            .into_iter()
            .filter_map(|field| of.get(field)?.as_str())
    });
    let texts: Vec<&str> = texts
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect();
    let fitting = texts
        .iter()
        .find(|text| text.chars().count() <= TEXT_CHARS_MAX);
    match fitting {
        None if !texts.is_empty() => Err(format!(
            "its description has more than {TEXT_CHARS_MAX} characters, and it has no shorter summary"
        )),
        fitting => Ok(fitting.map(|text| (*text).to_owned())),
    }
}

fn json_of(content: &Map<String, Value>) -> Option<&Value> {
    let is_json = |media: &str| {
        let essence = media.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json")
    };
    content
        .iter()
        .find(|(media, _)| is_json(media))
        .map(|(_, it)| it)
}

fn example_of(schema: &Value) -> Option<Value> {
    let first = schema.get("examples").and_then(|list| list.get(0));
    schema.get("example").or(first).cloned()
}

/// What a component is, where it is only referred to.
fn followed<'a>(document: &'a Value, component: &'a Value) -> Result<&'a Value, String> {
    let mut component = component;
    for _ in 0..HOPS_MAX {
        let Some(reference) = component.get("$ref").and_then(Value::as_str) else {
            return Ok(component);
        };
        let pointer = reference
            .strip_prefix('#')
            .filter(|it| it.starts_with("/components/"));
        let target = pointer.and_then(|pointer| document.pointer(pointer));
        component = target.ok_or_else(|| leads_nowhere(reference))?;
    }
    Err(format!(
        "more than {HOPS_MAX} references follow one another"
    ))
}

fn leads_nowhere(reference: &str) -> String {
    let reference: String = reference.chars().take(200).collect();
    format!(
        "the reference \"{reference}\" is to nothing within the document's components; nothing is fetched"
    )
}

/// The schema with all that it refers to under its own `$defs`.
fn complete(document: &Value, schema: &Value) -> Result<Value, String> {
    let mut left = EVENT_SCHEMA_BYTES_MAX;
    let mut wanted = Vec::new();
    let mut whole = moved(schema, &mut left, &mut wanted)?;
    let mut defs = Map::new();
    while let Some(name) = wanted.pop() {
        if defs.contains_key(&name) {
            continue;
        }
        let component = document.get("components").and_then(|it| it.get("schemas"));
        let component = component
            .and_then(|schemas| schemas.get(&name))
            .ok_or_else(|| leads_nowhere(&format!("{SCHEMAS}{name}")))?;
        let component = moved(component, &mut left, &mut wanted)?;
        defs.insert(name, component);
    }
    if defs.is_empty() {
        return Ok(whole);
    }
    let Value::Object(keywords) = &mut whole else {
        return Err("its schema is neither an object nor a boolean".to_owned());
    };
    match keywords.get_mut("$defs") {
        Some(Value::Object(own)) => own.extend(defs),
        Some(_) => return Err("its schema's \"$defs\" is no object".to_owned()),
        None => {
            keywords.insert("$defs".to_owned(), Value::Object(defs));
        }
    }
    Ok(whole)
}

/// A copy whose references are to `$defs`. Stops when it would be longer than what is left.
fn moved(schema: &Value, left: &mut usize, wanted: &mut Vec<String>) -> Result<Value, String> {
    spend(left, schema)?;
    match schema {
        Value::Object(map) => {
            let mut copy = Map::new();
            for (name, value) in map {
                let value = match value {
                    Value::String(reference) if name == "$ref" => {
                        Value::String(renamed(reference, wanted)?)
                    }
                    data if DATA.contains(&name.as_str()) => {
                        spend_all(left, data)?;
                        data.clone()
                    }
                    schema => moved(schema, left, wanted)?,
                };
                copy.insert(name.clone(), value);
            }
            Ok(Value::Object(copy))
        }
        Value::Array(list) => {
            let copies = list.iter().map(|schema| moved(schema, left, wanted));
            copies.collect::<Result<_, _>>().map(Value::Array)
        }
        leaf => Ok(leaf.clone()),
    }
}

fn renamed(reference: &str, wanted: &mut Vec<String>) -> Result<String, String> {
    let rest = reference.strip_prefix(SCHEMAS);
    let rest = rest.ok_or_else(|| leads_nowhere(reference))?;
    let name = rest.split('/').next().unwrap_or_default();
    // A component's name is of letters, digits, dot, dash and underscore: nothing is escaped.
    wanted.push(name.to_owned());
    Ok(format!("#/$defs/{rest}"))
}

/// Takes off about what the value itself is long, without what it holds.
fn spend(left: &mut usize, value: &Value) -> Result<(), String> {
    let size = match value {
        Value::Object(map) => map.keys().map(|name| name.len() + 4).sum::<usize>() + 2,
        Value::Array(list) => list.len() + 2,
        Value::String(text) => text.len() + 2,
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    };
    let too_long = || {
        format!(
            "its schema with all that it refers to is longer than {EVENT_SCHEMA_BYTES_MAX} bytes"
        )
    };
    *left = left.checked_sub(size).ok_or_else(too_long)?;
    Ok(())
}

fn spend_all(left: &mut usize, value: &Value) -> Result<(), String> {
    spend(left, value)?;
    match value {
        Value::Object(map) => map.values().try_for_each(|value| spend_all(left, value)),
        Value::Array(list) => list.iter().try_for_each(|value| spend_all(left, value)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
