//! Is an endpoint's code that of its format and its kind of secret, and is no secret in it?

use serde_json::{Value, json};

use crate::support::server::Server;

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

#[test]
fn an_endpoints_code_is_of_its_format_and_secret_and_holds_none() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    for (more, proof, header) in [
        (json!({}), "secret", "webhook-signature"),
        (
            json!({"secret_type": "ed25519"}),
            "public_key",
            "webhook-signature",
        ),
        (json!({"profile": "stripe"}), "secret", "stripe-signature"),
    ] {
        let mut body = json!({"url": "https://a.example/hook"});
        let object = body.as_object_mut().expect("an object");
        object.extend(more.as_object().expect("an object").clone());
        let made = client.post("/v1/endpoints", &body).expect(201);
        let path = format!("/v1/endpoints/{}/receiver-code", text(&made["id"]));
        let first = client.get(&path).expect(200);
        assert_eq!(
            (text(&first["language"]), text(&first["proof"])),
            ("node", proof)
        );
        for language in first["languages"].as_array().expect("languages") {
            let word = text(&language["language"]);
            let shown = client.get(&format!("{path}?language={word}")).expect(200);
            let code = text(&shown["code"]);
            assert!(code.to_lowercase().contains(header), "{word}: {code}");
            let secret = text(&made["secret"]).rsplit('_').next().expect("text");
            assert!(!code.contains(secret), "{word}");
        }
    }
}

#[test]
fn a_formats_code_is_for_every_kind_of_secret_that_it_has() {
    let server = Server::start();
    let client = server.project("standard-webhooks");
    let path = "/v1/profiles/standard-webhooks/receiver-code?language=python";
    assert_eq!(client.get(path).expect(200)["proof"], "secret");
    let public = client.get(&format!("{path}&proof=public_key")).expect(200);
    assert!(text(&public["code"]).contains("Ed25519PublicKey"));
    let refused = client.get(&format!("{path}&proof=nothing"));
    assert_eq!(refused.problem(400), "invalid_parameter");
    let refused = client.get("/v1/profiles/stripe/receiver-code?language=cobol");
    assert_eq!(refused.problem(400), "invalid_parameter");
    let refused = client.get("/v1/profiles/none/receiver-code");
    assert_eq!(refused.problem(404), "not_found");
}
