//! The independent receivers in Node and Python: each verifies as the vendor's document says.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::mpsc;

use serde_json::Value;

use super::PATIENCE;

/// The languages that the receivers are written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Language {
    Node,
    Python,
}

/// A receiver's process. Dropping it ends it.
pub(crate) struct Receiver {
    child: Child,
    pub(crate) url: String,
    lines: mpsc::Receiver<String>,
}

impl Receiver {
    /// Starts one for a format, with further arguments.
    pub(crate) fn start(language: Language, format: &str, arguments: &[&str]) -> Self {
        install();
        let folder = receivers();
        let mut command = match language {
            Language::Node => {
                let mut node = Command::new("node");
                node.arg(folder.join("node/receiver.mjs"));
                node
            }
            Language::Python => {
                let mut python = Command::new(folder.join("python/.venv/bin/python"));
                python.arg(folder.join("python/receiver.py"));
                python
            }
        };
        let mut child = command
            .args(["--format", format])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the receiver starts");
        let stdout = child.stdout.take().expect("piped");
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let mut receiver = Self {
            child,
            url: String::new(),
            lines,
        };
        let line = receiver.line();
        let port = line.strip_prefix("listening ").expect("a port");
        receiver.url = format!("http://127.0.0.1:{port}/hook");
        receiver
    }

    /// What the receiver says of the next request.
    #[track_caller]
    pub(crate) fn next(&self) -> Value {
        serde_json::from_str(&self.line()).expect("a line of JSON")
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines
            .recv_timeout(PATIENCE)
            .expect("the receiver says something")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn receivers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../receivers")
}

/// Installs the receivers' packages where the test command has not; the script locks itself.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = Command::new("bash")
            .arg(receivers().join("install"))
            .status();
        assert!(status.expect("bash runs").success(), "receivers/install");
    });
}
