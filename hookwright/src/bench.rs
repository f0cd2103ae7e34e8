//! `hookwright bench`: the real server, in a process of its own, between our load and our sink.
//!
//! The server is started as `serve --dev` with its durability untouched. Its CPU is what the
//! kernel counts for its process; the raw client's limit is measured in the same run, because the
//! machine's speed drifts and ratios do not.

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) mod child;
pub(crate) mod latency;
pub(crate) mod load;
mod nodes;
mod raw;
mod report;
pub(crate) mod setup;
pub(crate) mod sink;

use crate::cli::BenchArgs;
use crate::failure::{Failure, running, usage};
use report::{Figures, report};

/// Deliveries that have not arrived by this time without any progress are lost to the bench.
const NO_PROGRESS: Duration = Duration::from_secs(20);

pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    check(args)?;
    let _ = rlimit::increase_nofile_limit(65_536);
    let clock = Arc::new(Instant::now());
    let sink = sink::Sink::start(Arc::clone(&clock))?;
    let raw = match args.raw_requests {
        0 => None,
        requests => Some(raw::measure(
            &sink,
            args.connections,
            requests,
            args.payload_bytes,
        )?),
    };
    let server = nodes::Nodes::start(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    let figures = runtime.block_on(measure(args, &server, &sink, &clock))?;
    let disk = server.stop_and_measure_disk()?;
    report(args, &figures, raw, disk);
    Ok(())
}

fn check(args: &BenchArgs) -> Result<(), Failure> {
    let unwell = args.dead + args.slow;
    if args.fan_out == 0 || args.endpoints < args.fan_out + unwell || args.connections == 0 {
        return Err(usage(
            "the numbers do not fit together\nhint: endpoints >= fan-out + dead + slow",
        ));
    }
    Ok(())
}

async fn measure(
    args: &BenchArgs,
    server: &nodes::Nodes,
    sink: &sink::Sink,
    clock: &Arc<Instant>,
) -> Result<Figures, Failure> {
    eprintln!("making {} endpoints", args.endpoints);
    let plan = setup::set_up(args, server.first(), sink).await?;
    server.all_told().await;
    sink.expect(plan.healthy_deliveries);
    let cpu = server.cpu()?;
    let started = Instant::now();
    let accepted = load::publish(args, &server.addresses(), &plan, clock).await?;
    let published_s = started.elapsed().as_secs_f64();
    let arrived = wait_for(args, sink, plan.healthy_deliveries).await;
    let delivered_s = started.elapsed().as_secs_f64();
    // Outcomes ride the next commit: they belong to the work.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let spent = server.cpu()?;
    Ok(Figures {
        accepted,
        published_s,
        arrived,
        delivered_s,
        expected: plan.healthy_deliveries,
        cpu_s: spent.servers_s - cpu.servers_s,
        database_cpu_s: spent.database_s - cpu.database_s,
        peak_kib: server.peak_kib()?,
        latency: sink.latencies(),
        attempts: server.metric("hookwright_attempts_total").await?,
    })
}

async fn wait_for(args: &BenchArgs, sink: &sink::Sink, expected: u64) -> u64 {
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        let arrived = sink.arrived();
        if arrived >= expected || since.elapsed() > NO_PROGRESS {
            return arrived;
        }
        if arrived > seen {
            (seen, since) = (arrived, Instant::now());
        }
        let pause = if args.rate.is_some() { 5 } else { 1 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}
