//! The server under test: a process of its own, and what the kernel counts for it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::{Failure, running};

/// Ticks per second of the kernel's process times: 100 on every Linux that we know.
pub(crate) const TICKS_PER_S: f64 = 100.0;
/// Hex; what it seals is thrown away.
const MASTER_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(crate) const ROOT_KEY: &str = "hookwright-bench-root-key-0123456789abcdef";

/// The same as bytes, for who writes into the store before the server does.
pub(crate) fn master_key() -> Vec<u8> {
    (0..32).collect()
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    folder: PathBuf,
    ours: bool,
}

impl Server {
    pub(crate) fn start(folder: Option<&Path>, database: Option<&str>) -> Result<Self, Failure> {
        let made = Path::new("target").join(format!("bench-{}", std::process::id()));
        let ours = folder.is_none();
        let folder = folder.unwrap_or(&made).to_owned();
        let mut child = Command::new(std::env::current_exe().map_err(running)?)
            .args([
                "serve",
                "--dev",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "warn",
                "--data-dir",
            ])
            .arg(&folder)
            .env("HOOKWRIGHT_ROOT_KEY", ROOT_KEY)
            .env("HOOKWRIGHT_MASTER_KEY", MASTER_KEY)
            .envs(database.map(|url| ("HOOKWRIGHT_DATABASE_URL", url)))
            .stdout(Stdio::piped())
            .spawn()
            .map_err(running)?;
        let address = child.stdout.take().and_then(|out| {
            let mut lines = BufReader::new(out).lines().map_while(Result::ok);
            lines.find_map(|line| line.strip_prefix("listening on http://")?.parse().ok())
        });
        let Some(address) = address else {
            let _ = child.kill();
            return Err(running("the server did not start"));
        };
        Ok(Self {
            address,
            child,
            folder,
            ours,
        })
    }

    /// Seconds of CPU that the process has used.
    pub(crate) fn cpu(&self) -> Result<f64, Failure> {
        let stat = self.proc_file("stat")?;
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|text| text.parse::<f64>().ok());
        Ok(ticks.sum::<f64>() / TICKS_PER_S)
    }

    /// The most memory that it had, in KiB.
    pub(crate) fn peak_kib(&self) -> Result<u64, Failure> {
        let status = self.proc_file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        kib.ok_or_else(|| running("the kernel does not say VmHWM"))
    }

    fn proc_file(&self, name: &str) -> Result<String, Failure> {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).map_err(running)
    }

    /// One of the server's own counters.
    pub(crate) async fn metric(&self, name: &str) -> Result<u64, Failure> {
        let mut stream = TcpStream::connect(self.address).await.map_err(running)?;
        let request = "GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n";
        stream
            .write_all(request.as_bytes())
            .await
            .map_err(running)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.map_err(running)?;
        let line = answer
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok())
            .ok_or_else(|| running(format!("no metric {name}")))
    }

    /// SIGKILL, and what it kept stays.
    pub(crate) fn kill(mut self) -> Result<(), Failure> {
        self.child.kill().map_err(running)?;
        self.child.wait().map_err(running)?;
        Ok(())
    }

    /// Ends the server and returns the bytes that its store takes on disk.
    pub(crate) fn stop_and_measure_disk(mut self) -> Result<u64, Failure> {
        let files = std::fs::read_dir(&self.folder);
        let bytes = files
            .into_iter()
            .flatten()
            .filter_map(|file| file.ok()?.metadata().ok())
            .map(|file| file.len())
            .sum();
        self.child.kill().map_err(running)?;
        self.child.wait().map_err(running)?;
        Ok(bytes)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if self.ours {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
