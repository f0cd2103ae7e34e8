//! Whether statements over days of rows find theirs by an index, whatever the planner knows of a
//! table: every day is young once, and may end with millions.

mod database;
mod jobs;

use serde_json::Value;

use super::by_index::IN_ORDER;
use super::{
    PLAIN_PLANS, backlog, cancel, contents, deliveries, delivery_list, delivery_rows, drop_day,
    event_list, fitting, in_order, partitions, prune, prune_class, prune_payloads,
};
use crate::model::Towards;
use database::{Database, Known, with_forty_days};

/// A statement with its values, and whether its rows must come in order.
struct Case {
    sql: String,
    values: &'static str,
    in_order: bool,
}

/// Project 1 has nearly all rows, project 2 few; a list begins at the newest that can be.
fn looks() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |sql: String, all: &[&'static str]| {
        cases.extend(all.iter().map(|values| Case {
            sql: sql.clone(),
            values,
            in_order: true,
        }));
    };
    for towards in [Towards::Older, Towards::Newer] {
        add(
            event_list::window_of(event_list::OF_PROJECT, towards),
            &[
                "1, -1, 9223372036854775807, 50, NULL",
                "2, 4003000000000000, 9223372036854775807, 50, NULL",
            ],
        );
        add(
            event_list::window_of(event_list::OF_ACCOUNT, towards),
            &[
                "1, -1, 9223372036854775807, 50, 1",
                "2, -1, 9223372036854775807, 1000, 2",
            ],
        );
        for walked in [
            delivery_list::OF_PROJECT,
            delivery_list::OF_ENDPOINT,
            delivery_list::WAITING,
            delivery_list::WAITING_OF,
            delivery_list::FINISHED,
        ] {
            add(
                delivery_list::window_of(walked, towards),
                &[
                    "1, -1, 9223372036854775807, 5000, 1, '{2,3,4,10,11,12}', NULL, false",
                    "1, 4003000000000000, 4103000000000000, 5000, 1, '{11}', 10, true",
                    "2, -1, 9223372036854775807, 5000, 2, '{2,3,4}', NULL, false",
                ],
            );
        }
    }
    let rows = "1, '{4003000000000000,4003000000000007}', 4003000000000000, 4003000000000007";
    add(delivery_rows::ABOUT.to_owned(), &[rows]);
    add(fitting::LAST_ANSWERS.to_owned(), &[rows]);
    add(fitting::rows_by_id(), &[rows]);
    add(contents::PAYLOADS.to_owned(), &[rows]);
    add(contents::FIRST_ATTEMPTS.to_owned(), &[rows]);
    add(contents::LATER_ATTEMPTS.to_owned(), &[rows]);
    add(
        cancel::CANCEL.to_owned(),
        &["1, '{4003000000000000,4003000000000007}', 4003000000000000, 4003000000000007, 1, 5"],
    );
    add(
        deliveries::FIRST_ATTEMPT.to_owned(),
        &["1, 4003000000000000"],
    );
    add(deliveries::by_id(), &["1, 4003000000000000"]);
    add(backlog::WAITING.to_owned(), &["1, 10001", "2, 1"]);
    add(
        backlog::WAITING_AMONG.to_owned(),
        &["1, 1, 20000", "2, 2, 1"],
    );
    add(
        backlog::WAITING_OF.to_owned(),
        &["'{1}', 10001, 10001", "'{2,3,4}', 1, 9223372036854775807"],
    );
    add(
        backlog::FIRST_ATTEMPTS.to_owned(),
        &[
            "1, 4003000000000000, NULL, NULL, 20000",
            "2, 4003000000000000, 2, 2, 20000",
        ],
    );
    add(deliveries::ATTEMPTS.to_owned(), &["1, 4003000000000000"]);
    add(
        in_order::FIRST.to_owned(),
        &["'{1}', '{257}', 2", "'{1,2}', '{257,1}', 2"],
    );
    cases
}

fn prunings() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |sql: &str, values| {
        cases.push(Case {
            sql: sql.to_owned(),
            values,
            in_order: false,
        });
    };
    let day = "4014578073600000, 4017409228800000, 1000";
    add(drop_day::DUE, day);
    add(drop_day::RESENT, day);
    add(prune::NAMES, day);
    add(prune::REST, "1, 4003000000000000, 1700000000000, 20000");
    for sql in prune::REMOVE {
        let rows = "array_fill(1::bigint, '{1000}'), array_fill(4003000000000000, '{1000}'),
             array_fill(4003000000000000, '{1000}'), array_fill(4003000000000001, '{1000}')";
        add(sql, rows);
    }
    for cut in &partitions::CUTS {
        let keep = drop_day::keep(cut, &cut.of("20231119"));
        add(
            &keep,
            "array_fill(1::bigint, '{1000}'), array_fill(4003000000000000, '{1000}'),
             array_fill(4003000000000001, '{1000}')",
        );
    }
    let each = "array_fill(1::bigint, '{1000}'), array_fill(4003000000000000, '{1000}'),
         array_fill(4003000000000000, '{1000}'), array_fill(4003000000000001, '{1000}')";
    add(prune_class::CLEAR_FIRST_ATTEMPTS, each);
    add(
        prune_class::CLEAR_PAYLOADS,
        "1, array_fill(4003000000000000, '{1000}')",
    );
    add(
        prune_class::WALK,
        "1, 4003000000000000, 4014578073600000, 1000",
    );
    for partition in ["events_20231119", "events_rest"] {
        let select = prune_payloads::select(partition);
        add(&select, "1, 4003000000000000, 1700000000000, 20000");
        let clear = prune_payloads::clear(partition);
        add(&clear, "'{1,2}', '{4003000000000000,4003000000000001}'");
    }
    cases
}

