//! Outcomes of leased deliveries: accepted only under the lease that is still held.

use hookwright_core::state::DeliveryState;

use crate::blob;
use crate::model::{Settled, Settlement};

/// Attempts are numbered as they are recorded: a person's attempt may have come between. One that was
/// under way when its delivery was cancelled is recorded, and ends it otherwise only by success.
pub(super) const OTHERWISE: &str = "
    WITH settled AS (
        UPDATE deliveries d SET lease = 0,
            state = CASE WHEN d.state = 12 AND u.state <> 10 THEN d.state ELSE u.state END,
            due_at = CASE WHEN d.state = 12 THEN NULL ELSE u.due_at END,
            attempts = d.attempts + u.made, failed_attempts = d.failed_attempts + u.failed,
            first_failed_at = CASE WHEN u.failed = 1 THEN COALESCE(d.first_failed_at, u.at) ELSE d.first_failed_at END,
            finished_at = CASE WHEN u.due_at IS NULL AND (d.state <> 12 OR u.state = 10) THEN u.at
                               ELSE d.finished_at END,
            last_class = COALESCE(u.class, d.last_class),
            last_status = CASE WHEN u.class IS NULL THEN d.last_status ELSE u.status END,
            first_attempt = CASE WHEN u.made = 1 AND d.attempts = 0 THEN u.body ELSE d.first_attempt END
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::integer[],
                    $7::integer[], $8::bigint[], $9::smallint[], $10::smallint[], $11::bytea[])
             AS u (project_id, id, lease, state, due_at, made, failed, at, class, status, body)
        WHERE d.project_id = u.project_id AND d.id = u.id AND d.lease = u.lease
              AND (d.state <= 9 OR d.state = 12 AND u.made = 1)
        RETURNING d.project_id, d.id, u.lease, d.attempts, u.made, u.body
    ), kept AS (
        INSERT INTO attempts (project_id, delivery_id, number, body)
        SELECT project_id, id, attempts, body FROM settled WHERE made = 1 AND attempts > 1
    )
    SELECT id, lease FROM settled";
/// An attempt that a person asked for: recorded always, and it ends the delivery only by success.
/// One resend goes: a claim may have taken several of one delivery under its token.
pub(super) const MANUAL: &str = "
    WITH held AS (
        DELETE FROM resends WHERE project_id = $1 AND id =
            (SELECT MIN(id) FROM resends WHERE project_id = $1 AND delivery_id = $2 AND lease = $3)
        RETURNING id
    ), counted AS (
        UPDATE deliveries SET attempts = attempts + 1,
            last_class = COALESCE($5, last_class),
            last_status = CASE WHEN $5 IS NULL THEN last_status ELSE $6 END,
            finished_at = CASE WHEN $7 AND state <> 10 THEN $8 ELSE finished_at END,
            lease = CASE WHEN $7 AND state <> 10 THEN 0 ELSE lease END,
            due_at = CASE WHEN $7 THEN NULL ELSE due_at END,
            state = CASE WHEN $7 THEN 10::smallint ELSE state END
        WHERE project_id = $1 AND id = $2 AND $4 AND EXISTS (SELECT FROM held)
        RETURNING attempts
    ), kept AS (
        INSERT INTO attempts (project_id, delivery_id, number, body)
        SELECT $1, $2, attempts, $9 FROM counted
    )
    SELECT count(*) FROM held";

/// How a settlement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    FirstDelivered,
    Otherwise,
    Manual,
}

pub(super) fn way_of(settlement: &Settlement) -> Way {
    match (&settlement.attempt, settlement.becomes) {
        _ if settlement.manual => Way::Manual,
        (Some(attempt), Settled::Delivered) if attempt.number == 1 => Way::FirstDelivered,
        _ => Way::Otherwise,
    }
}

/// First attempts that succeeded, in the columns of one_go.rs.
#[derive(Default)]
pub(super) struct Firsts {
    pub(super) project_id: Vec<i64>,
    pub(super) id: Vec<i64>,
    pub(super) lease: Vec<i64>,
    pub(super) body: Vec<Vec<u8>>,
}

impl Firsts {
    pub(super) fn push(&mut self, settlement: &Settlement) {
        self.project_id.push(settlement.project_id.0);
        self.id.push(settlement.id.0);
        self.lease.push(settlement.lease.0);
        self.body.push(body_of(settlement).unwrap_or_default());
    }
}

/// The columns of [`OTHERWISE`].
#[derive(Default)]
pub(super) struct Others {
    pub(super) project_id: Vec<i64>,
    pub(super) id: Vec<i64>,
    pub(super) lease: Vec<i64>,
    pub(super) state: Vec<i16>,
    pub(super) due_at: Vec<Option<i64>>,
    pub(super) made: Vec<i32>,
    pub(super) failed: Vec<i32>,
    pub(super) at: Vec<i64>,
    pub(super) class: Vec<Option<i16>>,
    pub(super) status: Vec<Option<i16>>,
    pub(super) body: Vec<Option<Vec<u8>>>,
}

impl Others {
    pub(super) fn push(&mut self, settlement: &Settlement) {
        let (state, due_at) = match settlement.becomes {
            Settled::Delivered => (DeliveryState::Delivered, None),
            Settled::RetryAt(at) => (DeliveryState::Retrying, Some(at.0)),
            Settled::Failed => (DeliveryState::Failed, None),
        };
        let made = settlement.attempt.is_some();
        let (class, status) = error_of(settlement);
        self.project_id.push(settlement.project_id.0);
        self.id.push(settlement.id.0);
        self.lease.push(settlement.lease.0);
        self.state.push(i16::from(state.code()));
        self.due_at.push(due_at);
        self.made.push(i32::from(made));
        self.failed
            .push(i32::from(made && settlement.becomes != Settled::Delivered));
        self.at.push(settlement.at.0);
        self.class.push(class);
        self.status.push(status);
        self.body.push(body_of(settlement));
    }
}

/// The attempt as it is kept.
pub(super) fn body_of(settlement: &Settlement) -> Option<Vec<u8>> {
    let attempt = settlement.attempt.as_ref()?;
    Some(blob::encode(attempt, 0))
}

/// Class and status of the failure.
pub(super) fn error_of(settlement: &Settlement) -> (Option<i16>, Option<i16>) {
    let class = settlement.error.map(|(class, _)| i16::from(class.code()));
    let status = settlement.error.and_then(|(_, status)| status);
    (class, status.and_then(|status| i16::try_from(status).ok()))
}
