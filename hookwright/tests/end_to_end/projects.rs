//! Projects, their settings and their accounts, over the public API.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::Server;

fn made(server: &Server) -> (Client, String) {
    let body = json!({"name": "shop", "profile": "standard-webhooks"});
    let project = server.root().post("/v1/projects", &body).expect(201);
    let product = server
        .root()
        .with_key(project["api_key"].as_str().expect("a key"));
    let id = project["id"].as_str().expect("an id");
    (product, format!("/v1/projects/{id}"))
}

#[test]
fn a_project_changes_its_own_settings() {
    let server = Server::start();
    let (product, path) = made(&server);
    let fresh = product.get(&path).expect(200);
    let nothing = json!({
        "refuse_unknown_event_types": false, "public_catalogue": false,
        "retention": {"payloads": null, "attempts": null, "deliveries": null},
        "disable_after_days": null, "circuit_breaker": null,
        "portal": {"name": null, "logo": null, "accent": null, "accent_dark": null, "frame_origins": []},
    });
    assert_eq!(fresh["settings"], nothing);
    let change = json!({
        "name": "store", "livemode": false,
        "settings": {
            "refuse_unknown_event_types": true, "public_catalogue": true,
            "retention": {"payloads": 1, "attempts": 7, "deliveries": 14},
            "disable_after_days": 3, "circuit_breaker": {"min_attempts": 5, "failure_rate": 0.25},
        },
    });
    let changed = product.patch(&path, &change).expect(200);
    assert_eq!(
        (&changed["name"], &changed["livemode"]),
        (&json!("store"), &json!(false))
    );
    let settings = &changed["settings"];
    assert_eq!(
        settings["retention"],
        json!({"payloads": 1, "attempts": 7, "deliveries": 14})
    );
    let breaker = json!({
        "failure_rate": 0.25, "min_attempts": 5, "window_seconds": 60, "open_seconds": 30, "half_open_attempts": 3,
    });
    assert_eq!(settings["circuit_breaker"], breaker);
    assert_eq!(product.get(&path).expect(200), changed);

    let less = json!({"settings": {"retention": {"attempts": null}, "circuit_breaker": null}});
    let changed = server.root().patch(&path, &less).expect(200);
    assert_eq!(changed["name"], "store");
    let settings = &changed["settings"];
    assert_eq!(
        settings["retention"],
        json!({"payloads": 1, "attempts": null, "deliveries": 14})
    );
    assert_eq!(settings["circuit_breaker"], Value::Null);
    assert_eq!(settings["disable_after_days"], 3);
}

#[test]
fn settings_out_of_bounds_are_refused_and_nothing_changes() {
    let server = Server::start();
    let (product, path) = made(&server);
    let before = product.get(&path).expect(200);
    for settings in [
        json!({"retention": {"payloads": 8, "deliveries": 7}}),
        json!({"retention": {"deliveries": 0}}),
        json!({"disable_after_days": 1000}),
        json!({"circuit_breaker": {"open_seconds": 0}}),
        json!({"circuit_breaker": "on"}),
        json!({"colour": "blue"}),
    ] {
        let change = json!({"name": "other", "settings": settings});
        assert_eq!(
            product.patch(&path, &change).problem(422),
            "invalid_field",
            "{settings}"
        );
    }
    assert_eq!(product.get(&path).expect(200), before);
}

#[test]
fn who_may_change_a_project_is_decided_by_the_key() {
    let server = Server::start();
    let (product, path) = made(&server);
    let change = json!({"name": "x"});
    let weak = product
        .post("/v1/keys", &json!({"scopes": ["keys:write"]}))
        .expect(201);
    let weak = product.with_key(weak["api_key"].as_str().expect("a key"));
    assert_eq!(weak.patch(&path, &change).problem(403), "missing_scope");
    assert_eq!(weak.get(&path).expect(200)["name"], "shop");
    let asked = json!({"scopes": ["settings:write"]});
    let customer = product
        .post("/v1/accounts/default/keys", &asked)
        .expect(201);
    let customer = product.with_key(customer["api_key"].as_str().expect("a key"));
    assert_eq!(customer.patch(&path, &change).problem(403), "forbidden");
    assert_eq!(product.delete(&path).problem(403), "missing_scope");
    let (_, other) = made(&server);
    assert_eq!(product.patch(&other, &change).problem(404), "not_found");
    server.root().delete(&path).expect(204);
    assert_eq!(server.root().get(&path).problem(404), "not_found");
}

#[test]
fn an_accounts_name_stays_unless_it_is_changed() {
    let server = Server::start();
    let (product, _) = made(&server);
    let ann = json!({"id": "ann", "name": "Ann"});
    assert_eq!(
        product.post("/v1/accounts", &ann).expect(201)["name"],
        "Ann"
    );
    let path = "/v1/accounts/ann";
    assert_eq!(product.patch(path, &json!({})).expect(200)["name"], "Ann");
    assert_eq!(
        product.patch(path, &json!({"name": "Anna"})).expect(200)["name"],
        "Anna"
    );
    assert_eq!(
        product.patch(path, &json!({"name": null})).expect(200)["name"],
        Value::Null
    );
    assert_eq!(product.get(path).expect(200)["name"], Value::Null);
    assert_eq!(
        product.patch(path, &json!({"name": ""})).problem(422),
        "invalid_field"
    );
    let listed = product.get("/v1/accounts").expect(200);
    assert_eq!(
        listed["data"].as_array().map(Vec::len),
        Some(2),
        "with the default account"
    );
}
