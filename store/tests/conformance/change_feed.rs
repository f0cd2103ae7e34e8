//! What the change feed tells, and that it tells it before the method returns.

use std::sync::{Arc, Mutex};
use std::task::Poll;

use hookwright_store::{
    Change, EndpointStatus, EndpointUpdate, EventTypeDocument, EventTypeSwap, KeyOwner, Store,
    StoreError,
};

use super::build::{a_key, a_project, an_endpoint, an_event, hash_of, renamed};
use super::house::{NOW, Tenant, all};

/// What was told and not yet taken, as short words.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn on(store: &Store) -> Self {
        let heard = Self::default();
        let told = heard.clone();
        store.set_feed(Arc::new(move |change| {
            told.0.lock().expect("unharmed").push(word(change));
        }));
        heard
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("unharmed"))
    }
}

fn word(change: &Change) -> String {
    match change {
        Change::Project(project) => format!("project {} {}", project.public_id, project.name),
        Change::ProjectDeleted(id) => format!("project {} deleted", id.0),
        Change::Account(account) => format!("account {}", account.public_id),
        Change::AccountDeleted(project, account) => {
            format!("account {} of {} deleted", account.0, project.0)
        }
        Change::Endpoint(endpoint) => {
            format!(
                "endpoint {} {}",
                endpoint.public_id,
                endpoint.status.as_str()
            )
        }
        Change::EndpointDeleted(account, endpoint) => {
            format!("endpoint {} of {} deleted", endpoint.0, account.0)
        }
        Change::EventTypes(_, types) => {
            let names: Vec<_> = types.iter().map(|it| it.name.as_str()).collect();
            format!("event types {}", names.join(" "))
        }
        Change::Keys => "keys".to_owned(),
    }
}

facts! {
    async fn projects_and_accounts_are_told_before_the_method_returns(house: House) {
        let heard = Heard::on(&house);
        let project = house.create_project(a_project("acme")).await.expect("made");
        assert_eq!(heard.take(), ["project prj_acme acme", "account default"]);
        house.update_project(project.id, renamed("Acme")).await.expect("changed");
        assert_eq!(heard.take(), ["project prj_acme Acme"]);
        let made = house.create_account(project.id, "c-1".to_owned(), None, NOW).await.expect("made");
        assert_eq!(heard.take(), ["account c-1"]);
        house.update_account(Tenant::of(&made).scope(), None).await.expect("renamed");
        assert_eq!(heard.take(), ["account c-1"]);
        house.delete_account(project.id, made.id, NOW).await.expect("deleted");
        assert_eq!(heard.take(), [format!("account {} of {} deleted", made.id.0, project.id.0)]);
        house.delete_project(project.id, NOW).await.expect("deleted");
        assert_eq!(heard.take(), [format!("project {} deleted", project.id.0)]);
    }

    async fn endpoints_are_told_as_they_have_become(house: House) {
        let acme = house.tenant("acme").await;
        let heard = Heard::on(&house);
        let a = house.create_endpoint(an_endpoint(acme, "ep_a")).await.expect("made");
        assert_eq!(heard.take(), ["endpoint ep_a active"]);
        let update = EndpointUpdate {
            status: Some((EndpointStatus::Paused, None)),
            ..EndpointUpdate::default()
        };
        let id = || "ep_a".to_owned();
        house.update_endpoint(acme.scope(), id(), update.clone(), NOW).await.expect("changed");
        assert_eq!(heard.take(), ["endpoint ep_a paused"]);
        let update = EndpointUpdate { status: Some((EndpointStatus::Active, None)), ..update };
        house.update_endpoint(acme.scope(), id(), update, NOW).await.expect("changed");
        house.disable_endpoint(a.id, "410".to_owned(), NOW).await.expect("disabled");
        assert_eq!(heard.take(), ["endpoint ep_a active", "endpoint ep_a disabled"]);
        house.delete_endpoint(acme.scope(), id(), NOW).await.expect("deleted");
        assert_eq!(heard.take(), [format!("endpoint {} of {} deleted", a.id.0, acme.account.0)]);
    }

    async fn event_types_are_told_all_together(house: House) {
        let acme = house.tenant("acme").await.project;
        let heard = Heard::on(&house);
        let swap = |name: &str, before, after| EventTypeSwap { name: name.to_owned(), before, after };
        let some = || Some(EventTypeDocument::default());
        for name in ["b", "a"] {
            house.swap_event_types(acme, vec![swap(name, None, some())], NOW).await.expect("made");
        }
        assert_eq!(heard.take(), ["event types b", "event types a b"]);
        house.swap_event_types(acme, vec![swap("b", None, some())], NOW).await.expect("answered");
        assert_eq!(heard.take(), [""; 0], "it was there already");
        let gone = vec![swap("a", some(), None), swap("b", some(), None)];
        house.swap_event_types(acme, gone, NOW).await.expect("removed");
        assert_eq!(heard.take(), ["event types "]);
    }

    async fn keys_made_and_revoked_make_cached_keys_stale(house: House) {
        let acme = house.tenant("acme").await;
        let heard = Heard::on(&house);
        house.key_of(acme, "key_1").await;
        assert_eq!(heard.take(), ["keys"]);
        house.revoke_key(acme.scope(), "key_1".to_owned(), NOW).await.expect("revoked");
        assert_eq!(heard.take(), ["keys"]);
        house.put_root_key(a_key("root", KeyOwner::Root), true).await.expect("put");
        assert_eq!(heard.take(), ["keys"]);
    }

    async fn what_the_feed_tells_is_committed_already(house: House) {
        let acme = house.tenant("acme").await;
        let heard = Heard::on(&house);
        house.endpoint_of(acme, "ep_a").await;
        assert_eq!(heard.take().len(), 1);
        let after = house.crashed(NOW).await;
        assert_eq!(after.endpoints(acme.scope(), all()).await.expect("listed").rows.len(), 1);
    }

    async fn a_change_is_told_also_when_whoever_asked_has_gone(house: House) {
        let acme = house.tenant("acme").await;
        house.key_of(acme, "key_1").await;
        let heard = Heard::on(&house);
        let mut asked = Box::pin(house.revoke_key(acme.scope(), "key_1".to_owned(), NOW));
        let begun = std::future::poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await;
        assert!(begun.is_pending());
        drop(asked);
        // Whatever came of it has, when what is asked after it is answered.
        house.neighbour(acme, "later").await;
        let key = house.key_by_hash(hash_of("key_1")).await.expect("read").expect("kept");
        let told = heard.take().contains(&"keys".to_owned());
        assert_eq!(told, key.revoked_at.is_some());
    }

    async fn a_refused_change_and_an_event_are_not_told(house: House) {
        let acme = house.tenant("acme").await;
        let heard = Heard::on(&house);
        let refused = house.create_project(a_project("acme")).await;
        assert!(matches!(refused, Err(StoreError::Exists(_))));
        let gone = house.delete_endpoint(acme.scope(), "ep_x".to_owned(), NOW).await;
        assert!(matches!(gone, Err(StoreError::NotFound)));
        house.publish_fresh(an_event(acme)).await;
        assert_eq!(heard.take(), [""; 0]);
    }

    async fn the_first_feed_stays(house: House) {
        let first = Heard::on(&house);
        let second = Heard::on(&house);
        house.tenant("acme").await;
        assert_eq!(first.take().len(), 2);
        assert!(second.take().is_empty());
    }
}
