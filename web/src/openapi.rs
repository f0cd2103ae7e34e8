//! The OpenAPI 3.1 document: made of the operations that the router serves.

use hookwright_core::scope::Scope;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::api::{Access, Answer, Body, Operation, SchemaOf};
use crate::problem::ProblemDocument;

/// The document of these operations.
pub(crate) fn document(operations: &[Operation]) -> Value {
    let mut input = generator(false);
    let mut output = generator(true);
    let problem = ProblemDocument::json_schema(&mut output).to_value();
    let mut paths = Map::new();
    for operation in operations {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| json!({"parameters": path_parameters(operation.path)}));
        path[operation.method] = described(operation, &mut input, &mut output);
    }
    let mut schemas = output.take_definitions(true);
    schemas.extend(input.take_definitions(true));
    schemas.insert("Problem".to_owned(), problem);
    schemas.sort_keys();
    paths.sort_keys();
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Hookwright",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Sends webhooks: durable, signed, retried, and in the format that receivers verify already.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": scopes()}},
        },
    })
}

fn generator(serialize: bool) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let settings = if serialize {
        settings.for_serialize()
    } else {
        settings
    };
    settings.into_generator()
}

fn scopes() -> String {
    let words: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    format!(
        "An API key, as `Authorization: Bearer KEY`. Scopes: {}.",
        words.join(", ")
    )
}

fn described(
    operation: &Operation,
    input: &mut SchemaGenerator,
    output: &mut SchemaGenerator,
) -> Value {
    let Operation { path, doc, .. } = operation;
    let mut operation = json!({
        "operationId": doc.id,
        "tags": [doc.tag],
        "summary": doc.summary,
        "responses": answers(&doc.answers, output),
    });
    let needs = match doc.access {
        Access::Public => "",
        Access::AnyKey => "Any key may call this.",
        Access::Root => "Only a root key may call this.",
        Access::Scope(scope) => {
            operation["x-scope"] = json!(scope.as_str());
            ""
        }
    };
    let text = [doc.description, needs].join(" ").trim().to_owned();
    if !text.is_empty() {
        operation["description"] = json!(text);
    }
    operation["security"] = match doc.access {
        Access::Public => json!([]),
        _ => json!([{"key": []}]),
    };
    if let Some(query) = doc.query {
        operation["parameters"] = query_parameters(query, path, input);
    }
    if let Some(body) = doc.body {
        operation["requestBody"] = request_body(body, input);
    }
    operation
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}});
    names.map(parameter).collect()
}

/// The fields of a query's type, each a parameter; but what the path names is not named again.
fn query_parameters(schema_of: SchemaOf, path: &str, generator: &mut SchemaGenerator) -> Value {
    let schema = schema_of(generator).to_value();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let fields = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let parameter = |(name, mut schema): (String, Value)| {
        let description = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"));
        let mut parameter = json!({
            "name": name,
            "in": "query",
            "required": required.contains(&json!(name)),
            "schema": without_null(schema),
        });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        if parameter["schema"]["type"] == "object" {
            parameter["style"] = json!("deepObject");
            parameter["explode"] = json!(true);
        }
        parameter
    };
    let in_path = |name: &str| path.contains(&format!("{{{name}}}"));
    let others = fields.into_iter().filter(|(name, _)| !in_path(name));
    others.map(parameter).collect()
}

/// A parameter is left out rather than null.
fn without_null(mut schema: Value) -> Value {
    if let Some(types) = schema["type"].as_array() {
        let others: Vec<&Value> = types.iter().filter(|it| **it != "null").collect();
        if let [one] = others[..] {
            schema["type"] = one.clone();
        }
    }
    if let Some(object) = schema.as_object_mut() {
        object.retain(|name, value| !value.is_null() || name == "const");
    }
    schema
}

fn request_body(body: Body, generator: &mut SchemaGenerator) -> Value {
    let schema = body.schema.map(|schema| schema(generator).to_value());
    json!({
        "required": body.required,
        "content": {body.media_type: {"schema": schema.unwrap_or_else(|| json!({}))}},
    })
}

fn answers(answers: &[Answer], generator: &mut SchemaGenerator) -> Value {
    let problem = json!({
        "description": "A problem (RFC 9457) with a stable `code`.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    let mut all = json!({"4XX": problem, "5XX": problem});
    for answer in answers {
        let mut shown = json!({"description": described_status(answer.status)});
        if !answer.media_type.is_empty() {
            let schema = answer.schema.map(|schema| schema(generator).to_value());
            shown["content"] =
                json!({answer.media_type: {"schema": schema.unwrap_or_else(|| json!({}))}});
        }
        all[answer.status.to_string()] = shown;
    }
    all
}

const fn described_status(status: u16) -> &'static str {
    match status {
        200 => "Done.",
        201 => "Made.",
        202 => "Accepted: it is on disk.",
        204 => "Done; there is nothing to say.",
        _ => "See the description.",
    }
}
