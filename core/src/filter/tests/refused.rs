//! Which filters are refused, and what is said of them?

use serde_json::{Value, json};

use crate::filter::{Filter, FilterError, OPERATORS, Steps};
use crate::limits::*;

fn refused(filter: Value) -> FilterError {
    match Filter::parse(&filter) {
        Err(error) => error,
        Ok(_) => panic!("taken: {filter}"),
    }
}

fn pointer(filter: Value) -> String {
    let error = refused(filter.clone());
    assert!(filter.pointer(&error.pointer).is_some(), "{error:?}");
    assert!(error.detail.len() > 15, "{error:?}");
    error.pointer
}

#[test]
fn what_has_no_meaning_is_pointed_at() {
    assert_eq!(pointer(json!([])), "");
    assert_eq!(pointer(json!("a")), "");
    assert_eq!(pointer(json!({"a": {"$gte": null}})), "/a/$gte");
    assert_eq!(pointer(json!({"a": {"$lt": [1]}})), "/a/$lt");
    assert_eq!(pointer(json!({"a": {"$gt": true}})), "/a/$gt");
    assert_eq!(pointer(json!({"a": {"$in": "x"}})), "/a/$in");
    assert_eq!(pointer(json!({"a": {"$in": []}})), "/a/$in");
    assert_eq!(pointer(json!({"a": {"$nin": 1}})), "/a/$nin");
    assert_eq!(pointer(json!({"a": {"$startsWith": 1}})), "/a/$startsWith");
    assert_eq!(pointer(json!({"a": {"$endsWith": [1]}})), "/a/$endsWith");
    assert_eq!(pointer(json!({"a": {"$contains": ""}})), "/a/$contains");
    assert_eq!(pointer(json!({"a": {"$regex": "("}})), "/a/$regex");
    assert_eq!(pointer(json!({"a": {"$exists": 1}})), "/a/$exists");
    assert_eq!(pointer(json!({"$or": {}})), "/$or");
    assert_eq!(pointer(json!({"$or": []})), "/$or");
    assert_eq!(pointer(json!({"$or": [{"a": 1}, 2]})), "/$or/1");
    assert_eq!(pointer(json!({"$and": [{}]})), "/$and/0");
    assert_eq!(pointer(json!({"$not": 1})), "/$not");
    assert_eq!(pointer(json!({"$gte": 1})), "/$gte");
    assert_eq!(pointer(json!({"a": {"$gte": 1, "b": 2}})), "/a/b");
    assert_eq!(pointer(json!({"a": {}})), "/a");
    assert_eq!(pointer(json!({"a": []})), "/a");
    assert_eq!(pointer(json!({"a..b": 1})), "/a..b");
    assert_eq!(
        pointer(json!({"a": {"b/c": {"$huge": 1}}})),
        "/a/b~1c/$huge"
    );
}

#[test]
fn an_unknown_operator_is_told_the_known_ones() {
    let detail = refused(json!({"a": {"$size": 3}})).detail;
    for operator in OPERATORS {
        assert!(detail.contains(operator), "{detail}");
    }
    assert!(refused(json!({"$where": "1"})).detail.contains("$or"));
}

#[test]
fn every_operator_named_is_known() {
    for operator in OPERATORS {
        let operands = [json!(1), json!("x"), json!(true), json!([1])];
        let known = operands
            .into_iter()
            .any(|operand| Filter::parse(&json!({"a": {operator: operand}})).is_ok());
        assert!(known, "{operator}");
    }
}

#[test]
fn limits_are_kept() {
    let nested = |depth: usize| (1..depth).fold(json!({"a": 1}), |inner, _| json!({"a": inner}));
    assert!(Filter::parse(&nested(FILTER_DEPTH_MAX)).is_ok());
    refused(nested(FILTER_DEPTH_MAX + 1));
    let wide =
        |count: usize| -> Value { (0..count).map(|n| (format!("a{n}"), json!(n))).collect() };
    assert!(Filter::parse(&wide(FILTER_CONDITIONS_MAX)).is_ok());
    refused(wide(FILTER_CONDITIONS_MAX + 1));
    let among = |count: usize| json!({"a": {"$in": vec![7; count]}});
    assert!(Filter::parse(&among(FILTER_LIST_ITEMS_MAX)).is_ok());
    refused(among(FILTER_LIST_ITEMS_MAX + 1));
    let regexes = |count: usize| json!({"a": {"$and": vec![json!({"$regex": "x"}); count]}});
    assert!(Filter::parse(&regexes(FILTER_REGEXES_MAX)).is_ok());
    refused(regexes(FILTER_REGEXES_MAX + 1));
    refused(json!({"a": "x".repeat(FILTER_BYTES_MAX)}));
}

#[test]
fn a_filter_that_would_take_too_long_does_not_match() {
    let many = json!({"a": vec![1; 100_000]});
    let costly = Filter::parse(&json!({"a": {"$nin": vec![2; 200]}})).unwrap();
    let mut event = Steps::of_event();
    assert!(!costly.matches(&many, &mut event));
    assert!(costly.unmet(&many).unwrap().detail.contains("too large"));
    assert!(costly.matches(&json!({"a": 1}), &mut event));
    // Others still match, until the event's own steps are used up.
    let cheap = Filter::parse(&json!({"b": {"$exists": false}})).unwrap();
    let whole = EVENT_FILTER_STEPS_MAX / FILTER_STEPS_MAX;
    for _ in 0..whole {
        assert!(!costly.matches(&many, &mut event));
    }
    assert!(!cheap.matches(&many, &mut event));
    assert!(cheap.matches(&many, &mut Steps::of_event()));
}
