//! A JSON Schema as a table of fields, for people who do not read schemas.

use maud::{Markup, html};
use serde_json::Value;

/// Fields shown at most, and how deep: a page stays small.
const ROWS_MAX: usize = 200;
const DEPTH_MAX: usize = 8;

/// A field of a payload.
#[derive(Debug, PartialEq)]
struct Row {
    /// Its way from the top, as `customer.address.city`, `lines[].amount`.
    path: String,
    kind: String,
    required: bool,
    about: String,
}

/// The table; nothing for a schema that names no field.
pub(super) fn table(schema: &Value) -> Markup {
    let mut rows = Vec::new();
    collect(schema, schema, "", 0, &mut rows);
    html! {
        @if !rows.is_empty() { div.scroll { table {
            thead { tr { th scope="col" { "Field" } th scope="col" { "Type" } th scope="col" { "Always there" } th scope="col" { "What it is" } } }
            tbody { @for row in &rows { tr {
                td { code { (row.path) } }
                td { (row.kind) }
                td { @if row.required { "yes" } @else { span.none { "no" } } }
                td { (row.about) }
            } } }
        } } }
        @if rows.len() == ROWS_MAX { p.quiet { "There may be more fields: the schema below has them all." } }
    }
}

fn collect(root: &Value, schema: &Value, path: &str, depth: usize, rows: &mut Vec<Row>) {
    let schema = resolved(root, schema);
    if depth >= DEPTH_MAX {
        return;
    }
    if let Some(items) = schema.get("items") {
        collect(root, items, &format!("{path}[]"), depth + 1, rows);
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = schema.get("required").and_then(Value::as_array);
    for (name, property) in properties {
        if rows.len() >= ROWS_MAX {
            return;
        }
        let own = resolved(root, property);
        let path = match path.is_empty() {
            true => name.clone(),
            false => format!("{path}.{name}"),
        };
        let text = |value: &Value, key: &str| {
            let text = value.get(key).and_then(Value::as_str);
            text.map(str::to_owned)
        };
        let title = text(property, "description").or_else(|| text(own, "description"));
        rows.push(Row {
            kind: kind(root, own),
            required: required.is_some_and(|all| all.iter().any(|it| it == name)),
            about: title.unwrap_or_default(),
            path: path.clone(),
        });
        collect(root, own, &path, depth + 1, rows);
    }
}

/// What a `$ref` within the same document stands for.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema.get("$ref").and_then(Value::as_str);
    let pointer = pointer.and_then(|it| it.strip_prefix('#'));
    pointer.and_then(|it| root.pointer(it)).unwrap_or(schema)
}

/// A field's type in a few words.
fn kind(root: &Value, schema: &Value) -> String {
    if let Some(all) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = all.iter().take(12).map(plain).collect();
        return format!("one of {}", words.join(", "));
    }
    if let Some(only) = schema.get("const") {
        return format!("always {}", plain(only));
    }
    let word = match schema.get("type") {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Array(all)) => {
            let words: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            words.join(" or ")
        }
        _ if schema.get("properties").is_some() => "object".to_owned(),
        _ if ["anyOf", "oneOf", "allOf"]
            .iter()
            .any(|it| schema.get(it).is_some()) =>
        {
            "as the schema says".to_owned()
        }
        _ => "anything".to_owned(),
    };
    let of = schema.get("items").filter(|_| word == "array");
    let word = match of {
        Some(items) => format!("array of {}", kind(root, resolved(root, items))),
        None => word,
    };
    match schema.get("format").and_then(Value::as_str) {
        Some(format) => format!("{word} ({format})"),
        None => word,
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(schema: &Value) -> Vec<String> {
        let mut rows = Vec::new();
        collect(schema, schema, "", 0, &mut rows);
        let line = |row: &Row| {
            let star = if row.required { "*" } else { "" };
            format!("{}{star}: {} {}", row.path, row.kind, row.about)
        };
        rows.iter()
            .map(|row| line(row).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn fields_are_told_with_their_way_type_and_meaning() {
        let schema = json!({
            "type": "object",
            "required": ["id", "lines"],
            "properties": {
                "id": {"type": "string", "format": "uuid", "description": "The order."},
                "state": {"enum": ["paid", "open"]},
                "customer": {"$ref": "#/$defs/customer"},
                "lines": {"type": "array", "items": {"properties": {"amount": {"type": ["integer", "null"]}}}},
            },
            "$defs": {"customer": {"type": "object", "description": "Who bought.", "properties": {"name": {}}}},
        });
        let expected = [
            "customer.name: anything",
            "customer: object Who bought.",
            "id*: string (uuid) The order.",
            "lines*: array of object",
            "lines[].amount: integer or null",
            "state: one of paid, open",
        ];
        let mut found = rows(&schema);
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_schema_that_holds_itself_ends() {
        let schema = json!({"properties": {"child": {"$ref": "#"}}});
        assert_eq!(rows(&schema).len(), DEPTH_MAX);
        assert!(rows(&json!(true)).is_empty());
    }
}
