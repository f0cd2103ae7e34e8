//! A PostgreSQL cluster of one test, asked by SQL from outside. Dropping it stops it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub(crate) struct Cluster {
    folder: TempDir,
    pub(crate) url: String,
}

impl Cluster {
    /// A server with the durability that PostgreSQL has by default, and an empty database.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = run(&["start", text(folder.path())], &[("DURABLE", "1")]);
        Self { folder, url }
    }

    /// A streaming standby of this one; from now on commits wait for it.
    pub(crate) fn synchronous_standby(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = ["standby", text(folder.path()), text(self.folder.path())];
        let url = run(&arguments, &[("SYNC", "1")]);
        Self { folder, url }
    }

    /// An orderly restart on the same port: the nodes' connections are cut.
    pub(crate) fn restart(&self) {
        self.tell("restart");
    }

    /// A crash.
    pub(crate) fn kill(&self) {
        self.tell("kill");
    }

    /// Starts again on the same port.
    pub(crate) fn start_again(&self) {
        self.tell("start");
    }

    /// All its processes stand still: connections stay, and nothing answers.
    pub(crate) fn freeze(&self) {
        self.tell("freeze");
    }

    /// Ends [`Self::freeze`].
    pub(crate) fn thaw(&self) {
        self.tell("thaw");
    }

    /// Makes a standby take writes.
    pub(crate) fn promote(&self) {
        self.tell("promote");
    }

    /// `host:port`, for a URL of several hosts.
    pub(crate) fn address(&self) -> &str {
        let (_, after) = self.url.split_once('@').expect("a user");
        after.split_once('/').expect("a database").0
    }

    /// The first column of the first row; empty if there is none.
    #[track_caller]
    pub(crate) fn ask(&self, sql: &str) -> String {
        let asked = Command::new("psql")
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &self.url, "-c", sql])
            .output()
            .expect("psql runs");
        let said = String::from_utf8_lossy(&asked.stderr);
        assert!(asked.status.success(), "{sql}: {said}");
        String::from_utf8_lossy(&asked.stdout).trim().to_owned()
    }

    /// As [`Self::ask`], when the answer is a number.
    #[track_caller]
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.ask(sql).parse().expect("a number")
    }

    fn tell(&self, command: &str) {
        run(&[command, text(self.folder.path())], &[]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = script().args(["stop", text(self.folder.path())]).output();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn script() -> Command {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../store/tests/postgres/cluster");
    Command::new(path)
}

#[track_caller]
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    // The server that it starts would keep a pipe open: only a file comes to its end.
    let mut said = tempfile::tempfile().expect("a file");
    let status = script()
        .args(arguments)
        .envs(environment.iter().copied())
        .stdout(said.try_clone().expect("a file"))
        .stderr(said.try_clone().expect("a file"))
        .status()
        .expect("the script runs");
    let mut lines = String::new();
    std::io::Seek::rewind(&mut said).expect("rewound");
    std::io::Read::read_to_string(&mut said, &mut lines).expect("text");
    assert!(status.success(), "{arguments:?}: {lines}");
    lines.lines().last().unwrap_or_default().to_owned()
}
