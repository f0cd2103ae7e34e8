//! How the command is run, and what it said.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::PATIENCE;
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
    ended(&command.output().expect("the binary starts"))
}

fn ended(output: &Output) -> Run {
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
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let begun = Instant::now();
    while child.try_wait().expect("asked").is_none() {
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("it serves");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    ended(&child.wait_with_output().expect("it has ended"))
}
