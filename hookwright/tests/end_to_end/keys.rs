//! Keys over their life: made with bounds, told, rotated with an overlap, revoked; and root keys.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{ROOT_KEY, Server};

fn client_of(client: &Client, made: &Value) -> Client {
    client.with_key(made["api_key"].as_str().expect("a key"))
}

fn id(made: &Value) -> &str {
    made["id"].as_str().expect("an id")
}

#[test]
fn a_key_says_who_it_is() {
    let server = Server::start();
    let body = json!({"name": "shop", "profile": "standard-webhooks"});
    let project = server.root().post("/v1/projects", &body).expect(201);
    let product = client_of(&server.root(), &project);
    let own = product.get("/v1/keys/self").expect(200);
    assert_eq!(own["kind"], "project");
    assert_eq!(own["project_id"], project["id"]);
    assert_eq!(own["account_id"], Value::Null);

    product
        .post("/v1/accounts", &json!({"id": "ann"}))
        .expect(201);
    let asked = json!({"name": "ci", "scopes": ["events:read"], "rate_limit": 50, "expires_at": "2999-01-01T00:00:00Z"});
    let made = product.post("/v1/accounts/ann/keys", &asked).expect(201);
    let own = client_of(&product, &made).get("/v1/keys/self").expect(200);
    assert_eq!(own["id"], made["id"]);
    assert_eq!(
        (&own["kind"], &own["account_id"]),
        (&json!("account"), &json!("ann"))
    );
    assert_eq!(own["scopes"], json!(["events:read"]));
    assert_eq!(
        (&own["name"], &own["rate_limit"]),
        (&json!("ci"), &json!(50))
    );
    assert_eq!(own["expires_at"], made["expires_at"]);

    let own = server.root().get("/v1/keys/self").expect(200);
    assert_eq!(
        (&own["kind"], &own["project_id"]),
        (&json!("root"), &Value::Null)
    );
    assert_eq!(
        server.root().with_key("").get("/v1/keys/self").problem(401),
        "unauthorized"
    );
}

#[test]
fn a_rotated_key_works_beside_the_new_one_until_its_overlap_ends() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    product
        .post("/v1/accounts", &json!({"id": "ann"}))
        .expect(201);
    for keys in ["/v1/keys", "/v1/accounts/ann/keys"] {
        let asked = json!({"name": "ci", "scopes": ["events:read"], "rate_limit": 1000});
        let old = product.post(keys, &asked).expect(201);
        let rotate = format!("{keys}/{}/rotate", id(&old));
        let new = product
            .post(&rotate, &json!({"overlap_seconds": 60}))
            .expect(201);
        for field in ["name", "scopes", "rate_limit"] {
            assert_eq!(new[field], old[field], "{field}");
        }
        assert_ne!(new["id"], old["id"]);
        let (old_client, new_client) = (client_of(&product, &old), client_of(&product, &new));
        old_client.get("/v1/events").expect(200);
        new_client.get("/v1/events").expect(200);
        assert_eq!(
            new_client.get("/v1/endpoints").problem(403),
            "missing_scope"
        );

        // Both are known to the server by now.
        let rotate = format!("{keys}/{}/rotate", id(&new));
        let newer = product
            .post(&rotate, &json!({"overlap_seconds": 0}))
            .expect(201);
        assert_eq!(new_client.get("/v1/events").problem(401), "unauthorized");
        client_of(&product, &newer).get("/v1/events").expect(200);
        old_client.get("/v1/events").expect(200);
        assert_eq!(product.post(&rotate, &json!({})).problem(404), "not_found");
        let too_long = json!({"overlap_seconds": 2_592_001});
        let rotate = format!("{keys}/{}/rotate", id(&newer));
        assert_eq!(
            product.post(&rotate, &too_long).problem(422),
            "invalid_field"
        );
        let listed = product.get(keys).expect(200);
        let until = listed["data"]
            .as_array()
            .expect("keys")
            .iter()
            .find(|key| key["id"] == old["id"]);
        assert!(until.expect("listed")["expires_at"].is_string());
    }
}

#[test]
fn nobody_gets_more_by_a_rotation_than_they_have() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    let mighty = product.post("/v1/keys", &json!({})).expect(201);
    let asked = json!({"scopes": ["keys:write"]});
    let weak = client_of(&product, &product.post("/v1/keys", &asked).expect(201));
    let rotate = format!("/v1/keys/{}/rotate", id(&mighty));
    assert_eq!(weak.post(&rotate, &json!({})).problem(403), "forbidden");
    client_of(&product, &mighty).get("/v1/events").expect(200);
}

