//! `hookwright demo`: the real server, a receiver, five formats, a failure and its retry.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use hookwright_delivery::Profiles;
use hookwright_wire::verifying_key;
use http::Method;
use serde_json::{Value, json};

use crate::cli::{DemoArgs, ServeArgs};
use crate::config::Config;
use crate::failure::{Failure, running};
use crate::http_client::ApiClient;
use crate::receiver::{Expected, Receiver, Seen};
use crate::serve::{log_to_stderr, told_to_stop};
use crate::server::Server;

/// A format, with an event of its catalogue.
const FORMATS: [(&str, &str, &str); 5] = [
    (
        "authepy",
        "delivery.bounced",
        r#"{"requestId":"req_demo1","email":"kim@example.com","bounce_reason":"mailbox_full","provider_latency_ms":142}"#,
    ),
    (
        "authpi",
        "user.created",
        r#"{"user_id":"user-1","plan":"free"}"#,
    ),
    (
        "authento",
        "REVIEWED",
        r#"{"userId":"u-1","userIdentifier":"7d1f","type":"INDIVIDUAL","status":{"basic":"VERIFIED"},"email":"never@leaves.example"}"#,
    ),
    (
        "envoyou",
        "auth.login",
        r#"{"user_id":"user_1","location":{"country":"NZ","city":"Ōtautahi"}}"#,
    ),
    (
        "reachscore",
        "test.completed",
        r#"{"object":"test","status":"completed","score":92.0,"grade":"A"}"#,
    ),
];
/// The format whose first attempt is answered 500: it retries after a second.
const FAILING: &str = "envoyou";
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run(args: &DemoArgs) -> Result<(), Failure> {
    log_to_stderr(tracing::Level::WARN);
    let made = std::env::temp_dir().join(format!("hookwright-demo-{}", std::process::id()));
    let folder = args.data_dir.clone().unwrap_or_else(|| made.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(running)?;
    let done = runtime.block_on(show(args, folder));
    if args.data_dir.is_none() {
        let _ = std::fs::remove_dir_all(made);
    }
    done
}

#[expect(clippy::print_stdout, reason = "this is the command's answer")]
async fn show(args: &DemoArgs, folder: PathBuf) -> Result<(), Failure> {
    let root_key = "hookwright-demo-root-key-not-for-production".to_owned();
    let config = Config::new(ServeArgs {
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        data_dir: Some(folder),
        root_key: Some(root_key.clone()),
        dev: true,
        ..ServeArgs::default()
    })?;
    let stop = told_to_stop()?;
    let server = Server::start(&config).await?;
    let address = server.address;
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(async {
        let _ = ended.await;
    }));
    println!("hookwright listens on http://{address}, on an embedded store\n");
    let mut receiver = Receiver::start().await?;
    let key = register_and_publish(address, &root_key, &receiver).await?;
    watch(&mut receiver).await?;
    println!(
        "\nAll five formats arrived and were verified by their own rules; one failed first and was retried."
    );
    if !args.once {
        println!("\nThe server stays up until you press Ctrl-C. Look around with envoyou's key:");
        println!("  curl -H 'Authorization: Bearer {key}' http://{address}/v1/deliveries");
        stop.await;
    }
    let _ = end.send(());
    serving.await.map_err(running)?
}

/// Registers an endpoint for each format and publishes an event to it. Returns one project's key.
async fn register_and_publish(
    address: SocketAddr,
    root_key: &str,
    receiver: &Receiver,
) -> Result<String, Failure> {
    let profiles = Profiles::load(&[] as &[PathBuf]).map_err(running)?;
    let mut api = ApiClient::connect(address).await?;
    let mut shown = String::new();
    for (format, event_type, data) in FORMATS {
        let profile = profiles
            .get(format)
            .ok_or_else(|| running(format!("no profile {format}")))?;
        let project = json!({"name": format, "profile": format});
        let project = api
            .call(Method::POST, "/v1/projects", root_key, Some(&project))
            .await?;
        let key = text(&project, "api_key")?;
        let path = format!("/{format}");
        let endpoint = json!({"url": format!("http://{}{path}", receiver.address)});
        let endpoint = api
            .call(Method::POST, "/v1/endpoints", &key, Some(&endpoint))
            .await?;
        let secret = verifying_key(profile, &text(&endpoint, "secret")?).map_err(running)?;
        let failures = u32::from(format == FAILING);
        receiver.expect(
            path,
            Expected {
                profile: profile.clone(),
                keys: vec![secret],
                failures,
            },
        );
        let data: Value = serde_json::from_str(data).map_err(running)?;
        let event = json!({"type": event_type, "data": data});
        api.call(Method::POST, "/v1/events", &key, Some(&event))
            .await?;
        if format == FAILING {
            shown = key;
        }
    }
    Ok(shown)
}

fn text(value: &Value, name: &str) -> Result<String, Failure> {
    value[name]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| running(format!("no {name} in {value}")))
}

/// Shows each request until every format was taken.
async fn watch(receiver: &mut Receiver) -> Result<(), Failure> {
    let mut taken = Vec::new();
    while taken.len() < FORMATS.len() {
        let seen = tokio::time::timeout(PATIENCE, receiver.seen.recv()).await;
        let seen = seen.map_err(|_| running("not everything arrived in time"))?;
        let seen = seen.ok_or_else(|| running("the receiver ended"))?;
        print_request(&seen);
        if let Some(reason) = &seen.refused {
            return Err(running(format!("{} was not verified: {reason}", seen.path)));
        }
        if seen.status == 200 && !taken.contains(&seen.path) {
            taken.push(seen.path);
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is the command's answer")]
fn print_request(seen: &Seen) {
    let verdict = match (&seen.refused, seen.status) {
        (Some(reason), _) => format!("REFUSED: {reason}"),
        (None, 200) => "verified, answered 200".to_owned(),
        (None, status) => format!("verified, answered {status} on purpose: a retry follows"),
    };
    println!("{}  {verdict}", seen.path.trim_start_matches('/'));
    for (name, value) in &seen.headers {
        println!("    {name}: {value}");
    }
    println!("    {}\n", seen.body);
}
