//! A store with as many deliveries as are asked for, made within thirty days: most of them
//! delivered, some failed, retrying, cancelled or waiting.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use hookwright_core::error_class::ErrorClass;
use hookwright_core::ids::{AccountId, DeliveryId, EndpointId, EventId};
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Append, Appended, Attempt, Disposition, EndpointSettings, EndpointStatus, KeyOwner, KeyUse,
    NewEndpoint, NewKey, NewProject, PostgresOptions, Prepare, Route, Scope, Settled, Settlement,
    SqliteOptions, Store, StoreError, Vault,
};
use tokio::sync::oneshot;

use super::DAY_MS;
use crate::failure::{Failure, running};

const ACCOUNTS: usize = 200;
const ENDPOINTS_EACH: usize = 5;
/// Deliveries of one event.
const FAN_OUT: usize = 5;
/// Events that are under way to the store at once.
const AT_ONCE: usize = 500;
/// Days are made some ahead: a store is opened anew as often.
const STRETCHES: u64 = 10;
const STRETCH_DAYS: u64 = 3;

/// What is to be made, and where.
pub(crate) struct Wanted<'a> {
    pub(crate) deliveries: u64,
    pub(crate) data_dir: &'a Path,
    pub(crate) database_url: Option<&'a str>,
    /// When the first delivery is made: thirty days before the last.
    pub(crate) begun: UnixMs,
    pub(crate) master_key: Vec<u8>,
    /// Where endpoints begin; each has its own path.
    pub(crate) endpoint_url: &'a str,
}

/// What there is to look at.
pub(crate) struct Filled {
    pub(crate) store: Store,
    pub(crate) project: Scope,
    pub(crate) account: Scope,
    pub(crate) endpoint: EndpointId,
    /// In the middle of all.
    pub(crate) event: EventId,
    pub(crate) delivery: DeliveryId,
    pub(crate) middle_at: UnixMs,
    pub(crate) accounts: Vec<AccountId>,
    pub(crate) endpoints: Vec<EndpointId>,
}

/// An account with its endpoints.
struct Customer {
    scope: Scope,
    lanes: Vec<EndpointId>,
}

pub(crate) async fn fill(wanted: &Wanted<'_>) -> Result<Filled, Failure> {
    let mut store = open(wanted, wanted.begun).await?;
    let customers = customers(&store, wanted).await.map_err(running)?;
    let events = wanted.deliveries / FAN_OUT as u64;
    let mut middle = None;
    for stretch in 0..STRETCHES {
        let from = wanted.begun.plus_ms(stretch * STRETCH_DAYS * DAY_MS);
        if stretch > 0 {
            store.close().await.map_err(running)?;
            store = open(wanted, from).await?;
        }
        let made = stretch_of(&store, &customers, (from, events / STRETCHES));
        let last = made.await.map_err(running)?;
        if stretch == STRETCHES / 2 {
            middle = Some((last, from.plus_ms(STRETCH_DAYS * DAY_MS / 2)));
        }
    }
    let ((event, delivery), middle_at) = middle.ok_or_else(|| running("nothing was made"))?;
    let one = &customers[ACCOUNTS / 2];
    Ok(Filled {
        project: Scope {
            account_id: None,
            ..one.scope
        },
        account: one.scope,
        endpoint: one.lanes[0],
        event,
        delivery,
        middle_at,
        accounts: customers
            .iter()
            .filter_map(|it| it.scope.account_id)
            .collect(),
        endpoints: customers.iter().flat_map(|it| it.lanes.clone()).collect(),
        store,
    })
}

pub(crate) async fn open(wanted: &Wanted<'_>, now: UnixMs) -> Result<Store, Failure> {
    let vault = Vault::new(std::slice::from_ref(&wanted.master_key)).map_err(running)?;
    let opened = match wanted.database_url {
        Some(url) => {
            let options = PostgresOptions {
                now,
                tls: hookwright_delivery::client_config(None).map_err(running)?,
                prepare: Prepare::On,
            };
            Store::open_postgres(url, vault, options).await
        }
        None => {
            let options = SqliteOptions {
                now,
                commit_pace: std::time::Duration::ZERO,
            };
            Store::open_sqlite(wanted.data_dir, vault, options)
        }
    };
    opened.map_err(running)
}

async fn customers(store: &Store, wanted: &Wanted<'_>) -> Result<Vec<Customer>, StoreError> {
    let begun = wanted.begun;
    let new = NewProject {
        public_id: "prj_bench".to_owned(),
        name: "bench".to_owned(),
        profile: "standard-webhooks".to_owned(),
        livemode: true,
        key: NewKey {
            public_id: "key_bench".to_owned(),
            owner: KeyOwner::Root,
            name: None,
            hash: [7; 32],
            hint: String::new(),
            scopes: 0,
            expires_at: None,
            used_for: KeyUse::default(),
            rate_limit: None,
            now: begun,
        },
        now: begun,
    };
    let project = store.create_project(new).await?.id;
    let mut customers = Vec::new();
    for number in 0..ACCOUNTS {
        let account = store
            .create_account(project, format!("a{number}"), None, begun)
            .await?;
        let mut lanes = Vec::new();
        for lane in 0..ENDPOINTS_EACH {
            let new = NewEndpoint {
                project_id: project,
                account_id: account.id,
                public_id: format!("ep_{number}_{lane}"),
                settings: EndpointSettings {
                    url: format!("{}/{number}/{lane}", wanted.endpoint_url),
                    ..EndpointSettings::default()
                },
                secrets: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()],
                credentials: Default::default(),
                status: EndpointStatus::Active,
                status_reason: None,
                now: begun,
            };
            lanes.push(store.create_endpoint(new).await?.id);
        }
        let scope = Scope {
            project_id: project,
            account_id: Some(account.id),
        };
        customers.push(Customer { scope, lanes });
    }
    Ok(customers)
}

