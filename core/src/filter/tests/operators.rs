//! What does each operator match?

use serde_json::{Value, json};

use crate::filter::{Filter, Steps};

fn matches(filter: &Value, payload: &Value) -> bool {
    let read = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error:?}"));
    let matches = read.matches(payload, &mut Steps::of_event());
    let unmet = read.unmet(payload);
    assert_eq!(unmet.is_none(), matches, "{filter} {payload}: {unmet:?}");
    if let Some(unmet) = unmet {
        assert!(filter.pointer(&unmet.pointer).is_some(), "{unmet:?}");
        assert!(unmet.detail.len() > 10, "{unmet:?}");
    }
    matches
}

#[track_caller]
fn yes(filter: Value, payloads: &[Value]) {
    for payload in payloads {
        assert!(matches(&filter, payload), "{filter} must match {payload}");
    }
}

#[track_caller]
fn no(filter: Value, payloads: &[Value]) {
    for payload in payloads {
        assert!(
            !matches(&filter, payload),
            "{filter} must not match {payload}"
        );
    }
}

#[test]
fn a_value_alone_is_equality() {
    yes(json!({}), &[json!({}), json!(null), json!([1])]);
    yes(
        json!({"a": 1}),
        &[json!({"a": 1}), json!({"a": 1.0}), json!({"a": [0, 1]})],
    );
    no(
        json!({"a": 1}),
        &[
            json!({"a": "1"}),
            json!({"a": true}),
            json!({}),
            json!({"b": 1}),
            json!(1),
        ],
    );
    yes(json!({"a": null}), &[json!({"a": null})]);
    no(json!({"a": null}), &[json!({}), json!({"a": 0})]);
    no(
        json!({"a": 9007199254740993u64}),
        &[json!({"a": 9007199254740992u64})],
    );
    yes(json!({"a": 1, "b": 2}), &[json!({"a": 1, "b": 2, "c": 3})]);
    no(
        json!({"a": 1, "b": 2}),
        &[json!({"a": 1}), json!({"a": 1, "b": 3})],
    );
}

#[test]
fn equality_by_name_takes_any_json() {
    yes(
        json!({"a": {"$eq": {"x": 1, "y": [2]}}}),
        &[json!({"a": {"y": [2.0], "x": 1}})],
    );
    no(
        json!({"a": {"$eq": {"x": 1}}}),
        &[json!({"a": {"x": 1, "y": 2}})],
    );
    yes(
        json!({"a": {"$eq": []}}),
        &[json!({"a": []}), json!({"a": [[]]})],
    );
    no(
        json!({"a": {"$eq": [1, 2]}}),
        &[json!({"a": [2, 1]}), json!({"a": [1, 2, 3]})],
    );
    for name in ["$ne", "$neq"] {
        yes(
            json!({"a": {name: 1}}),
            &[json!({"a": 2}), json!({}), json!({"a": []})],
        );
        no(
            json!({"a": {name: 1}}),
            &[json!({"a": 1}), json!({"a": [2, 1]})],
        );
    }
}

#[test]
fn a_list_alone_asks_for_each_of_its_items() {
    let filter = json!({"tags": ["a", "b"]});
    yes(filter.clone(), &[json!({"tags": ["b", "x", "a"]})]);
    no(
        filter,
        &[json!({"tags": ["a"]}), json!({"tags": "a"}), json!({})],
    );
}

#[test]
fn numbers_and_texts_compare_each_with_its_kind() {
    yes(
        json!({"a": {"$gt": 1, "$lt": 3}}),
        &[json!({"a": 2}), json!({"a": 1.5})],
    );
    no(
        json!({"a": {"$gt": 1, "$lt": 3}}),
        &[
            json!({"a": 1}),
            json!({"a": 3}),
            json!({"a": "2"}),
            json!({}),
        ],
    );
    yes(
        json!({"a": {"$gte": 1}}),
        &[json!({"a": 1}), json!({"a": [0, 1]})],
    );
    yes(
        json!({"a": {"$lte": 1}}),
        &[json!({"a": 1}), json!({"a": -5})],
    );
    no(
        json!({"a": {"$lte": 1}}),
        &[json!({"a": null}), json!({"a": false})],
    );
    yes(
        json!({"at": {"$gte": "2026-01-01"}}),
        &[json!({"at": "2026-01-01T00:00:00Z"})],
    );
    no(
        json!({"at": {"$gte": "2026-01-01"}}),
        &[json!({"at": "2025-12-31"}), json!({"at": 2026})],
    );
    // One item may be above and another below.
    yes(json!({"a": {"$gt": 5, "$lt": 3}}), &[json!({"a": [1, 9]})]);
}

#[test]
fn membership_works_on_lists_as_well() {
    let one_of = json!({"a": {"$in": ["x", 1, null]}});
    yes(
        one_of.clone(),
        &[
            json!({"a": "x"}),
            json!({"a": 1.0}),
            json!({"a": null}),
            json!({"a": ["y", "x"]}),
        ],
    );
    no(one_of, &[json!({"a": "y"}), json!({}), json!({"a": []})]);
    let none_of = json!({"a": {"$nin": ["x"]}});
    yes(
        none_of.clone(),
        &[json!({"a": "y"}), json!({}), json!({"a": ["y"]})],
    );
    no(none_of, &[json!({"a": "x"}), json!({"a": ["y", "x"]})]);
}

