//! What an attempt makes of its delivery, refused where the lease was lost.

use hookwright_core::state::DeliveryState;
use rusqlite::{OptionalExtension, params};

use super::writer::Writer;
use super::{Result, notices};
use crate::blob;
use crate::model::{Attempt, NewNotice, Settled, Settlement};

/// First attempts' rooms do not grow beyond this: larger ones grow their row.
const ROOM_BYTES_MAX: usize = 512;

/// Settles each in the open transaction; says which were accepted.
pub(super) fn settle(writer: &mut Writer, settlements: &[Settlement]) -> Result<Vec<bool>> {
    settlements
        .iter()
        .map(|settlement| {
            let notice = notice(writer, settlement)?;
            let accepted = if settlement.manual {
                manual(writer, settlement)
            } else {
                automatic(writer, settlement)
            }?;
            if let (true, Some(notice)) = (accepted, notice) {
                let project = settlement.project_id;
                notices::write(&writer.connection, project, notice, settlement.at)?;
            }
            Ok(accepted)
        })
        .collect()
}

/// What is to be told if the settlement is accepted. A live row with an end was given up before,
/// and taken up again.
fn notice<'a>(writer: &Writer, settlement: &'a Settlement) -> Result<Option<&'a NewNotice>> {
    let Some(told) = settlement.notice.as_deref() else {
        return Ok(None);
    };
    if !told.if_given_up_before {
        return is_live(writer, settlement).map(|live| live.then_some(&told.notice));
    }
    let given_up = writer
        .connection
        .prepare_cached(
            "SELECT state = 11 OR (state <= 9 AND finished_at IS NOT NULL) FROM deliveries WHERE id = ?1",
        )?
        .query_row([settlement.id.0], |row| row.get(0))
        .optional()?;
    Ok(given_up.unwrap_or(false).then_some(&told.notice))
}

/// Whether it was not cancelled meanwhile.
fn is_live(writer: &Writer, settlement: &Settlement) -> Result<bool> {
    let live = writer
        .connection
        .prepare_cached("SELECT state <= 9 FROM deliveries WHERE id = ?1")?
        .query_row([settlement.id.0], |row| row.get(0))
        .optional()?;
    Ok(live.unwrap_or(false))
}

fn automatic(writer: &mut Writer, settlement: &Settlement) -> Result<bool> {
    match (&settlement.attempt, settlement.becomes) {
        (Some(attempt), Settled::Delivered) if attempt.number == 1 => {
            first_delivered(writer, settlement, attempt)
        }
        _ => otherwise(writer, settlement),
    }
}

/// The common case: one statement that overwrites the row in place.
fn first_delivered(
    writer: &mut Writer,
    settlement: &Settlement,
    attempt: &Attempt,
) -> Result<bool> {
    let body = blob::encode(attempt, writer.attempt_bytes);
    writer.attempt_bytes = body.len().min(ROOM_BYTES_MAX);
    let changed = writer
        .connection
        .prepare_cached(
            "UPDATE deliveries SET state = 10, due_at = NULL, attempts = 1, first_attempt = ?3, finished_at = NULL
             WHERE id = ?1 AND lease = ?2 AND state <= 9 AND attempts = 0",
        )?
        .execute(params![settlement.id.0, settlement.lease.0, body])?;
    // Refused, or a person's attempt came first: the longer way tells.
    Ok(changed == 1 || otherwise(writer, settlement)?)
}

