//! Are the canonical forms what real JavaScript and Python print?

use std::io::Write as _;
use std::process::{Command, Stdio};

use hookwright_wire::{CanonicalError, CanonicalJson, canonicalise};

use crate::documents::Maker;

const DOCUMENTS: usize = 600;

const NODE: &str = "
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').slice(0, -1);
process.stdout.write(lines.map((line) => JSON.stringify(JSON.parse(line)) + '\\n').join(''));
";

const PYTHON: &str = "
import json, sys
for line in sys.stdin.buffer.read().decode().split('\\n')[:-1]:
    value = json.loads(line)
    print(json.dumps(value, sort_keys=True, separators=(',', ':')))
    print(json.dumps(value))
";

/// What a program prints when it is given one document a line.
fn said(program: &str, flag: &str, code: &str, lines: &[String]) -> Vec<String> {
    let mut child = Command::new(program)
        .args([flag, code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    let mut stdin = child.stdin.take().expect("piped");
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    // Both read everything before they write, so that neither side waits for the other.
    stdin.write_all(text.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{program}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

fn form(form: CanonicalJson, json: &str) -> String {
    let made = canonicalise(form, json.as_bytes());
    let made = made.unwrap_or_else(|error| panic!("{json}: {error}"));
    String::from_utf8(made).expect("UTF-8")
}

fn generated() -> Vec<String> {
    let mut maker = Maker::new(20_240_115);
    (0..DOCUMENTS).map(|_| maker.document()).collect()
}

#[test]
fn js_is_what_a_round_trip_through_node_prints() {
    let lines = generated();
    let printed = said("node", "-e", NODE, &lines);
    assert_eq!(printed.len(), lines.len());
    for (line, expected) in lines.iter().zip(printed) {
        assert_eq!(form(CanonicalJson::Js, line), expected, "of {line}");
    }
}

#[test]
fn js_sorted_keeps_the_values_and_survives_node() {
    let lines = generated();
    let sorted: Vec<String> = lines
        .iter()
        .map(|line| form(CanonicalJson::JsSorted, line))
        .collect();
    assert_eq!(said("node", "-e", NODE, &sorted), sorted);
    for (line, sorted) in lines.iter().zip(&sorted) {
        assert_eq!(form(CanonicalJson::Js, sorted), *sorted, "of {line}");
        assert_eq!(form(CanonicalJson::JsSorted, sorted), *sorted, "of {line}");
        // Sorting forgets the order and nothing else.
        let python = form(CanonicalJson::Python, &form(CanonicalJson::Js, line));
        assert_eq!(form(CanonicalJson::Python, sorted), python, "of {line}");
    }
}

#[test]
fn python_and_python_spaced_are_what_json_dumps_prints() {
    let lines = generated();
    let printed = said("python3", "-c", PYTHON, &lines);
    assert_eq!(printed.len(), 2 * lines.len());
    for (line, expected) in lines.iter().zip(printed.chunks(2)) {
        assert_eq!(form(CanonicalJson::Python, line), expected[0], "of {line}");
        let spaced = form(CanonicalJson::PythonSpaced, line);
        assert_eq!(spaced, expected[1], "of {line}");
    }
}

/// `JSON.stringify(canonical)` in Node and `json.dumps(sort_keys)` in Python, each over the body.
#[test]
fn one_js_sorted_body_of_plain_text_verifies_in_node_and_in_python() {
    let body =
        r#"{"z":[1,{"b":0.5,"a":null}],"created":1705314675,"data":{"object":{"n":"x\"y"}}}"#;
    let sorted = vec![form(CanonicalJson::JsSorted, body)];
    assert_eq!(said("node", "-e", NODE, &sorted), sorted);
    assert_eq!(said("python3", "-c", PYTHON, &sorted)[0], sorted[0]);
}

#[test]
fn a_number_that_no_double_holds_stays_as_published_in_every_form() {
    for literal in [
        "9007199254740993",
        "-9007199254740993",
        "12345678901234567890123",
        "0.1000000000000000055",
        "1e400",
        "-1e400",
        "1e-400",
        "123456789.123456789123456789",
    ] {
        for kind in [
            CanonicalJson::Js,
            CanonicalJson::JsSorted,
            CanonicalJson::Jcs,
            CanonicalJson::Python,
            CanonicalJson::PythonSpaced,
        ] {
            assert_eq!(form(kind, literal), literal, "{}", kind.as_str());
        }
    }
}

#[test]
fn zero_is_zero_however_it_is_written() {
    for literal in ["0", "-0", "0.000", "-0e5", "0e99999999999999999999999"] {
        assert_eq!(form(CanonicalJson::Js, literal), "0", "of {literal}");
    }
}

#[test]
fn what_is_no_json_is_refused_and_deep_nesting_ends_early() {
    for bad in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "01",
        "1.",
        ".5",
        "+1",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\u12\"",
        "nul",
        "1 2",
        "{a:1}",
        "'a'",
        "NaN",
        "\u{feff}1",
    ] {
        let found = canonicalise(CanonicalJson::Js, bad.as_bytes());
        assert!(matches!(found, Err(CanonicalError::Syntax(_))), "{bad:?}");
    }
    let deep = "[".repeat(1_000_000);
    let found = canonicalise(CanonicalJson::Js, deep.as_bytes());
    assert_eq!(found, Err(CanonicalError::Depth));
    let surrogate = canonicalise(CanonicalJson::Jcs, br#""\ud800""#);
    assert_eq!(surrogate, Err(CanonicalError::LoneSurrogate));
    let invalid = canonicalise(CanonicalJson::Js, b"\"\xff\"");
    assert!(matches!(invalid, Err(CanonicalError::Syntax(_))));
}

/// RFC 8785, sections 3.2.2 and 3.2.3: the document's own examples of values and of key order.
#[test]
fn jcs_orders_keys_by_utf_16_and_prints_as_ecmascript() {
    let input = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
        "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
    let expected = concat!(
        r#"{"literals":[null,true,false],"#,
        r#""numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
        r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
    // The RFC rounds 333333333.33333329; a number is never altered here.
    let expected = expected.replace("333333333.3333333,", "333333333.33333329,");
    assert_eq!(form(CanonicalJson::Jcs, input), expected);
    let keys = "{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5,\"\u{80}\":6,\"\u{f6}\":7}";
    let sorted = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
    assert_eq!(form(CanonicalJson::Jcs, keys), sorted);
}
