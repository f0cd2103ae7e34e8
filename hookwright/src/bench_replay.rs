//! `hookwright bench-replay`: many failed deliveries replayed, with a SIGKILL half-way, while live
//! traffic runs: what that does to live deliveries, and whether none is missing.

mod sink;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use crate::bench::child::{ROOT_KEY, Server};
use crate::cli::BenchReplayArgs;
use crate::failure::{Failure, running};
use crate::http_client::ApiClient;
use sink::Seen;

const BATCH_EVENTS: u64 = 1_000;
/// Live events before anything is replayed, to compare with.
const BEFORE: Duration = Duration::from_secs(15);
/// Nothing is waited for longer.
const PATIENCE: Duration = Duration::from_secs(600);
const PUBLISHERS: u64 = 4;

pub(crate) fn run(args: &BenchReplayArgs) -> Result<(), Failure> {
    let (sink, seen) = sink::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    runtime.block_on(measure(args, sink, &seen))
}

/// A server with a way to call it.
struct Called {
    server: Server,
    key: String,
}

impl Called {
    async fn start(args: &BenchReplayArgs, key: &str) -> Result<Self, Failure> {
        let database = args.database_url.as_deref();
        let server = Server::start(Some(Path::new(&args.data_dir)), database)?;
        let key = key.to_owned();
        Ok(Self { server, key })
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None).await
    }

    /// A connection for each call: there may be minutes between two.
    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut api = ApiClient::connect(self.server.address).await?;
        api.call(method, path, &self.key, body).await
    }

    /// How many failed deliveries there are to replay.
    async fn failed(&self) -> Result<u64, Failure> {
        let body = json!({"since": "2020-01-01T00:00:00Z", "dry_run": true});
        let counted = self.post("/v1/replays", &body).await?;
        Ok(counted["count"].as_u64().unwrap_or(0))
    }

    /// Waits until a replay has done so many, or has ended.
    async fn replayed(&self, id: &str, count: u64) -> Result<Value, Failure> {
        let begun = Instant::now();
        loop {
            let seen = self.get(&format!("/v1/replays/{id}")).await?;
            let ended = seen["state"] != "running";
            if ended || seen["done"].as_u64().unwrap_or(0) >= count {
                return Ok(seen);
            }
            if begun.elapsed() > PATIENCE {
                return Err(running(format!("the replay does not get on: {seen}")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn measure(
    args: &BenchReplayArgs,
    sink: SocketAddr,
    seen: &Arc<Seen>,
) -> Result<(), Failure> {
    let mut called = Called::start(args, ROOT_KEY).await?;
    let project = json!({"name": "bench", "profile": "standard-webhooks"});
    let project = called.post("/v1/projects", &project).await?;
    called.key = text(&project, "api_key")?;
    let policy = json!({"max_attempts": 1, "backoff_multiplier": 1, "initial_delay": 1_000});
    for (account, path) in [("past", "sick"), ("now", "live")] {
        let url = format!("http://{sink}/{path}");
        let endpoint = json!({"account_id": account, "url": url, "retry_policy": policy});
        called.post("/v1/endpoints", &endpoint).await?;
    }
    fail(args, &called, seen).await?;
    seen.well.store(true, Ordering::SeqCst);

    eprintln!("live traffic alone");
    let live = Live::start(args, &called, seen);
    tokio::time::sleep(BEFORE).await;
    let before = quantiles(seen);
    eprintln!("live traffic and a replay");
    let body = json!({"since": "2020-01-01T00:00:00Z", "rate_per_second": args.replay_rate});
    let begun = Instant::now();
    let replay = called.post("/v1/replays", &body).await?;
    let id = text(&replay, "id")?;
    called.replayed(&id, args.deliveries / 2).await?;
    // Publishers stop first: what they wait for would break off with the server.
    live.stop().await?;
    let during = quantiles(seen);
    let Called { server, key, .. } = called;
    server.kill()?;
    let called = Called::start(args, &key).await?;
    let live = Live::start(args, &called, seen);
    let ended = called.replayed(&id, u64::MAX).await?;
    let took = begun.elapsed();
    live.stop().await?;
    let after = quantiles(seen);
    all_arrived(args, seen).await;
    report(args, seen, [before, during, after], (&ended, took));
    Ok(())
}

fn text(answer: &Value, name: &str) -> Result<String, Failure> {
    let text = answer[name].as_str().map(str::to_owned);
    text.ok_or_else(|| running(format!("no {name} in {answer}")))
}

/// Publishes what is to be replayed, and waits until all of it has failed.
async fn fail(args: &BenchReplayArgs, called: &Called, seen: &Seen) -> Result<(), Failure> {
    eprintln!("failing {} deliveries", args.deliveries);
    let mut next = 0;
    while next < args.deliveries {
        let end = (next + BATCH_EVENTS).min(args.deliveries);
        let event = |number| json!({"account_id": "past", "type": "bench.event", "data": {"number": number}});
        let events: Vec<Value> = (next..end).map(event).collect();
        called.post("/v1/events/batch", &json!(events)).await?;
        next = end;
    }
    let begun = Instant::now();
    while seen.refused.load(Ordering::SeqCst) < args.deliveries
        || called.failed().await? < args.deliveries
    {
        if begun.elapsed() > PATIENCE {
            return Err(running("not all deliveries have failed"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Publishers on schedule.
struct Live {
    stop: Arc<AtomicBool>,
    publishers: Vec<tokio::task::JoinHandle<Result<(), Failure>>>,
}

impl Live {
    fn start(args: &BenchReplayArgs, called: &Called, seen: &Arc<Seen>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let every = Duration::from_secs(1) * PUBLISHERS as u32 / args.live_rate.max(1);
        let publisher = |_| {
            let (address, key) = (called.server.address, called.key.clone());
            let (stop, seen) = (Arc::clone(&stop), Arc::clone(seen));
            tokio::spawn(async move {
                let mut api = ApiClient::connect(address).await?;
                let mut at = tokio::time::Instant::now();
                while !stop.load(Ordering::SeqCst) {
                    let data = json!({"sent_us": seen.now_us()});
                    let event = json!({"account_id": "now", "type": "bench.event", "data": data});
                    let path = "/v1/events";
                    api.call(Method::POST, path, &key, Some(&event)).await?;
                    at += every;
                    tokio::time::sleep_until(at).await;
                }
                Ok(())
            })
        };
        Self {
            publishers: (0..PUBLISHERS).map(publisher).collect(),
            stop,
        }
    }

    async fn stop(self) -> Result<(), Failure> {
        self.stop.store(true, Ordering::SeqCst);
        for publisher in self.publishers {
            publisher.await.map_err(running)??;
        }
        Ok(())
    }
}

/// Live deliveries so far: their number, p50 and p99. Counts anew from here.
fn quantiles(seen: &Seen) -> (u64, [f64; 2]) {
    let quantiles = [0.5, 0.99].map(|share| seen.live.quantile_ms(share));
    seen.live.clear();
    (seen.live_count.swap(0, Ordering::SeqCst), quantiles)
}

async fn all_arrived(args: &BenchReplayArgs, seen: &Seen) {
    let begun = Instant::now();
    while (seen.counts().0 as u64) < args.deliveries && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[expect(clippy::print_stdout, reason = "this is the command's answer")]
fn report(
    args: &BenchReplayArgs,
    seen: &Seen,
    live: [(u64, [f64; 2]); 3],
    (ended, took): (&Value, Duration),
) {
    let (arrived, twice) = seen.counts();
    println!(
        "{} deliveries replayed at {} /s at most, killed half-way, {} live events /s",
        args.deliveries, args.replay_rate, args.live_rate
    );
    for (name, (count, [p50, p99])) in ["alone", "and replay", "after kill"].into_iter().zip(live) {
        println!("live {name:<14} {p50:>9.2} ms p50, {p99:.2} p99 ({count} deliveries)");
    }
    println!(
        "p99, as a multiple {:>9.2}, {:.2} after the kill",
        live[1].1[1] / live[0].1[1].max(f64::MIN_POSITIVE),
        live[2].1[1] / live[0].1[1].max(f64::MIN_POSITIVE)
    );
    println!(
        "replay {}, {} done, {:.1} s with the restart",
        ended["state"],
        ended["done"],
        took.as_secs_f64()
    );
    println!(
        "missing             {:>9}",
        args.deliveries - arrived as u64
    );
    println!("more than once      {twice:>9}");
}
