//! Is judging by this schema short, whatever the payload?
//!
//! The schema is walked as a payload could be: into properties and items, and along references. A
//! payload nests no deeper than [`JSON_DEPTH_MAX`]; so it is enough that no value is judged by too
//! many subschemas, and that no part of a payload is judged by the same subschema twice. The second
//! is what recursion can do: the places at which a subschema comes back to itself must not lie on
//! one way through a payload, or each level would double the work of the one above.

use serde_json::{Map, Value};

use super::SchemaRefused;
use crate::limits::{
    JSON_DEPTH_MAX, SCHEMA_BREADTH_MAX, SCHEMA_LAYERS_MAX, SCHEMA_PATTERNS_MAX,
    SCHEMA_RECURSIONS_MAX, SCHEMA_VISITS_MAX,
};

type Checked = Result<(), SchemaRefused>;

/// One step into a payload.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    AnyKey,
    Item,
}

/// A subschema that the walk is within.
struct Frame {
    /// Which: its address.
    at: usize,
    /// How deep in the payload it was entered.
    depth: usize,
}

/// A way through a payload to where a subschema comes back to one that it is within.
struct Return<'a> {
    /// The place of that one among the frames.
    to: usize,
    path: Vec<Step<'a>>,
}

struct Walk<'a> {
    root: &'a Value,
    frames: Vec<Frame>,
    path: Vec<Step<'a>>,
    /// For each step of the path, what the value there is judged by so far.
    breadths: Vec<usize>,
    visits: usize,
    patterns: usize,
    returns: Vec<Return<'a>>,
    /// The ways to recursions that were left again.
    recursions: Vec<Vec<Step<'a>>>,
}

/// Refuses what could take long.
pub(super) fn check(schema: &Value) -> Checked {
    let mut walk = Walk {
        root: schema,
        frames: Vec::new(),
        path: Vec::new(),
        breadths: vec![0],
        visits: 0,
        patterns: 0,
        returns: Vec::new(),
        recursions: Vec::new(),
    };
    walk.visit(schema, 0)
}

/// Keywords with a subschema, subschemas in a list or by name, that judge the same value.
const SAME_ONE: [&str; 4] = ["not", "if", "then", "else"];
const SAME_LIST: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SAME_NAMED: [&str; 2] = ["dependentSchemas", "dependencies"];
/// Keywords whose subschemas judge items, and those that judge some property.
const ITEMS: [&str; 5] = [
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
];
const SOME_KEY: [&str; 3] = [
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
];
/// What would make a reference mean something else than the place that it names.
const REFUSED: [&str; 4] = ["$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$anchor"];

impl<'a> Walk<'a> {
    fn visit(&mut self, schema: &'a Value, layer: usize) -> Checked {
        let Value::Object(keywords) = schema else {
            return Ok(());
        };
        // Nothing is published that is nested so deep.
        if self.path.len() > JSON_DEPTH_MAX {
            return Ok(());
        }
        self.visits += 1;
        at_most(
            self.visits,
            SCHEMA_VISITS_MAX,
            "subschemas, each counted where it is referred to",
        )?;
        at_most(
            layer,
            SCHEMA_LAYERS_MAX,
            "layers of subschemas for one value",
        )?;
        let at = std::ptr::from_ref(schema) as usize;
        if let Some(to) = self.frames.iter().position(|frame| frame.at == at) {
            return self.comes_back(to);
        }
        self.widen(keywords)?;
        let (first, first_recursion) = (self.returns.len(), self.recursions.len());
        let frame = Frame {
            at,
            depth: self.path.len(),
        };
        self.frames.push(frame);
        self.judge_same(keywords, layer + 1)?;
        self.judge_parts(keywords)?;
        self.leave(first, first_recursion)
    }

    fn comes_back(&mut self, to: usize) -> Checked {
        if self.frames[to].depth == self.path.len() {
            return Err(SchemaRefused::Endless);
        }
        let path = self.path.clone();
        self.returns.push(Return { to, path });
        let count = self.returns.len() + self.recursions.len();
        at_most(
            count,
            SCHEMA_RECURSIONS_MAX,
            "references to what they are within",
        )
    }

