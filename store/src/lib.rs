//! Hookwright's durable store.
//!
//! **Promise:** the only crate that knows SQL. One method is one transaction; every method is
//! scoped by what it is given (a project, an account), and decides nothing that `core` decides.
//! There is no trait: [`Store`] is an enum over the engines that exist, so that adding an engine
//! makes the compiler list what is missing.
//!
//! To add an engine: a folder beside `sqlite/` with files of the same names, a variant of
//! [`Store`], and a line in `tests/conformance.rs`. No test is touched.

mod append;
mod blob;
mod change;
mod endpoint_row;
mod error;
mod event_row;
mod event_type_row;
mod failing;
mod job_row;
mod key_row;
mod migration;
mod model;
mod moved;
mod notice;
mod postgres;
mod project_row;
mod rollup_row;
mod sqlite;
mod store;
mod stored_delivery;
mod vault;
mod walk;

pub use append::{Append, Appended, Disposition, Route};
pub use change::Change;
pub use error::StoreError;
pub use job_row::sha256_hex;
pub use migration::{Counted, Migration, Progress};
pub use model::*;
pub use postgres::{Hearing, PostgresOptions, Prepare};
pub use sqlite::SqliteOptions;
pub use store::Store;
pub use vault::{Vault, VaultError};
