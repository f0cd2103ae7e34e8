//! Does any JSON at all do harm, as a filter or as a payload?

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;

use crate::filter::{Filter, OPERATORS, Steps};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3i64..4).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c.*$(\\[é]{0,4}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn json(name: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(name.clone(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        4 => proptest::sample::select(vec!["a", "b", "a.b", "a.$.b", "0", "a.0"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn operator_or_name() -> impl Strategy<Value = String> + Clone {
    let operator = proptest::sample::select(OPERATORS.to_vec()).prop_map(str::to_owned);
    prop_oneof![1 => operator, 1 => name()]
}

/// Filters that are read, most of them.
fn filter() -> impl Strategy<Value = Value> {
    let condition = prop_oneof![
        scalar(),
        (proptest::sample::select(OPERATORS.to_vec()), json(name()))
            .prop_map(|(operator, operand)| serde_json::json!({operator: operand})),
    ];
    let object = btree_map(name(), condition, 1..3)
        .prop_map(|members| Value::Object(members.into_iter().collect()));
    object.prop_recursive(4, 24, 3, |inner| {
        let group = proptest::sample::select(vec!["$and", "$or", "$nor"]);
        prop_oneof![
            (group, vec(inner.clone(), 1..4)).prop_map(|(name, of)| serde_json::json!({name: of})),
            inner.clone().prop_map(|of| serde_json::json!({"$not": of})),
            (name(), inner).prop_map(|(name, of)| serde_json::json!({name: of})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn reading_a_filter_never_panics(filter in json(operator_or_name())) {
        if let Err(error) = Filter::parse(&filter) {
            prop_assert!(filter.pointer(&error.pointer).is_some(), "{error:?}");
        }
    }

    #[test]
    fn matching_never_panics_and_is_explained(filter in filter(), payload in json(name())) {
        if let Ok(read) = Filter::parse(&filter) {
            let matches = read.matches(&payload, &mut Steps::of_event());
            let unmet = read.unmet(&payload);
            prop_assert_eq!(unmet.is_none(), matches);
            prop_assert!(unmet.is_none_or(|unmet| filter.pointer(&unmet.pointer).is_some()));
        }
    }

    #[test]
    fn a_filter_and_its_opposite_share_out_all_payloads(filter in filter(), payload in json(name())) {
        let opposite = serde_json::json!({"$not": filter});
        if let (Ok(read), Ok(opposite)) = (Filter::parse(&filter), Filter::parse(&opposite)) {
            let mut steps = Steps::of_event();
            let matches = read.matches(&payload, &mut steps);
            prop_assert_ne!(matches, opposite.matches(&payload, &mut steps));
        }
    }
}
