//! The publish path: match, append, and hand what is leased to the lanes.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use hookwright_core::ids::{self, AccountId, DeliveryId, EndpointId, ProjectId};
use hookwright_core::limits::LEASE_MS;
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Append, Appended, Claimed, Disposition, EndpointStatus, EventToSend, Lease, Route, StoreError,
};
use tokio::sync::oneshot;

use crate::engine::Shared;
use crate::inbox::{Job, Message};
use crate::node::Held;
use crate::observed;
use crate::target::Target;

/// An event to publish.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Its project.
    pub project_id: ProjectId,
    /// Its account.
    pub account_id: AccountId,
    /// Its type's name.
    pub event_type: Arc<str>,
    /// The id that the publisher gives it, if any.
    pub given_id: Option<String>,
    /// The `Idempotency-Key`, if any.
    pub idempotency_key: Option<String>,
    /// When it happened; now if not said.
    pub time: Option<UnixMs>,
    /// Raw JSON.
    pub subject: Option<String>,
    /// Trace id.
    pub trace: Option<String>,
    /// Channels to publish on.
    pub channels: Vec<String>,
    /// The publisher's own notes, by name.
    pub metadata: BTreeMap<String, String>,
    /// When its deliveries become due, if not at once.
    pub deliver_at: Option<UnixMs>,
    /// Goes to this endpoint alone, whatever it subscribes to: a test.
    pub only: Option<EndpointId>,
    /// Raw JSON, checked.
    pub payload: Bytes,
}

/// An accepted event: it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its public id.
    pub id: String,
    /// How many deliveries it has.
    pub deliveries: u32,
    /// The first of them, if it was accepted just now and has any, and when it was made.
    pub first_delivery: Option<(DeliveryId, UnixMs)>,
    /// It was accepted before; nothing new was stored.
    pub repeated: bool,
}

/// Why an event was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The id was used for another content.
    #[error("this id was used for another event")]
    Conflict,
    /// The `Idempotency-Key` was used for another content.
    #[error("this Idempotency-Key was used for another event")]
    KeyReused,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(crate) async fn publish(
    shared: &Arc<Shared>,
    publish: Publish,
) -> Result<Published, PublishError> {
    shared.gate.pass(&*shared.world.clock).await;
    let now = shared.world.clock.now();
    let prefix = shared.event_prefix(publish.project_id);
    let targets = match publish.only {
        Some(only) => shared.routing.target(only).into_iter().collect(),
        None => shared.routing.matching(
            publish.account_id,
            (&publish.event_type, &publish.channels),
            &publish.payload,
        ),
    };
    let later = publish.deliver_at.is_some();
    let routes = targets.iter().map(|target| route(shared, target, later));
    let routes: Vec<Route> = routes.collect();
    let leased = leased(&routes);
    shared.gate.add(leased);
    let bytes = publish.payload.len();
    let held: Vec<Held> = (0..leased).map(|_| shared.node.hold(bytes)).collect();
    let (done, result) = oneshot::channel();
    let then = Arc::clone(shared);
    // The jobs are handed over by the store's thread: a publisher that hangs up after its event
    // was committed must not strand its deliveries.
    shared
        .store
        .append(append(publish, now, routes), move |append, result| {
            hand_over(&then, &append, &targets, held, &result);
            let _ = done.send(result.map(|appended| (append, appended)));
        });
    let lost = |_| StoreError::Stopped("the store is closed".to_owned());
    let (append, appended) = result.await.map_err(lost)??;
    let id = |row, at| {
        append
            .given_id
            .clone()
            .unwrap_or_else(|| ids::encode(&prefix, at, row))
    };
    match appended {
        Appended::Fresh {
            id: row,
            first_delivery,
            ..
        } => {
            let deliveries = append.routes.len() as u32;
            Ok(Published {
                id: id(row.0, now),
                deliveries,
                first_delivery: (deliveries > 0).then_some((first_delivery, now)),
                repeated: false,
            })
        }
        Appended::Repeated {
            id: row,
            accepted_at,
            fanout,
        } => Ok(Published {
            id: id(row.0, accepted_at),
            deliveries: fanout,
            first_delivery: None,
            repeated: true,
        }),
        Appended::Conflict => Err(PublishError::Conflict),
        Appended::KeyReused => Err(PublishError::KeyReused),
    }
}

fn leased(routes: &[Route]) -> usize {
    routes
        .iter()
        .filter(|route| route.disposition == Disposition::Leased)
        .count()
}

