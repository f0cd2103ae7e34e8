//! How endpoints are found among others by their status, event types, URL and metadata.

use std::collections::BTreeMap;

use hookwright_store::{EndpointFilter, EndpointStatus, Page, Scope};

use super::build::an_endpoint;
use super::house::{House, Tenant, all, rows_by_page};
use super::lists::rows_from_the_oldest;

fn entry(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value.to_owned())])
}

/// The public ids that a list shows, newest first.
async fn ids(house: &House, scope: Scope, filter: EndpointFilter) -> Vec<String> {
    let list = house.endpoints_fitting(scope, filter, all()).await;
    let rows = list.expect("listed").rows;
    rows.into_iter().map(|row| row.public_id).collect()
}

/// Three endpoints: `ep_a` of everything, `ep_b` paused and of users, `ep_c` with metadata.
async fn three(house: &House, tenant: Tenant) {
    house.endpoint_of(tenant, "ep_a").await;
    let mut b = an_endpoint(tenant, "ep_b");
    b.status = EndpointStatus::Paused;
    b.settings.events = vec!["user.*".to_owned()];
    house.make_endpoint(b).await;
    let mut c = an_endpoint(tenant, "ep_c");
    c.settings.events = vec!["order.paid".to_owned()];
    c.settings.metadata = entry("team", "billing");
    c.settings.url = "https://c.example/hook/special".to_owned();
    house.make_endpoint(c).await;
}

facts! {
    async fn endpoints_are_found_by_what_they_are(house: House) {
        let acme = house.tenant("acme").await;
        three(&house, acme).await;
        let scope = acme.scope();
        let found = |filter| ids(&house, scope, filter);
        let none = EndpointFilter::default;
        assert_eq!(found(none()).await, ["ep_c", "ep_b", "ep_a"]);
        let paused = EndpointFilter { status: Some(EndpointStatus::Paused), ..none() };
        assert_eq!(found(paused).await, ["ep_b"]);
        let of_type = |name: &str| EndpointFilter { event_type: Some(name.to_owned()), ..none() };
        assert_eq!(found(of_type("user.created")).await, ["ep_b", "ep_a"]);
        assert_eq!(found(of_type("order.paid")).await, ["ep_c", "ep_a"]);
        assert_eq!(found(of_type("order.open")).await, ["ep_a"]);
        let at = |url: &str| EndpointFilter { url: Some(url.to_owned()), ..none() };
        assert_eq!(found(at("c.example")).await, ["ep_c"]);
        assert_eq!(found(at("https://")).await.len(), 3);
        let noted = |value: &str| EndpointFilter { metadata: entry("team", value), ..none() };
        assert_eq!(found(noted("billing")).await, ["ep_c"]);
        assert!(found(noted("sales")).await.is_empty());
        let both = EndpointFilter { status: Some(EndpointStatus::Paused), ..noted("billing") };
        assert!(found(both).await.is_empty());
    }

    async fn only_what_is_in_scope_is_found(house: House) {
        let acme = house.tenant("acme").await;
        let other = house.tenant("other").await;
        three(&house, acme).await;
        let everywhere = || EndpointFilter { url: Some("https://".to_owned()), ..EndpointFilter::default() };
        assert!(ids(&house, other.scope(), everywhere()).await.is_empty());
        let project = Scope { account_id: None, ..acme.scope() };
        assert_eq!(ids(&house, project, everywhere()).await.len(), 3);
    }

    async fn what_is_found_is_paged_without_a_gap(house: House) {
        let acme = house.tenant("acme").await;
        // More than are read at once, and few of them fit.
        for number in 0..600 {
            let mut new = an_endpoint(acme, &format!("ep_{number}"));
            if number % 100 == 0 {
                new.settings.metadata = entry("pick", "me");
            }
            house.make_endpoint(new).await;
        }
        let filter = || EndpointFilter { metadata: entry("pick", "me"), ..EndpointFilter::default() };
        for limit in [1, 2, 3, 5, 6, 7] {
            let rows = rows_by_page(limit, |page| house.endpoints_fitting(acme.scope(), filter(), page)).await;
            let found: Vec<String> = rows.into_iter().map(|row| row.public_id).collect();
            assert_eq!(found, ["ep_500", "ep_400", "ep_300", "ep_200", "ep_100", "ep_0"], "{limit}");
            let rows = rows_from_the_oldest(limit, |page| house.endpoints_fitting(acme.scope(), filter(), page)).await;
            let back: Vec<String> = rows.into_iter().map(|row| row.public_id).collect();
            assert_eq!(back, found, "{limit}");
        }
        let first = house.endpoints_fitting(acme.scope(), filter(), Page::newest(2)).await;
        assert_eq!(first.expect("listed").rows.len(), 2);
    }
}
