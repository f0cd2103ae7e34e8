//! One try to write a batch, until it is known whether it was written.
//!
//! A commit whose answer was lost is not tried anew blindly: the same rows are written again under
//! the same numbers, and if they turn out to be there it had succeeded.

use tokio_postgres::error::SqlState;

use super::append::Inserts;
use super::batch::{Batch, Queued};
use super::connect::{Connector, is_passing};
use super::session::Session;
use super::settle::{Way, way_of};
use super::writer::{RECONNECT_DELAY, Writer};
use crate::append::Appended;
use crate::error::StoreError;
use crate::model::Settlement;

/// Why a batch was not written.
pub(super) enum Refusal {
    /// The database cannot be reached just now. Nothing was written.
    Unreachable(String),
    /// The connection was lost while it was written: whether it was is not known.
    InDoubt(String),
    /// This node was declared lost.
    Lost,
    /// Another node took one of its names or numbers.
    Collision,
    /// The database does not take it.
    Error(StoreError),
}

impl Refusal {
    fn of(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(&SqlState::DIVISION_BY_ZERO) => Self::Lost,
            Some(&SqlState::UNIQUE_VIOLATION) => Self::Collision,
            _ if is_passing(&error) => Self::Unreachable(StoreError::from(error).to_string()),
            _ => Self::Error(error.into()),
        }
    }
}

impl Writer {
    /// Decides what is to be written, and writes it.
    pub(super) async fn attempt(&mut self, batch: &Batch) -> std::result::Result<Answers, Refusal> {
        let session = session(&mut self.session, &self.connector).await?;
        let names = session.names(&batch.appends).await.map_err(Refusal::of)?;
        let lease = self.node.new_lease();
        let inserts =
            Inserts::of(&batch.appends, names, &mut self.numbers, lease).map_err(Refusal::Error)?;
        let settlements: Vec<(&Settlement, Way)> = batch
            .outcomes
            .iter()
            .flat_map(|outcomes| &outcomes.settlements)
            .map(|settlement| (settlement, way_of(settlement)))
            .collect();
        if let Some(leased) = inserts.leased() {
            // Before it is written: if the answer is lost, its deliveries are looked for.
            self.node.hold(|held| held.add(leased));
        }
        let written = self.write(&inserts, settlements, batch).await;
        match &written {
            Ok(_) => {}
            Err(Refusal::InDoubt(_)) => self.node.hold(|held| held.doubt(inserts.lease)),
            Err(_) => self.node.hold(|held| held.forget(inserts.lease)),
        }
        Ok((inserts.answers, written?))
    }

    /// Writes it until it is known whether it was written, or until that cannot be known for too
    /// long.
    async fn write(
        &mut self,
        inserts: &Inserts<'_>,
        mut settlements: Vec<(&Settlement, Way)>,
        batch: &Batch,
    ) -> std::result::Result<Vec<bool>, Refusal> {
        let mut in_doubt = false;
        loop {
            let reason = match session(&mut self.session, &self.connector).await {
                Err(refusal) if !in_doubt => return Err(refusal),
                Err(_) => "no connection".to_owned(),
                Ok(session) => {
                    let written = session.write(self.identity.id, inserts, &settlements).await;
                    match written.map_err(Refusal::of) {
                        Ok(accepted) => {
                            let accepted = accepted.of(&settlements);
                            return Ok(self.again(&mut settlements, accepted, in_doubt).await);
                        }
                        Err(Refusal::Unreachable(reason)) => reason,
                        Err(refusal) if !in_doubt => return Err(refusal),
                        // An earlier try may have been written after all.
                        Err(refusal) => match is_stored(session, inserts).await {
                            Ok(true) => return Ok(vec![true; settlements.len()]),
                            Ok(false) => return Err(refusal),
                            Err(error) => error.to_string(),
                        },
                    }
                }
            };
            in_doubt = true;
            self.session = None;
            if batch.appends.is_empty() || batch.appends.iter().any(Queued::is_late) {
                return Err(Refusal::InDoubt(reason));
            }
            tracing::warn!(
                reason,
                "connection lost while a batch was written; trying again"
            );
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    /// First successes that were not taken as such: a person's attempt may have come before.
    async fn again(
        &mut self,
        settlements: &mut [(&Settlement, Way)],
        mut accepted: Vec<bool>,
        in_doubt: bool,
    ) -> Vec<bool> {
        if in_doubt {
            // Those that the first try settled are refused now.
            return vec![true; settlements.len()];
        }
        let missed: Vec<usize> = (0..settlements.len())
            .filter(|index| !accepted[*index] && settlements[*index].1 == Way::FirstDelivered)
            .collect();
        if missed.is_empty() {
            return accepted;
        }
        let otherwise: Vec<_> = missed
            .iter()
            .map(|index| (settlements[*index].0, Way::Otherwise))
            .collect();
        let Some(session) = &self.session else {
            return accepted;
        };
        match session
            .write(self.identity.id, &Inserts::default(), &otherwise)
            .await
        {
            Ok(second) => {
                for (index, taken) in missed.into_iter().zip(second.of(&otherwise)) {
                    accepted[index] = taken;
                }
            }
            // Their leases end, and they are sent again: at least once.
            Err(error) => {
                tracing::warn!(%error, "outcomes not stored");
                self.node.hold(|held| {
                    let leases = otherwise.iter().map(|(settlement, _)| settlement.lease.0);
                    leases.for_each(|lease| held.keep(lease));
                });
            }
        }
        accepted
    }
}

/// What publishers are told, and which outcomes were accepted.
type Answers = (Vec<Appended>, Vec<bool>);

/// The connection, made if there is none.
async fn session<'a>(
    session: &'a mut Option<Session>,
    connector: &Connector,
) -> std::result::Result<&'a Session, Refusal> {
    if session.is_none() {
        *session = Some(Session::open(connector).await.map_err(|error| {
            // Nothing was sent: whatever it is, it is no fault of the batch.
            Refusal::Unreachable(StoreError::from(error).to_string())
        })?);
    }
    match session {
        Some(session) => Ok(session),
        None => Err(Refusal::Unreachable("no connection".to_owned())),
    }
}

/// Whether a batch is there: all of it is, or nothing.
async fn is_stored(
    session: &Session,
    inserts: &Inserts<'_>,
) -> std::result::Result<bool, tokio_postgres::Error> {
    match inserts.first_event() {
        Some(first) => session.is_stored(first).await,
        None => Ok(false),
    }
}
