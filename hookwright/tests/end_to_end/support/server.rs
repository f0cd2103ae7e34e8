//! The real binary on a folder of its own, ended by its process id.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::PATIENCE;
use super::client::Client;

pub(crate) const ROOT_KEY: &str = "a-root-key-for-tests-and-nothing-else-0123";

/// A server that runs. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
    folder: PathBuf,
    /// Deleted with the server, if the server made it.
    owned: Option<TempDir>,
}

impl Server {
    /// A development server on an empty folder.
    pub(crate) fn start() -> Self {
        Self::start_with(&["--dev"])
    }

    /// A server on an empty folder with these arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = Self::start_in(folder.path(), arguments);
        server.owned = Some(folder);
        server
    }

    /// A server on a folder that outlives it.
    pub(crate) fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hookwright"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .args(arguments)
            .env("HOOKWRIGHT_ROOT_KEY", ROOT_KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let stdout = child.stdout.take().expect("piped");
        let (told, listening) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, base)) = line.split_once("listening on ") {
                    let _ = told.send(base.trim().to_owned());
                }
            }
        });
        let base = listening.recv_timeout(PATIENCE);
        if base.is_err() {
            let _ = child.kill();
        }
        Self {
            child,
            base: base.expect("the server says where it listens"),
            folder: folder.to_owned(),
            owned: None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A client with the root key.
    pub(crate) fn root(&self) -> Client {
        Client::new(&self.base, ROOT_KEY)
    }

    /// A client with the key of a new project in a format.
    pub(crate) fn project(&self, profile: &str) -> Client {
        let body = json!({"name": profile, "profile": profile});
        let project = self.root().post("/v1/projects", &body).expect(201);
        let key = project["api_key"].as_str().expect("a key");
        Client::new(&self.base, key)
    }

    /// SIGKILL: nothing of the process runs any more.
    pub(crate) fn kill(mut self) -> Option<TempDir> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.owned.take()
    }

    /// SIGTERM, as an operator stops it. Answers how it ended.
    pub(crate) fn stop(mut self) -> (ExitStatus, Option<TempDir>) {
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .expect("kill runs");
        assert!(told.success());
        let status = self.child.wait().expect("it ends");
        (status, self.owned.take())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again until the answer is as wanted; bounded.
#[track_caller]
pub(crate) fn until(what: &str, mut ask: impl FnMut() -> Option<Value>) -> Value {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("never: {what}");
}

/// The delivery of an event to an endpoint, once it is in a state.
#[track_caller]
pub(crate) fn delivery_in_state(client: &Client, event_id: &str, state: &str) -> Value {
    until(&format!("{event_id} {state}"), || {
        let path = format!("/v1/deliveries?event_id={event_id}");
        let list = client.get(&path).expect(200);
        let delivery = list["data"].as_array()?.first()?.clone();
        (delivery["state"] == state).then_some(delivery)
    })
}
