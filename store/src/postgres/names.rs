//! Whether an event was accepted before, under the ids and keys that its publisher gave.

use std::collections::HashMap;

use hookwright_core::ids::{EventId, ProjectId};
use hookwright_core::time::UnixMs;
use tokio_postgres::Client;

use super::batch::Queued;
use super::parameter::Parameters;
use super::statement::Statement;
use crate::append::{Append, Appended};
use crate::event_row::{conflict_of, fingerprint, names_of};

pub(super) const FIND: &str = "
    SELECT n.project_id, n.name, n.event_id, n.fingerprint, e.accepted_at, e.fanout
    FROM unnest($1::bigint[], $2::text[]) AS wanted (project_id, name)
    JOIN event_names n ON n.project_id = wanted.project_id AND n.name = wanted.name
    LEFT JOIN events e ON e.project_id = n.project_id AND e.id = n.event_id";

type Name = (ProjectId, String);

/// An event that has a name.
struct Known {
    id: EventId,
    fingerprint: Vec<u8>,
    /// When it was accepted and how many deliveries it had; `None` once retention removed it.
    facts: Option<(UnixMs, u32)>,
}

/// What the names of a batch stand for.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<Name, Known>,
    /// Names of events that are gone: they may be given again.
    pub(super) stale: Vec<Name>,
    /// Names to be written, with their events.
    pub(super) fresh: Vec<(Name, EventId, Vec<u8>)>,
}

impl Names {
    /// Looks up all names in a batch, under `settings` if the connection has none.
    pub(super) async fn find(
        client: &Client,
        find: &Statement,
        settings: Option<&str>,
        appends: &[Queued],
    ) -> std::result::Result<Self, tokio_postgres::Error> {
        let mut names = Self::default();
        let wanted = appends.iter().map(|queued| &queued.append);
        let (projects, wanted): (Vec<i64>, Vec<String>) = wanted
            .flat_map(|append| {
                let names = names_of(append).into_iter();
                names.map(|name| (append.project_id.0, name))
            })
            .unzip();
        if wanted.is_empty() {
            return Ok(names);
        }
        let wanted: Parameters<'_> = &[&projects, &wanted];
        let rows = match settings {
            Some(settings) => find.query_under(settings, client, wanted).await?,
            None => find.query(client, wanted).await?,
        };
        for row in rows {
            let name = (ProjectId(row.get(0)), row.get(1));
            let accepted_at: Option<i64> = row.get(4);
            let fanout: Option<i32> = row.get(5);
            let known = Known {
                id: EventId(row.get(2)),
                fingerprint: row.get(3),
                facts: accepted_at.map(|at| (UnixMs(at), fanout.unwrap_or(0).unsigned_abs())),
            };
            names.known.insert(name, known);
        }
        Ok(names)
    }

    /// What an event that was accepted before is answered, if it was; else it takes its names.
    pub(super) fn settle(&mut self, append: &Append, id: EventId) -> Option<Appended> {
        let names = names_of(append);
        if names.is_empty() {
            return None;
        }
        let fingerprint = fingerprint(append);
        let names: Vec<Name> = names
            .into_iter()
            .map(|name| (append.project_id, name))
            .collect();
        let known = names
            .iter()
            .filter_map(|name| Some((name, self.known.get(name)?)));
        for ((_, name), known) in known {
            if let Some((accepted_at, fanout)) = known.facts {
                let is_same = known.fingerprint == fingerprint;
                return Some(if is_same {
                    Appended::Repeated {
                        id: known.id,
                        accepted_at,
                        fanout,
                    }
                } else {
                    conflict_of(name)
                });
            }
        }
        for name in names {
            let facts = Some((append.accepted_at, append.routes.len() as u32));
            let known = Known {
                id,
                fingerprint: fingerprint.clone(),
                facts,
            };
            if self.known.insert(name.clone(), known).is_some() {
                self.stale.push(name.clone());
            }
            self.fresh.push((name, id, fingerprint.clone()));
        }
        // Two nodes that write the same names take them in the same order.
        self.fresh.sort();
        None
    }
}
