//! Does a payload look as its event type says? A JSON Schema, compiled once and asked often.
//!
//! Nothing is fetched: a schema is complete in itself. Regular expressions are of a linear-time
//! engine, and [`bounds`] refuses what could take long or nest without end, so that a schema which
//! was saved can be asked on the publish path.

mod bounds;

use std::fmt;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;
use thiserror::Error;

use crate::limits::{EVENT_SCHEMA_BYTES_MAX, SCHEMA_PATTERN_BYTES_MAX};

/// A schema that payloads can be held against.
pub struct EventSchema {
    validator: Validator,
}

/// Why a schema cannot be saved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SchemaRefused {
    /// It is too long.
    #[error("the schema has {bytes} bytes; the limit is {EVENT_SCHEMA_BYTES_MAX}")]
    TooLarge {
        /// Its size without white space.
        bytes: usize,
    },
    /// It is no JSON Schema of a known dialect.
    #[error("this is no JSON Schema: {0}; hint: without \"$schema\" it is read as draft 2020-12")]
    NotASchema(String),
    /// A reference leads out of it, or nowhere.
    #[error(
        "the reference \"{0}\" cannot be followed; hint: refer within the schema, as \"#/$defs/name\": nothing is fetched"
    )]
    Reference(String),
    /// A keyword that is not offered.
    #[error("\"{0}\" is not supported within a schema; hint: use \"$ref\" with \"#/$defs/name\"")]
    Keyword(&'static str),
    /// It refers to itself without going into the value, or at many branches at once.
    #[error(
        "the schema refers to itself in a way that never ends or grows with each level of a payload; hint: refer to it once for each property"
    )]
    Endless,
    /// It would take too long to judge by.
    #[error("the schema has more than {limit} {what}; hint: split the type, or say less")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// Where a payload is not as its schema says, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// A JSON pointer (RFC 6901) into the payload; empty for the whole.
    pub pointer: String,
    /// What is wrong there. The payload's own values are not repeated.
    pub message: String,
}

const MESSAGE_CHARS_MAX: usize = 400;

impl EventSchema {
    /// Compiles a schema: draft 2020-12 unless its `$schema` names another known draft. Formats are
    /// annotations and are not checked.
    ///
    /// # Errors
    /// When it is no schema, not complete in itself, or beyond the bounds of `limits.rs`.
    pub fn compile(schema: &Value) -> Result<Self, SchemaRefused> {
        let bytes = schema.to_string().len();
        if bytes > EVENT_SCHEMA_BYTES_MAX {
            return Err(SchemaRefused::TooLarge { bytes });
        }
        bounds::check(schema)?;
        let patterns = PatternOptions::regex()
            .size_limit(SCHEMA_PATTERN_BYTES_MAX)
            .dfa_size_limit(SCHEMA_PATTERN_BYTES_MAX);
        let options = jsonschema::options()
            .offline()
            .should_validate_formats(false)
            .with_pattern_options(patterns);
        let options = match schema.get("$schema") {
            Some(_) => options,
            None => options.with_draft(Draft::Draft202012),
        };
        let validator = options
            .build(schema)
            .map_err(|error| SchemaRefused::NotASchema(cut(&error.masked().to_string())))?;
        Ok(Self { validator })
    }

    /// Holds a payload against the schema.
    ///
    /// # Errors
    /// The first thing that is not as the schema says.
    pub fn check(&self, payload: &Value) -> Result<(), Mismatch> {
        self.validator.validate(payload).map_err(|error| Mismatch {
            pointer: error.instance_path().to_string(),
            message: cut(&error.masked().to_string()),
        })
    }
}

impl fmt::Debug for EventSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSchema")
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
