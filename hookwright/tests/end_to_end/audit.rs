//! The audit log: who changed what, seen by those whom it is about.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;

fn entries(client: &Client, query: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _ in 0..1_000 {
        let page = client
            .get(&format!("/v1/audit?limit=2{query}{cursor}"))
            .expect(200);
        found.extend(page["data"].as_array().expect("entries").clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
    panic!("a walk ends");
}

fn calls(client: &Client, query: &str) -> Vec<String> {
    let call = |entry: &Value| {
        let part = |name: &str| entry[name].as_str().expect("text").to_owned();
        format!("{} {} {}", part("method"), part("path"), entry["status"])
    };
    entries(client, query).iter().map(call).collect()
}

fn key(client: &Client, made: &Value) -> Client {
    client.with_key(made["api_key"].as_str().expect("a key"))
}

#[test]
fn every_call_that_manages_something_is_kept_with_who_made_it() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    let own = product.get("/v1/keys/self").expect(200);
    product
        .post("/v1/accounts", &json!({"id": "ann"}))
        .expect(201);
    let url = json!({"url": "https://ann.example/hook"});
    product.post("/v1/accounts/ann/webhooks", &url).expect(201);
    let named = [("x-request-id", "my-request-1")];
    let renamed = product.send(
        "PATCH",
        "/v1/accounts/ann",
        &named,
        br#"{"name": "Ann"}"#.as_slice(),
    );
    assert_eq!(renamed.header("x-request-id"), "my-request-1");
    product.get("/v1/endpoints").expect(200);
    product
        .post("/v1/events", &json!({"type": "a.b", "data": {}}))
        .expect(202);
    product
        .post("/v1/events/batch", &json!([{"type": "a.b", "data": {}}]))
        .expect(202);
    let kept = entries(&product, "");
    let calls = calls(&product, "");
    let expected = [
        "PATCH /v1/accounts/{account_id} 200",
        "POST /v1/accounts/{account_id}/webhooks 201",
        "POST /v1/accounts 201",
    ];
    assert_eq!(calls, expected);
    let newest = &kept[0];
    assert_eq!(newest["ids"], json!({"account_id": "ann"}));
    assert_eq!(newest["operation"], "updateAccount");
    assert_eq!(newest["summary"], "Changes an account.");
    assert_eq!(newest["request_id"], "my-request-1");
    assert_eq!(newest["remote_address"], "127.0.0.1");
    assert_eq!(newest["actor"]["kind"], "project");
    assert_eq!(newest["actor"]["key_id"], own["id"]);
    assert_eq!(newest["actor"]["hint"], own["hint"]);
}

#[test]
fn refused_calls_are_kept_too() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    let weak = product
        .post("/v1/keys", &json!({"scopes": ["events:read"]}))
        .expect(201);
    let weak_client = key(&product, &weak);
    assert_eq!(
        weak_client.delete("/v1/keys/key_x").problem(403),
        "missing_scope"
    );
    assert_eq!(product.delete("/v1/keys/key_x").problem(404), "not_found");
    product
        .delete(&format!("/v1/keys/{}", weak["id"].as_str().expect("an id")))
        .expect(204);
    assert_eq!(
        weak_client.delete("/v1/keys/key_y").problem(401),
        "unauthorized"
    );
    let nobody = product.with_key("hwk_proj_of_nobody");
    assert_eq!(nobody.delete("/v1/keys/key_z").problem(401), "unauthorized");
    let expected = [
        "DELETE /v1/keys/{key_id} 401",
        "DELETE /v1/keys/{key_id} 204",
        "DELETE /v1/keys/{key_id} 404",
        "DELETE /v1/keys/{key_id} 403",
        "POST /v1/keys 201",
    ];
    assert_eq!(calls(&product, ""), expected);
    // The ended key is still known by name; the unknown one is nobody's.
    assert_eq!(entries(&product, "")[0]["actor"]["key_id"], weak["id"]);
    let all = entries(&server.root(), "");
    assert_eq!(all[0]["ids"], json!({"key_id": "key_z"}));
    assert_eq!(
        all[0]["actor"],
        json!({"kind": null, "key_id": null, "hint": null, "session_id": null, "session_name": null})
    );
}

#[test]
fn each_sees_what_was_about_their_own() {
    let server = Server::start();
    let (shop, other) = (
        server.project("standard-webhooks"),
        server.project("authepy"),
    );
    for account in ["ann", "bob"] {
        shop.post("/v1/accounts", &json!({"id": account}))
            .expect(201);
        let name = json!({"name": account});
        shop.patch(&format!("/v1/accounts/{account}"), &name)
            .expect(200);
    }
    let asked = json!({"scopes": ["audit:read", "endpoints:read"]});
    let ann = key(
        &shop,
        &shop.post("/v1/accounts/ann/keys", &asked).expect(201),
    );
    let expected = [
        "POST /v1/accounts/{account_id}/keys 201",
        "PATCH /v1/accounts/{account_id} 200",
    ];
    assert_eq!(calls(&ann, ""), expected);
    assert_eq!(calls(&shop, "&account_id=ann"), expected);
    assert_eq!(
        ann.get("/v1/audit?account_id=bob").problem(404),
        "not_found"
    );
    assert_eq!(calls(&other, ""), [""; 0]);
    let usual = key(
        &shop,
        &shop.post("/v1/accounts/ann/keys", &json!({})).expect(201),
    );
    assert_eq!(usual.get("/v1/audit").problem(403), "missing_scope");

    let project = shop.get("/v1/keys/self").expect(200)["project_id"].clone();
    let project = project.as_str().expect("an id");
    server
        .root()
        .patch(&format!("/v1/projects/{project}"), &json!({"name": "x"}))
        .expect(200);
    let newest = &entries(&shop, "")[0];
    let hidden = json!({"kind": "root", "key_id": null, "hint": null, "session_id": null, "session_name": null});
    assert_eq!(
        (&newest["actor"], &newest["remote_address"]),
        (&hidden, &Value::Null)
    );
    let newest = &entries(&server.root(), &format!("&project_id={project}"))[0];
    assert!(newest["actor"]["key_id"].is_string() && newest["remote_address"].is_string());
    let all = calls(&server.root(), "");
    assert!(all.contains(&"POST /v1/projects 201".to_owned()), "{all:?}");
}

#[test]
fn a_list_is_narrowed_by_actor_and_time() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    let made = product.post("/v1/keys", &json!({})).expect(201);
    let second = key(&product, &made);
    second
        .post("/v1/accounts", &json!({"id": "ann"}))
        .expect(201);
    product.delete("/v1/accounts/ann").expect(204);
    let actor = made["id"].as_str().expect("an id");
    assert_eq!(
        calls(&product, &format!("&actor={actor}")),
        ["POST /v1/accounts 201"]
    );
    assert_eq!(calls(&product, "&since=2999-01-01T00:00:00Z"), [""; 0]);
    assert_eq!(calls(&product, "&until=2999-01-01T00:00:00Z").len(), 3);
    let at = entries(&product, "")[1]["at"]
        .as_str()
        .expect("a time")
        .to_owned();
    let since = calls(&product, &format!("&since={at}"));
    assert_eq!(
        since[..2],
        [
            "DELETE /v1/accounts/{account_id} 204",
            "POST /v1/accounts 201"
        ]
    );
    assert_eq!(
        product.get("/v1/audit?since=yesterday").problem(400),
        "invalid_parameter"
    );
    assert_eq!(
        product.get("/v1/audit?cursor=x").problem(400),
        "invalid_parameter"
    );
}