#[test]
fn what_people_look_at_comes_out_of_an_index_in_order() {
    with_forty_days(async |database| judge(&database, looks()).await);
}

#[test]
fn retention_finds_its_rows_by_an_index() {
    with_forty_days(async |database| judge(&database, prunings()).await);
}

#[test]
fn the_unfinished_of_a_day_are_found_among_what_is_due() {
    with_forty_days(async |database| {
        for case in prunings() {
            if case.sql == drop_day::DUE {
                let settings = format!("{PLAIN_PLANS}; {IN_ORDER}");
                let plan = database.plan(&settings, &case.sql, case.values).await;
                let mut indexes = Vec::new();
                collect(&plan, &mut |node| {
                    let index = text(node, "Index Name");
                    if index.starts_with("deliveries") {
                        indexes.push(index.to_owned());
                    }
                });
                let is_due = |index: &String| index.ends_with("_endpoint_id_due_at_idx");
                assert!(
                    !indexes.is_empty() && indexes.iter().all(is_due),
                    "{indexes:?}"
                );
            }
        }
    });
}

#[test]
fn what_is_first_in_order_is_found_among_what_waits() {
    with_forty_days(async |database| {
        let sql = in_order::FIRST;
        for known in [Known::Nothing, Known::Rows, Known::Millions] {
            database.believe(known).await;
            for mode in MODES {
                let settings =
                    format!("{PLAIN_PLANS}; {IN_ORDER}; SET LOCAL plan_cache_mode = {mode}");
                let plan = database.plan(&settings, sql, "'{1}', '{257}', 2").await;
                let mut indexes = Vec::new();
                collect(&plan, &mut |node| {
                    indexes.push(text(node, "Index Name").to_owned());
                });
                indexes.retain(|index| !index.is_empty());
                let of_waiting = |index: &String| index.ends_with("_endpoint_id_created_at_id_idx");
                assert!(
                    !indexes.is_empty() && indexes.iter().all(of_waiting),
                    "{known:?}, {mode}: {indexes:?}"
                );
            }
        }
    });
}

/// Whatever is known of the tables; for these values, and for any.
async fn judge(database: &Database, cases: Vec<Case>) {
    let mut found = String::new();
    for known in [Known::Nothing, Known::Rows, Known::Millions] {
        database.believe(known).await;
        for (case, mode) in cases.iter().flat_map(|case| MODES.map(|mode| (case, mode))) {
            let settings = format!("{PLAIN_PLANS}; {IN_ORDER}; SET LOCAL plan_cache_mode = {mode}");
            let plan = database.plan(&settings, &case.sql, case.values).await;
            for costly in costly(&plan, case) {
                found += &format!("{costly}\n  known: {known:?}, {mode}, {}\n", case.sql);
            }
        }
    }
    assert!(found.is_empty(), "{found}");
}

const MODES: [&str; 2] = ["force_custom_plan", "force_generic_plan"];

/// The steps of a plan that would cost what there is, not what is asked for.
fn costly(plan: &Value, case: &Case) -> Vec<String> {
    let mut found = Vec::new();
    collect(plan, &mut |node| {
        let step = text(node, "Node Type");
        let (table, index) = (relation(node), text(node, "Index Name"));
        let is_big = |name: &str| BIG.iter().any(|table| name.starts_with(table));
        let is_forbidden = is_big(table) && (step == "Seq Scan" || step.contains("Bitmap"))
            || step.contains("Hash Join")
            || step.contains("Merge Join");
        if is_forbidden {
            found.push(format!("{step} of {table}"));
        }
        // What is due is few: of that index, and of no other, all is read.
        let is_whole = is_big(index) && node.get("Index Cond").is_none();
        if is_whole && case.sql != drop_day::DUE {
            found.push(format!("{step} of all of {index}"));
        }
        // It finds ranges of time, half a megabyte at least.
        if index.starts_with("deliveries_")
            && index.matches('_').count() == 3
            && index.ends_with("_id_idx")
        {
            found.push(format!("{step} of {index}"));
        }
        if case.in_order && step.ends_with("Sort") && is_unlimited(node) {
            found.push(format!("{step} of all that fits"));
        }
    });
    found
}

/// Tables that grow with traffic.
const BIG: [&str; 4] = ["events", "deliveries", "attempts", "event_names"];

/// Whether rows of a table come to this step without a limit between.
fn is_unlimited(node: &Value) -> bool {
    let is_bare = |child: &&Value| text(child, "Node Type") != "Limit";
    !relation(node).is_empty()
        || children(node)
            .iter()
            .filter(is_bare)
            .any(|child| relation(child).starts_with("deliveries_") || is_unlimited(child))
}

fn collect(node: &Value, see: &mut impl FnMut(&Value)) {
    see(node);
    for child in children(node) {
        collect(child, see);
    }
}

fn children(node: &Value) -> &[Value] {
    node.get("Plans")
        .and_then(Value::as_array)
        .map_or(&[], |plans| plans)
}

fn relation(node: &Value) -> &str {
    text(node, "Relation Name")
}

fn text<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get(name).and_then(Value::as_str).unwrap_or_default()
}
