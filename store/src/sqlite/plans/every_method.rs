//! Which calls make the store run every statement that it has.

mod statistics;

mod event_types;

use super::*;

mod jobs;

/// Calls every method, each in all the ways that lead to another statement.
pub(super) async fn call(store: &Store, run: u32) {
    let project = tenants(store, run).await;
    let page = Page::newest(10);
    let account = store.accounts(project, page).await.expect("listed").rows[0].id;
    let scope = Scope {
        project_id: project,
        account_id: Some(account),
    };
    let endpoint = endpoints(store, scope, run).await;
    event_types::call(store, project).await;
    let (event, delivery) = deliveries(store, scope, endpoint).await;
    looks(store, scope, (endpoint, event, delivery)).await;
    statistics::call(store, scope, endpoint).await;
    statistics::operational(store, project, run).await;
    health_methods::call(store, scope, endpoint, run).await;
    jobs::call(store, scope, (run, endpoint, event)).await;
    store.reclaim(NOW).await.expect("reclaimed");
    for class in DataClass::ALL {
        let pruned = store.prune_class(project, class, NOW, 1).await;
        pruned.expect("pruned");
    }
    store.prune_payloads(NOW, 1).await.expect("pruned");
    store.prune(NOW, 1).await.expect("pruned");
    let gone = store.delete_endpoint(scope, format!("ep_{run}"), NOW).await;
    gone.expect("deleted");
    store
        .delete_account(project, account, NOW)
        .await
        .expect("deleted");
    store.delete_project(project, NOW).await.expect("deleted");
}

const PAGE: Page = Page {
    before: None,
    after: None,
    limit: 10,
};

pub(super) fn key(name: String, owner: KeyOwner) -> NewKey {
    let mut hash = [0; 32];
    hash[..name.len()].copy_from_slice(name.as_bytes());
    NewKey {
        public_id: name,
        owner,
        name: None,
        hash,
        hint: String::new(),
        scopes: 1,
        expires_at: None,
        used_for: Default::default(),
        rate_limit: None,
        now: NOW,
    }
}

async fn tenants(store: &Store, run: u32) -> ProjectId {
    let new = NewProject {
        public_id: format!("prj_{run}"),
        name: String::new(),
        profile: String::new(),
        livemode: true,
        key: key(format!("key_p{run}"), KeyOwner::Root),
        now: NOW,
    };
    let project = store.create_project(new).await.expect("made").id;
    let page = Page::newest(10);
    store.projects(page).await.expect("listed");
    store
        .update_project(project, ProjectUpdate::default())
        .await
        .expect("changed");
    let other = store
        .create_account(project, "other".to_owned(), None, NOW)
        .await;
    let scope = Scope {
        project_id: project,
        account_id: Some(other.expect("made").id),
    };
    store.account(scope).await.expect("seen");
    store.update_account(scope, None).await.expect("renamed");
    let owner = KeyOwner::Project(project);
    store
        .create_key(key(format!("key_{run}"), owner))
        .await
        .expect("made");
    store
        .put_root_key(key(format!("root_{run}"), KeyOwner::Root), true)
        .await
        .expect("put");
    store.has_root_key().await.expect("read");
    store.key_by_hash([0; 32]).await.expect("read");
    let scope = Scope {
        account_id: None,
        ..scope
    };
    store.keys(scope, page).await.expect("listed");
    store
        .revoke_key(scope, format!("key_{run}"), NOW)
        .await
        .expect("revoked");
    tenancy::keys(store, scope, run).await;
    tenancy::audit(store, scope).await;
    store
        .delete_account(project, other_id(store, project).await, NOW)
        .await
        .expect("deleted");
    project
}

pub(super) async fn other_id(store: &Store, project: ProjectId) -> AccountId {
    let page = Page::newest(1);
    store.accounts(project, page).await.expect("listed").rows[0].id
}

async fn endpoints(store: &Store, scope: Scope, run: u32) -> EndpointId {
    let new = NewEndpoint {
        project_id: scope.project_id,
        account_id: scope.account_id.expect("an account"),
        public_id: format!("ep_{run}"),
        settings: EndpointSettings {
            validation: Some(Validation::Cloudevents),
            ..EndpointSettings::default()
        },
        secrets: Vec::new(),
        credentials: Default::default(),
        status: EndpointStatus::Active,
        status_reason: None,
        now: NOW,
    };
    let id = store.create_endpoint(new).await.expect("made").id;
    let public_id = || format!("ep_{run}");
    store.endpoint(scope, public_id()).await.expect("seen");
    let page = Page::newest(10);
    store.endpoints(scope, page).await.expect("listed");
    let projects = Scope {
        account_id: None,
        ..scope
    };
    store.endpoints(projects, page).await.expect("listed");
    let update = EndpointUpdate {
        status: Some((EndpointStatus::Active, None)),
        ..EndpointUpdate::default()
    };
    store
        .update_endpoint(scope, public_id(), update, NOW)
        .await
        .expect("changed");
    store
        .disable_endpoint(id, String::new(), NOW)
        .await
        .expect("disabled");
    let outcome = ValidationOutcome {
        url: String::new(),
        at: NOW,
        error: None,
        allowed_per_minute: None,
    };
    let settled = store.settle_validation(id, outcome, NOW).await;
    settled.expect("settled");
    store.routing().await.expect("read");
    id
}