    /// Counts what the value here is judged by.
    fn widen(&mut self, keywords: &Map<String, Value>) -> Checked {
        if let Some(keyword) = REFUSED.into_iter().find(|it| keywords.contains_key(*it)) {
            return Err(SchemaRefused::Keyword(keyword));
        }
        if !self.frames.is_empty() {
            for keyword in ["$id", "$schema"] {
                if keywords.contains_key(keyword) {
                    return Err(SchemaRefused::Keyword(keyword));
                }
            }
        }
        let length = |keyword: &str| match keywords.get(keyword) {
            Some(Value::Array(list)) => list.len(),
            Some(Value::Object(map)) => map.len(),
            _ => 0,
        };
        let patterns = length("patternProperties");
        self.patterns += patterns + usize::from(keywords.contains_key("pattern"));
        at_most(self.patterns, SCHEMA_PATTERNS_MAX, "regular expressions")?;
        let more = 1 + length("properties") + length("required") + length("enum") + patterns;
        let breadth = self.breadths.last_mut().map_or(0, |breadth| {
            *breadth += more;
            *breadth
        });
        at_most(breadth, SCHEMA_BREADTH_MAX, "rules for one value")
    }

    fn judge_same(&mut self, keywords: &'a Map<String, Value>, layer: usize) -> Checked {
        // What was judged is found out by judging once more.
        let unevaluated = ["unevaluatedProperties", "unevaluatedItems"];
        let times = if unevaluated.iter().any(|it| keywords.contains_key(*it)) {
            2
        } else {
            1
        };
        for _ in 0..times {
            for schema in SAME_ONE.into_iter().filter_map(|it| keywords.get(it)) {
                self.visit(schema, layer)?;
            }
            for keyword in SAME_LIST {
                for schema in list(keywords, keyword) {
                    self.visit(schema, layer)?;
                }
            }
            for keyword in SAME_NAMED {
                for (_, schema) in named(keywords, keyword) {
                    self.visit(schema, layer)?;
                }
            }
            if let Some(Value::String(reference)) = keywords.get("$ref") {
                let refused = || SchemaRefused::Reference(reference.chars().take(200).collect());
                let target = find(self.root, reference).ok_or_else(refused)?;
                self.visit(target, layer)?;
            }
        }
        Ok(())
    }

    fn judge_parts(&mut self, keywords: &'a Map<String, Value>) -> Checked {
        for (name, schema) in named(keywords, "properties") {
            self.step(Step::Key(name), schema)?;
        }
        for (_, schema) in named(keywords, "patternProperties") {
            self.step(Step::AnyKey, schema)?;
        }
        for schema in SOME_KEY.into_iter().filter_map(|it| keywords.get(it)) {
            self.step(Step::AnyKey, schema)?;
        }
        for keyword in ITEMS {
            match keywords.get(keyword) {
                Some(Value::Array(schemas)) => {
                    for schema in schemas {
                        self.step(Step::Item, schema)?;
                    }
                }
                Some(schema) => self.step(Step::Item, schema)?,
                None => {}
            }
        }
        Ok(())
    }

    fn step(&mut self, step: Step<'a>, schema: &'a Value) -> Checked {
        self.path.push(step);
        self.breadths.push(0);
        let checked = self.visit(schema, 0);
        self.breadths.pop();
        self.path.pop();
        checked
    }

    /// Leaves the innermost frame: the ways back that lead out of it must not meet.
    fn leave(&mut self, first: usize, first_recursion: usize) -> Checked {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let here = self.frames.len();
        let ways = &self.returns[first..];
        if ways.is_empty() {
            return Ok(());
        }
        for (index, way) in ways.iter().enumerate() {
            let way = &way.path[frame.depth..];
            let others = ways[..index].iter().map(|other| &other.path);
            let mut others = others.chain(&self.recursions[first_recursion..]);
            if others.any(|other| meet(way, &other[frame.depth..])) {
                return Err(SchemaRefused::Endless);
            }
        }
        if ways.iter().all(|way| way.to == here) {
            self.recursions.push(self.path.clone());
        }
        let mut index = 0;
        self.returns.retain(|way| {
            index += 1;
            index <= first || way.to < here
        });
        Ok(())
    }
}

/// Whether one payload can hold both ways, one as the beginning of the other.
fn meet(a: &[Step<'_>], b: &[Step<'_>]) -> bool {
    let overlap = |(a, b): (&Step<'_>, &Step<'_>)| match (a, b) {
        (Step::Key(a), Step::Key(b)) => a == b,
        (Step::Item, Step::Item) => true,
        (Step::Item, _) | (_, Step::Item) => false,
        (Step::AnyKey, _) | (_, Step::AnyKey) => true,
    };
    a.iter().zip(b).all(overlap)
}

fn at_most(count: usize, limit: usize, what: &'static str) -> Checked {
    if count <= limit {
        return Ok(());
    }
    Err(SchemaRefused::TooMuch { what, limit })
}

fn list<'a>(keywords: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    match keywords.get(keyword) {
        Some(Value::Array(list)) => list,
        _ => &[],
    }
}

fn named<'a>(
    keywords: &'a Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let map = keywords.get(keyword).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema))
}

/// The subschema that a reference within the same document names.
fn find<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    root.pointer(std::str::from_utf8(&bytes).ok()?)
}
