//! The writer's connection with its statements, and one batch written through it in one round trip.

use std::collections::HashSet;

use futures_util::future::join_all;
use futures_util::{join, try_join};
use tokio_postgres::{Client, Row};

use super::append::{FORGET_NAMES, Inserts};
use super::batch::Queued;
use super::connect::Connector;
use super::names::{self, Names};
use super::notices::{OF_SETTLEMENTS, Told};
use super::one_go::{self, ONE_GO};
use super::parameter::Parameters;
use super::settle::{Firsts, MANUAL, OTHERWISE, Others, Way, body_of, error_of};
use super::statement::{Prepare, Statement};
use crate::model::Settlement;

type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// A node that stops in the middle must not hold its locks.
///
/// Statements join a few rows with big tables by their keys. While a table's statistics are young
/// the planner takes it for small and would read all of it for every batch.
const SETTINGS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
                        SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan; \
                        SET idle_in_transaction_session_timeout = '10s'";
/// The same where a pooler may give the connection to somebody else after the transaction.
const BEGIN: &str = "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; \
                     SET LOCAL enable_mergejoin = off; SET LOCAL jit = off; \
                     SET LOCAL plan_cache_mode = force_generic_plan; \
                     SET LOCAL idle_in_transaction_session_timeout = '10s'";
const IS_STORED: &str = "SELECT FROM events WHERE project_id = $1 AND id = $2";

/// One connection, ready to write.
pub(super) struct Session {
    client: Client,
    begin: &'static str,
    /// A transaction is begun only for more than one statement.
    alone: bool,
    one_go: Statement,
    is_stored: Statement,
    find_names: Statement,
    forget_names: Statement,
    otherwise: Statement,
    manual: Statement,
    notices: Statement,
}

/// Which settlements were accepted: those of these deliveries under these leases, and the manual
/// ones in their order.
pub(super) struct Accepted {
    settled: HashSet<(i64, i64)>,
    manual: Vec<bool>,
}

impl Accepted {
    /// For each, in their order, whether it was accepted: the first of several of one delivery.
    pub(super) fn of(mut self, settlements: &[(&Settlement, Way)]) -> Vec<bool> {
        let mut manual = self.manual.into_iter();
        let accepted = settlements.iter().map(|(settlement, way)| match way {
            Way::Manual => manual.next().unwrap_or(false),
            _ => self.settled.remove(&(settlement.id.0, settlement.lease.0)),
        });
        accepted.collect()
    }
}

impl Session {
    pub(super) async fn open(connector: &Connector) -> Result<Self> {
        let client = connector.connect().await?;
        let new = |sql| Statement::new(&client, connector.prepare(), sql);
        let alone = connector.prepare() == Prepare::On;
        let begin = if alone {
            client.batch_execute(SETTINGS).await?;
            "BEGIN"
        } else {
            BEGIN
        };
        let (one_go, is_stored, find_names, forget_names, otherwise, manual, notices) = try_join!(
            new(ONE_GO),
            new(IS_STORED),
            new(names::FIND),
            new(FORGET_NAMES),
            new(OTHERWISE),
            new(MANUAL),
            new(OF_SETTLEMENTS),
        )?;
        Ok(Self {
            client,
            begin,
            alone,
            one_go,
            is_stored,
            find_names,
            forget_names,
            otherwise,
            manual,
            notices,
        })
    }

    pub(super) async fn names(&self, appends: &[Queued]) -> Result<Names> {
        let settings = (!self.alone).then_some(self.begin);
        Names::find(&self.client, &self.find_names, settings, appends).await
    }

    pub(super) async fn is_stored(&self, (project, event): (i64, i64)) -> Result<bool> {
        let event: Parameters<'_> = &[&project, &event];
        Ok(!self.is_stored.query(&self.client, event).await?.is_empty())
    }

