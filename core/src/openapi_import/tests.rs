//! What is read out of OpenAPI documents, whole and harmed.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::event_schema::EventSchema;

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "A product", "version": "1"},
        "webhooks": {
            "user.created": {"post": {
                "summary": "Somebody signed up.",
                "deprecated": true,
                "requestBody": {"content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/User"},
                    "examples": {"one": {"$ref": "#/components/examples/ada"}},
                }}},
            }},
            "user.deleted": {"$ref": "#/components/pathItems/deleted"},
            "bad name!": {"post": {}},
            "user.lost": {"post": {"requestBody": {"content": {"application/json": {
                "schema": {"$ref": "https://example.com/user.json"}}}}}},
            "user.empty": {"summary": "nothing"},
        },
        "components": {
            "pathItems": {"deleted": {"post": {"description": "Gone.", "requestBody": {
                "$ref": "#/components/requestBodies/deleted"}}}},
            "requestBodies": {"deleted": {"content": {"application/json; charset=utf-8": {
                "schema": {"type": "object", "properties": {"id": {"type": "string"}}, "examples": [{"id": "u_2"}]}}}}},
            "examples": {"ada": {"value": {"id": "u_1", "team": {"lead": {"id": "u_0"}}}}},
            "schemas": {
                "User": {"type": "object", "required": ["id"], "properties": {
                    "id": {"type": "string"},
                    "team": {"$ref": "#/components/schemas/Team"},
                }, "example": {"$ref": "not a reference"}},
                "Team": {"properties": {"lead": {"$ref": "#/components/schemas/User"}}},
                "Unused": {"type": "null"},
            },
        },
    })
}

fn imported(name: &str) -> Result<Imported, String> {
    let all = read(&document()).unwrap();
    all.into_iter().find(|(it, _)| it == name).unwrap().1
}

#[test]
fn a_webhook_becomes_a_type_whose_schema_is_complete() {
    let user = imported("user.created").unwrap();
    assert_eq!(user.description.as_deref(), Some("Somebody signed up."));
    assert!(user.deprecated);
    let schema = user.schema.unwrap();
    assert_eq!(schema["$ref"], "#/$defs/User");
    let mut names: Vec<_> = schema["$defs"].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["Team", "User"]);
    assert_eq!(
        schema["$defs"]["User"]["example"],
        json!({"$ref": "not a reference"})
    );
    let compiled = EventSchema::compile(&schema).unwrap();
    assert_eq!(compiled.check(&user.example.unwrap()), Ok(()));
    assert_eq!(
        compiled.check(&json!({"id": 1})).unwrap_err().pointer,
        "/id"
    );
}

#[test]
fn components_are_followed_and_examples_taken_from_the_schema() {
    let deleted = imported("user.deleted").unwrap();
    assert_eq!(deleted.description.as_deref(), Some("Gone."));
    assert_eq!(deleted.example, Some(json!({"id": "u_2"})));
    assert!(deleted.schema.is_some() && !deleted.deprecated);
}

#[test]
fn what_cannot_be_imported_says_why_and_stops_nothing_else() {
    assert!(imported("bad name!").is_err());
    assert!(
        imported("user.lost")
            .unwrap_err()
            .contains("https://example.com/user.json")
    );
    assert!(imported("user.empty").unwrap_err().contains("no operation"));
}

#[test]
fn another_document_is_refused_whole() {
    assert_eq!(
        read(&json!({"openapi": "3.0.3", "webhooks": {"a": {}}})),
        Err(ImportRefused::NotOpenApi)
    );
    assert_eq!(read(&json!([])), Err(ImportRefused::NotOpenApi));
    assert_eq!(
        read(&json!({"openapi": "3.1.0", "paths": {}})),
        Err(ImportRefused::NoWebhooks)
    );
    let many: Map<String, Value> = (0..=EVENT_TYPES_PER_PROJECT_MAX)
        .map(|n| (format!("t{n}"), json!({})))
        .collect();
    assert!(matches!(
        read(&json!({"openapi": "3.1.0", "webhooks": many})),
        Err(ImportRefused::TooMany(_))
    ));
}

#[test]
fn a_schema_that_drags_too_much_along_is_refused() {
    let mut document = document();
    document["components"]["schemas"]["Team"]["description"] =
        json!("x".repeat(EVENT_SCHEMA_BYTES_MAX));
    let all = read(&document).unwrap();
    let user = all.iter().find(|(name, _)| name == "user.created").unwrap();
    assert!(user.1.as_ref().unwrap_err().contains("longer than"));
}

#[test]
fn a_schema_that_is_a_list_is_refused() {
    let mut document = document();
    let schema = &mut document["webhooks"]["user.created"]["post"]["requestBody"]["content"]["application/json"]
        ["schema"];
    *schema = json!([{"$ref": "#/components/schemas/User"}]);
    let all = read(&document).unwrap();
    assert!(all.iter().any(|(_, read)| {
        read.as_ref()
            .is_err_and(|why| why.contains("neither an object"))
    }));
}

#[test]
fn references_in_a_circle_end() {
    let mut document = document();
    document["components"]["pathItems"]["deleted"] =
        json!({"$ref": "#/components/pathItems/deleted"});
    let all = read(&document).unwrap();
    assert!(all.iter().any(|(_, read)| {
        read.as_ref()
            .is_err_and(|why| why.contains("follow one another"))
    }));
}

/// The good document with something else put at one of its places.
fn harmed() -> impl Strategy<Value = Value> {
    let places = vec![
        "",
        "/openapi",
        "/webhooks",
        "/webhooks/user.created",
        "/webhooks/user.created/post",
        "/webhooks/user.created/post/requestBody",
        "/webhooks/user.created/post/requestBody/content",
        "/webhooks/user.created/post/requestBody/content/application~1json",
        "/webhooks/user.created/post/requestBody/content/application~1json/schema",
        "/webhooks/user.created/post/requestBody/content/application~1json/examples",
        "/webhooks/user.created/post/summary",
        "/components",
        "/components/schemas",
        "/components/schemas/User",
        "/components/schemas/Team/properties/lead",
        "/components/pathItems/deleted",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "3.1.0",
            "#",
            "#/components/schemas/",
            "#/components/schemas/User",
            "#/components/schemas/User/properties/team",
            "#/components/schemas/~1",
            "#/components/pathItems/deleted",
        ])
        .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "$ref",
        "post",
        "content",
        "application/json",
        "schema",
        "value",
        "$defs",
        "properties",
        "a",
    ]);
    let any = leaf.prop_recursive(4, 24, 4, move |inner| {
        let pairs = prop::collection::vec((name.clone(), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            pairs.prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    });
    (prop::sample::select(places), any).prop_map(|(place, value)| {
        let mut document = document();
        if let Some(at) = document.pointer_mut(place) {
            *at = value;
        }
        document
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_document_panics(document in harmed()) {
        for (_, read) in read(&document).unwrap_or_default() {
            if let Some(schema) = read.ok().and_then(|imported| imported.schema)
                && let Ok(schema) = EventSchema::compile(&schema)
            {
                let _ = schema.check(&document);
            }
        }
    }
}
