//! What retention removes of what came from an embedded store: the oldest first, by the time when it
//! was accepted, which its row numbers say nothing of.
//!
//! As on the embedded store, events whose deliveries are not finished are passed over and looked at
//! again in the next pass.

use hookwright_core::time::UnixMs;
use tokio_postgres::Row;

use super::lent::Transaction;
use super::prune::{SCANNED_EVENTS_MAX, is_live, remove};
use super::{PLAIN_PLANS, PostgresStore, Result, meta, partitions};

/// More than are accepted in one millisecond, so that a walk gets on.
const SCANNED_EVENTS_MIN: usize = 1_000;

const IS_THERE: &str = "SELECT to_regclass('events_moved') IS NOT NULL";
/// From the place of a walk on. Several of one millisecond may be looked at twice.
const WALK: &str = concat!(
    "SELECT e.project_id, e.id, e.first_delivery, e.first_delivery + e.fanout, ",
    is_live!(),
    ", e.accepted_at, e.payload IS NOT NULL
      FROM events_moved e WHERE e.accepted_at >= $1 AND e.accepted_at < $2
      ORDER BY e.accepted_at, e.id LIMIT $3"
);
/// Beside what `prune.rs` removes of any event.
const REMOVE: &str = "
    DELETE FROM events_moved e USING unnest($1::bigint[], $2::bigint[]) AS old (project_id, id)
    WHERE e.project_id = old.project_id AND e.id = old.id";
const CLEAR: &str = "
    UPDATE events_moved e SET payload = NULL
    FROM unnest($1::bigint[], $2::bigint[]) AS old (project_id, id)
    WHERE e.project_id = old.project_id AND e.id = old.id";

/// What is removed, each by a walk of its own.
#[derive(Clone, Copy)]
pub(super) enum Class {
    Events,
    Payloads,
}

impl Class {
    /// Under which names the place of its walk is kept: the time that it has got to, and that of the
    /// first event that this pass has passed over (zero for none).
    const fn places(self) -> (&'static str, &'static str) {
        match self {
            Self::Events => ("moved_events_at", "moved_events_skipped"),
            Self::Payloads => ("moved_payloads_at", "moved_payloads_skipped"),
        }
    }
}

/// How far a walk is, in milliseconds of acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: i64,
    skipped: i64,
}

/// An event of [`WALK`], as far as the choice needs it.
#[derive(Clone, Copy)]
struct Seen {
    accepted_at: i64,
    is_live: bool,
    has_payload: bool,
}

impl Place {
    /// Everything old was looked at: the next pass begins with the first event passed over.
    const fn end_pass(&mut self) {
        if self.skipped > 0 {
            self.at = self.skipped;
            self.skipped = 0;
        }
    }
}

impl PostgresStore {
    /// Removes something of at most `limit` finished events accepted before `before`. Answers how
    /// many.
    pub(super) async fn prune_moved(
        &self,
        class: Class,
        before: UnixMs,
        limit: usize,
    ) -> Result<usize> {
        if !self.row(IS_THERE, &[]).await?.get::<_, bool>(0) {
            return Ok(0);
        }
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        if !partitions::lock(&transaction).await? {
            return Ok(0);
        }
        transaction.batch_execute(PLAIN_PLANS).await?;
        let (at, skipped) = class.places();
        let place = Place {
            at: meta::get(&transaction, at).await?,
            skipped: meta::get(&transaction, skipped).await?,
        };
        // Looking costs as much as removing: little more is looked at than can be removed.
        let scanned = (limit * 2).clamp(SCANNED_EVENTS_MIN, SCANNED_EVENTS_MAX);
        let rows = transaction
            .query_once(WALK, &[&place.at, &before.0, &(scanned as i64)])
            .await?;
        let seen: Vec<Seen> = rows.iter().map(seen).collect();
        let (chosen, mut place) = choose(class, &seen, place, limit);
        if rows.len() < scanned && chosen.len() < limit {
            place.end_pass();
        }
        let old: Vec<&Row> = chosen.iter().map(|index| &rows[*index]).collect();
        match class {
            Class::Events => {
                remove(&transaction, &old).await?;
                of_each(&transaction, REMOVE, &old).await?;
            }
            Class::Payloads => of_each(&transaction, CLEAR, &old).await?,
        }
        meta::put(&transaction, at, place.at).await?;
        meta::put(&transaction, skipped, place.skipped).await?;
        transaction.commit().await?;
        Ok(old.len())
    }
}

fn seen(row: &Row) -> Seen {
    Seen {
        is_live: row.get(4),
        accepted_at: row.get(5),
        has_payload: row.get(6),
    }
}

/// Which of them go, at most `limit`, and where the walk is then.
fn choose(class: Class, seen: &[Seen], mut place: Place, limit: usize) -> (Vec<usize>, Place) {
    let mut chosen = Vec::new();
    for (index, event) in seen.iter().enumerate() {
        if chosen.len() == limit {
            return (chosen, place);
        }
        place.at = event.accepted_at;
        match class {
            Class::Payloads if !event.has_payload => {}
            _ if event.is_live && place.skipped == 0 => place.skipped = event.accepted_at,
            _ if event.is_live => {}
            _ => chosen.push(index),
        }
    }
    (chosen, place)
}

async fn of_each(transaction: &Transaction<'_>, sql: &str, old: &[&Row]) -> Result<()> {
    let column = |index| old.iter().map(|row| row.get(index)).collect::<Vec<i64>>();
    let (projects, events) = (column(0), column(1));
    transaction.execute_once(sql, &[&projects, &events]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn event(accepted_at: i64, is_live: bool) -> Seen {
        Seen {
            accepted_at,
            is_live,
            has_payload: true,
        }
    }

    #[test]
    fn the_next_pass_begins_with_the_first_that_was_passed_over() {
        let events = [
            event(1, false),
            event(2, true),
            event(3, true),
            event(4, false),
        ];
        let begin = Place { at: 0, skipped: 0 };
        let (chosen, mut place) = choose(Class::Events, &events, begin, 10);
        assert_eq!(chosen, [0, 3]);
        assert_eq!(place, Place { at: 4, skipped: 2 });
        place.end_pass();
        assert_eq!(place, Place { at: 2, skipped: 0 });
        place.end_pass();
        assert_eq!(
            place,
            Place { at: 2, skipped: 0 },
            "nothing was passed over"
        );
    }

    #[test]
    fn a_full_choice_goes_on_where_it_ended() {
        let events = [event(1, true), event(2, false), event(3, false)];
        let begin = Place { at: 0, skipped: 0 };
        let (chosen, place) = choose(Class::Events, &events, begin, 1);
        assert_eq!(chosen, [1]);
        assert_eq!(place, Place { at: 2, skipped: 1 });
    }

    #[test]
    fn a_payload_that_is_gone_already_is_not_counted() {
        let gone = Seen {
            has_payload: false,
            ..event(1, true)
        };
        let begin = Place { at: 0, skipped: 0 };
        let (chosen, place) = choose(Class::Payloads, &[gone, event(2, false)], begin, 10);
        assert_eq!(chosen, [1]);
        assert_eq!(place, Place { at: 2, skipped: 0 });
    }
}
