//! The servers under test taken together, and the database that they share, if they share one.

use std::net::SocketAddr;
use std::time::Duration;

use super::child::{Server, TICKS_PER_S};
use crate::cli::BenchArgs;
use crate::failure::{Failure, running, usage};

/// Changes that one node makes reach the others within a second.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// One server with the embedded store, or several on one database.
pub(crate) struct Nodes {
    servers: Vec<Server>,
    /// The name of the database that they share.
    database: Option<String>,
}

/// Seconds of CPU that were used.
#[derive(Clone, Copy)]
pub(crate) struct Cpu {
    pub(crate) servers_s: f64,
    /// By the database's processes on this machine.
    pub(crate) database_s: f64,
}

impl Nodes {
    pub(crate) fn start(args: &BenchArgs) -> Result<Self, Failure> {
        if args.nodes > 1 && args.database_url.is_none() {
            return Err(usage(
                "several nodes need a database\nhint: give --database-url",
            ));
        }
        let start = |_| Server::start(args.data_dir.as_deref(), args.database_url.as_deref());
        Ok(Self {
            servers: (0..args.nodes.max(1))
                .map(start)
                .collect::<Result<_, _>>()?,
            database: args.database_url.as_deref().map(name_of),
        })
    }

    pub(crate) fn first(&self) -> &Server {
        &self.servers[0]
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    /// Returns once every node knows what was made on the first.
    pub(crate) async fn all_told(&self) {
        if self.servers.len() > 1 {
            tokio::time::sleep(TOLD_WITHIN).await;
        }
    }

    pub(crate) fn cpu(&self) -> Result<Cpu, Failure> {
        let servers: Vec<f64> = self
            .servers
            .iter()
            .map(Server::cpu)
            .collect::<Result<_, _>>()?;
        Ok(Cpu {
            servers_s: servers.iter().sum(),
            database_s: match &self.database {
                Some(database) => database_cpu_s(database)?,
                None => 0.0,
            },
        })
    }

    /// The most memory that one of them had, in KiB.
    pub(crate) fn peak_kib(&self) -> Result<u64, Failure> {
        let peaks: Vec<u64> = self
            .servers
            .iter()
            .map(Server::peak_kib)
            .collect::<Result<_, _>>()?;
        Ok(peaks.into_iter().max().unwrap_or(0))
    }

    /// One of the servers' own counters, summed.
    pub(crate) async fn metric(&self, name: &str) -> Result<u64, Failure> {
        let mut sum = 0;
        for server in &self.servers {
            sum += server.metric(name).await?;
        }
        Ok(sum)
    }

    /// Ends the servers and returns the bytes that the embedded store takes on disk.
    pub(crate) fn stop_and_measure_disk(self) -> Result<Option<u64>, Failure> {
        let mut bytes = 0;
        for server in self.servers {
            bytes += server.stop_and_measure_disk()?;
        }
        Ok(self.database.is_none().then_some(bytes))
    }
}

/// The database's name in its URL.
fn name_of(url: &str) -> String {
    let path = url.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// CPU of the PostgreSQL on this machine that serves `database`: its postmaster and all children, the
/// ended ones included.
fn database_cpu_s(database: &str) -> Result<f64, Failure> {
    let processes: Vec<Process> = std::fs::read_dir("/proc")
        .map_err(running)?
        .flatten()
        .filter_map(|entry| Process::read(&entry.path()))
        .collect();
    // A backend's title names its database: "postgres: user database address(port) state".
    let mut backends = processes.iter();
    let Some(backend) = backends.find(|it| it.title.split(' ').nth(2) == Some(database)) else {
        return Err(running("no process of the database's on this machine"));
    };
    let postmaster = backend.parent;
    let of_it = processes
        .iter()
        .filter(|it| it.parent == postmaster || it.id == postmaster);
    Ok(of_it.map(|it| it.ticks).sum::<f64>() / TICKS_PER_S)
}

/// A process as the kernel tells of it.
struct Process {
    id: u32,
    parent: u32,
    title: String,
    ticks: f64,
}

impl Process {
    fn read(folder: &std::path::Path) -> Option<Self> {
        let id = folder.file_name()?.to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
        if !stat.contains("(postgres)") {
            return None;
        }
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let times = fields.get(11..15)?.iter();
        Some(Self {
            id,
            parent: fields.get(1)?.parse().ok()?,
            title: std::fs::read_to_string(folder.join("cmdline")).ok()?,
            ticks: times.filter_map(|text| text.parse::<f64>().ok()).sum(),
        })
    }
}
