//! `hookwright bench-pages`: how long each page takes among millions of deliveries, of both faces; and
//! while events pass.
//!
//! The server runs in a process of its own. The deliveries are put straight into its store, if it is
//! empty; run it again to measure the same again.

mod addresses;
mod counted;
mod live;
mod visitor;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use hookwright_core::time::UnixMs;
use hookwright_store::{Page, Store};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::bench::child::{ROOT_KEY, Server, master_key};
use crate::bench_lists::fill::{Filled, Wanted, fill, open};
use crate::cli::BenchPagesArgs;
use crate::failure::{Failure, running};
use crate::http_client::ApiClient;
use addresses::Things;
use counted::Subjects;
use visitor::Visitor;

/// A page that takes longer is marked.
const GOAL_MS: f64 = 50.0;
/// Looks before the first that counts: a first look fills caches.
const WARM_UP: usize = 2;
/// What is made ends now, and began so many days ago.
const DAYS: u64 = 30;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
const PROJECT: &str = "prj_bench";
const ACCOUNT: &str = "a100";

pub(crate) fn run(args: &BenchPagesArgs) -> Result<(), Failure> {
    let _ = rlimit::increase_nofile_limit(65_536);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    runtime.block_on(async {
        make(args).await?;
        measure(args).await
    })
}

/// Makes what there is to look at, if there is nothing yet.
async fn make(args: &BenchPagesArgs) -> Result<(), Failure> {
    #[expect(clippy::disallowed_methods, reason = "what is made ends now")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = UnixMs(now.map_err(running)?.as_millis() as i64);
    let begun = UnixMs(now.0 - (DAYS * DAY_MS) as i64);
    let wanted = Wanted {
        deliveries: args.deliveries,
        data_dir: &args.data_dir,
        database_url: args.database_url.as_deref(),
        begun,
        master_key: master_key(),
        // Nothing listens there: what is still due is tried, fails at once and waits again.
        endpoint_url: "http://127.0.0.1:9/receiver",
    };
    let store = open(&wanted, now).await?;
    let known = store.projects(Page::newest(1)).await.map_err(running)?;
    store.close().await.map_err(running)?;
    if !known.rows.is_empty() {
        eprintln!("the store has data; it is measured as it is");
        return Ok(());
    }
    eprintln!("making {} deliveries", args.deliveries);
    let filled = fill(&wanted).await?;
    eprintln!("making {} days of statistics", args.days);
    let counted = count(&filled, args.days, now).await;
    filled.store.close().await.map_err(running)?;
    counted
}

async fn count(filled: &Filled, days: i64, now: UnixMs) -> Result<(), Failure> {
    let subjects = Subjects {
        project: filled.project,
        accounts: filled.accounts.clone(),
        endpoints: filled.endpoints.clone(),
    };
    let store: &Store = &filled.store;
    counted::count(store, &subjects, (days, now))
        .await
        .map_err(running)
}

/// Who looks.
#[derive(Clone)]
enum Who {
    /// With this key.
    Operator(String),
    /// With this portal token.
    Customer(String),
}

/// Pages that one visitor looks at.
struct Asked {
    cookie_of: Who,
    paths: Vec<String>,
}

/// How long a page took, each time.
struct Row {
    path: String,
    status: StatusCode,
    bytes: usize,
    times: Vec<f64>,
    /// Milliseconds of the server's CPU for one look.
    cpu_ms: Option<f64>,
}

async fn measure(args: &BenchPagesArgs) -> Result<(), Failure> {
    let folder: &Path = &args.data_dir;
    let server = Server::start(Some(folder), args.database_url.as_deref())?;
    let mut api = ApiClient::connect(server.address).await?;
    let things = things(&mut api).await?;
    let (operator, portal) = addresses::of(&things);
    let asked = vec![
        Asked {
            cookie_of: Who::Operator(ROOT_KEY.to_owned()),
            paths: operator,
        },
        Asked {
            cookie_of: Who::Customer(token(&mut api).await?),
            paths: portal,
        },
    ];
    match args.live {
        true => live::measure(args, &server, asked).await,
        false => {
            let seen = rows(server.address, &asked, args.rounds, Some(&server)).await?;
            show(&seen);
            Ok(())
        }
    }
}

