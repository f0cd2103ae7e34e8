//! Which of some deliveries does a filter take, by their rows and, where those do not say, by their
//! last attempt?

use std::collections::HashMap;

use hookwright_core::ids::ProjectId;

use super::Result;
use super::delivery_rows::{COLUMNS, rows_of};
use super::lent::Transaction;
use crate::blob;
use crate::model::DeliveryFilter;
use crate::stored_delivery::{Fits, Stored};

pub(super) const LAST_ANSWERS: &str = "
    SELECT a.delivery_id, a.number, substring(a.body, 1, 64) FROM unnest($2::bigint[]) AS asked (id), LATERAL (
        SELECT delivery_id, number, body FROM attempts
        WHERE project_id = $1 AND delivery_id = asked.id AND delivery_id >= $3 AND delivery_id <= $4
        OFFSET 0) a";

/// The rows of deliveries by their numbers.
pub(super) fn rows_by_id() -> String {
    format!(
        "SELECT {COLUMNS} FROM unnest($2::bigint[]) AS asked (id), LATERAL (
             SELECT * FROM deliveries
             WHERE project_id = $1 AND id = asked.id AND id >= $3 AND id <= $4 OFFSET 0) d"
    )
}

/// Those that the filter takes, each with what it came with: that says whether its endpoint is paused.
pub(super) async fn fitting<T>(
    transaction: &Transaction<'_>,
    (project, filter): (ProjectId, &DeliveryFilter),
    found: Vec<(Stored, T)>,
    is_paused: impl Fn(&T) -> bool,
) -> Result<Vec<(Stored, T)>> {
    let (mut fitting, mut in_doubt) = (Vec::new(), Vec::new());
    for (found, of) in found {
        match found.fits(filter, is_paused(&of)) {
            Fits::No => {}
            Fits::Yes => fitting.push((found, of)),
            Fits::IfLastAnswer => in_doubt.push((found, of)),
        }
    }
    if !in_doubt.is_empty() {
        let ids = in_doubt.iter().map(|(found, _)| found.id.0).collect();
        let last = last_answers(transaction, project, ids).await?;
        in_doubt.retain(|(found, _)| filter.takes_status(last_of(&last, found)));
        fitting.extend(in_doubt);
    }
    Ok(fitting)
}

/// The number and status of each of these deliveries' last attempt, where it is not the first.
async fn last_answers(
    transaction: &Transaction<'_>,
    project: ProjectId,
    ids: Vec<i64>,
) -> Result<HashMap<i64, (i32, Option<u16>)>> {
    let mut last: HashMap<i64, (i32, Option<u16>)> = HashMap::new();
    for row in rows_of(transaction, LAST_ANSWERS, project, ids).await? {
        let (delivery, number): (i64, i32) = (row.get(0), row.get(1));
        let head = blob::head(row.get::<_, &[u8]>(2))?;
        let known = last.entry(delivery).or_default();
        if number > known.0 {
            *known = (number, head.and_then(|head| head.status));
        }
    }
    Ok(last)
}

fn last_of(last: &HashMap<i64, (i32, Option<u16>)>, found: &Stored) -> Option<u16> {
    match last.get(&found.id.0) {
        Some((_, status)) => *status,
        None => found.first.and_then(|first| first.status),
    }
}
