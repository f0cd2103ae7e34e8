//! What a bench prints.

use crate::cli::BenchArgs;

/// What was measured.
pub(crate) struct Figures {
    pub(crate) accepted: u64,
    pub(crate) published_s: f64,
    pub(crate) arrived: u64,
    pub(crate) expected: u64,
    pub(crate) delivered_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) database_cpu_s: f64,
    pub(crate) peak_kib: u64,
    /// p50, p90, p99 and the longest.
    pub(crate) latency: [f64; 4],
    pub(crate) attempts: u64,
}

#[expect(clippy::print_stdout, reason = "this is the command's answer")]
pub(crate) fn report(args: &BenchArgs, figures: &Figures, raw: Option<f64>, disk: Option<u64>) {
    let delivered_per_s = figures.arrived as f64 / figures.delivered_s;
    let [p50, p90, p99, longest] = figures.latency;
    println!(
        "{} events of {} bytes, {} connections, {} endpoints ({} dead, {} slow), fan-out {}, profile {}",
        args.events,
        args.payload_bytes,
        args.connections,
        args.endpoints,
        args.dead,
        args.slow,
        args.fan_out,
        args.profile
    );
    if figures.arrived < figures.expected {
        println!(
            "MISSING            {} of {}",
            figures.expected - figures.arrived,
            figures.expected
        );
    }
    println!(
        "accepted           {:>10.0} /s",
        figures.accepted as f64 / figures.published_s
    );
    println!("delivered          {delivered_per_s:>10.0} /s");
    println!(
        "POST to arrival    {p50:>10.2} ms p50, {p90:.2} p90, {p99:.2} p99, {longest:.2} longest"
    );
    println!(
        "CPU per delivery   {:>10.1} us (server alone)",
        figures.cpu_s * 1e6 / figures.attempts.max(1) as f64
    );
    if figures.database_cpu_s > 0.0 {
        println!(
            "                   {:>10.1} us (PostgreSQL)",
            figures.database_cpu_s * 1e6 / figures.attempts.max(1) as f64
        );
    }
    println!(
        "peak memory        {:>10.1} MiB",
        figures.peak_kib as f64 / 1024.0
    );
    if let Some(disk) = disk {
        println!(
            "disk per event     {:>10.0} bytes",
            disk as f64 / figures.accepted.max(1) as f64
        );
    }
    if let Some(raw) = raw {
        println!("raw client         {raw:>10.0} /s");
        println!("share of the raw   {:>10.2}", delivered_per_s / raw);
    }
}
