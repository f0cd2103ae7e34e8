//! Past events delivered again: found, chosen and changed, a bounded number at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookwright_core::ids::EndpointId;
use hookwright_core::job_state::JobState;
use hookwright_core::limits::{JOB_STEP_ROWS_MAX, REPLAY_COUNTED_AT_ONCE};
use hookwright_store::{
    HeldJob, Job, JobProgress, Looked, OPERATIONAL_ACCOUNT, PastEvent, ReplaySpec, ReplayStep,
    ReplayWhat, Scope, StoreError, Stretch,
};

use super::Stepped;
use super::choose::{Asked, Choice, possible};
use crate::engine::Shared;
use crate::inbox::Message;

/// So many rows that are not the scope's cost as much as one that is.
const OTHERS_ROWS_FOR_ONE: usize = 5;
/// Where few of those that were looked at fit, so many times more are looked at in one go.
const MORE_WHERE_FEW_FIT: usize = 4;

/// What was chosen among some rows.
struct Chosen {
    step: ReplayStep,
    lanes: Vec<EndpointId>,
    looked_at: usize,
}

impl Chosen {
    fn new() -> Self {
        Self {
            step: ReplayStep::default(),
            lanes: Vec::new(),
            looked_at: 0,
        }
    }

    fn count(&self) -> usize {
        self.step.reopened.len() + self.step.resent.len() + self.step.added.len()
    }

    fn skip(&mut self, reason: &str) {
        JobProgress::count(&mut self.step.end.skipped, reason, 1);
    }

    fn touch(&mut self, lane: EndpointId) {
        if !self.lanes.contains(&lane) {
            self.lanes.push(lane);
        }
    }
}

/// One step: at most so many deliveries.
pub(super) async fn step(
    shared: &Arc<Shared>,
    (job, spec): (&Job, &ReplaySpec),
    held: HeldJob,
    (rows, looks_at): (usize, usize),
) -> Result<Option<Stepped>, StoreError> {
    let scope = Scope {
        project_id: job.project_id,
        account_id: job.account_id,
    };
    let (mut chosen, ended) = choose(shared, (scope, spec), (job.place, rows, looks_at)).await?;
    chosen.step.end.ends = ended.then_some(JobState::Finished);
    let now = shared.world.clock.now();
    let job = shared.store.step_replay(held, chosen.step, now).await?;
    for lane in &chosen.lanes {
        shared.inbox.push(Message::Waiting(*lane, now));
    }
    Ok(job.map(|job| Stepped {
        job,
        lanes: chosen.lanes,
    }))
}

/// How many deliveries a replay would be about, and whether all was looked at to know it.
pub(super) async fn count(
    shared: &Shared,
    scope: Scope,
    (spec, mut place, rows): (&ReplaySpec, i64, usize),
) -> Result<(u64, bool, BTreeMap<String, u64>), StoreError> {
    let (mut count, mut looked_at) = (0, 0);
    let mut skipped = BTreeMap::new();
    let mut at_once = rows.min(REPLAY_COUNTED_AT_ONCE);
    while looked_at < rows {
        let asked = (place, usize::MAX, at_once);
        let (chosen, ended) = choose(shared, (scope, spec), asked).await?;
        count += chosen.count() as u64;
        looked_at += chosen.looked_at.max(1);
        at_once = match chosen.looked_at <= at_once / OTHERS_ROWS_FOR_ONE {
            true => REPLAY_COUNTED_AT_ONCE * MORE_WHERE_FEW_FIT,
            false => REPLAY_COUNTED_AT_ONCE,
        };
        let left = rows.saturating_sub(looked_at);
        at_once = at_once.min(left.saturating_mul(OTHERS_ROWS_FOR_ONE)).max(1);
        place = chosen.step.end.place;
        for (reason, of_it) in chosen.step.end.skipped {
            JobProgress::count(&mut skipped, &reason, of_it);
        }
        if ended {
            return Ok((count, true, skipped));
        }
    }
    Ok((count, false, skipped))
}

