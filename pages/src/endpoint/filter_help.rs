//! What a filter can say, each with an example.

use maud::{Markup, html};

/// What is said, how, and what it means.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "a value",
        r#"{"status": "paid"}"#,
        "status is \"paid\", of the same type",
    ),
    (
        "a path",
        r#"{"customer.tier": "premium"}"#,
        "tier within customer",
    ),
    ("$eq", r#"{"a": {"$eq": {"x": 1}}}"#, "exactly this value"),
    (
        "$ne, $neq",
        r#"{"status": {"$ne": "paid"}}"#,
        "any other value, or none",
    ),
    (
        "$gt, $gte, $lt, $lte",
        r#"{"amount": {"$gte": 100, "$lt": 500}}"#,
        "from 100 to below 500; text by its order",
    ),
    (
        "$in, $nin",
        r#"{"country": {"$in": ["DE", "FR"]}}"#,
        "one of these; none of these",
    ),
    (
        "$startsWith",
        r#"{"sku": {"$startsWith": "book-"}}"#,
        "text that begins so",
    ),
    (
        "$endsWith",
        r#"{"email": {"$endsWith": ["@a.example", "@b.example"]}}"#,
        "text that ends in one of these ways",
    ),
    (
        "$contains",
        r#"{"title": {"$contains": "red"}}"#,
        "text with this in it",
    ),
    (
        "$regex",
        r#"{"name": {"$regex": "(?i)^anna"}}"#,
        "text that this regular expression finds",
    ),
    (
        "$exists, $exist",
        r#"{"trial": {"$exists": true}}"#,
        "it is there, null included",
    ),
    (
        "$or",
        r#"{"$or": [{"amount": {"$gte": 100}}, {"vip": true}]}"#,
        "one of these conditions",
    ),
    (
        "$and",
        r#"{"$and": [{"n": {"$gt": 1}}, {"n": {"$lt": 3}}]}"#,
        "all of these",
    ),
    (
        "$nor",
        r#"{"$nor": [{"test": true}, {"amount": 0}]}"#,
        "none of these",
    ),
    (
        "$not",
        r#"{"amount": {"$not": {"$gte": 100}}}"#,
        "not so, or not there",
    ),
    ("a list", r#"{"tags": "urgent"}"#, "the list has this item"),
    (
        "items of a list",
        r#"{"lines": {"sku": "a", "n": 9}}"#,
        "one item meets all of it",
    ),
    (
        "a place in a list",
        r#"{"lines.0.sku": "a"}"#,
        "the first item; $ is each",
    ),
];

pub(super) fn help() -> Markup {
    html! {
        details.help {
            summary { "What a filter can say" }
            div.scroll { table {
                thead { tr { th scope="col" { "Word" } th scope="col" { "Example" } th scope="col" { "Matches where" } } }
                tbody { @for (word, example, meaning) in WORDS { tr {
                    td.nowrap { code { (word) } }
                    td { code { (example) } }
                    td { (meaning) }
                } } }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::filter::Filter;

    use super::*;

    #[test]
    fn every_example_is_a_filter() {
        for (word, example, _) in WORDS {
            let value = serde_json::from_str(example).expect("JSON");
            let parsed = Filter::parse(&value);
            assert!(parsed.is_ok(), "{word}: {example}: {:?}", parsed.err());
        }
    }

    #[test]
    fn every_word_is_told_of() {
        let all: String = WORDS.iter().map(|(word, ..)| format!("{word},")).collect();
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/filters.md");
        let guide = std::fs::read_to_string(guide).expect("the guide");
        let words = guide
            .split('"')
            .filter(|word| word.starts_with('$') && word.len() > 1);
        for word in words {
            let word = word.trim_end_matches('\\');
            assert!(all.contains(word), "{word} is not told of");
        }
    }
}