#[test]
fn texts_are_looked_into() {
    yes(
        json!({"a": {"$startsWith": "or"}}),
        &[json!({"a": "order"}), json!({"a": [1, "or"]})],
    );
    yes(
        json!({"a": {"$startsWith": ["x", "or"]}}),
        &[json!({"a": "order"})],
    );
    no(
        json!({"a": {"$startsWith": "or"}}),
        &[json!({"a": "Order"}), json!({"a": 7}), json!({})],
    );
    yes(
        json!({"a": {"$endsWith": ["@a.example", "@b.example"]}}),
        &[json!({"a": "x@b.example"})],
    );
    no(json!({"a": {"$endsWith": "a"}}), &[json!({"a": "ab"})]);
    yes(json!({"a": {"$contains": "é"}}), &[json!({"a": "café!"})]);
    no(
        json!({"a": {"$contains": "E"}}),
        &[json!({"a": "e"}), json!({"a": {"E": 1}})],
    );
    yes(
        json!({"a": {"$regex": r"^\d{3}-"}}),
        &[json!({"a": "123-4"}), json!({"a": ["x", "123-"]})],
    );
    yes(json!({"a": {"$regex": "(?i)b"}}), &[json!({"a": "aBc"})]);
    no(
        json!({"a": {"$regex": "^b$"}}),
        &[json!({"a": "aBc"}), json!({"a": 5}), json!({})],
    );
}

#[test]
fn what_is_there_and_what_is_not_can_be_asked() {
    for name in ["$exists", "$exist"] {
        yes(
            json!({"a.b": {name: true}}),
            &[json!({"a": {"b": null}}), json!({"a": [{"b": 1}]})],
        );
        no(
            json!({"a.b": {name: true}}),
            &[json!({"a": {}}), json!({}), json!(3)],
        );
        yes(
            json!({"a.b": {name: false}}),
            &[json!({"a": {}}), json!([])],
        );
        no(json!({"a.b": {name: false}}), &[json!({"a": {"b": 0}})]);
    }
}

#[test]
fn conditions_combine_at_the_top_and_under_a_path() {
    let either = json!({"$or": [{"a": 1}, {"b": {"$gt": 5}}]});
    yes(either.clone(), &[json!({"a": 1}), json!({"b": 6})]);
    no(either, &[json!({"a": 2, "b": 5}), json!({})]);
    let neither = json!({"$nor": [{"a": 1}, {"b": 2}]});
    yes(neither.clone(), &[json!({}), json!({"a": 2})]);
    no(neither, &[json!({"a": 1}), json!({"b": 2})]);
    yes(
        json!({"$and": [{"a": 1}, {"b": 2}]}),
        &[json!({"a": 1, "b": 2})],
    );
    no(json!({"$and": [{"a": 1}, {"b": 2}]}), &[json!({"a": 1})]);
    yes(
        json!({"$not": {"a": 1, "b": 2}}),
        &[json!({"a": 1}), json!({})],
    );
    no(json!({"$not": {"a": 1}}), &[json!({"a": 1})]);
    yes(
        json!({"a": {"$or": [1, {"$gt": 10}]}}),
        &[json!({"a": 1}), json!({"a": 11})],
    );
    no(json!({"a": {"$or": [1, {"$gt": 10}]}}), &[json!({"a": 5})]);
    yes(
        json!({"a": {"$not": {"$in": [1, 2]}}}),
        &[json!({"a": 3}), json!({})],
    );
    no(json!({"a": {"$not": 1}}), &[json!({"a": 1})]);
    yes(
        json!({"a": {"$nor": [1, 2], "$and": [{"$gt": 0}]}}),
        &[json!({"a": 3})],
    );
}

#[test]
fn an_object_is_met_by_one_item_and_a_path_by_any() {
    let lines = json!({"lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 9}]});
    yes(
        json!({"lines": {"sku": "b", "n": {"$gt": 5}}}),
        std::slice::from_ref(&lines),
    );
    no(
        json!({"lines": {"sku": "a", "n": {"$gt": 5}}}),
        &[lines.clone(), json!({"lines": "a"})],
    );
    yes(
        json!({"lines.sku": "a", "lines.n": {"$gt": 5}}),
        std::slice::from_ref(&lines),
    );
    yes(
        json!({"lines.$.sku": "b", "lines.0.n": 1}),
        std::slice::from_ref(&lines),
    );
    no(json!({"lines.0.sku": "b"}), &[lines]);
    yes(
        json!({"a": {"b": {"c": 1}}}),
        &[json!({"a": {"b": {"c": 1, "d": 2}}})],
    );
    no(json!({"a": {"b": 1}}), &[json!({"a": 1}), json!({})]);
}

#[test]
fn a_refusal_says_the_first_condition_and_the_value() {
    let why = |filter: Value, payload: Value| {
        let unmet = Filter::parse(&filter).unwrap().unmet(&payload).unwrap();
        format!("{} {}", unmet.pointer, unmet.detail)
    };
    assert_eq!(
        why(json!({"amount": {"$gte": 100}}), json!({"amount": 5})),
        "/amount/$gte \"amount\" is 5 and must be at least 100"
    );
    assert_eq!(
        why(json!({"a": {"b": "x"}}), json!({"a": {}})),
        "/a/b \"b\" is not there and must be \"x\""
    );
    assert_eq!(
        why(json!({"a/b": {"$ne": 1}}), json!({"a/b": 1})),
        "/a~1b/$ne \"a/b\" is 1 and must not be 1"
    );
    assert_eq!(
        why(json!({"$or": [{"a": 1}, {"a": 2}]}), json!({"a": 3})),
        "/$or none of the 2 alternatives is met"
    );
    let long = why(json!({"a": 1}), json!({"a": "é".repeat(5_000)}));
    assert!(long.len() < 400, "{long}");
}