/// Leased where the lane is open to this node and has a place for it; else it waits in the store,
/// as does what is to be delivered later.
fn route(shared: &Shared, target: &Arc<Target>, later: bool) -> Route {
    let disposition = match target.status() {
        EndpointStatus::Disabled => Disposition::EndpointDisabled,
        EndpointStatus::Paused => Disposition::Due,
        // It is claimed in its turn.
        EndpointStatus::Active if target.is_ordered() => Disposition::Due,
        EndpointStatus::Active if later => Disposition::Due,
        EndpointStatus::Active => {
            if shared.may_work_on(target) && !shared.node.is_full() && target.gauge.take() {
                Disposition::Leased
            } else {
                Disposition::Due
            }
        }
    };
    Route {
        endpoint_id: target.endpoint.id,
        disposition,
    }
}

fn append(publish: Publish, now: UnixMs, routes: Vec<Route>) -> Append {
    Append {
        project_id: publish.project_id,
        account_id: publish.account_id,
        event_type: publish.event_type,
        given_id: publish.given_id,
        idempotency_key: publish.idempotency_key,
        accepted_at: now,
        time: publish.time.unwrap_or(now),
        subject: publish.subject,
        trace: publish.trace,
        channels: publish.channels,
        metadata: publish.metadata,
        deliver_at: publish.deliver_at,
        payload: publish.payload,
        routes,
    }
}

fn hand_over(
    shared: &Shared,
    append: &Append,
    targets: &[Arc<Target>],
    mut held: Vec<Held>,
    result: &Result<Appended, StoreError>,
) {
    let Ok(Appended::Fresh {
        id,
        first_delivery,
        lease,
    }) = result
    else {
        give_up_places(shared, append, targets);
        return;
    };
    shared.metrics.events_accepted_total.add(1);
    observed::accepted(shared, append, *id);
    shared
        .metrics
        .deliveries_created_total
        .add(append.routes.len() as u64);
    if append.routes.is_empty() {
        return;
    }
    let event = Arc::new(EventToSend {
        id: *id,
        project_id: append.project_id,
        given_id: append.given_id.clone(),
        accepted_at: append.accepted_at,
        time: append.time,
        event_type: Arc::clone(&append.event_type),
        subject: append.subject.clone(),
        trace: append.trace.clone(),
        payload: Some(append.payload.clone()),
    });
    let mut jobs = Vec::with_capacity(append.routes.len());
    for ((delivery, route), target) in (first_delivery.0..).zip(&append.routes).zip(targets) {
        match route.disposition {
            Disposition::Leased => {
                let lease = (DeliveryId(delivery), *lease);
                // There is one for each: they were taken together.
                let Some(held) = held.pop() else { continue };
                jobs.push(job(shared, route, lease, &event, held));
            }
            Disposition::Due => {
                let due_at = append.deliver_at.unwrap_or(append.accepted_at);
                shared
                    .inbox
                    .push(Message::Waiting(route.endpoint_id, due_at));
            }
            Disposition::EndpointDisabled => {
                shared.metrics.deliveries_failed_total.add(1);
                observed::failed_at_once(shared, append, (*id, DeliveryId(delivery)), target);
            }
        }
    }
    if !jobs.is_empty() {
        shared.inbox.push(Message::Jobs(jobs));
    }
}

fn job(
    shared: &Shared,
    route: &Route,
    (id, lease): (DeliveryId, Lease),
    event: &Arc<EventToSend>,
    held: Held,
) -> Job {
    Job {
        _held: held,
        leased_until: event.accepted_at.plus_ms(LEASE_MS),
        queued_at_us: shared.world.clock.monotonic_us(),
        counted: true,
        claimed: Claimed {
            id,
            lease,
            endpoint_id: route.endpoint_id,
            attempts: 0,
            failed_attempts: 0,
            first_failed_at: None,
            created_at: event.accepted_at,
            due_at: event.accepted_at,
            manual: false,
            event: Arc::clone(event),
        },
    }
}

/// Nothing was stored: the places taken in lanes and at the gate are free again.
fn give_up_places(shared: &Shared, append: &Append, targets: &[Arc<Target>]) {
    shared.gate.remove(leased(&append.routes));
    for (route, target) in append.routes.iter().zip(targets) {
        if route.disposition == Disposition::Leased {
            target.gauge.give(1);
        }
    }
}
