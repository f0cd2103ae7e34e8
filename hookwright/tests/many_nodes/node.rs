//! One node: the real binary on a database, told what to do by signals. Dropping it kills it.

use std::io::{BufRead, BufReader, Seek, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;

use serde_json::json;

use crate::support::client::Client;
use crate::support::{PATIENCE, until};

const ROOT_KEY: &str = "a-root-key-for-tests-and-nothing-else-0123";
const MASTER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// What a failed test shows of its nodes' logs.
const LOG_LINES_SHOWN: usize = 25;

pub(crate) struct Node {
    child: Child,
    pub(crate) base: String,
    log: std::fs::File,
}

/// A node that was started and may not have come up yet.
pub(crate) struct Starting {
    node: Node,
    listening: mpsc::Receiver<String>,
}

impl Starting {
    /// Once it listens.
    #[track_caller]
    pub(crate) fn up(mut self) -> Node {
        let base = self.listening.recv_timeout(PATIENCE);
        self.node.base = base.expect("the node says where it listens");
        self.node
    }

    /// Once it has ended, with what it said to standard error.
    #[track_caller]
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let closed = self.listening.recv_timeout(PATIENCE);
        assert!(closed.is_err(), "it listens");
        let status = self.node.child.wait().expect("it ended");
        (status, text(&mut self.node.log))
    }
}

impl Node {
    pub(crate) fn start(url: &str) -> Self {
        Self::begin(url).up()
    }

    pub(crate) fn begin(url: &str) -> Starting {
        Self::begin_with(url, &[])
    }

    /// With more of its settings, as environment.
    pub(crate) fn begin_with(url: &str, settings: &[(&str, &str)]) -> Starting {
        let log = tempfile::tempfile().expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_hookwright"))
            .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
            .env("HOOKWRIGHT_DATABASE_URL", url)
            .env("HOOKWRIGHT_MASTER_KEY", MASTER_KEY)
            .env("HOOKWRIGHT_ROOT_KEY", ROOT_KEY)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().expect("a file"))
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
        let base = String::new();
        let node = Self { child, base, log };
        Starting { node, listening }
    }

    /// A client with the key of a new project.
    pub(crate) fn project(&self) -> Client {
        let body = json!({"name": "many nodes", "profile": "envoyou"});
        let root = Client::new(&self.base, ROOT_KEY);
        let project = root.post("/v1/projects", &body).expect(201);
        let key = project["api_key"].as_str().expect("a key");
        Client::new(&self.base, key)
    }

    /// The same project, asked through this node.
    pub(crate) fn client_like(&self, other: &Client) -> Client {
        Client::new(&self.base, &other.key)
    }

    /// A number that the node counts, by its name in the metrics.
    #[track_caller]
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = Client::new(&self.base, ROOT_KEY).get("/metrics").text;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse().ok())
            .unwrap_or_else(|| panic!("no metric {name}: {text}"))
    }

    /// SIGKILL: nothing of the process runs any more.
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, as an operator stops it. Answers how it ended.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        until("it ends", || self.child.try_wait().expect("asked")).0
    }

    /// SIGSTOP: it stands still wherever it is. Its threads stop one after another: returns when the
    /// last one has, so that none takes in what the test does next.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
        until("all its threads stand still", || {
            self.stands_still().then_some(())
        });
    }

    fn stands_still(&self) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id()));
        tasks.expect("it lives").flatten().all(|task| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            let state = stat.rsplit(')').next().unwrap_or_default();
            state.trim_start().starts_with('T')
        })
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let told = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(told.success());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = text(&mut self.log);
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines.len().saturating_sub(LOG_LINES_SHOWN);
            let mut stderr = std::io::stderr().lock();
            let _ = writeln!(stderr, "--- {}:\n{}", self.base, lines[shown..].join("\n"));
        }
    }
}

fn text(file: &mut std::fs::File) -> String {
    let mut text = String::new();
    if file.rewind().is_ok() {
        let _ = std::io::Read::read_to_string(file, &mut text);
    }
    text
}