#[test]
fn a_key_has_a_rate_limit_within_bounds() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    for bad in [json!(0), json!(100_001), json!(-1), json!(1.5), json!("9")] {
        let asked = json!({ "rate_limit": bad });
        assert_eq!(
            product.post("/v1/keys", &asked).problem(422),
            "invalid_field"
        );
    }
    let made = product
        .post("/v1/keys", &json!({"rate_limit": 100_000}))
        .expect(201);
    assert_eq!(made["rate_limit"], 100_000);
}

#[test]
fn root_keys_are_added_rotated_and_revoked_but_for_the_last() {
    let server = Server::start();
    let root = server.root();
    let first = root.get("/v1/root-keys").expect(200)["data"][0].clone();
    let last = root.delete(&format!("/v1/root-keys/{}", id(&first)));
    assert_eq!(last.problem(409), "last_one");

    let made = root
        .post("/v1/root-keys", &json!({"name": "second"}))
        .expect(201);
    let second = client_of(&root, &made);
    second.get("/v1/projects").expect(200);
    let rotate = format!("/v1/root-keys/{}/rotate", id(&made));
    let third = second
        .post(&rotate, &json!({"overlap_seconds": 0}))
        .expect(201);
    assert_eq!(second.get("/v1/projects").problem(401), "unauthorized");
    let third = client_of(&root, &third);
    third
        .delete(&format!("/v1/root-keys/{}", id(&first)))
        .expect(204);
    assert_eq!(root.get("/v1/projects").problem(401), "unauthorized");

    let product = client_of(
        &root,
        &third
            .post(
                "/v1/projects",
                &json!({"name": "p", "profile": "standard-webhooks"}),
            )
            .expect(201),
    );
    for answer in [
        product.get("/v1/root-keys"),
        product.post("/v1/root-keys", &json!({})),
        product.post(&rotate, &json!({})),
        product.delete(&format!("/v1/root-keys/{}", id(&first))),
    ] {
        assert_eq!(answer.problem(403), "forbidden");
    }
}

#[test]
fn the_root_key_of_the_settings_works_after_every_start() {
    let server = Server::start();
    let root = server.root();
    let first = root.get("/v1/root-keys").expect(200)["data"][0].clone();
    let added = root.post("/v1/root-keys", &json!({})).expect(201);
    let added = client_of(&root, &added);
    added
        .delete(&format!("/v1/root-keys/{}", id(&first)))
        .expect(204);
    let (_, folder) = server.stop();
    let folder = folder.expect("the server's own");
    let server = Server::start_in(folder.path(), &["--dev"]);
    server
        .root()
        .with_key(ROOT_KEY)
        .get("/v1/projects")
        .expect(200);
    server
        .root()
        .with_key(&added.key)
        .get("/v1/projects")
        .expect(200);
}

#[test]
fn a_key_tells_when_it_was_used_last() {
    let server = Server::start();
    let product = server.project("standard-webhooks");
    let used = product.post("/v1/keys", &json!({})).expect(201);
    let unused = product.post("/v1/keys", &json!({})).expect(201);
    let client = client_of(&product, &used);
    client.get("/v1/events").expect(200);
    // What is known of keys is forgotten, and the use is not.
    product
        .delete(&format!("/v1/keys/{}", id(&unused)))
        .expect(204);
    let (_, folder) = server.stop();
    let folder = folder.expect("the server's own");
    let server = Server::start_in(folder.path(), &["--dev"]);
    let listed = server
        .root()
        .with_key(&product.key)
        .get("/v1/keys")
        .expect(200);
    for key in listed["data"].as_array().expect("keys") {
        assert_eq!(
            key["last_used_at"].is_null(),
            key["id"] == unused["id"],
            "{key}"
        );
    }
}

#[test]
fn a_root_key_that_only_reads_manages_no_root_keys() {
    let server = Server::start();
    let root = server.root();
    let made = root
        .post("/v1/root-keys", &json!({"scopes": ["events:read"]}))
        .expect(201);
    let reader = root.with_key(made["api_key"].as_str().expect("a key"));
    let own = format!("/v1/root-keys/{}", made["id"].as_str().expect("an id"));
    let few = json!({"scopes": ["events:read"]});
    for refused in [
        reader.get("/v1/root-keys"),
        reader.post("/v1/root-keys", &few),
        reader.post(&format!("{own}/rotate"), &json!({})),
        reader.delete(&own),
    ] {
        assert_eq!(refused.problem(403), "missing_scope");
    }
    reader.get("/v1/projects").expect(200);
}
