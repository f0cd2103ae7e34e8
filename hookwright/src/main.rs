//! Hookwright: one binary that sends webhooks.
//!
//! **Promise:** the only crate that reads configuration and wires the parts.

use std::process::ExitCode;

use clap::Parser;

/// Much is made on one thread and dropped on another, which this allocator is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod bench;
mod bench_lists;
mod bench_pages;
mod bench_replay;
mod cli;
mod config;
mod demo;
mod failure;
mod http_client;
mod issuer_client;
mod keys;
mod listeners;
mod migrate;
mod oidc;
mod openapi;
mod receiver;
mod serve;
mod server;
mod upkeep;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let done = match cli.command {
        cli::Command::Serve(args) => serve::run(*args),
        cli::Command::Migrate(args) => migrate::run(args),
        cli::Command::Demo(args) => demo::run(&args),
        cli::Command::Openapi => openapi::run(),
        cli::Command::Bench(args) => bench::run(&args),
        cli::Command::BenchLists(args) => bench_lists::run(&args),
        cli::Command::BenchPages(args) => bench_pages::run(&args),
        cli::Command::BenchReplay(args) => bench_replay::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}