/// Looks at the next rows and chooses among them, about so many at most; says whether that was all.
async fn choose(
    shared: &Shared,
    (scope, spec): (Scope, &ReplaySpec),
    (place, rows, looks_at): (i64, usize, usize),
) -> Result<(Chosen, bool), StoreError> {
    let asked = Asked::by(spec).map_err(|detail| StoreError::Unreadable {
        what: "replay",
        detail,
    })?;
    let stretch = |rows| Stretch {
        after: place,
        end: spec.end_row,
        rows,
    };
    if spec.what == ReplayWhat::Missing {
        // Each may lead to many deliveries.
        let stretch = stretch(looks_at.min(JOB_STEP_ROWS_MAX));
        let looked = shared.store.past_events(scope, stretch).await?;
        return choose_missing(shared, (scope, spec, &asked), looked, rows).await;
    }
    let filter = asked.deliveries.clone();
    let looked = shared
        .store
        .past_deliveries(scope, filter, stretch(looks_at))
        .await?;
    let mut chosen = Chosen::new();
    for past in &looked.found {
        if chosen.count() >= rows {
            return Ok((chosen, false));
        }
        chosen.looked_at += 1;
        chosen.step.end.place = past.id.0;
        let target = shared.routing.target(past.endpoint_id);
        match asked.choose(past, target.map(|target| target.status())) {
            Choice::Reopen => chosen.step.reopened.push(past.id),
            Choice::Resend => chosen.step.resent.push(past.id),
            Choice::Skip(reason) => {
                chosen.skip(reason);
                continue;
            }
            Choice::Add | Choice::Pass => continue,
        }
        chosen.touch(past.endpoint_id);
    }
    // Others' rows were among them.
    Ok(at_the_end(chosen, &looked, looks_at / OTHERS_ROWS_FOR_ONE))
}

fn at_the_end<T>(mut chosen: Chosen, looked: &Looked<T>, cost: usize) -> (Chosen, bool) {
    chosen.looked_at = chosen.looked_at.max(cost);
    chosen.step.end.place = looked.place;
    (chosen, looked.ended)
}

async fn choose_missing(
    shared: &Shared,
    (scope, spec, asked): (Scope, &ReplaySpec, &Asked),
    looked: Looked<PastEvent>,
    rows: usize,
) -> Result<(Chosen, bool), StoreError> {
    let mut chosen = Chosen::new();
    let now = shared.world.clock.now();
    let operational = shared
        .routing
        .account(scope.project_id, OPERATIONAL_ACCOUNT);
    for event in &looked.found {
        if chosen.count() >= rows {
            return Ok((chosen, false));
        }
        chosen.looked_at += 1;
        chosen.step.end.place = event.id.0;
        // What a product is told of its own webhooks is no business of its customers' replays.
        let told = scope.account_id.is_none() && operational == Some(event.account_id);
        if told || is_test(event) || !asked.event(&event.event_type, event.accepted_at) {
            continue;
        }
        for target in missing_at(shared, (scope, spec), event).await? {
            let id = target.endpoint.id;
            match possible(Choice::Add, event.has_payload, Some(target.status())) {
                Choice::Add => {
                    let due_at = event.deliver_at.map_or(now, |at| at.max(now));
                    chosen.step.added.push((event.id, id, due_at));
                    chosen.touch(id);
                }
                Choice::Skip(reason) => chosen.skip(reason),
                _ => {}
            }
        }
    }
    Ok(at_the_end(chosen, &looked, JOB_STEP_ROWS_MAX))
}

/// A test was meant for one endpoint.
fn is_test(event: &PastEvent) -> bool {
    event.metadata.get("test").is_some_and(|it| it == "true")
}

/// The endpoints that would get the event if it were published now, and have not got it.
async fn missing_at(
    shared: &Shared,
    (scope, spec): (Scope, &ReplaySpec),
    event: &PastEvent,
) -> Result<Vec<Arc<crate::target::Target>>, StoreError> {
    let mut targets =
        shared
            .routing
            .asking_for(event.account_id, &event.event_type, &event.channels);
    targets.retain(|target| {
        let id = target.endpoint.id;
        !event.endpoints.contains(&id) && spec.endpoint.as_ref().is_none_or(|(row, _)| *row == id.0)
    });
    if targets.iter().any(|target| target.wants.filter.is_some()) {
        let seen = shared.store.event(scope, event.id, event.accepted_at).await;
        let payload = match seen {
            Ok(seen) => seen.payload,
            // Retention was here first.
            Err(StoreError::NotFound) => None,
            Err(error) => return Err(error),
        };
        crate::wanted::keep_wanting(&mut targets, &payload.unwrap_or_default());
    }
    Ok(targets)
}
