//! `hookwright migrate`: a whole embedded store into PostgreSQL, and what to do next.

mod keys;
mod progress;

use std::path::Path;

use hookwright_delivery::{World, client_config};
use hookwright_store::{Counted, Migration, PostgresOptions, Prepare};

use crate::cli::{MigrateArgs, ServeArgs};
use crate::config::Config;
use crate::failure::{Failure, running, usage};
use crate::serve::log_to_stderr;
use keys::{Keys, NewKey};
use progress::Lines;

pub(crate) fn run(args: MigrateArgs) -> Result<(), Failure> {
    let config = Config::complete(ServeArgs {
        data_dir: args.data_dir,
        database_url: args.database_url,
        master_key: args.master_key,
        extra_ca_file: args.extra_ca_file,
        log: args.log,
        config: args.config,
        ..ServeArgs::default()
    })?;
    log_to_stderr(config.log);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    runtime.block_on(migrate(&config))
}

async fn migrate(config: &Config) -> Result<(), Failure> {
    let url = config.database_url.as_deref().ok_or_else(|| {
        usage("no database is given\nhint: --database-url postgres://user:password@host/database")
    })?;
    let folder = &config.data_dir;
    let keys = Keys::find(config.master_key.as_deref(), folder)?;
    let tls = client_config(config.extra_ca_file.as_deref()).map_err(usage)?;
    let now = World::of_this_machine().clock.now();
    let (source, target) = (keys.opening()?, keys.sealing()?);
    // The rows are copied, which goes past a pooler in any case.
    let prepare = Prepare::On;
    let options = PostgresOptions { now, tls, prepare };
    let migration = Migration::open((folder, source), (url, target), options)
        .await
        .map_err(usage)?;
    if migration.is_finished() {
        eprintln!("everything was moved by an earlier run");
        next(keys.new_key(), folder);
        return Ok(());
    }
    if migration.is_resumed() {
        eprintln!("an earlier run was interrupted: going on where it stopped");
    }
    let mut lines = Lines::begin();
    let counted = migration.run(|progress| lines.tell(progress)).await;
    let counted = counted.map_err(|error| {
        running(format!(
            "{error}\nhint: run the same command again, it goes on where it stopped"
        ))
    })?;
    print(&counted);
    check(&counted)?;
    next(keys.new_key(), folder);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is the command's answer")]
fn print(counted: &[Counted]) {
    println!("{:12} {:>14} {:>14}", "table", "source rows", "target rows");
    for it in counted {
        let verdict = if it.is_equal() { "equal" } else { "DIFFERENT" };
        println!(
            "{:12} {:>14} {:>14}  {verdict}",
            it.table, it.source, it.target
        );
    }
}

/// The database stays marked as unfinished while the two sides differ.
fn check(counted: &[Counted]) -> Result<(), Failure> {
    let different: Vec<&str> = counted
        .iter()
        .filter(|it| !it.is_equal())
        .map(|it| it.table)
        .collect();
    if different.is_empty() {
        return Ok(());
    }
    Err(running(format!(
        "the rows of {} differ in number; no node will serve from this database\nhint: go on with the data folder, which is unchanged, and try again with an empty database",
        different.join(", ")
    )))
}

/// Never prints a key, only where it is.
fn next(key: NewKey, folder: &Path) {
    match key {
        NewKey::Given => {
            eprintln!(
                "next: start the nodes with the HOOKWRIGHT_MASTER_KEY that this command was given"
            );
        }
        NewKey::OfFolder(file) => {
            eprintln!("next: start the nodes with the master key of the data folder:");
            eprintln!(
                "  export HOOKWRIGHT_MASTER_KEY=\"$(cat '{}')\"",
                file.display()
            );
        }
    }
    eprintln!("and with --database-url in place of --data-dir");
    eprintln!(
        "\"{}\" is unchanged: keep it until the nodes have proved themselves",
        folder.display()
    );
}