fn otherwise(writer: &mut Writer, settlement: &Settlement) -> Result<bool> {
    let (state, due_at) = match settlement.becomes {
        Settled::Delivered => (DeliveryState::Delivered, None),
        Settled::RetryAt(at) => (DeliveryState::Retrying, Some(at.0)),
        Settled::Failed => (DeliveryState::Failed, None),
    };
    let failed =
        i64::from(settlement.attempt.is_some() && settlement.becomes != Settled::Delivered);
    // Attempts are numbered as they are recorded: a person's attempt may have come between. One that
    // was under way when its delivery was cancelled is recorded, and ends it otherwise only by success.
    let number = writer
        .connection
        .prepare_cached(
            "UPDATE deliveries SET state = CASE WHEN state = 12 AND ?3 <> 10 THEN state ELSE ?3 END,
                    due_at = CASE WHEN state = 12 THEN NULL ELSE ?4 END, lease = 0,
                    attempts = attempts + ?5,
                    failed_attempts = failed_attempts + ?6,
                    first_failed_at = CASE WHEN ?6 = 1 THEN IFNULL(first_failed_at, ?7) ELSE first_failed_at END,
                    finished_at = CASE WHEN ?4 IS NULL AND (state <> 12 OR ?3 = 10) THEN ?7
                                       ELSE finished_at END,
                    last_class = IFNULL(?8, last_class),
                    last_status = CASE WHEN ?8 IS NULL THEN last_status ELSE ?9 END
             WHERE id = ?1 AND lease = ?2 AND (state <= 9 OR state = 12 AND ?5 = 1) RETURNING attempts",
        )?
        .query_row(
            params![
                settlement.id.0,
                settlement.lease.0,
                state.code(),
                due_at,
                i64::from(settlement.attempt.is_some()),
                failed,
                settlement.at.0,
                settlement.error.map(|(class, _)| class.code()),
                settlement.error.and_then(|(_, status)| status),
            ],
            |row| row.get(0),
        )
        .optional()?;
    if let (Some(number), Some(attempt)) = (number, &settlement.attempt) {
        keep(writer, settlement.id.0, attempt, number)?;
    }
    Ok(number.is_some())
}

/// An attempt that a person asked for: recorded always, and it ends the delivery only by success.
fn manual(writer: &mut Writer, settlement: &Settlement) -> Result<bool> {
    let held = writer
        .connection
        .prepare_cached(
            // One: a claim may have taken several of one delivery under its token.
            "DELETE FROM resends WHERE id =
                 (SELECT MIN(id) FROM resends WHERE delivery_id = ?1 AND lease = ?2)",
        )?
        .execute(params![settlement.id.0, settlement.lease.0])?;
    if held == 0 {
        return Ok(false);
    }
    let Some(attempt) = &settlement.attempt else {
        return Ok(true);
    };
    let number = writer.connection.query_row(
        "UPDATE deliveries SET attempts = attempts + 1,
                last_class = IFNULL(?2, last_class),
                last_status = CASE WHEN ?2 IS NULL THEN last_status ELSE ?3 END
         WHERE id = ?1 RETURNING attempts",
        params![
            settlement.id.0,
            settlement.error.map(|(class, _)| class.code()),
            settlement.error.and_then(|(_, status)| status),
        ],
        |row| row.get(0),
    )?;
    if settlement.becomes == Settled::Delivered {
        writer.connection.execute(
            "UPDATE deliveries SET state = 10, due_at = NULL, lease = 0, finished_at = ?2
             WHERE id = ?1 AND state <> 10",
            params![settlement.id.0, settlement.at.0],
        )?;
    }
    keep(writer, settlement.id.0, attempt, number)?;
    Ok(true)
}

/// Where an attempt rests: the first automatic one in its delivery's row, others in their own.
fn keep(writer: &Writer, delivery: i64, attempt: &Attempt, number: u32) -> Result<()> {
    let attempt = Attempt {
        number,
        ..attempt.clone()
    };
    let body = blob::encode(&attempt, 0);
    if number == 1 && !attempt.manual {
        writer
            .connection
            .prepare_cached("UPDATE deliveries SET first_attempt = ?2 WHERE id = ?1")?
            .execute(params![delivery, body])?;
    } else {
        writer
            .connection
            .prepare_cached("INSERT INTO attempts (delivery_id, body) VALUES (?1, ?2)")?
            .execute(params![delivery, body])?;
    }
    Ok(())
}
