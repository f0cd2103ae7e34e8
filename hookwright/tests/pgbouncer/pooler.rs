//! A real PgBouncer before a cluster, in transaction mode. Dropping it ends it.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::support::until;

/// A port may be taken between being found free and being used.
const STARTS_MAX: usize = 5;

pub(crate) struct Pooler {
    child: Child,
    port: u16,
    folder: TempDir,
    /// The cluster's URL, but through the pooler.
    pub(crate) url: String,
}

impl Pooler {
    /// So many sessions of the server for everybody; fewer than there are connections.
    #[track_caller]
    pub(crate) fn start(cluster: &Cluster, sessions: usize) -> Self {
        let started = (0..STARTS_MAX).find_map(|_| Self::try_start(cluster, sessions));
        started.expect("PgBouncer starts: see the output above")
    }

    #[track_caller]
    fn try_start(cluster: &Cluster, sessions: usize) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let (host, of_server) = cluster.address().split_once(':').expect("a port");
        let text = format!(
            "[databases]\n\
             * = host={host} port={of_server} user=postgres\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = any\n\
             pool_mode = transaction\n\
             default_pool_size = {sessions}\n\
             server_login_retry = 1\n"
        );
        std::fs::write(settings(&folder), text).expect("written");
        let url = cluster
            .url
            .replace(cluster.address(), &format!("127.0.0.1:{port}"));
        let child = begin(&folder, port)?;
        Some(Self {
            child,
            port,
            folder,
            url,
        })
    }

    /// A crash and a new start: the nodes' connections are cut.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.child = begin(&self.folder, self.port).expect("it starts again");
    }
}

fn settings(folder: &TempDir) -> PathBuf {
    folder.path().join("pgbouncer.ini")
}

/// Starts it, until it listens; `None` when it ended instead.
#[track_caller]
fn begin(folder: &TempDir, port: u16) -> Option<Child> {
    let mut command = Command::new(binary());
    if is_root() {
        // It refuses to run as root.
        command.args(["--user", "nobody"]);
    }
    let mut child = command
        .arg("--quiet")
        .arg(settings(folder))
        .stdin(Stdio::null())
        .spawn()
        .expect("pgbouncer runs; hint: install the package pgbouncer");
    let (listens, _) = until("PgBouncer listens or has ended", || {
        let ended = child.try_wait().expect("it is ours").is_some();
        let listens = TcpStream::connect(("127.0.0.1", port)).is_ok();
        (ended || listens).then_some(!ended)
    });
    listens.then_some(child)
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Debian has it where only root looks.
fn binary() -> PathBuf {
    let of_debian = PathBuf::from("/usr/sbin/pgbouncer");
    if of_debian.exists() {
        of_debian
    } else {
        "pgbouncer".into()
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout == b"0\n"
}
