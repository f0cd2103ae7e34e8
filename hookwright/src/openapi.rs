//! The API's document on standard output: what `docs/openapi.json` is made by.

use std::io::Write as _;

use crate::failure::{Failure, running};

/// Prints the document, indented, with a newline at its end.
pub(crate) fn run() -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&hookwright_web::openapi()).map_err(running)?;
    writeln!(std::io::stdout().lock(), "{text}").map_err(running)
}
