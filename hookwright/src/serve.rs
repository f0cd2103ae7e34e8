//! `hookwright serve`: the server in the foreground.

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::ServeArgs;
use crate::config::Config;
use crate::failure::{Failure, running};
use crate::server::Server;

pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    let config = Config::new(args)?;
    log_to_stderr(config.log);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    runtime.block_on(async {
        let shutdown = told_to_stop()?;
        let server = Server::start(&config).await?;
        announce(&config, &server);
        server.serve(shutdown).await
    })
}

pub(crate) fn log_to_stderr(level: tracing::Level) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    // Set once: a second time changes nothing.
    let _ = subscriber.try_init();
}

#[expect(clippy::print_stdout, reason = "what a person or a script waits for")]
fn announce(config: &Config, server: &Server) {
    if config.dev {
        eprintln!(
            "DEVELOPMENT MODE: loopback addresses and plain http are allowed. Not for production."
        );
    }
    if let Some(key) = &server.made_root_key {
        println!("root key: {key}");
        println!("(shown this once; keep it, or set HOOKWRIGHT_ROOT_KEY)");
    }
    println!("listening on http://{}", server.address);
}

/// Resolves at the first SIGTERM or SIGINT.
pub(crate) fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(running)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(running)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}