    /// Everything in one transaction and one round trip: the server gets all statements before it
    /// has answered the first.
    pub(super) async fn write(
        &self,
        node: i64,
        inserts: &Inserts<'_>,
        settlements: &[(&Settlement, Way)],
    ) -> Result<Accepted> {
        let (firsts, others) = columns(settlements);
        let told = Told::of(settlements.iter().map(|(settlement, _)| *settlement));
        let is_usual = firsts.id.len() == settlements.len() && told.id.is_empty();
        if self.alone && inserts.stale_names.0.is_empty() && is_usual {
            let settled = one_go::write(&self.client, &self.one_go, node, inserts, &firsts).await?;
            return Ok(Accepted {
                settled: settled.into_iter().collect(),
                manual: Vec::new(),
            });
        }
        let (begun, forgotten, noticed, usual, other, manual, committed) = join!(
            self.client.batch_execute(self.begin),
            self.forget(&inserts.stale_names),
            self.tell(&told),
            one_go::write(&self.client, &self.one_go, node, inserts, &firsts),
            self.otherwise(&others),
            self.manual(settlements),
            self.client.batch_execute("COMMIT"),
        );
        // The first that failed is the reason; those after it only say that there was one.
        begun?;
        forgotten?;
        noticed?;
        let mut settled: HashSet<(i64, i64)> = usual?.into_iter().collect();
        settled.extend(
            other?
                .iter()
                .map(|row| (row.get::<_, i64>(0), row.get::<_, i64>(1))),
        );
        let manual = manual?;
        committed?;
        Ok(Accepted { settled, manual })
    }

    async fn forget(&self, (project_id, name): &(Vec<i64>, Vec<String>)) -> Result<Vec<Row>> {
        self.run(&self.forget_names, name.len(), &[project_id, name])
            .await
    }

    async fn tell(&self, u: &Told) -> Result<Vec<Row>> {
        self.run(
            &self.notices,
            u.id.len(),
            &[
                &u.project_id,
                &u.id,
                &u.lease,
                &u.manual,
                &u.if_given_up,
                &u.event_type,
                &u.body,
                &u.at,
            ],
        )
        .await
    }

    async fn otherwise(&self, u: &Others) -> Result<Vec<Row>> {
        self.run(
            &self.otherwise,
            u.id.len(),
            &[
                &u.project_id,
                &u.id,
                &u.lease,
                &u.state,
                &u.due_at,
                &u.made,
                &u.failed,
                &u.at,
                &u.class,
                &u.status,
                &u.body,
            ],
        )
        .await
    }

    /// People ask for few: each is a statement of its own.
    async fn manual(&self, settlements: &[(&Settlement, Way)]) -> Result<Vec<bool>> {
        let manual = settlements
            .iter()
            .filter(|(_, way)| *way == Way::Manual)
            .map(|(it, _)| async move {
                let (class, status) = error_of(it);
                let rows = self
                    .manual
                    .query(
                        &self.client,
                        &[
                            &it.project_id.0,
                            &it.id.0,
                            &it.lease.0,
                            &it.attempt.is_some(),
                            &class,
                            &status,
                            &(it.becomes == crate::model::Settled::Delivered
                                && it.attempt.is_some()),
                            &it.at.0,
                            &body_of(it).unwrap_or_default(),
                        ],
                    )
                    .await?;
                Ok(rows.first().is_some_and(|row| row.get::<_, i64>(0) > 0))
            });
        join_all(manual).await.into_iter().collect()
    }

    /// Sends a statement, unless there is nothing for it.
    async fn run(
        &self,
        statement: &Statement,
        rows: usize,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>> {
        if rows == 0 {
            return Ok(Vec::new());
        }
        statement.query(&self.client, parameters).await
    }
}

fn columns(settlements: &[(&Settlement, Way)]) -> (Firsts, Others) {
    let (mut firsts, mut others) = (Firsts::default(), Others::default());
    for (settlement, way) in settlements {
        match way {
            Way::FirstDelivered => firsts.push(settlement),
            Way::Otherwise => others.push(settlement),
            Way::Manual => {}
        }
    }
    (firsts, others)
}
