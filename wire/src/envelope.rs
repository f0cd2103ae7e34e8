//! The body's shape: a tree whose leaves are text, constants and placeholders.

use crate::message::Message;
use crate::template::{self, BadTemplate, Piece, Place};

/// A part of an envelope.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Keys already written as JSON with their colon.
    Object(Vec<(Vec<u8>, Node)>),
    Array(Vec<Node>),
    /// Raw JSON.
    Constant(Vec<u8>),
    /// One placeholder: keeps its JSON type.
    Value(Place),
    /// Text around placeholders: a string.
    Text(Vec<Piece>),
}

/// Compiles the envelope of a profile file.
pub(crate) fn compile(value: &toml::Value) -> Result<Node, BadTemplate> {
    Ok(match value {
        toml::Value::Table(table) => Node::Object(
            table
                .iter()
                .map(|(key, value)| Ok((quoted_key(key), compile(value)?)))
                .collect::<Result<_, BadTemplate>>()?,
        ),
        toml::Value::Array(items) => {
            Node::Array(items.iter().map(compile).collect::<Result<_, _>>()?)
        }
        toml::Value::String(text) => leaf(text)?,
        toml::Value::Float(number) if !number.is_finite() => return Err(no_json(value)),
        toml::Value::Datetime(_) => return Err(no_json(value)),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
            Node::Constant(value.to_string().into_bytes())
        }
    })
}

fn no_json(value: &toml::Value) -> BadTemplate {
    BadTemplate {
        found: value.to_string(),
        hint: "JSON has no such value: write it in quotes".to_owned(),
    }
}

fn quoted_key(key: &str) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    template::escape(&mut quoted, key.as_bytes());
    quoted.extend_from_slice(b"\":");
    quoted
}

fn leaf(text: &str) -> Result<Node, BadTemplate> {
    let mut pieces = template::parse(text)?;
    let signed = |piece: &Piece| {
        matches!(
            piece,
            Piece::Place(Place::Timestamp | Place::Body | Place::Signature)
        )
    };
    if pieces.iter().any(signed) {
        return Err(BadTemplate {
            found: text.to_owned(),
            hint: "timestamp, body and signature exist only once the body does".to_owned(),
        });
    }
    if let [Piece::Place(place)] = &mut pieces[..] {
        return Ok(Node::Value(place.clone()));
    }
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        let mut quoted = vec![b'"'];
        template::escape(&mut quoted, text.as_bytes());
        quoted.push(b'"');
        return Ok(Node::Constant(quoted));
    }
    Ok(Node::Text(pieces))
}

impl Node {
    /// Writes the body. Payload bytes are copied as they are.
    pub(crate) fn write(&self, out: &mut Vec<u8>, message: &Message<'_>) {
        match self {
            Self::Constant(raw) => out.extend_from_slice(raw),
            Self::Value(place) => match place.json(message) {
                Some(value) => out.extend_from_slice(&value),
                None => out.extend_from_slice(b"null"),
            },
            Self::Text(pieces) => {
                let mut text = Vec::new();
                template::write(&mut text, pieces, message);
                out.push(b'"');
                template::escape(out, &text);
                out.push(b'"');
            }
            Self::Array(items) => {
                out.push(b'[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    item.write(out, message);
                }
                out.push(b']');
            }
            Self::Object(members) => write_object(out, members, message),
        }
    }
}

/// A member that is missing from the payload is left out.
fn write_object(out: &mut Vec<u8>, members: &[(Vec<u8>, Node)], message: &Message<'_>) {
    out.push(b'{');
    let mut first = true;
    for (key, node) in members {
        let start = out.len();
        if !first {
            out.push(b',');
        }
        out.extend_from_slice(key);
        match node {
            Node::Value(place) => match place.json(message) {
                Some(value) => out.extend_from_slice(&value),
                None => {
                    out.truncate(start);
                    continue;
                }
            },
            node => node.write(out, message),
        }
        first = false;
    }
    out.push(b'}');
}