async fn deliveries(store: &Store, scope: Scope, endpoint: EndpointId) -> (EventId, DeliveryId) {
    let route = |disposition| Route {
        endpoint_id: endpoint,
        disposition,
    };
    let append = Append {
        project_id: scope.project_id,
        account_id: scope.account_id.expect("an account"),
        event_type: "t".into(),
        given_id: Some("evt_x".to_owned()),
        idempotency_key: Some("k".to_owned()),
        accepted_at: NOW,
        time: NOW,
        subject: None,
        trace: None,
        channels: Vec::new(),
        metadata: Default::default(),
        deliver_at: None,
        payload: Bytes::from_static(b"{}"),
        routes: vec![
            route(Disposition::Leased),
            route(Disposition::Due),
            route(Disposition::Leased),
        ],
    };
    publish(store, append.clone()).await;
    let Appended::Repeated { id: event, .. } = publish(store, append.clone()).await else {
        panic!("not repeated");
    };
    let page = Page::newest(10);
    let listed = store
        .deliveries(scope, DeliveryFilter::default(), page)
        .await;
    let mut left = listed
        .expect("listed")
        .rows
        .into_iter()
        .map(|delivery| delivery.id);
    let _ = left.next();
    let due = store
        .claim(vec![(endpoint, 1)], NOW)
        .await
        .expect("claimed")
        .remove(0);
    for becomes in [Settled::RetryAt(NOW), Settled::Delivered] {
        settle(store, &due, becomes).await;
        let again = store
            .claim(vec![(endpoint, 1)], NOW)
            .await
            .expect("claimed");
        if let Some(again) = again.first() {
            settle(store, again, becomes).await;
        }
    }
    let resend = store.resend(scope, due.id, NOW).await.expect("resent");
    settle(store, &resend, Settled::Failed).await;
    let resend = store.resend(scope, due.id, NOW).await.expect("resent");
    store
        .release(vec![resend.leased()], NOW)
        .await
        .expect("released");
    let resend = store
        .claim(vec![(endpoint, 1)], NOW)
        .await
        .expect("claimed")
        .remove(0);
    settle(store, &resend, Settled::Delivered).await;
    store
        .release(vec![due.leased()], NOW)
        .await
        .expect("released");
    store.hasten(endpoint, 1, NOW).await.expect("hastened");
    let in_order = store.claim_in_order(vec![(endpoint, 2)], NOW).await;
    let leased = in_order.expect("claimed").claimed;
    let leased = leased.iter().map(Claimed::leased).collect();
    store.release(leased, NOW).await.expect("released");
    store.lanes_waiting().await.expect("listed");
    store.lanes_due(vec![endpoint]).await.expect("listed");
    (event, due.id)
}

async fn publish(store: &Store, append: Append) -> Appended {
    let (done, answer) = oneshot::channel();
    store.append(append, move |_, result| {
        let _ = done.send(result);
    });
    answer.await.expect("answered").expect("appended")
}

async fn settle(store: &Store, claimed: &Claimed, becomes: Settled) {
    let settlement = Settlement {
        project_id: claimed.event.project_id,
        id: claimed.id,
        lease: claimed.lease,
        manual: claimed.manual,
        becomes,
        at: NOW,
        attempt: Some(Attempt {
            number: claimed.attempts + 1,
            ..Attempt::default()
        }),
        error: None,
        notice: Some(Box::new(SettlementNotice {
            notice: NewNotice {
                event_type: "t",
                body: String::new(),
            },
            if_given_up_before: true,
        })),
    };
    let (done, answer) = oneshot::channel();
    store.settle(vec![settlement], move |result| {
        let _ = done.send(result);
    });
    answer.await.expect("answered").expect("settled");
}

async fn looks(
    store: &Store,
    scope: Scope,
    (endpoint, event, delivery): (EndpointId, EventId, DeliveryId),
) {
    store.event(scope, event, NOW).await.expect("seen");
    store
        .event_by_given_id(scope, "evt_x".to_owned())
        .await
        .expect("seen");
    store.delivery(scope, delivery, NOW).await.expect("seen");
    let project = Scope {
        account_id: None,
        ..scope
    };
    for scope in [scope, project] {
        super::lists::call(store, scope, (endpoint, event)).await;
    }
}
