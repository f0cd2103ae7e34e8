//! Links into the portal: for one account, for the first who follows, for a short time.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;

const LINKS: &str = "/v1/portal-sessions";

fn product() -> (Server, Client) {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    for account in ["ann", "bob"] {
        let named = json!({"id": account, "name": account.to_uppercase()});
        product.post("/v1/accounts", &named).expect(201);
    }
    (server, product)
}

fn code(made: &Value) -> &str {
    let url = made["url"].as_str().expect("a link");
    url.rsplit('/').next().expect("a code")
}

/// Follows a link, as the portal's page does.
fn follow(client: &Client, made: &Value) -> Client {
    let nobody = client.with_key("");
    let redeemed = nobody
        .post("/v1/portal-sessions/redeem", &json!({"code": code(made)}))
        .expect(200);
    assert_eq!(redeemed["id"], made["id"]);
    client.with_key(redeemed["token"].as_str().expect("a token"))
}

#[test]
fn a_link_opens_one_account_once() {
    let (_server, product) = product();
    let url = json!({"url": "https://bob.example/hook"});
    let theirs = product.post("/v1/accounts/bob/webhooks", &url).expect(201);
    let asked = json!({"account_id": "ann", "return_url": "https://shop.example/settings"});
    let made = product.post(LINKS, &asked).expect(201);
    assert!(
        made["url"]
            .as_str()
            .expect("a link")
            .contains("/portal/enter/")
    );
    assert_eq!(
        product.with_key(code(&made)).get("/v1/portal").problem(401),
        "unauthorized"
    );
    let ann = follow(&product, &made);
    let again = json!({"code": code(&made)});
    let again = product.post("/v1/portal-sessions/redeem", &again);
    assert_eq!(again.problem(404), "not_found");
    let portal = ann.get("/v1/portal").expect(200);
    assert_eq!(portal["account"], json!({"id": "ann", "name": "ANN"}));
    assert_eq!(portal["return_url"], "https://shop.example/settings");
    assert_eq!(
        (&portal["read_only"], &portal["reveal_secrets"]),
        (&json!(false), &json!(false))
    );
    let path = format!("/v1/endpoints/{}", theirs["id"].as_str().expect("an id"));
    assert_eq!(ann.get(&path).problem(404), "not_found");
    ann.post("/v1/endpoints", &url).expect(201);
    assert_eq!(ann.post(LINKS, &asked).problem(403), "missing_scope");
    assert_eq!(product.get("/v1/portal").problem(403), "forbidden");
}

#[test]
fn a_link_is_revoked_as_a_portal_token() {
    let (_server, product) = product();
    let made = product
        .post(LINKS, &json!({"account_id": "ann"}))
        .expect(201);
    let tokens = "/v1/accounts/ann/portal-tokens";
    assert_eq!(product.get(tokens).expect(200)["data"][0]["id"], made["id"]);
    let one = format!("{tokens}/{}", made["id"].as_str().expect("an id"));
    product.delete(&one).expect(204);
    let refused = product.post("/v1/portal-sessions/redeem", &json!({"code": code(&made)}));
    assert_eq!(refused.problem(404), "not_found");
    let made = product
        .post(LINKS, &json!({"account_id": "ann"}))
        .expect(201);
    let ann = follow(&product, &made);
    ann.get("/v1/endpoints").expect(200);
    let one = format!("{tokens}/{}", made["id"].as_str().expect("an id"));
    product.delete(&one).expect(204);
    assert_eq!(ann.get("/v1/endpoints").problem(401), "unauthorized");
}

#[test]
fn a_reader_changes_nothing_and_what_is_named_is_all() {
    let (_server, product) = product();
    let made = product
        .post(LINKS, &json!({"account_id": "ann", "read_only": true}))
        .expect(201);
    let reader = follow(&product, &made);
    let portal = reader.get("/v1/portal").expect(200);
    assert_eq!(portal["read_only"], true);
    let reads = json!(["events:read", "endpoints:read", "deliveries:read"]);
    assert_eq!(portal["capabilities"], reads);
    let url = json!({"url": "https://ann.example/hook"});
    assert_eq!(
        reader.post("/v1/endpoints", &url).problem(403),
        "missing_scope"
    );
    let asked =
        json!({"account_id": "ann", "capabilities": ["events:read"], "reveal_secrets": true});
    let made = product.post(LINKS, &asked).expect(201);
    let portal = follow(&product, &made).get("/v1/portal").expect(200);
    assert_eq!(portal["capabilities"], json!(["events:read"]));
    assert_eq!(portal["reveal_secrets"], true);
}

#[test]
fn a_link_is_never_more_than_it_may_be() {
    let (server, product) = product();
    for asked in [
        json!({"account_id": "ann", "capabilities": []}),
        json!({"account_id": "ann", "capabilities": ["keys:write"]}),
        json!({"account_id": "ann", "capabilities": ["endpoints:write"], "read_only": true}),
        json!({"account_id": "ann", "expires_in_seconds": 86_401}),
        json!({"account_id": "ann", "return_url": "javascript:alert(1)"}),
        json!({"account_id": "ann", "return_url": "shop.example"}),
        json!({"capabilities": ["events:read"]}),
    ] {
        assert_eq!(
            product.post(LINKS, &asked).problem(422),
            "invalid_field",
            "{asked}"
        );
    }
    let other = server.project("authepy");
    for client in [&product, &other] {
        let nobody = if std::ptr::eq(client, &product) {
            "nobody"
        } else {
            "ann"
        };
        let refused = client.post(LINKS, &json!({"account_id": nobody}));
        assert_eq!(refused.problem(404), "not_found");
    }
    let weak = json!({"scopes": ["portal:write", "events:read"]});
    let weak = product.post("/v1/keys", &weak).expect(201);
    let weak = product.with_key(weak["api_key"].as_str().expect("a key"));
    assert_eq!(
        weak.post(LINKS, &json!({"account_id": "ann"})).problem(403),
        "forbidden"
    );
    let asked = json!({"account_id": "ann", "capabilities": ["events:read"]});
    weak.post(LINKS, &asked).expect(201);
}

#[test]
fn a_portals_look_is_the_projects() {
    let (server, product) = product();
    let own = product.get("/v1/keys/self").expect(200);
    let path = format!(
        "/v1/projects/{}",
        own["project_id"].as_str().expect("an id")
    );
    let logo = format!("data:image/svg+xml;base64,{}", "A".repeat(60_000));
    let portal = json!({"name": "Acme", "accent": "#ffcc00", "logo": logo, "frame_origins": ["https://acme.example"]});
    let changed = product
        .patch(&path, &json!({"settings": {"portal": portal}}))
        .expect(200);
    assert_eq!(changed["settings"]["portal"]["accent"], "#ffcc00");
    let made = product
        .post(LINKS, &json!({"account_id": "ann"}))
        .expect(201);
    let shown = follow(&product, &made).get("/v1/portal").expect(200);
    assert_eq!(
        (&shown["name"], &shown["theme"]),
        (&json!("Acme"), &changed["settings"]["portal"])
    );
    let wrong = json!({"settings": {"portal": {"frame_origins": ["*"]}}});
    assert_eq!(product.patch(&path, &wrong).problem(422), "invalid_field");
    drop(server);
}
