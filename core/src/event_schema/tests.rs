//! Which schemas are taken, and what they say of payloads.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn compiled(schema: Value) -> EventSchema {
    EventSchema::compile(&schema).unwrap()
}

fn refused(schema: Value) -> SchemaRefused {
    EventSchema::compile(&schema).unwrap_err()
}

#[test]
fn a_payload_is_told_where_it_is_wrong() {
    let schema = compiled(json!({
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "rows": {"items": {"type": "integer"}}},
    }));
    assert_eq!(schema.check(&json!({"id": "a", "rows": [1, 2]})), Ok(()));
    let pointer = |payload: Value| schema.check(&payload).unwrap_err().pointer;
    assert_eq!(pointer(json!({})), "");
    assert_eq!(pointer(json!({"id": 1})), "/id");
    assert_eq!(
        pointer(json!({"id": "a", "rows": [1, "secret"]})),
        "/rows/1"
    );
    let mismatch = schema
        .check(&json!({"id": {"password": "hunter2"}}))
        .unwrap_err();
    assert!(
        !mismatch.message.contains("hunter2"),
        "{}",
        mismatch.message
    );
}

#[test]
fn a_schema_without_a_dialect_is_of_2020_12() {
    let schema = compiled(json!({"prefixItems": [{"type": "string"}]}));
    assert!(schema.check(&json!([1])).is_err());
    let older = json!({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]});
    assert!(compiled(older).check(&json!([1])).is_err());
}

#[test]
fn what_is_no_schema_is_refused() {
    for bad in [
        json!(1),
        json!("text"),
        json!([]),
        json!({"type": "strang"}),
        json!({"properties": 1}),
        json!({"pattern": "("}),
        json!({"pattern": "(?=lookahead)"}),
        json!({"$schema": "https://example.com/unknown"}),
    ] {
        let error = refused(bad.clone());
        assert!(
            matches!(error, SchemaRefused::NotASchema(_)),
            "{bad}: {error}"
        );
    }
}

#[test]
fn nothing_is_fetched() {
    for reference in [
        "https://example.com/a.json",
        "file:///etc/passwd",
        "other.json#/x",
        "#/$defs/missing",
        "#name",
    ] {
        let error = refused(json!({"properties": {"a": {"$ref": reference}}}));
        assert_eq!(error, SchemaRefused::Reference(reference.to_owned()));
    }
    let error = refused(json!({"properties": {"a": {"$id": "https://example.com/"}}}));
    assert_eq!(error, SchemaRefused::Keyword("$id"));
}

#[test]
fn a_schema_may_come_back_to_itself_once_for_each_part() {
    let tree = compiled(json!({
        "$ref": "#/$defs/tree",
        "$defs": {"tree": {"type": "object", "additionalProperties": false, "properties": {
            "left": {"$ref": "#/$defs/tree"},
            "right": {"$ref": "#/$defs/tree"},
            "more": {"items": {"$ref": "#/$defs/tree"}},
        }}},
    }));
    assert_eq!(
        tree.check(&json!({"left": {"right": {"more": [{}]}}})),
        Ok(())
    );
    let mismatch = tree
        .check(&json!({"left": {"right": {"more": [1]}}}))
        .unwrap_err();
    assert_eq!(mismatch.pointer, "/left/right/more/0");
    compiled(json!({"$ref": "#/$defs/any", "$defs": {"any": {"anyOf": [
        {"type": ["string", "number"]},
        {"type": "array", "items": {"$ref": "#/$defs/any"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/any"}},
    ]}}}));
}

#[test]
fn a_schema_that_never_ends_or_doubles_is_refused() {
    let twice = |a: Value, b: Value| json!({"allOf": [a, b]});
    let back = || json!({"properties": {"a": {"$ref": "#"}}});
    for endless in [
        json!({"$ref": "#"}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}),
        twice(back(), back()),
        twice(back(), json!({"additionalProperties": {"$ref": "#"}})),
        // Fibonacci: the second way begins with the first.
        twice(
            back(),
            json!({"properties": {"a": {"properties": {"a": {"$ref": "#"}}}}}),
        ),
        // Two that come back to each other along one way.
        json!({"$ref": "#/$defs/a", "$defs": {
            "a": {"properties": {"x": {"$ref": "#/$defs/b"}}},
            "b": {"properties": {"x": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}}},
        }}),
        // One recursion entered anew from each level of another.
        json!({"properties": {"x": {"allOf": [{"$ref": "#"}, {"$ref": "#/$defs/b"}]}},
            "$defs": {"b": {"properties": {"x": {"$ref": "#/$defs/b"}}}}}),
        json!({"allOf": [back()], "unevaluatedProperties": false}),
    ] {
        assert_eq!(
            refused(endless.clone()),
            SchemaRefused::Endless,
            "{endless}"
        );
    }
}

