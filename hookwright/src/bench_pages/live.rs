//! Pages while events pass: how long pages take, and whether delivery keeps up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;

use super::{Asked, Row, rows, show};
use crate::bench::child::{ROOT_KEY, Server};
use crate::bench::{load, setup, sink::Sink};
use crate::cli::{BenchArgs, BenchPagesArgs};
use crate::failure::{Failure, running};
use crate::http_client::ApiClient;

const CONNECTIONS: usize = 64;
const ENDPOINTS: usize = 100;
/// Deliveries that have not arrived by then are late.
const GRACE: Duration = Duration::from_secs(10);

/// What is published meanwhile.
fn load(args: &BenchPagesArgs) -> BenchArgs {
    BenchArgs {
        events: args.rate * args.seconds,
        connections: CONNECTIONS,
        endpoints: ENDPOINTS,
        fan_out: 1,
        payload_bytes: 500,
        rate: Some(args.rate),
        dead: 0,
        slow: 0,
        profile: "standard-webhooks".to_owned(),
        raw_requests: 0,
        every: None,
        data_dir: None,
        nodes: 1,
        database_url: None,
    }
}

/// Publishes at the rate, and looks at pages on another thread until that ends.
#[expect(clippy::print_stdout, reason = "this is the command's answer")]
pub(super) async fn measure(
    args: &BenchPagesArgs,
    server: &Server,
    mut asked: Vec<Asked>,
) -> Result<(), Failure> {
    let load = load(args);
    let clock = Arc::new(Instant::now());
    let sink = Sink::start(Arc::clone(&clock))?;
    let plan = setup::set_up(&load, server, &sink).await?;
    asked.push(own_project(server, &plan.key).await?);
    sink.expect(plan.healthy_deliveries);

    let ended = Arc::new(AtomicBool::new(false));
    let looker = looking(server, asked, Arc::clone(&ended));
    let (cpu, begun) = (server.cpu()?, Instant::now());
    let accepted = load::publish(&load, &[server.address], &plan, &clock).await;
    let published_s = begun.elapsed().as_secs_f64();
    ended.store(true, Ordering::SeqCst);
    let accepted = accepted?;
    let patience = Instant::now();
    while sink.arrived() < plan.healthy_deliveries && patience.elapsed() < GRACE {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let cpu = server.cpu()? - cpu;
    let seen = looker
        .join()
        .map_err(|_| running("looking at pages ended early"))??;
    show(&seen);
    let [p50, _, p99, longest] = sink.latencies();
    println!(
        "\n{accepted} events in {published_s:.1} s ({:.0}/s), {} of {} delivered; publish to arrival p50 {p50:.1} ms, p99 {p99:.1} ms, longest {longest:.0} ms",
        accepted as f64 / published_s,
        sink.arrived(),
        plan.healthy_deliveries,
    );
    let looks: usize = seen.iter().map(|row| row.times.len()).sum();
    println!(
        "{looks} pages meanwhile ({:.0}/s); {cpu:.1} s of CPU in all",
        looks as f64 / published_s
    );
    Ok(())
}

/// The pages of the project that the events pass in.
async fn own_project(server: &Server, key: &str) -> Result<Asked, Failure> {
    let mut api = ApiClient::connect(server.address).await?;
    let own = api.call(Method::GET, "/v1/keys/self", key, None).await?;
    let project = own["project_id"].as_str().unwrap_or_default();
    // The newest of everything is what moves.
    let paths = ["", "/endpoints", "/deliveries", "/events", "/logs"];
    let paths = paths.map(|path| format!("/ui/{project}{path}"));
    api.call(
        Method::POST,
        "/v1/keys",
        key,
        Some(&json!({"name": "bench"})),
    )
    .await?;
    Ok(Asked {
        cookie_of: super::Who::Operator(ROOT_KEY.to_owned()),
        paths: paths.to_vec(),
    })
}

type Looker = std::thread::JoinHandle<Result<Vec<Row>, Failure>>;

/// Looks at all pages in turn, on a thread of its own, until told to end.
fn looking(server: &Server, asked: Vec<Asked>, ended: Arc<AtomicBool>) -> Looker {
    let address = server.address;
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(running)?;
        runtime.block_on(async {
            let mut seen: Vec<Row> = Vec::new();
            while !ended.load(Ordering::SeqCst) {
                for found in rows(address, &asked, 1, None).await? {
                    match seen.iter_mut().find(|row| row.path == found.path) {
                        Some(row) => row.times.extend(found.times),
                        None => seen.push(found),
                    }
                }
            }
            Ok(seen)
        })
    })
}