/// Events of some days, each with its deliveries and their first outcomes. Answers the middle one.
async fn stretch_of(
    store: &Store,
    customers: &[Customer],
    (from, events): (UnixMs, u64),
) -> Result<(EventId, DeliveryId), StoreError> {
    let gap_ms = STRETCH_DAYS * DAY_MS / events.max(1);
    let mut middle = (EventId(0), DeliveryId(0));
    let mut number = 0;
    while number < events {
        let mut under_way = Vec::new();
        for number in number..events.min(number + AT_ONCE as u64) {
            let customer = &customers[number as usize % customers.len()];
            under_way.push(append(
                store,
                event(customer, number, from.plus_ms(number * gap_ms)),
            ));
        }
        let mut outcomes = Vec::new();
        for (place, answer) in under_way.into_iter().enumerate() {
            let (append, appended) = answer.await.map_err(|_| gone())?;
            let Appended::Fresh {
                id,
                first_delivery,
                lease,
            } = appended?
            else {
                continue;
            };
            let number = number + place as u64;
            if number == events / 2 {
                middle = (id, first_delivery);
            }
            for (index, route) in append.routes.iter().enumerate() {
                let row = DeliveryId(first_delivery.0 + index as i64);
                if route.disposition == Disposition::Leased {
                    outcomes.push(outcome(&append, row, lease, number * 5 + index as u64));
                }
            }
        }
        settle(store, outcomes).await?;
        number += AT_ONCE as u64;
    }
    Ok(middle)
}

type Answer = oneshot::Receiver<(Append, Result<Appended, StoreError>)>;

fn append(store: &Store, event: Append) -> Answer {
    let (done, answer) = oneshot::channel();
    store.append(event, move |append, result| {
        let _ = done.send((append, result));
    });
    answer
}

fn event(customer: &Customer, number: u64, at: UnixMs) -> Append {
    let event_type = if number.is_multiple_of(20_011) {
        "rare.event"
    } else {
        "user.created"
    };
    let route = |(index, lane): (usize, &EndpointId)| Route {
        endpoint_id: *lane,
        // One of some hundreds waits in the store.
        disposition: if index == 0 && number.is_multiple_of(101) {
            Disposition::Due
        } else {
            Disposition::Leased
        },
    };
    Append {
        project_id: customer.scope.project_id,
        account_id: customer.scope.account_id.unwrap_or(AccountId(0)),
        event_type: Arc::from(event_type),
        given_id: None,
        idempotency_key: None,
        accepted_at: at,
        time: at,
        subject: None,
        trace: None,
        channels: Vec::new(),
        metadata: Default::default(),
        deliver_at: None,
        payload: Bytes::from_static(&[b'1'; 200]),
        routes: customer.lanes.iter().enumerate().map(route).collect(),
    }
}

/// Of a thousand, ten fail, five by time-out, and five are retried.
fn outcome(
    append: &Append,
    id: DeliveryId,
    lease: hookwright_store::Lease,
    number: u64,
) -> Settlement {
    let at = append.accepted_at.plus_ms(20);
    let (becomes, error, status) = match number % 1_000 {
        0..5 => (Settled::Failed, Some(ErrorClass::Timeout), None),
        5..10 => (Settled::Failed, Some(ErrorClass::ServerError), Some(500)),
        10..15 => (
            Settled::RetryAt(at.plus_ms(DAY_MS)),
            Some(ErrorClass::Rejected),
            Some(404),
        ),
        _ => (Settled::Delivered, None, Some(200)),
    };
    Settlement {
        project_id: append.project_id,
        id,
        lease,
        manual: false,
        becomes,
        at,
        attempt: Some(Attempt {
            number: 1,
            started_at: append.accepted_at,
            status,
            error,
            request_headers:
                "content-type: application/json\nwebhook-id: evt_1\nwebhook-timestamp: 1700000000\n"
                    .to_owned(),
            response_headers: "content-length: 2\nserver: x\n".to_owned(),
            response_body: Bytes::from_static(b"ok"),
            ..Attempt::default()
        }),
        error: error.map(|class| (class, status)),
        notice: None,
    }
}

async fn settle(store: &Store, outcomes: Vec<Settlement>) -> Result<(), StoreError> {
    let (done, answer) = oneshot::channel();
    store.settle(outcomes, move |result| {
        let _ = done.send(result);
    });
    answer.await.map_err(|_| gone())?.map(|_| ())
}

fn gone() -> StoreError {
    StoreError::Stopped("the store has ended".to_owned())
}
