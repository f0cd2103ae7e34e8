//! Sessions: what a browser holds in the place of a key, and never longer than the key.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::server::{Server, until};

const ALL: &str = "/v1/sessions";

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

/// A key, and a session that was opened with it.
fn key(product: &Client, path: &str, asked: &Value) -> (Client, Value, Client) {
    let made = product.post(path, asked).expect(201);
    let key = product.with_key(made["api_key"].as_str().expect("a key"));
    let opened = key.post(ALL, &json!({})).expect(201);
    let session = product.with_key(opened["token"].as_str().expect("a token"));
    (key, made, session)
}

fn id(made: &Value) -> &str {
    made["id"].as_str().expect("an id")
}

fn is_over(session: &Client) -> bool {
    let answer = session.get("/v1/keys/self");
    answer.status == 401
}

#[test]
fn a_session_may_do_what_its_key_may_and_says_so() {
    let (_server, product) = product();
    let asked = json!({"name": "support", "scopes": ["events:read"]});
    let (key, made, _) = key(&product, "/v1/accounts/ann/keys", &asked);
    let opened = key
        .post(
            ALL,
            &json!({"name": "Firefox on Linux", "expires_in_seconds": 600}),
        )
        .expect(201);
    let token = opened["token"].as_str().expect("a token");
    assert!(token.starts_with("hwk_sess_"));
    assert_eq!(opened["parent_id"], made["id"]);
    assert_eq!(opened["account_id"], "ann");
    let session = product.with_key(token);
    let own = session.get("/v1/keys/self").expect(200);
    assert_eq!(
        (&own["kind"], &own["is_session"]),
        (&json!("account"), &json!(true))
    );
    assert_eq!(
        (&own["id"], &own["parent_id"]),
        (&opened["id"], &made["id"])
    );
    assert_eq!(
        (&own["account_id"], &own["scopes"]),
        (&json!("ann"), &json!(["events:read"]))
    );
    session.get("/v1/events").expect(200);
    assert_eq!(session.get("/v1/endpoints").problem(403), "missing_scope");
    assert_eq!(session.post(ALL, &json!({})).problem(403), "forbidden");
    let asked = json!({"capabilities": ["events:read"]});
    let portal = product
        .post("/v1/accounts/ann/portal-tokens", &asked)
        .expect(201);
    let portal = product.with_key(portal["token"].as_str().expect("a token"));
    assert_eq!(portal.post(ALL, &json!({})).problem(403), "forbidden");
}

#[test]
fn a_session_ends_with_its_key_by_itself_and_when_told() {
    let (_server, product) = product();
    let (_, made, session) = key(&product, "/v1/keys", &json!({}));
    session.get("/v1/events").expect(200);
    product
        .delete(&format!("/v1/keys/{}", id(&made)))
        .expect(204);
    assert!(is_over(&session), "its key was revoked");

    let (_, made, session) = key(&product, "/v1/keys", &json!({}));
    session.get("/v1/events").expect(200);
    let rotate = format!("/v1/keys/{}/rotate", id(&made));
    product
        .post(&rotate, &json!({"overlap_seconds": 0}))
        .expect(201);
    assert!(is_over(&session), "its key was replaced");

    let opened = product
        .post(ALL, &json!({"expires_in_seconds": 1}))
        .expect(201);
    let session = product.with_key(opened["token"].as_str().expect("a token"));
    until("its time is over", || {
        is_over(&session).then(|| json!(null))
    });

    let (_, _, session) = key(&product, "/v1/keys", &json!({}));
    session.delete("/v1/sessions/self").expect(204);
    assert!(is_over(&session), "it signed out");
    assert_eq!(
        product.delete("/v1/sessions/self").problem(403),
        "forbidden"
    );

    let opened = product.post(ALL, &json!({})).expect(201);
    let session = product.with_key(opened["token"].as_str().expect("a token"));
    session.get("/v1/events").expect(200);
    product
        .delete(&format!("{ALL}/{}", id(&opened)))
        .expect(204);
    assert!(is_over(&session), "somebody ended it");
    product.get("/v1/events").expect(200);
}

