//! One form for JSON that means the same: what a receiver gets that parses and prints it again.

use serde::Deserialize;

mod number;
mod parse;
mod text;
mod write;

pub use parse::CanonicalError;

/// A canonical form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CanonicalJson {
    /// The bytes as published.
    #[default]
    None,
    /// As `JSON.stringify(JSON.parse(x))`.
    Js,
    /// As [`Self::Js`], keys sorted in an order that a JavaScript round trip keeps.
    JsSorted,
    /// RFC 8785.
    Jcs,
    /// As Python's `json.dumps` with sorted keys and no spaces.
    Python,
    /// As Python's `json.dumps` with nothing said.
    PythonSpaced,
}

impl CanonicalJson {
    /// The form for the word that the API and profile files use.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Self::None,
            "js" => Self::Js,
            "js-sorted" => Self::JsSorted,
            "jcs" => Self::Jcs,
            "python" => Self::Python,
            "python-spaced" => Self::PythonSpaced,
            _ => return None,
        })
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Js => "js",
            Self::JsSorted => "js-sorted",
            Self::Jcs => "jcs",
            Self::Python => "python",
            Self::PythonSpaced => "python-spaced",
        }
    }

    const fn is_python(self) -> bool {
        matches!(self, Self::Python | Self::PythonSpaced)
    }
}

/// Prints `json` in the form. A number that a double cannot hold stays as it was written: data is
/// never altered to please a verifier.
pub fn canonicalise(form: CanonicalJson, json: &[u8]) -> Result<Vec<u8>, CanonicalError> {
    if form == CanonicalJson::None {
        return Ok(json.to_vec());
    }
    let tree = parse::parse(json)?;
    let mut out = Vec::with_capacity(json.len());
    write::write(form, &tree, &mut out)?;
    Ok(out)
}
