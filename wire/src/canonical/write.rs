//! A tree printed in a form: members in its order, each key once.

use std::collections::HashMap;

use super::parse::Node;
use super::{CanonicalError, CanonicalJson, number, text};

pub(super) fn write(
    form: CanonicalJson,
    node: &Node<'_>,
    out: &mut Vec<u8>,
) -> Result<(), CanonicalError> {
    match node {
        Node::Word(word) => out.extend_from_slice(word.as_bytes()),
        Node::Number(literal) => number::write(form, literal, out),
        Node::String(raw) => text::write(form, raw, out)?,
        Node::Array(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                separate(form, place, out);
                write(form, item, out)?;
            }
            out.push(b']');
        }
        Node::Object(members) => {
            out.push(b'{');
            for (place, member) in in_order(form, members).into_iter().enumerate() {
                separate(form, place, out);
                text::write(form, member.raw, out)?;
                out.push(b':');
                if form == CanonicalJson::PythonSpaced {
                    out.push(b' ');
                }
                write(form, member.value, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn separate(form: CanonicalJson, place: usize, out: &mut Vec<u8>) {
    if place > 0 {
        out.push(b',');
        if form == CanonicalJson::PythonSpaced {
            out.push(b' ');
        }
    }
}

struct Member<'a> {
    raw: &'a str,
    points: Vec<u32>,
    value: &'a Node<'a>,
}

/// Each key once (the last value, at the first one's place), then sorted as the form says.
fn in_order<'a>(form: CanonicalJson, members: &'a [(&'a str, Node<'a>)]) -> Vec<Member<'a>> {
    let mut places: HashMap<Vec<u32>, usize> = HashMap::with_capacity(members.len());
    let mut kept: Vec<Member<'a>> = Vec::with_capacity(members.len());
    for (raw, value) in members {
        let points = text::code_points(raw);
        match places.get(&points) {
            Some(place) => kept[*place].value = value,
            None => {
                places.insert(points.clone(), kept.len());
                kept.push(Member { raw, points, value });
            }
        }
    }
    // Index-like keys come first and in numeric order wherever JavaScript has the last word.
    let index = |member: &Member<'_>| text::index(&member.points).map_or(u64::MAX, u64::from);
    match form {
        CanonicalJson::None | CanonicalJson::PythonSpaced => {}
        CanonicalJson::Js => kept.sort_by_key(index),
        CanonicalJson::JsSorted => {
            kept.sort_by(|a, b| {
                index(a)
                    .cmp(&index(b))
                    .then_with(|| a.points.cmp(&b.points))
            });
        }
        CanonicalJson::Python => kept.sort_by(|a, b| a.points.cmp(&b.points)),
        CanonicalJson::Jcs => kept.sort_by_cached_key(|member| text::utf16(&member.points)),
    }
    kept
}