#[test]
fn sessions_are_seen_by_whom_they_belong_to() {
    let (server, product) = product();
    let root = server.root();
    let all = |client: &Client, query: &str| {
        let listed = client.get(&format!("{ALL}{query}")).expect(200);
        let sessions = listed["data"].as_array().expect("a list");
        sessions
            .iter()
            .map(|it| id(it).to_owned())
            .collect::<Vec<_>>()
    };
    let of_root = root.post(ALL, &json!({})).expect(201);
    let of_product = product.post(ALL, &json!({})).expect(201);
    let asked = json!({"scopes": ["keys:write"]});
    let (ann, _, _) = key(&product, "/v1/accounts/ann/keys", &asked);
    let of_ann = all(&ann, "");
    assert_eq!(of_ann.len(), 1);
    let other = server.project("authepy");
    assert_eq!(all(&other, ""), [""; 0]);
    assert_eq!(all(&product, ""), [of_ann[0].as_str(), id(&of_product)]);
    assert_eq!(all(&product, "?account_id=bob"), [""; 0]);
    assert_eq!(all(&root, "").len(), 3);
    let refused = ann.delete(&format!("{ALL}/{}", id(&of_product)));
    assert_eq!(refused.problem(404), "not_found");
    for client in [&other, &product] {
        let refused = client.delete(&format!("{ALL}/{}", id(&of_root)));
        assert_eq!(refused.problem(404), "not_found");
    }
    let listed = product.get(ALL).expect(200);
    assert!(listed["data"][0].get("token").is_none());
}

#[test]
fn a_session_is_never_more_than_it_may_be() {
    let (_server, product) = product();
    for asked in [
        json!({"expires_in_seconds": 0}),
        json!({"expires_in_seconds": 604_801}),
        json!({"name": ""}),
        json!({"scopes": ["events:read"]}),
    ] {
        assert_eq!(
            product.post(ALL, &asked).problem(422),
            "invalid_field",
            "{asked}"
        );
    }
    let asked = json!({"expires_at": "2999-01-01T00:00:00Z", "rate_limit": 3});
    let made = product.post("/v1/keys", &asked).expect(201);
    let key = product.with_key(made["api_key"].as_str().expect("a key"));
    // What is done in sessions counts as done with the key: more of them are no more calls.
    let mut limited = false;
    for _ in 0..20 {
        let opened = key.post(ALL, &json!({}));
        limited |= opened.status == 429;
    }
    assert!(limited);
}

#[test]
fn the_audit_log_tells_a_sessions_key_and_who_it_was() {
    let (_server, product) = product();
    let own = product.get("/v1/keys/self").expect(200);
    let opened = product
        .post(ALL, &json!({"name": "Eve's browser"}))
        .expect(201);
    let session = product.with_key(opened["token"].as_str().expect("a token"));
    session
        .post("/v1/accounts", &json!({"id": "eve"}))
        .expect(201);
    let by = |actor: &str| {
        let found = product.get(&format!("/v1/audit?actor={actor}")).expect(200);
        found["data"][0].clone()
    };
    let entry = by(id(&opened));
    assert_eq!(entry["path"], "/v1/accounts");
    assert_eq!(entry["actor"]["key_id"], own["id"]);
    assert_eq!(entry["actor"]["session_id"], opened["id"]);
    assert_eq!(entry["actor"]["session_name"], "Eve's browser");
    assert_eq!(by(id(&own)), entry);
}

#[test]
fn a_portal_token_reads_secrets_only_if_its_maker_said_so() {
    let (_server, product) = product();
    let url = json!({"url": "https://ann.example/hook"});
    let endpoint = product.post("/v1/accounts/ann/webhooks", &url).expect(201);
    let path = format!("/v1/endpoints/{}/secret", id(&endpoint));
    for reveals in [false, true] {
        let asked = json!({"capabilities": ["endpoints:write"], "reveal_secrets": reveals});
        let made = product
            .post("/v1/accounts/ann/portal-tokens", &asked)
            .expect(201);
        assert_eq!(made["reveal_secrets"], reveals);
        let token = product.with_key(made["token"].as_str().expect("a token"));
        let answer = token.get(&path);
        match reveals {
            true => assert_eq!(answer.expect(200)["secret"], endpoint["secret"]),
            false => assert_eq!(answer.problem(403), "forbidden"),
        }
    }
}

#[test]
fn signing_out_everywhere_ends_the_sessions_of_the_same_key_and_no_others() {
    let (_server, product) = product();
    let asked = json!({"name": "support"});
    let (key, _, first) = key(&product, "/v1/keys", &asked);
    let opened = key.post(ALL, &json!({})).expect(201);
    let second = product.with_key(opened["token"].as_str().expect("a token"));
    let opened = product.post(ALL, &json!({})).expect(201);
    let other = product.with_key(opened["token"].as_str().expect("a token"));
    let everywhere = "/v1/sessions/self?everywhere=true";
    assert_eq!(key.delete(everywhere).problem(403), "forbidden");
    let wrong = first.delete("/v1/sessions/self?everywhere=perhaps");
    assert_eq!(wrong.problem(400), "invalid_parameter");
    first.delete(everywhere).expect(204);
    assert!(is_over(&first) && is_over(&second));
    assert!(!is_over(&other) && !is_over(&key));
}