#[test]
fn what_would_take_too_long_is_refused() {
    let mut defs = serde_json::Map::new();
    for level in 0..40 {
        let next = format!("#/$defs/{}", level + 1);
        let part = json!({"properties": {"a": {"$ref": next}, "b": {"$ref": next}}});
        defs.insert(level.to_string(), part);
    }
    defs.insert("40".to_owned(), json!(true));
    let error = refused(json!({"$ref": "#/$defs/0", "$defs": defs}));
    assert!(matches!(error, SchemaRefused::TooMuch { .. }), "{error}");
    let numbers: Vec<u32> = (0..3_000).collect();
    let error = refused(json!({"items": {"enum": numbers}}));
    assert!(matches!(error, SchemaRefused::TooMuch { .. }), "{error}");
    let mut deep = json!({});
    for _ in 0..20 {
        deep = json!({"not": deep});
    }
    assert!(matches!(refused(deep), SchemaRefused::TooMuch { .. }));
    let error = refused(json!({"pattern": "(\\p{L}{100}){100}"}));
    assert!(matches!(error, SchemaRefused::NotASchema(_)), "{error}");
    let error = refused(json!({"description": "x".repeat(EVENT_SCHEMA_BYTES_MAX)}));
    assert!(matches!(error, SchemaRefused::TooLarge { .. }));
}

/// As deep and with as many layers as is let through, on a thread with as much stack as a server's.
#[test]
fn the_deepest_payload_fits_the_stack() {
    let mut layers = json!({"properties": {"a": {"$ref": "#"}}});
    for _ in 1..crate::limits::SCHEMA_LAYERS_MAX {
        layers = json!({"anyOf": [layers]});
    }
    let judge = move || {
        let schema = compiled(layers);
        let mut payload = json!({});
        for _ in 0..crate::limits::JSON_DEPTH_MAX {
            payload = json!({"a": payload});
        }
        assert_eq!(schema.check(&payload), Ok(()));
        assert!(schema.check(&json!({"a": {"a": payload}})).is_ok());
    };
    let thread = std::thread::Builder::new().stack_size(8 * 1024 * 1024);
    thread.spawn(judge).unwrap().join().unwrap();
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c#/%~]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c]{1,2}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// JSON that is nearly a schema: known keywords, with what may or may not fit them.
fn nearly_a_schema() -> impl Strategy<Value = Value> {
    let keyword = prop::sample::select(vec![
        "type",
        "properties",
        "items",
        "prefixItems",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "$ref",
        "$defs",
        "enum",
        "const",
        "pattern",
        "patternProperties",
        "required",
        "additionalProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
        "contains",
        "minimum",
        "multipleOf",
        "dependentSchemas",
        "propertyNames",
        "$id",
        "$schema",
        "$anchor",
        "format",
        "minLength",
        "uniqueItems",
    ]);
    let leaf = prop_oneof![
        prop::sample::select(vec!["object", "array", "string", "integer"]).prop_map(Value::from),
        prop::sample::select(vec![
            "#",
            "#/$defs/a",
            "#/properties/a",
            "#/items",
            "^a+$",
            "[",
            "#a"
        ])
        .prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        let pairs = prop::collection::vec((keyword.clone(), inner.clone()), 0..5);
        let names = prop::collection::vec(("[a-c]", inner.clone()), 0..4);
        prop_oneof![
            4 => pairs.prop_map(|pairs| Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
            2 => names.prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_schema_and_no_payload_panics(schema in nearly_a_schema(), payloads in prop::collection::vec(any_json(), 4)) {
        if let Ok(schema) = EventSchema::compile(&schema) {
            for payload in &payloads {
                let _ = schema.check(payload);
            }
        }
    }

    #[test]
    fn no_json_taken_for_a_schema_panics(schema in any_json(), payload in any_json()) {
        if let Ok(schema) = EventSchema::compile(&schema) {
            let _ = schema.check(&payload);
        }
    }
}
