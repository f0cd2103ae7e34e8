//! Portal tokens: one account, what was named, a short time.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, until};

const TOKENS: &str = "/v1/accounts/ann/portal-tokens";

fn product() -> (Server, Client) {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    for account in ["ann", "bob"] {
        product
            .post("/v1/accounts", &json!({"id": account}))
            .expect(201);
    }
    (server, product)
}

fn client_of(client: &Client, made: &Value) -> Client {
    client.with_key(made["token"].as_str().expect("a token"))
}

#[test]
fn a_token_opens_its_account_and_nothing_more() {
    let (_server, product) = product();
    let url = json!({"url": "https://ann.example/hook"});
    let theirs = product.post("/v1/accounts/bob/webhooks", &url).expect(201);
    let asked = json!({"capabilities": ["endpoints:read", "endpoints:write"]});
    let made = product.post(TOKENS, &asked).expect(201);
    assert!(
        made["token"]
            .as_str()
            .expect("a token")
            .starts_with("hwk_port_")
    );
    let token = client_of(&product, &made);
    let mine = token.post("/v1/endpoints", &url).expect(201);
    let listed = token.get("/v1/endpoints").expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["data"][0]["id"], mine["id"]);
    let path = format!("/v1/endpoints/{}", theirs["id"].as_str().expect("an id"));
    assert_eq!(token.get(&path).problem(404), "not_found");
    assert_eq!(
        token.get("/v1/accounts/bob/webhooks").problem(404),
        "not_found"
    );
    assert_eq!(token.get("/v1/deliveries").problem(403), "missing_scope");
    assert_eq!(token.post(TOKENS, &asked).problem(403), "missing_scope");
    let own = token.get("/v1/keys/self").expect(200);
    assert_eq!(
        (&own["kind"], &own["account_id"]),
        (&json!("portal"), &json!("ann"))
    );
}

#[test]
fn a_token_is_listed_apart_from_keys_and_revoked() {
    let (_server, product) = product();
    let made = product
        .post(TOKENS, &json!({"capabilities": ["events:read"]}))
        .expect(201);
    let token = client_of(&product, &made);
    token.get("/v1/events").expect(200);
    let keys = product.get("/v1/accounts/ann/keys").expect(200);
    assert_eq!(keys["data"], json!([]));
    let listed = product.get(TOKENS).expect(200);
    assert_eq!(listed["data"][0]["id"], made["id"]);
    assert_eq!(listed["data"][0]["capabilities"], json!(["events:read"]));
    assert!(listed["data"][0].get("token").is_none());
    assert_eq!(
        product.get("/v1/accounts/bob/portal-tokens").expect(200)["data"],
        json!([])
    );
    let id = made["id"].as_str().expect("an id");
    let elsewhere = product.delete(&format!("/v1/accounts/bob/portal-tokens/{id}"));
    assert_eq!(elsewhere.problem(404), "not_found");
    product.delete(&format!("{TOKENS}/{id}")).expect(204);
    assert_eq!(token.get("/v1/events").problem(401), "unauthorized");
}

#[test]
fn a_token_ends_by_itself() {
    let (_server, product) = product();
    let asked = json!({"capabilities": ["events:read"], "expires_in_seconds": 2});
    let token = client_of(&product, &product.post(TOKENS, &asked).expect(201));
    let ended = until("ended", || {
        let answer = token.get("/v1/events");
        (answer.status != 200).then(|| answer.json())
    });
    assert_eq!(ended["code"], "unauthorized");
}

#[test]
fn a_token_is_never_more_than_it_may_be() {
    let (_server, product) = product();
    let refused = [
        json!({"capabilities": []}),
        json!({"capabilities": ["events:write"]}),
        json!({"capabilities": ["keys:write", "events:read"]}),
        json!({"capabilities": ["everything"]}),
        json!({"capabilities": ["events:read"], "expires_in_seconds": 0}),
        json!({"capabilities": ["events:read"], "expires_in_seconds": 86_401}),
        json!({}),
    ];
    for asked in refused {
        assert_eq!(
            product.post(TOKENS, &asked).problem(422),
            "invalid_field",
            "{asked}"
        );
    }
    let weak = product
        .post(
            "/v1/keys",
            &json!({"scopes": ["portal:write", "events:read"]}),
        )
        .expect(201);
    let weak = product.with_key(weak["api_key"].as_str().expect("a key"));
    weak.post(TOKENS, &json!({"capabilities": ["events:read"]}))
        .expect(201);
    let more = json!({"capabilities": ["events:read", "endpoints:read"]});
    assert_eq!(weak.post(TOKENS, &more).problem(403), "forbidden");
    let other = "/v1/accounts/nobody/portal-tokens";
    assert_eq!(
        product
            .post(other, &json!({"capabilities": ["events:read"]}))
            .problem(404),
        "not_found"
    );
}
