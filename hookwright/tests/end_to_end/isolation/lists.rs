//! No list shows what is of another project or account.

use super::{ENDPOINT_PATHS, Tenant, World};
use crate::support::client::Client;

/// Every list that a key may ask for.
fn lists(own: &str) -> Vec<String> {
    let mut lists: Vec<_> = ENDPOINT_PATHS.map(str::to_owned).into();
    lists.extend(["/v1/events", "/v1/deliveries", "/v1/keys", "/v1/accounts"].map(str::to_owned));
    lists.push(format!("/v1/accounts/{own}/webhooks"));
    lists.push(format!("/v1/accounts/{own}/keys"));
    lists
}

/// The lists show nothing of `others`. Answers how many show something of `own`.
#[track_caller]
fn shows_only(client: &Client, query: &str, own: &Tenant, others: [&Tenant; 2]) -> usize {
    let mut shown = 0;
    for path in lists(own.account) {
        let text = client.get(&format!("{path}{query}")).text;
        let has = |id: &str| text.contains(&format!("\"{id}\""));
        shown += usize::from(own.ids().into_iter().any(has));
        for id in others.iter().flat_map(|other| other.ids()) {
            assert!(!has(id), "{path}: {text}");
        }
    }
    shown
}

#[test]
fn lists_show_nothing_of_another_project() {
    let World { ann, bob, eve, .. } = &World::new();
    let named = format!("?project_id={}", eve.project);
    assert_eq!(shows_only(&eve.root, &named, eve, [ann, bob]), 9);
    assert_eq!(shows_only(&eve.product, "", eve, [ann, bob]), 9);
    for client in [&eve.product, &eve.customer, &eve.almighty] {
        assert_eq!(client.get("/v1/projects").problem(403), "forbidden");
    }
}

#[test]
fn lists_show_nothing_of_another_account() {
    let World { ann, bob, eve, .. } = &World::new();
    // Accounts are not listed to an account.
    assert_eq!(shows_only(&ann.almighty, "", ann, [bob, eve]), 8);
    // The usual scopes of an account's key leave out its keys too.
    assert_eq!(shows_only(&ann.customer, "", ann, [bob, eve]), 6);
}

#[test]
fn a_list_of_one_account_shows_nothing_of_the_next() {
    let World { ann, bob, eve, .. } = &World::new();
    for path in [
        &ENDPOINT_PATHS[..],
        &["/v1/events", "/v1/deliveries", "/v1/keys"],
    ]
    .concat()
    {
        let text = ann.product.get(&format!("{path}?account_id=ann")).text;
        let has = |id: &str| text.contains(&format!("\"{id}\""));
        assert!(ann.ids().into_iter().any(has), "{path}: {text}");
        for id in [bob, eve].into_iter().flat_map(Tenant::ids) {
            assert!(!has(id), "{path}: {text}");
        }
    }
}

#[test]
fn a_cursor_of_anothers_list_shows_nothing_of_it() {
    let World { ann, bob, eve, .. } = &World::new();
    // Eve's things are the newest, so that her cursors are before all of Bob's.
    for path in ["/v1/endpoints", "/v1/events", "/v1/deliveries"] {
        let page = eve.customer.get(&format!("{path}?limit=1")).expect(200);
        let cursor = page["next_cursor"].as_str().expect("a full page has one");
        let text = ann.customer.get(&format!("{path}?cursor={cursor}")).text;
        for id in [bob, eve].into_iter().flat_map(Tenant::ids) {
            assert!(!text.contains(&format!("\"{id}\"")), "{path}: {text}");
        }
    }
}