/// Looks at every page so many times, one after the other.
async fn rows(
    address: SocketAddr,
    asked: &[Asked],
    rounds: usize,
    server: Option<&Server>,
) -> Result<Vec<Row>, Failure> {
    let mut all = Vec::new();
    for Asked { cookie_of, paths } in asked {
        let mut visitor = match cookie_of {
            Who::Operator(key) => Visitor::operator(address, key).await?,
            Who::Customer(token) => Visitor::customer(address, token).await?,
        };
        for path in paths {
            let mut last = visitor.look(path).await?;
            if server.is_some() {
                for _ in 1..WARM_UP {
                    last = visitor.look(path).await?;
                }
            }
            let before = server.map(Server::cpu).transpose()?;
            let mut times = if server.is_some() {
                Vec::new()
            } else {
                vec![last.ms]
            };
            while times.len() < rounds {
                last = visitor.look(path).await?;
                times.push(last.ms);
            }
            let after = server.map(Server::cpu).transpose()?;
            let spent = after.zip(before).map(|(after, before)| after - before);
            all.push(Row {
                path: path.clone(),
                status: last.status,
                bytes: last.bytes,
                cpu_ms: spent.map(|spent| spent * 1e3 / rounds as f64),
                times,
            });
        }
    }
    Ok(all)
}

#[expect(clippy::print_stdout, reason = "this is the command's answer")]
fn show(rows: &[Row]) {
    println!(
        "{:<64} {:>6} {:>8} {:>8} {:>8} {:>7} {:>7}",
        "page", "status", "median", "p99", "longest", "CPU ms", "KB"
    );
    for row in rows {
        let mut times = row.times.clone();
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        let cpu = row.cpu_ms.map_or("-".to_owned(), |ms| format!("{ms:.1}"));
        let slow = if at(0.5) > GOAL_MS { "  slow" } else { "" };
        // A search that finds one thing leads there.
        let is_shown = [StatusCode::OK, StatusCode::SEE_OTHER].contains(&row.status);
        let lost = if is_shown { "" } else { "  not shown" };
        println!(
            "{:<64} {:>6} {:>8.1} {:>8.1} {:>8.1} {cpu:>7} {:>7.1}{slow}{lost}",
            row.path,
            row.status.as_u16(),
            at(0.5),
            at(0.99),
            at(1.0),
            row.bytes as f64 / 1e3,
        );
    }
    let slow = rows.iter().filter(|row| {
        let mut times = row.times.clone();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2] > GOAL_MS
    });
    println!("{} pages, {} above {GOAL_MS} ms", rows.len(), slow.count());
}

/// One of each kind, of the account that the portal shows.
async fn things(api: &mut ApiClient) -> Result<Things, Failure> {
    let query = format!("project_id={PROJECT}&account_id={ACCOUNT}&limit=1");
    let first = |found: Value| {
        let found = found["data"][0].clone();
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        (text("id"), text("event_id"), text("endpoint_id"))
    };
    let path = format!("/v1/deliveries?{query}&state=failed");
    let found = api.call(Method::GET, &path, ROOT_KEY, None).await?;
    let (mut delivery, mut event, mut endpoint) = first(found);
    if delivery.is_empty() {
        let path = format!("/v1/deliveries?{query}");
        let found = api.call(Method::GET, &path, ROOT_KEY, None).await?;
        (delivery, event, endpoint) = first(found);
    }
    if delivery.is_empty() {
        return Err(running("the store has no deliveries of this bench"));
    }
    Ok(Things {
        project: PROJECT.to_owned(),
        account: ACCOUNT.to_owned(),
        endpoint,
        event,
        delivery,
    })
}

async fn token(api: &mut ApiClient) -> Result<String, Failure> {
    let path = format!("/v1/accounts/{ACCOUNT}/portal-tokens?project_id={PROJECT}");
    let may = [
        "endpoints:read",
        "endpoints:write",
        "deliveries:read",
        "deliveries:write",
        "events:read",
    ];
    let body = json!({"capabilities": may, "expires_in_seconds": 86_400});
    let made = api.call(Method::POST, &path, ROOT_KEY, Some(&body)).await?;
    let token = made["token"].as_str().map(str::to_owned);
    token.ok_or_else(|| running("no portal token"))
}
