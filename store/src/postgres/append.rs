//! Events with all their deliveries: the columns of one insert per table.

use hookwright_core::ids::{DeliveryId, EventId};
use hookwright_core::time::UnixMs;

use super::Result;
use super::batch::Queued;
use super::held::Batch as HeldBatch;
use super::names::Names;
use super::row_ids::RowIds;
use crate::append::{Append, Appended};
use crate::event_row::{DeliveryRow, extra_json};
use crate::model::Lease;

pub(super) const FORGET_NAMES: &str = "
    DELETE FROM event_names n USING unnest($1::bigint[], $2::text[]) AS stale (project_id, name)
    WHERE n.project_id = stale.project_id AND n.name = stale.name";
/// What is to be inserted for a batch, and what its publishers are told when it is.
#[derive(Default)]
pub(super) struct Inserts<'a> {
    pub(super) events: Events<'a>,
    pub(super) deliveries: Deliveries,
    pub(super) stale_names: (Vec<i64>, Vec<String>),
    pub(super) names: NameColumns,
    pub(super) answers: Vec<Appended>,
    pub(super) lease: i64,
    leased: Option<HeldBatch>,
}

#[derive(Default)]
pub(super) struct Events<'a> {
    pub(super) project_id: Vec<i64>,
    pub(super) id: Vec<i64>,
    pub(super) account_id: Vec<i64>,
    pub(super) event_type: Vec<&'a str>,
    pub(super) accepted_at: Vec<i64>,
    pub(super) time: Vec<Option<i64>>,
    pub(super) given_id: Vec<Option<&'a str>>,
    pub(super) extra: Vec<Option<String>>,
    pub(super) first_delivery: Vec<i64>,
    pub(super) fanout: Vec<i32>,
    pub(super) payload: Vec<&'a [u8]>,
}

#[derive(Default)]
pub(super) struct Deliveries {
    pub(super) project_id: Vec<i64>,
    pub(super) id: Vec<i64>,
    pub(super) event_id: Vec<i64>,
    pub(super) endpoint_id: Vec<i64>,
    pub(super) created_at: Vec<i64>,
    pub(super) lease: Vec<i64>,
    pub(super) due_at: Vec<Option<i64>>,
    pub(super) finished_at: Vec<Option<i64>>,
    pub(super) state: Vec<i16>,
    pub(super) last_class: Vec<Option<i16>>,
}

#[derive(Default)]
pub(super) struct NameColumns {
    pub(super) project_id: Vec<i64>,
    pub(super) name: Vec<String>,
    pub(super) event_id: Vec<i64>,
    pub(super) fingerprint: Vec<Vec<u8>>,
}

/// Where rows get their numbers.
pub(super) struct Numbers {
    pub(super) events: RowIds,
    pub(super) deliveries: RowIds,
}

impl<'a> Inserts<'a> {
    /// Decides for each event whether it is fresh, and numbers the rows of those that are.
    pub(super) fn of(
        appends: &'a [Queued],
        mut names: Names,
        numbers: &mut Numbers,
        lease: Lease,
    ) -> Result<Self> {
        let mut inserts = Self {
            lease: lease.0,
            ..Self::default()
        };
        for Queued { append, .. } in appends {
            let id = EventId(numbers.events.take(append.accepted_at, 1));
            numbers.deliveries.catch_up(id.0);
            let answer = match names.settle(append, id) {
                Some(before) => before,
                None => inserts.fresh(append, id, numbers, lease)?,
            };
            inserts.answers.push(answer);
        }
        let stale = names.stale.into_iter();
        inserts.stale_names = stale.map(|(project, name)| (project.0, name)).unzip();
        for ((project, name), event, fingerprint) in names.fresh {
            inserts.names.project_id.push(project.0);
            inserts.names.name.push(name);
            inserts.names.event_id.push(event.0);
            inserts.names.fingerprint.push(fingerprint);
        }
        Ok(inserts)
    }

    fn fresh(
        &mut self,
        append: &'a Append,
        id: EventId,
        numbers: &mut Numbers,
        lease: Lease,
    ) -> Result<Appended> {
        let first = numbers
            .deliveries
            .take(append.accepted_at, append.routes.len());
        numbers.events.catch_up(first);
        let events = &mut self.events;
        events.project_id.push(append.project_id.0);
        events.id.push(id.0);
        events.account_id.push(append.account_id.0);
        events.event_type.push(&append.event_type);
        events.accepted_at.push(append.accepted_at.0);
        let has_time = append.time != append.accepted_at;
        events.time.push(has_time.then_some(append.time.0));
        events.given_id.push(append.given_id.as_deref());
        events.extra.push(extra_json(append)?);
        events.first_delivery.push(first);
        events.fanout.push(append.routes.len() as i32);
        events.payload.push(&append.payload);
        for (delivery, route) in (first..).zip(&append.routes) {
            let row = DeliveryRow::of(route, append, lease);
            if row.lease != 0 {
                self.hold(delivery, append.accepted_at);
            }
            let deliveries = &mut self.deliveries;
            deliveries.project_id.push(append.project_id.0);
            deliveries.id.push(delivery);
            deliveries.event_id.push(id.0);
            deliveries.endpoint_id.push(route.endpoint_id.0);
            deliveries.created_at.push(append.accepted_at.0);
            deliveries.lease.push(row.lease);
            deliveries.due_at.push(row.due_at);
            deliveries.finished_at.push(row.finished_at);
            deliveries.state.push(i16::from(row.state.code()));
            deliveries.last_class.push(row.class.map(i16::from));
        }
        Ok(Appended::Fresh {
            id,
            first_delivery: DeliveryId(first),
            lease,
        })
    }

    /// Counts a delivery that this node leases.
    fn hold(&mut self, delivery: i64, at: UnixMs) {
        let batch = self.leased.get_or_insert(HeldBatch {
            lease: self.lease,
            rows: (delivery, delivery),
            count: 0,
            at,
            in_doubt: false,
        });
        batch.rows.1 = delivery;
        batch.at = batch.at.min(at);
        batch.count += 1;
    }

    /// The deliveries that this node leases by it.
    pub(super) const fn leased(&self) -> Option<HeldBatch> {
        self.leased
    }

    /// The first event of it, by which the whole is found: all of it is there, or nothing.
    pub(super) fn first_event(&self) -> Option<(i64, i64)> {
        let project = self.events.project_id.first()?;
        Some((*project, *self.events.id.first()?))
    }
}
