//! Whether any sequence of calls leaves what a simple model in memory says.
//!
//! The model knows each delivery's state, due time and holder, and nothing of how a store keeps
//! them. A sequence is drawn, applied to both, and every answer is compared.

use futures_util::future::join_all;
use hookwright_core::ids::DeliveryId;
use hookwright_core::limits::LEASE_MS;
use hookwright_core::state::DeliveryState;
use hookwright_core::time::UnixMs;
use hookwright_store::{Endpoint, Lease, Leased, Settlement};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::build::{an_event, outcome};
use super::house::{House, NOW, Tenant};

const CASES: usize = 40;
const STEPS_MAX: usize = 60;

#[derive(Clone, Copy, Debug)]
enum Becomes {
    Delivered,
    RetryIn(u64),
    Failed,
}

#[derive(Clone, Debug)]
enum Step {
    /// Per delivery: to which lane, and whether leased.
    Append(Vec<(usize, bool)>),
    Claim(usize, usize),
    /// The `n`th token ever handed out, lost ones included.
    Settle(usize, Becomes),
    Release(usize),
    Reclaim,
    Pass(u64),
    Reopen,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let becomes = prop_oneof![
        Just(Becomes::Delivered),
        (0..LEASE_MS * 2).prop_map(Becomes::RetryIn),
        Just(Becomes::Failed),
    ];
    prop_oneof![
        4 => prop::collection::vec((0..2usize, any::<bool>()), 0..4).prop_map(Step::Append),
        4 => (0..2usize, 0..4usize).prop_map(|(lane, room)| Step::Claim(lane, room)),
        6 => (any::<prop::sample::Index>(), becomes)
            .prop_map(|(token, becomes)| Step::Settle(token.index(1_000), becomes)),
        2 => any::<prop::sample::Index>().prop_map(|token| Step::Release(token.index(1_000))),
        1 => Just(Step::Reclaim),
        3 => (0..LEASE_MS + 2).prop_map(Step::Pass),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

/// One delivery as the model knows it.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    id: DeliveryId,
    lane: usize,
    state: DeliveryState,
    attempts: u32,
    /// When it may be claimed; none for a first attempt that was appended leased, and at the end.
    due_at: Option<UnixMs>,
    holder: Option<Lease>,
    made_at: UnixMs,
}

struct Model {
    now: UnixMs,
    deliveries: Vec<Known>,
    /// Every token ever handed out.
    tokens: Vec<Leased>,
}

impl Model {
    fn held(&mut self, token: Leased) -> Option<&mut Known> {
        self.deliveries
            .iter_mut()
            .find(|known| known.id == token.id && known.holder == Some(token.lease))
    }

    fn token(&self, index: usize) -> Option<Leased> {
        let count = self.tokens.len();
        (count > 0).then(|| self.tokens[index % count])
    }

    /// Nobody holds anything: what was held is due now.
    fn start_over(&mut self) {
        for known in self.deliveries.iter_mut().filter(|k| k.state.is_live()) {
            if known.holder.take().is_some() {
                known.due_at = Some(self.now);
            }
        }
    }

    fn claimable(&self, lane: usize) -> impl Iterator<Item = &Known> {
        let now = self.now;
        self.deliveries.iter().filter(move |known| {
            known.lane == lane && known.state.is_live() && known.due_at.is_some_and(|at| at <= now)
        })
    }
}

facts! {
    async fn any_sequence_of_calls_leaves_what_the_model_says(house: House) {
        let mut runner = TestRunner::new_with_rng(Config::default(), a_fixed_seed());
        let steps = prop::collection::vec(step(), 1..STEPS_MAX);
        for _ in 0..CASES {
            let steps = steps.new_tree(&mut runner).expect("drawn").current();
            follow(house.another().await, &steps).await;
        }
    }
}

/// The same sequences in every run: a failure here is a failure everywhere.
fn a_fixed_seed() -> proptest::test_runner::TestRng {
    let algorithm = proptest::test_runner::RngAlgorithm::ChaCha;
    proptest::test_runner::TestRng::deterministic_rng(algorithm)
}

async fn follow(mut house: House, steps: &[Step]) {
    let tenant = house.tenant("acme").await;
    let lanes = [
        house.endpoint_of(tenant, "a").await,
        house.endpoint_of(tenant, "b").await,
    ];
    let lanes = &lanes;
    let mut model = Model {
        now: NOW,
        deliveries: Vec::new(),
        tokens: Vec::new(),
    };
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Append(routes) => append(&house, &mut model, (tenant, lanes), routes).await,
            Step::Claim(lane, room) => claim(&house, &mut model, (*lane, lanes), *room).await,
            Step::Settle(token, becomes) => settle(&house, &mut model, *token, *becomes).await,
            Step::Release(token) => release(&house, &mut model, *token).await,
            Step::Reclaim => reclaim(&house, &mut model).await,
            Step::Pass(ms) => model.now = model.now.plus_ms(*ms),
            Step::Reopen => {
                house = house.reopened(model.now).await;
                model.start_over();
            }
            Step::Crash => {
                house = house.crashed(model.now).await;
                model.start_over();
            }
        }
        compare(&house, &model, tenant, &steps[..=index]).await;
    }
}

