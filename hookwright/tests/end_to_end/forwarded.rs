//! Behind a proxy: whose word is taken for where a request comes from.

use serde_json::json;

use crate::support::client::Client;
use crate::support::server::{ROOT_KEY, Server};

/// The tests' own machine, which stands for the proxy.
const PROXY: &str = "127.0.0.1";

/// Makes an account, as a proxy passes it on.
fn made_from(client: &Client, account: &str, forwarded: &[&str]) {
    let json = ("content-type", "application/json");
    let said = forwarded.iter().map(|text| ("x-forwarded-for", *text));
    let headers: Vec<_> = std::iter::once(json).chain(said).collect();
    let body = json!({"id": account}).to_string();
    let answer = client.send("POST", "/v1/accounts", &headers, body.as_bytes());
    answer.expect(201);
}

/// Where the audit log says that the newest call came from.
fn noted(client: &Client) -> String {
    let page = client.get("/v1/audit?limit=1").expect(200);
    let address = page["data"][0]["remote_address"].as_str();
    address.expect("an address").to_owned()
}

#[test]
fn the_audit_log_has_the_visitor_as_a_trusted_proxy_says() {
    let server = Server::start_with(&["--dev", "--trusted-proxy", "127.0.0.1/32,10.0.0.0/8"]);
    let product = server.project("standard-webhooks");
    for (n, (forwarded, expected)) in [
        (&["203.0.113.7"][..], "203.0.113.7"),
        (&["198.51.100.1, 203.0.113.7, 10.1.2.3"], "203.0.113.7"),
        (&["198.51.100.1", "2001:db8::7"], "2001:db8::7"),
        (&["203.0.113.7, nonsense"], PROXY),
        (&[], PROXY),
    ]
    .into_iter()
    .enumerate()
    {
        made_from(&product, &format!("account-{n}"), forwarded);
        assert_eq!(noted(&product), expected, "{forwarded:?}");
    }
}

#[test]
fn without_a_trusted_proxy_nobodys_word_is_taken() {
    for arguments in [&["--dev"][..], &["--dev", "--trusted-proxy", "10.0.0.0/8"]] {
        let server = Server::start_with(arguments);
        let product = server.project("standard-webhooks");
        made_from(&product, "ann", &["203.0.113.7"]);
        assert_eq!(noted(&product), PROXY);
    }
}

/// Sends the form that signs in. A page is answered, and where the key is right the way on.
fn sign_in(server: &Server, key: &str, forwarded: &str) -> u16 {
    let nobody = Client::new(&server.base, "");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("x-forwarded-for", forwarded),
    ];
    let form = format!("key={key}");
    let answer = nobody.send("POST", "/ui/sign-in", &headers, form.as_bytes());
    answer.status
}

#[test]
fn one_visitors_failed_sign_ins_do_not_lock_out_another_behind_the_same_proxy() {
    let server = Server::start_with(&["--dev", "--trusted-proxies", PROXY]);
    let (eve, ada) = ("198.51.100.66", "203.0.113.7");
    let mut refused = 0;
    for n in 0..40 {
        // What she writes herself makes her nobody else.
        let said = format!("{ada}, 192.0.2.{n}, {eve}");
        refused += u32::from(sign_in(&server, "hwk_root_guess", &said) == 429);
    }
    assert!(refused > 0, "she is never told to wait");
    assert_eq!(sign_in(&server, "hwk_root_guess", eve), 429);
    assert_eq!(sign_in(&server, "hwk_root_typo", ada), 401);
    assert_eq!(sign_in(&server, ROOT_KEY, ada), 200);
    let page = server.root().get("/v1/audit?limit=1").expect(200);
    let newest = &page["data"][0];
    assert_eq!(newest["operation"], "openSession");
    assert_eq!(newest["remote_address"], ada);

    let server = Server::start();
    for n in 0..40 {
        sign_in(&server, "hwk_root_guess", &format!("192.0.2.{n}"));
    }
    assert_eq!(sign_in(&server, "hwk_root_typo", ada), 429);
}
