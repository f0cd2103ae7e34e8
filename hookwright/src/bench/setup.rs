//! What is made before a bench: a project, accounts, endpoints, and the requests to publish.

use http::Method;
use serde_json::json;

use super::child::{ROOT_KEY, Server};
use super::sink::Sink;
use crate::cli::BenchArgs;
use crate::failure::{Failure, running};
use crate::http_client::ApiClient;

/// What the load does.
pub(crate) struct Plan {
    pub(crate) key: String,
    /// Accounts, each with `fan_out` endpoints; events go to them in turn.
    pub(crate) accounts: usize,
    pub(crate) healthy_deliveries: u64,
}

pub(crate) async fn set_up(
    args: &BenchArgs,
    server: &Server,
    sink: &Sink,
) -> Result<Plan, Failure> {
    let mut api = ApiClient::connect(server.address).await?;
    let project = json!({"name": "bench", "profile": args.profile});
    let project = api
        .call(Method::POST, "/v1/projects", ROOT_KEY, Some(&project))
        .await?;
    let key = project["api_key"]
        .as_str()
        .ok_or_else(|| running("no api_key"))?
        .to_owned();
    let accounts = args.endpoints / args.fan_out;
    let unwell = args.dead + args.slow;
    for account in 0..accounts {
        for place in 0..args.fan_out {
            let path = match account {
                dead if dead < args.dead => "dead",
                slow if slow < unwell => "slow",
                _ => "e",
            };
            let endpoint = json!({
                "account_id": format!("a{account}"),
                "url": format!("http://{}/{path}/{account}-{place}", sink.address),
            });
            api.call(Method::POST, "/v1/endpoints", &key, Some(&endpoint))
                .await?;
        }
    }
    let events =
        |account: usize| (args.events + accounts as u64 - 1 - account as u64) / accounts as u64;
    let healthy: u64 = (unwell..accounts).map(events).sum();
    Ok(Plan {
        key,
        accounts,
        healthy_deliveries: healthy * args.fan_out as u64,
    })
}