async fn append(
    house: &House,
    model: &mut Model,
    (tenant, lanes): (Tenant, &[Endpoint; 2]),
    routes: &[(usize, bool)],
) {
    let mut event = an_event(tenant).at(model.now);
    for (lane, leased) in routes {
        event = if *leased {
            event.leased(&lanes[*lane])
        } else {
            event.due(&lanes[*lane])
        };
    }
    let fresh = house.publish_fresh(event).await;
    for (held, (lane, leased)) in (0..).map(|index| fresh.leased(index)).zip(routes) {
        let id = held.id;
        if *leased {
            model.tokens.push(held);
        }
        model.deliveries.push(Known {
            id,
            lane: *lane,
            state: DeliveryState::Pending,
            attempts: 0,
            due_at: (!leased).then_some(model.now),
            holder: leased.then_some(fresh.lease),
            made_at: model.now,
        });
    }
}

async fn claim(
    house: &House,
    model: &mut Model,
    (lane, lanes): (usize, &[Endpoint; 2]),
    room: usize,
) {
    let claimed = house.claim_lane(&lanes[lane], room, model.now).await;
    let mut due: Vec<_> = model.claimable(lane).map(|known| known.due_at).collect();
    due.sort();
    due.truncate(room);
    let got: Vec<_> = claimed.iter().map(|claim| Some(claim.due_at)).collect();
    assert_eq!(got, due, "the longest due, as many as there is room for");
    let end = Some(model.now.plus_ms(LEASE_MS));
    for claim in claimed {
        assert!(model.claimable(lane).any(|known| known.id == claim.id));
        let known = model
            .deliveries
            .iter_mut()
            .find(|known| known.id == claim.id);
        let known = known.expect("claimable");
        assert_eq!(claim.attempts, known.attempts);
        assert_ne!(Some(claim.lease), known.holder, "a new token");
        (known.holder, known.due_at) = (Some(claim.lease), end);
        model.tokens.push(claim.leased());
    }
}

async fn settle(house: &House, model: &mut Model, token: usize, becomes: Becomes) {
    let Some(token) = model.token(token) else {
        return;
    };
    let now = model.now;
    let held = model.held(token);
    let number = held.as_ref().map_or(1, |known| known.attempts + 1);
    let outcome = outcome(token, number).at(now);
    let settlement: Settlement = match becomes {
        Becomes::Delivered => outcome,
        Becomes::RetryIn(ms) => outcome.retry_at(now.plus_ms(ms)),
        Becomes::Failed => outcome.failed(),
    }
    .into();
    let accepted = house.settle_one(settlement).await;
    assert_eq!(
        accepted,
        held.is_some(),
        "accepted exactly under the token held"
    );
    let Some(known) = held else { return };
    known.attempts += 1;
    known.holder = None;
    (known.state, known.due_at) = match becomes {
        Becomes::Delivered => (DeliveryState::Delivered, None),
        Becomes::RetryIn(ms) => (DeliveryState::Retrying, Some(now.plus_ms(ms))),
        Becomes::Failed => (DeliveryState::Failed, None),
    };
}

async fn release(house: &House, model: &mut Model, token: usize) {
    let Some(token) = model.token(token) else {
        return;
    };
    let now = model.now;
    house.release(vec![token], now).await.expect("released");
    if let Some(known) = model.held(token) {
        (known.holder, known.due_at) = (None, Some(now));
    }
}

async fn reclaim(house: &House, model: &mut Model) {
    let reclaimed = house.reclaim(model.now).await.expect("reclaimed");
    let now = model.now;
    let lost = model.deliveries.iter_mut().filter(|known| {
        known.state.is_live() && known.due_at.is_none() && now.since(known.made_at) >= LEASE_MS
    });
    let mut expected = 0;
    for known in lost {
        (known.holder, known.due_at) = (None, Some(now));
        expected += 1;
    }
    assert_eq!(reclaimed, expected);
}

async fn compare(house: &House, model: &Model, tenant: Tenant, steps: &[Step]) {
    let look = |known: &Known| house.delivery(tenant.scope(), known.id, known.made_at);
    let seen = join_all(model.deliveries.iter().map(look)).await;
    for (known, seen) in model.deliveries.iter().zip(seen) {
        let (seen, attempts) = seen.expect("what was accepted is there");
        let told = (seen.state, seen.attempts, seen.next_attempt_at);
        let next = known.due_at.filter(|_| known.holder.is_none());
        assert_eq!(
            told,
            (known.state, known.attempts, next),
            "{known:?} after {steps:?}"
        );
        let numbers: Vec<_> = attempts.iter().map(|attempt| attempt.number).collect();
        assert_eq!(
            numbers,
            (1..=known.attempts).collect::<Vec<_>>(),
            "after {steps:?}"
        );
    }
}
