//! How the command is run, and what it said.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::server::ROOT_KEY;

/// A run that has ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) answer: String,
    /// Standard error.
    pub(crate) said: String,
}

/// The command, as a person would type it.
pub(crate) fn migrate(folder: &Path, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookwright"));
    command
        .args(["migrate", "--from", "sqlite", "--to", "postgres"])
        .arg("--data-dir")
        .arg(folder)
        .args(["--database-url", url])
        .stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(mut command: Command) -> Run {
    let output = command.output().expect("the binary starts");
    Run {
        code: output.status.code().expect("it was not killed"),
        answer: String::from_utf8_lossy(&output.stdout).into_owned(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What a server on the database says that does not start.
pub(crate) fn refused_to_serve(url: &str, master_key: &str) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookwright"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--database-url", url])
        .args(["--master-key", master_key])
        .env("HOOKWRIGHT_ROOT_KEY", ROOT_KEY)
        .stdin(Stdio::null());
    run(command)
}
