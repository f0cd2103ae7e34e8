//! All that a key can read, as the API answers it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::client::Client;

const LISTS: [&str; 5] = [
    "/v1/events",
    "/v1/deliveries",
    "/v1/endpoints",
    "/v1/accounts",
    "/v1/keys",
];

/// The answer to every path that this key can find by following lists.
pub(crate) fn all_answers(client: &Client) -> BTreeMap<String, Value> {
    let mut answers = BTreeMap::new();
    for list in LISTS {
        let mut path = format!("{list}?limit=2");
        for _ in 0..1_000 {
            let page = client.get(&path);
            if page.status == 403 {
                // An account's key may not see all lists.
                break;
            }
            let mut page = page.expect(200);
            // Written down at times of the server's own.
            for thing in page["data"].as_array_mut().into_iter().flatten() {
                if let Some(thing) = thing.as_object_mut() {
                    thing.remove("last_used_at");
                }
            }
            for thing in page["data"].as_array().expect("a list") {
                let Some(id) = thing["id"].as_str().filter(|_| list != "/v1/keys") else {
                    continue;
                };
                let one = format!("{list}/{id}");
                answers.insert(one.clone(), client.get(&one).expect(200));
            }
            let next = page["next_cursor"].as_str();
            let next = next.map(|cursor| format!("{list}?limit=2&cursor={cursor}"));
            answers.insert(path, page);
            let Some(next) = next else { break };
            path = next;
        }
    }
    answers
}
